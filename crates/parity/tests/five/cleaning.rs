//! Takes away what the cases have left on the shared stack: keys of the cache, and queues.

use std::collections::BTreeSet;

use lapin::options::QueueDeleteOptions;
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use lapin::{Connection, ConnectionProperties};
use parity::model::{CaseResult, Message, Request};
use parity::wire::Client;
use regex::Regex;
use secrecy::ExposeSecret as _;
use testkit::{Service, Stack};

use crate::fleet::{Fleet, config};
use crate::{BoxError, Outcome};

/// Deletes every key and queue that a request of these cases may have made.
///
/// Their names are in the lines of the evidence: those of the namespaces of the engine and of `testkit`.
pub(crate) async fn clean(results: &[CaseResult], fleet: &Fleet) -> Outcome {
    let evidence =
        results.iter().flat_map(|case| &case.steps).flat_map(|step| step.evidence.values().flatten());
    let lines: Vec<&str> = evidence.map(|evidence| evidence.curl.as_str()).collect();
    if let Some(target) = fleet.targets()?.first() {
        let client = Client::new(target, config()?.limits)?;
        for path in found(&lines, r"-X POST '[^']*(/examples/cache/(?:t-)?[0-9a-f]{12}[A-Za-z0-9_:.%-]*)")? {
            client.exchange(&Message::from(Request::new("DELETE", path)), false).await;
        }
    }
    let queues = found(&lines, r"queue_name=((?:t-)?[0-9a-f]{12}[A-Za-z0-9_.-]*)")?;
    delete(testkit::stack().await?, queues).await
}

fn found(lines: &[&str], pattern: &str) -> Result<BTreeSet<String>, BoxError> {
    let pattern = Regex::new(pattern)?;
    let names = lines.iter().filter_map(|line| Some(pattern.captures(line)?.get(1)?.as_str().to_owned()));
    Ok(names.collect())
}

async fn delete(stack: &Stack, queues: BTreeSet<String>) -> Outcome {
    let login = stack.credentials(Service::Rabbitmq).await?;
    let address = stack.address(Service::Rabbitmq);
    let userinfo = AMQPUserInfo { username: login.user, password: login.password.expose_secret().to_owned() };
    let uri = AMQPUri {
        scheme: AMQPScheme::AMQP,
        authority: AMQPAuthority { userinfo, host: address.ip().to_string(), port: address.port() },
        vhost: login.vhost.ok_or("RabbitMQ's login has no vhost")?,
        query: AMQPQueryString::default(),
    };
    let connection = Connection::connect_uri(uri, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    for queue in queues {
        // The broker takes the deletion of a queue that is not there for done.
        channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?;
    }
    Ok(())
}
