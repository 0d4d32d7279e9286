//! The handlers, a file for each resource: extract, call, convert.

pub(crate) mod cache;
pub(crate) mod databases;
pub(crate) mod documentation;
pub(crate) mod health;
pub(crate) mod messaging;
pub(crate) mod metrics;
pub(crate) mod redis;
pub(crate) mod root;
pub(crate) mod secrets;
pub(crate) mod unrouted;
