//! The cases, by subject.

mod bodies;
mod breakers;
mod cache;
mod databases;
mod documents;
mod failures;
mod headers;
mod health;
mod hostile;
mod lifecycle;
mod limits;
mod logs;
mod messaging;
mod metrics;
mod paths;
mod redis;
mod requests;
mod root;
mod routing;
mod secrets;
mod settings;
mod tls;
mod traces;

use crate::suite::Case;

/// Every case.
pub(crate) fn all() -> Vec<Case> {
    [
        // Those that take longest come first, so that the others fill the time.
        bodies::cases(),
        failures::cases(),
        breakers::cases(),
        tls::cases(),
        lifecycle::cases(),
        cache::cases(),
        databases::cases(),
        documents::cases(),
        headers::cases(),
        health::cases(),
        hostile::cases(),
        limits::cases(),
        logs::cases(),
        messaging::cases(),
        metrics::cases(),
        redis::cases(),
        requests::cases(),
        root::cases(),
        routing::cases(),
        secrets::cases(),
        settings::cases(),
        traces::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
