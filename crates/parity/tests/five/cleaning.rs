//! Takes away what the cases have left on the shared stack: keys of the cache, and queues.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use futures_util::{StreamExt as _, stream};
use lapin::options::QueueDeleteOptions;
use lapin::{Connection, ConnectionProperties};
use parity::model::{CaseResult, Message, Request};
use parity::wire::Client;
use regex::Regex;
use testkit::{Service, Stack};

use crate::Outcome;
use crate::fleet::{Fleet, config};

/// What the lines of the evidence tell of a new entry: its path, of the namespaces of the engine and of `testkit`.
static ENTRY: LazyLock<Result<Regex, regex::Error>> =
    LazyLock::new(|| Regex::new(r"-X POST '[^']*(/examples/cache/(?:t-)?[0-9a-f]{12}[A-Za-z0-9_:.%-]*)"));
/// The same of a queue: its name.
static QUEUE: LazyLock<Result<Regex, regex::Error>> =
    LazyLock::new(|| Regex::new(r"queue_name=((?:t-)?[0-9a-f]{12}[A-Za-z0-9_.-]*)"));

/// How many entries are deleted at once.
const AT_ONCE: usize = 8;

/// Every key and queue that a request of some cases may have made.
#[derive(Debug, Default)]
pub(crate) struct Leftovers {
    entries: BTreeSet<String>,
    queues: BTreeSet<String>,
}

impl Leftovers {
    /// Notes what a case may have made.
    pub(crate) fn note(&mut self, result: &CaseResult) {
        let evidence = result.steps.iter().flat_map(|step| step.evidence.values().flatten());
        for line in evidence.map(|evidence| evidence.curl.as_str()) {
            self.entries.extend(found(&ENTRY, line));
            self.queues.extend(found(&QUEUE, line));
        }
    }

    /// Deletes all of it, through one of the servers and at the broker.
    pub(crate) async fn delete(self, fleet: &Fleet) -> Outcome {
        if let Some(target) = fleet.targets()?.first() {
            let client = Client::new(target, config()?.limits)?;
            let deletions = stream::iter(self.entries)
                .map(async |path| client.exchange(&Message::from(Request::new("DELETE", path)), false).await);
            deletions.buffer_unordered(AT_ONCE).for_each(async |_| {}).await;
        }
        delete_queues(testkit::stack().await?, self.queues).await
    }
}

fn found(pattern: &Result<Regex, regex::Error>, line: &str) -> Option<String> {
    Some(pattern.as_ref().ok()?.captures(line)?.get(1)?.as_str().to_owned())
}

/// Deletes queues of a stack.
pub(crate) async fn delete_queues(stack: &Stack, queues: BTreeSet<String>) -> Outcome {
    let login = stack.credentials(Service::Rabbitmq).await?;
    let uri = login.amqp_uri(stack.address(Service::Rabbitmq));
    let connection = Connection::connect_uri(uri, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    for queue in queues {
        // The broker takes the deletion of a queue that is not there for done.
        channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?;
    }
    Ok(())
}
