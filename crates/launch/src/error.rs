//! Why a server did not start.

use std::io;
use std::net::SocketAddr;

use server::tls::TlsError;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is taken or not this machine's.
    #[error("cannot listen on {address}; stop what listens there, or set {variable} to another address")]
    Bind {
        /// What was asked for.
        address: SocketAddr,
        /// The setting that says it.
        variable: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The system gives no threads, or no means to wait for sockets.
    #[error("the threads that answer requests do not run; WORKERS says how many there are to be")]
    Threads(#[source] io::Error),
    /// The certificate cannot be served.
    #[error("the certificate cannot be served")]
    Tls(#[from] TlsError),
}

impl StartError {
    /// For `map_err` on a bind of `address`, which the setting `variable` gave.
    pub fn bind(address: SocketAddr, variable: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Bind { address, variable, source }
    }
}
