//! A server that load is put on, and what it says of its own use of the machine.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::str::FromStr;

use crate::client::Client;
use crate::process::Usage;

/// A name and an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name in results.
    pub name: String,
    /// Where it answers plain HTTP.
    pub address: SocketAddr,
    /// Its process, where it is known.
    pub pid: Option<u32>,
    /// Whether it is the bare server, which has no backends and no metrics, and no server of the contract.
    pub is_floor: bool,
}

/// Why a text names no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not NAME=URL with a URL such as http://127.0.0.1:8004, without a path")]
pub struct InvalidTarget(String);

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
            (name, Some(address)) => {
                Ok(Self { name: name.to_owned(), address: *address, pid: None, is_floor: false })
            }
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at http://{}", self.name, self.address)
    }
}

impl Target {
    /// What its process has used so far: as the system tells it, to a hundredth of a second, or else by the usual names of
    /// Prometheus' client libraries. Some of those count whole seconds, as ours does, and others tell nothing.
    pub(crate) async fn usage(&self) -> Usage {
        if let Some(pid) = self.pid {
            return Usage::of(pid).unwrap_or_default();
        }
        let request = format!("GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address);
        match Client::new(self.address).ask(request.as_bytes()).await {
            Ok(answer) if answer.status == 200 => in_metrics(&String::from_utf8_lossy(&answer.body)),
            _ => Usage::default(),
        }
    }
}

fn in_metrics(text: &str) -> Usage {
    let sample = |name: &str| {
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
    };
    Usage {
        cpu_seconds: sample("process_cpu_seconds_total"),
        rss_bytes: sample("process_resident_memory_bytes"),
        threads: sample("process_threads"),
        ..Usage::default()
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
        let usage = in_metrics(text);
        assert_eq!((usage.cpu_seconds, usage.rss_bytes), (Some(1.25), Some(26_345_472.0)));
        assert_eq!(in_metrics("go_goroutines 8\n"), Usage::default());
    }
}
