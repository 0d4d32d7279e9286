//! The same requests are counted alike: by how much each sample grows.

use std::collections::BTreeMap;

use parity::model::{Message, Request};
use parity::wire::Client;
use testkit::{Namespace, eventually};

use crate::cases::one_of_each;
use crate::fleet::{Fleet, LIMIT, config};
use crate::{BoxError, Outcome, SERVERS, cleaning, told};

/// Twice, so that what is kept counts as a miss and as a hit.
const TIMES: usize = 2;

pub(crate) async fn test() -> Outcome {
    let stack = testkit::stack().await?;
    // How long the health of the start is kept depends on when each server was asked whether it is ready.
    let fleet = Fleet::ready(stack, &[("HEALTH_CACHE_MS", "0")], None).await?;
    let namespace = Namespace::new();
    let requests = one_of_each(&namespace)?;
    let mut counted = BTreeMap::new();
    for (target, server) in fleet.targets()?.iter().zip(SERVERS) {
        let client = Client::new(target, config()?.limits)?;
        let before = samples(&client).await?;
        for request in (0..TIMES).flat_map(|_| &requests) {
            let exchange = client.exchange(&request.clone().into(), false).await;
            if exchange.answer().is_none() {
                return Err(format!("{server} and {request:?}: {}", exchange.ending).into());
            }
        }
        let expected = requests.iter().filter(|request| request.target != SCRAPE).count() * TIMES;
        // A request is counted when its answer has gone, of which the client may know earlier.
        let growth = eventually(LIMIT, "the counts of all requests", async || {
            let growth = growth(&before, &samples(&client).await?);
            let requests = growth.iter().filter(|(series, _)| series.starts_with("http_requests_total"));
            let found: f64 = requests.map(|(_, growth)| growth).sum();
            let is_whole = found.to_string() == expected.to_string();
            if is_whole { Ok(growth) } else { Err(BoxError::from(format!("{found} of {expected}"))) }
        });
        let lines = growth.await?.into_iter().map(|(series, growth)| format!("{series} +{growth}"));
        counted.insert(server, lines.collect::<Vec<_>>());
    }
    cleaning::delete_queues(stack, [namespace.queue("away")].into()).await?;
    told::alike(&counted)
}

/// What asks for the samples, and is therefore not counted among what they grow by.
const SCRAPE: &str = "/metrics";

/// The samples of a server by name and labels.
async fn samples(client: &Client) -> Result<BTreeMap<String, f64>, BoxError> {
    let exchange = client.exchange(&Message::from(Request::new("GET", SCRAPE)), false).await;
    let answer = exchange.answer().ok_or_else(|| format!("no metrics: {}", exchange.ending))?;
    let text = answer.body.lossy();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let sample = |line: &str| {
        let (series, value) = line.rsplit_once(' ')?;
        Some((series.to_owned(), value.parse().ok()?))
    };
    lines.map(|line| sample(line).ok_or_else(|| format!("no sample: {line}").into())).collect()
}

/// What the same requests must add at every server: all that grew but times, the process's own, and what is asked here.
fn growth(before: &BTreeMap<String, f64>, after: &BTreeMap<String, f64>) -> Vec<(String, f64)> {
    let is_the_same = |series: &str| {
        let name = series.split('{').next().unwrap_or_default();
        let is_time = name.ends_with("_sum") || name.ends_with("_bucket");
        !is_time && !name.starts_with("process_") && !series.contains(&format!("endpoint=\"{SCRAPE}\""))
    };
    let grown = after.iter().filter(|(series, _)| is_the_same(series)).map(|(series, value)| {
        let growth = value - before.get(series).copied().unwrap_or_default();
        (series.clone(), growth)
    });
    grown.filter(|(_, growth)| *growth != 0.0).collect()
}
