//! What each server costs, measured so that the figures can be believed.
//!
//! `load` sends requests over keep-alive connections to servers that run, to a bare server and to the drivers alone;
//! `growth` does so over a range of connections, rates, values and delays, `soak` for a long time, and `footprint` starts
//! servers and leaves them alone. `benches/` holds what is measured inside one process or over a loopback connection.
//!
//! Two figures are taken for each target, operation and number of connections. *Saturated* is how many requests a second
//! come back when every connection sends the next one as soon as it has its answer. *Paced* is how long answers take when
//! requests are due at a fixed rate below that, whether earlier ones came back or not: a server that stalls is charged for
//! every request that was due meanwhile (coordinated omission).
//!
//! Deliberately absent: knowledge of how a server is built. A target is a name and an address, or a program.

mod aims;
pub mod cli;
pub mod client;
mod compare;
mod drivers;
pub mod floor;
mod footprint;
mod growth;
mod instructions;
pub mod load;
mod machine;
pub mod operation;
mod process;
mod report;
mod result;
mod run;
pub mod server;
mod soak;
mod statistics;
mod stillness;
mod subject;
pub mod target;

/// An error of any kind: all end in one line that says what went wrong.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
