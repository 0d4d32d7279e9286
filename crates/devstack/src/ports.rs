//! Who holds a port.

use std::fmt;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::process;

/// A port that is taken, and by whom, as far as that can be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The port.
    pub port: u16,
    /// What we wanted it for.
    pub wanted_by: String,
    /// The process that listens there; not always visible to us.
    pub holder: Option<Holder>,
}

/// A process that listens on a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its process number.
    pub pid: u32,
    /// Its program's name.
    pub name: String,
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "port {} ({}) is taken by ", self.port, self.wanted_by)?;
        match &self.holder {
            Some(Holder { pid, name }) => write!(f, "{name} (pid {pid})"),
            None => f.write_str("a process that this user cannot see"),
        }
    }
}

/// Whether something listens on this port of the loopback address, or keeps us from doing so.
pub(crate) fn is_taken(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match TcpListener::bind(address) {
        // On BSD and macOS the bind succeeds beside a listener on all addresses; a connection tells.
        Ok(listener) => {
            drop(listener);
            cfg!(not(target_os = "linux"))
                && TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
        }
        Err(error) => error.kind() == ErrorKind::AddrInUse,
    }
}

/// The process that listens on a TCP port of this machine, if it can be seen.
pub(crate) fn holder_of(port: u16) -> Option<Holder> {
    let pid = platform::listener(port)?;
    Some(Holder { pid, name: process::name_of(pid).unwrap_or_else(|| "?".to_owned()) })
}

#[cfg(target_os = "linux")]
mod platform {
    use std::fs;

    pub(super) fn listener(port: u16) -> Option<u32> {
        let sockets: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
            .into_iter()
            .filter_map(|table| fs::read_to_string(table).ok())
            .flat_map(|table| listening_sockets(&table, port))
            .map(|inode| format!("socket:[{inode}]"))
            .collect();
        if sockets.is_empty() {
            return None;
        }
        let pids = fs::read_dir("/proc")
            .ok()?
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.into_iter().find(|pid| has_any(*pid, &sockets))
    }

    fn has_any(pid: u32, sockets: &[String]) -> bool {
        let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
        files
            .flatten()
            .filter_map(|file| fs::read_link(file.path()).ok())
            .any(|target| sockets.iter().any(|socket| target.as_os_str() == socket.as_str()))
    }

    /// The inodes of the sockets that listen on `port` in a table of the form of `/proc/net/tcp` (proc(5)).
    pub(super) fn listening_sockets(table: &str, port: u16) -> Vec<u64> {
        const LISTEN: &str = "0A";
        table
            .lines()
            .skip(1)
            .filter_map(|line| {
                let fields: Vec<&str> = line.split_ascii_whitespace().collect();
                let (_, hexadecimal) = fields.get(1)?.rsplit_once(':')?;
                let matches =
                    u16::from_str_radix(hexadecimal, 16).ok()? == port && fields.get(3) == Some(&LISTEN);
                matches.then(|| fields.get(9)?.parse().ok()).flatten()
            })
            .collect()
    }

    #[cfg(test)]
    mod tests {
        #[test]
        fn only_listening_sockets_of_the_port_are_found() {
            let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
                 0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 4711 1 0 100 0 0 10 0\n\
                 1: 0100007F:1538 0100007F:D2F0 01 00000000:00000000 00:00000000 00000000   101        0 4712 1 0 20 4 30 10 -1\n\
                 2: 0100007F:1539 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 4713 1 0 100 0 0 10 0\n";
            assert_eq!(super::listening_sockets(table, 5432), [4711]);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::process::Command;

    pub(super) fn listener(port: u16) -> Option<u32> {
        let output = Command::new("lsof")
            .args(["-nP", &format!("-iTCP:{port}"), "-sTCP:LISTEN", "-Fp"])
            .output()
            .ok()?;
        String::from_utf8(output.stdout).ok()?.lines().find_map(|line| line.strip_prefix('p')?.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_found_with_name_and_pid_and_gone_when_it_is_closed() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(is_taken(port));
        assert_eq!(holder_of(port).unwrap().pid, std::process::id());
        drop(listener);
        // A process that another test is starting holds a copy of the socket until it becomes its program.
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while is_taken(port) {
            assert!(std::time::Instant::now() < deadline, "port {port} is held by {:?}", holder_of(port));
            std::thread::yield_now();
        }
    }
}
