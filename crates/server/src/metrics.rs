//! The Prometheus registry of a server, and the metrics of its requests.
//!
//! Names, labels and buckets are `contract::metrics`; here they are described, made present from the first
//! scrape on, and counted without a look-up by name on the way of a request.
//!
//! Deliberately absent: the metrics of backends and caches, which `integrations` and `service` record where they
//! happen, through the same registry.

mod http;
mod registry;

pub use http::{HttpMetrics, InFlight};
pub use registry::{InstallError, Metrics};
