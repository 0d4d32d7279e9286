//! What each server costs, measured so that the figures can be believed.
//!
//! `load` sends requests over keep-alive connections to servers that run, and is the whole of the program; `benches/` holds
//! the parts of a request that can be measured inside one process.
//!
//! Two figures are taken for each target, operation and number of connections. *Saturated* is how many requests a second
//! come back when every connection sends the next one as soon as it has its answer. *Paced* is how long answers take when
//! requests are due at a fixed rate below that, whether earlier ones came back or not: a server that stalls is charged for
//! every request that was due meanwhile (coordinated omission).
//!
//! Deliberately absent: knowledge of how a server is built. A target is a name and an address.

pub mod cli;
mod client;
mod compare;
mod floor;
mod load;
mod machine;
mod operation;
mod report;
mod result;
mod run;
mod statistics;
mod target;
