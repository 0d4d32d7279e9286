//! The handlers, a file for each resource. Each is given its input, calls a use case and converts what comes of it;
//! which operation it answers, and by which rules, is said in `app` and in the document.

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
