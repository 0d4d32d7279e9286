//! Vault, as seen from outside: its HTTP API, and what the stack keeps in it.
//!
//! `client` speaks HTTP, `seal` initialises and unseals, `logins` keeps the passwords, `pki` the certificates,
//! `access` the policies and logins, `certificate` verifies. No `vault` program is needed.

pub(crate) mod access;
pub(crate) mod certificate;
pub(crate) mod client;
pub(crate) mod logins;
pub(crate) mod pki;
pub(crate) mod seal;

pub use client::VaultError;
