//! The integrations against the real servers of the test stack. What a test breaks, it breaks on the wire with
//! a proxy, or on a stack of its own.

mod failures;
mod mongodb;
mod mysql;
mod observability;
mod postgres;
mod rabbitmq;
mod redis;
mod runtimes;
mod setup;
mod vault;
mod vault_admin;
mod vault_tls;
