//! A server that load is put on, and what it says of its own use of the machine.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::str::FromStr;

use crate::client::Client;

/// A name and an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    /// Whether it is the bare server, which has no backends and no metrics.
    pub(crate) is_floor: bool,
}

/// Why a text names no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not NAME=URL with a URL such as http://127.0.0.1:8004, without a path")]
pub(crate) struct InvalidTarget(String);

impl FromStr for Target {
    type Err = InvalidTarget;

    fn from_str(text: &str) -> Result<Self, InvalidTarget> {
        let invalid = || InvalidTarget(text.to_owned());
        let (name, url) = text.split_once('=').ok_or_else(invalid)?;
        let authority = url.strip_prefix("http://").ok_or_else(invalid)?;
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        // A name may have several addresses; servers of this machine listen on the old kind.
        let mut addresses = authority.to_socket_addrs().map_err(|_| invalid())?.collect::<Vec<_>>();
        addresses.sort_by_key(SocketAddr::is_ipv6);
        match (name, addresses.first()) {
            ("", _) | (_, None) => Err(invalid()),
            (name, Some(address)) => Ok(Self { name: name.to_owned(), address: *address, is_floor: false }),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at http://{}", self.name, self.address)
    }
}

/// What a process has used so far, by the usual names of Prometheus' client libraries.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Usage {
    /// Seconds of processor time since it started.
    pub(crate) cpu_seconds: Option<f64>,
    /// Resident memory in bytes.
    pub(crate) rss_bytes: Option<f64>,
}

impl Usage {
    /// Ask a target; one without such metrics gives nothing.
    pub(crate) async fn of(target: &Target) -> Self {
        if target.is_floor {
            return Self::default();
        }
        let request =
            format!("GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", target.address);
        match Client::new(target.address).ask(request.as_bytes()).await {
            Ok(answer) if answer.status == 200 => Self::read(&String::from_utf8_lossy(&answer.body)),
            _ => Self::default(),
        }
    }

    fn read(text: &str) -> Self {
        let sample = |name: &str| {
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
        };
        Self {
            cpu_seconds: sample("process_cpu_seconds_total"),
            rss_bytes: sample("process_resident_memory_bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_name_and_an_address() {
        let target: Target = "peer=http://127.0.0.1:9000/".parse().unwrap();
        assert_eq!((target.name.as_str(), target.address.port()), ("peer", 9000));
        assert_eq!(target.to_string(), "peer at http://127.0.0.1:9000");
        for text in [
            "http://127.0.0.1:9000",
            "=http://127.0.0.1:1",
            "a=127.0.0.1:1",
            "a=http://127.0.0.1",
            "a=https://b:1",
        ] {
            let error = text.parse::<Target>().unwrap_err().to_string();
            assert!(error.contains("NAME=URL"), "{text}: {error}");
        }
    }

    #[test]
    fn processor_time_and_memory_are_read_from_metrics_and_may_be_missing() {
        let text = "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 1.25\n\
            process_resident_memory_bytes 26345472\n";
        assert_eq!(Usage::read(text), Usage { cpu_seconds: Some(1.25), rss_bytes: Some(26_345_472.0) });
        assert_eq!(Usage::read("go_goroutines 8\n"), Usage::default());
    }
}
