//! What every server needs and no framework gives: settings, logs, metrics, traces, limits, TLS, shutdown, documents.
//!
//! The five servers differ in how they route, extract and answer; they must not differ in what they read from
//! the environment, what a log line looks like, how a metric is named or when a client is told to slow down.
//! All of that is here, as plain values and functions that a framework's own middleware calls.
//!
//! Deliberately absent: any web framework, `hyper`, `tower`, `http`. Nothing here takes a request or gives a
//! response.

pub mod connection;
pub mod document;
pub mod exchange;
pub mod identity;
pub mod limits;
pub mod listener;
pub mod logs;
pub mod metrics;
pub mod running;
pub mod settings;
pub mod tls;
pub mod traces;

pub use exchange::Exchange;
pub use identity::ServerIdentity;
pub use running::{Running, shutdown_signal};
pub use settings::{Settings, SettingsErrors};
