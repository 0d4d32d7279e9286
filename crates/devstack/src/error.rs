//! Everything that can go wrong, each with what to do next.
//!
//! `Display` says its own level, `source()` the rest, [`Error::hint`] the next command.

use std::path::{Path, PathBuf};

use causes::Chain;

use crate::install::{InstallError, Program};
use crate::manifest::{MAX_PORT_OFFSET, Service};
use crate::ports::Taken;
use crate::vault::VaultError;

/// Why a command did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No folder for the stack was given, and none follows from the current folder.
    #[error("no folder for the stack: DEVSTACK_HOME is not set and this folder is in no Cargo workspace")]
    NoHome,
    /// A file, folder or program could not be used.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A file of ours does not hold what it should.
    #[error("{} does not hold what it should", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// The home was made by another version, or is somebody else's folder.
    #[error("{} {}", home.display(), match found {
        Some(layout) => format!("has layout {layout}; this devstack reads layout {}", crate::home::LAYOUT),
        None => "is not empty and holds no stack".to_owned(),
    })]
    OtherLayout {
        /// The folder.
        home: PathBuf,
        /// The layout that it says it has.
        found: Option<u64>,
    },
    /// Another command did not let go of the stack.
    #[error("another command is changing the stack in {}: {holder}", home.display())]
    Busy {
        /// The folder.
        home: PathBuf,
        /// The other command, as it describes itself.
        holder: String,
    },
    /// The port offset leaves the range of ports.
    #[error("the port offset {offset} is larger than {MAX_PORT_OFFSET}")]
    OffsetTooLarge {
        /// The offset asked for.
        offset: u16,
    },
    /// The stack runs with another port offset.
    #[error("the stack runs with port offset {running}, not {wanted}")]
    OffsetInUse {
        /// The offset that it runs with.
        running: u16,
        /// The offset asked for.
        wanted: u16,
    },
    /// Other programs listen where the stack should.
    #[error("{}", taken.iter().map(Taken::to_string).collect::<Vec<_>>().join("\n"))]
    PortsTaken {
        /// All of the ports, and by whom.
        taken: Vec<Taken>,
        /// The offset that was tried.
        port_offset: u16,
    },
    /// Root found no user that could run a service.
    #[error("no user of this system can run {service}: none of {} exists", service.entry().system_users.join(", "))]
    NoAccount {
        /// The service.
        service: Service,
    },
    /// The programs that the services need are not there, and could not be installed.
    #[error("the programs of the stack are not complete")]
    Install(#[from] InstallError),
    /// A program that makes a data folder failed.
    #[error("{} failed:\n{said}", program.display())]
    ProgramFailed {
        /// The program.
        program: PathBuf,
        /// Its last words.
        said: String,
    },
    /// A server ended while it should start.
    #[error("{service} ended ({status}); the last lines of {}:\n{tail}", log.display())]
    Exited {
        /// The service.
        service: Service,
        /// How it ended.
        status: String,
        /// Its log.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// A server runs but did not become healthy in time.
    #[error("{service} was not healthy within {seconds} s: {last}; the last lines of {}:\n{tail}", log.display())]
    NotHealthy {
        /// The service.
        service: Service,
        /// The limit.
        seconds: u64,
        /// What its last probe said.
        last: String,
        /// Its log.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// Several services failed.
    #[error("{}", failures.iter().map(|(service, error)| format!("{service}: {}", Chain(error))).collect::<Vec<_>>().join("\n"))]
    Several {
        /// Each with its reason.
        failures: Vec<(Service, Error)>,
    },
    /// A service waited for another, which failed.
    #[error("it waited for {on}, which did not come up")]
    WaitedFor {
        /// The other one.
        on: Service,
    },
    /// Vault did not do what it was asked.
    #[error("Vault could not be set up or asked")]
    Vault(#[from] VaultError),
    /// Vault is initialised and its keys are gone.
    #[error("Vault holds data, but its keys are not in {}", path.display())]
    KeysMissing {
        /// Where they should be.
        path: PathBuf,
    },
    /// There are keys of a Vault whose data is gone.
    #[error("{} holds keys of a Vault whose data is gone", keys.display())]
    DataMissing {
        /// The keys.
        keys: PathBuf,
    },
    /// A service has no login.
    #[error("{service} has no login in Vault")]
    NoLogin {
        /// The service.
        service: Service,
    },
    /// The system gave no randomness.
    #[error("no randomness for a password")]
    Random(#[source] getrandom::Error),
    /// A process could not be signalled.
    #[error("process {pid} could not be signalled")]
    Signal {
        /// The process.
        pid: u32,
        /// Why not.
        #[source]
        source: nix::Error,
    },
    /// A process survived SIGKILL.
    #[error("process {pid} did not end, not even by force")]
    Unstoppable {
        /// The process.
        pid: u32,
    },
    /// A service does not run.
    #[error("{service} is not running")]
    NotRunning {
        /// The service.
        service: Service,
    },
    /// A service's command line client is not installed.
    #[error("{program}, the command line client of {service}, is not installed")]
    NoClient {
        /// The service.
        service: Service,
        /// The client.
        program: Program,
    },
    /// A service has no command line client.
    #[error("{service} has no command line client of its own")]
    NoShell {
        /// The service.
        service: Service,
    },
    /// The current folder is in no Cargo workspace, from which servers could be built.
    #[error("this folder is in no Cargo workspace: {said}")]
    NoWorkspace {
        /// What cargo says.
        said: String,
    },
    /// The workspace does not have these API servers.
    #[error("this workspace has no server {}", if missing.is_empty() { "at all".to_owned() } else { missing.join(", ") })]
    NoServer {
        /// Those that were asked for and are not there.
        missing: Vec<&'static str>,
        /// Those that are there.
        there: Vec<&'static str>,
    },
    /// Cargo did not build the API servers.
    #[error("cargo did not build the servers ({how})")]
    BuildFailed {
        /// How it ended.
        how: String,
    },
    /// Other programs listen where API servers should.
    #[error("{}", taken.iter().map(Taken::to_string).collect::<Vec<_>>().join("\n"))]
    ApiPortsTaken {
        /// All of the ports, and by whom.
        taken: Vec<Taken>,
        /// The offset that was tried.
        port_offset: u16,
    },
    /// An API server ended without being told to, or not well when told to.
    #[error("{name} ended ({status}); the last lines of {}:\n{tail}", log.display())]
    ApiEnded {
        /// The server.
        name: &'static str,
        /// How it ended.
        status: String,
        /// Its log.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// An API server runs but did not answer in time.
    #[error("{name} did not answer within {seconds} s: {last}; the last lines of {}:\n{tail}", log.display())]
    ApiSilent {
        /// The server.
        name: &'static str,
        /// The limit.
        seconds: u64,
        /// What the last try met.
        last: String,
        /// Its log.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// There is no stack in the home.
    #[error("there is no stack in {}", home.display())]
    NoStack {
        /// The folder looked at.
        home: PathBuf,
    },
    /// The chosen runtime does not exist yet.
    #[error("the compose runtime is not there yet")]
    NoCompose,
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    /// What to do next, as one or more lines for a person; `None` when there is nothing better than the message.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoHome => {
                "run it inside the repository, or set DEVSTACK_HOME to a folder of your choice".to_owned()
            }
            Self::NoStack { .. } | Self::NotRunning { .. } => "run `devstack up`".to_owned(),
            Self::NoClient { service, .. } => {
                format!(
                    "install it, or use another client with the password of `devstack show-password {service}`"
                )
            }
            Self::NoShell { .. } => {
                "its definitions can be read with any AMQP client; `devstack show-password rabbitmq --json` \
                 has the login"
                    .to_owned()
            }
            Self::NoCompose => "run it with `--runtime native`".to_owned(),
            Self::OtherLayout { found: Some(_), .. } => {
                "nothing was touched. Stop and delete it with the devstack that made it, \
                 or run `devstack reset`, which deletes its data; or set DEVSTACK_HOME to another folder"
                    .to_owned()
            }
            Self::OtherLayout { found: None, .. } => {
                "nothing was touched. Set DEVSTACK_HOME to a folder that is empty or does not exist"
                    .to_owned()
            }
            Self::PortsTaken { taken, port_offset } => {
                let next = next_offset(*port_offset);
                format!("{}, or give the stack other ports: `devstack up --port-offset {next}`", stop(taken))
            }
            Self::ApiPortsTaken { taken, port_offset } => {
                let next = next_offset(*port_offset);
                format!(
                    "{}, or take other ports for all: `devstack down`, then `devstack serve --port-offset {next}`",
                    stop(taken)
                )
            }
            Self::NoWorkspace { .. } => {
                "run it inside the repository, from which the servers are built".to_owned()
            }
            Self::NoServer { there, .. } if there.is_empty() => {
                "run it inside the repository of the servers".to_owned()
            }
            Self::NoServer { there, .. } => format!("there are: {}", there.join(", ")),
            Self::BuildFailed { .. } => "the messages of cargo are above".to_owned(),
            Self::ApiEnded { name, .. } | Self::ApiSilent { name, .. } => {
                format!("`devstack logs {name}` shows more")
            }
            Self::OffsetInUse { wanted, .. } => {
                format!("run `devstack down` first, then `devstack up --port-offset {wanted}`")
            }
            Self::OffsetTooLarge { .. } => format!("choose one from 0 to {MAX_PORT_OFFSET}"),
            Self::NoAccount { .. } => "run `devstack install`, or run devstack as a normal user".to_owned(),
            Self::Exited { service, .. } | Self::NotHealthy { service, .. } => {
                format!("`devstack logs {service}` shows more. Nothing was erased; `devstack up` tries again")
            }
            Self::KeysMissing { .. } => {
                "put the file back from a copy; without it the data cannot be read by anybody. \
                 `devstack reset` begins anew"
                    .to_owned()
            }
            Self::DataMissing { .. } => {
                "put the data folder back from a copy, or begin anew with `devstack reset`".to_owned()
            }
            // What is not a file of ours, such as a program's output, has a name and no path.
            Self::Malformed { path, .. } if path.is_absolute() => {
                "nothing was touched. Put the file back from a copy, or begin anew with `devstack reset`"
                    .to_owned()
            }
            Self::Busy { .. } => "wait for it, or end that process, then run the command again".to_owned(),
            Self::Vault(_) => "`devstack logs vault` shows more; `devstack up` tries again".to_owned(),
            Self::ProgramFailed { .. } => {
                "nothing was erased; `devstack doctor` looks for the cause".to_owned()
            }
            Self::Io { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => {
                "`devstack doctor` checks who owns the folders of the stack".to_owned()
            }
            Self::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                "make room on the disk, then run the command again: nothing was erased".to_owned()
            }
            Self::Several { failures } => {
                let mut hints: Vec<String> = failures.iter().filter_map(|(_, error)| error.hint()).collect();
                hints.dedup();
                return (!hints.is_empty()).then(|| hints.join("\n"));
            }
            Self::Install(error) => return error.hint(),
            Self::Io { .. }
            | Self::Malformed { .. }
            | Self::WaitedFor { .. }
            | Self::NoLogin { .. }
            | Self::Random(_)
            | Self::Signal { .. }
            | Self::Unstoppable { .. } => return None,
        })
    }
}

/// How to get rid of who holds the ports.
fn stop(taken: &[Taken]) -> String {
    let mut pids: Vec<u32> =
        taken.iter().filter_map(|taken| taken.holder.as_ref().map(|holder| holder.pid)).collect();
    pids.sort_unstable();
    pids.dedup();
    let pids = pids.into_iter().map(|pid| pid.to_string()).collect::<Vec<_>>().join(" ");
    if pids.is_empty() { "stop it".to_owned() } else { format!("stop it (`kill {pids}`)") }
}

fn next_offset(port_offset: u16) -> u16 {
    if port_offset < 30_000 { port_offset + 1000 } else { 1000 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Holder;

    #[test]
    fn taken_ports_name_the_process_and_offer_both_ways_out() {
        let holder = Some(Holder { pid: 4711, name: "postgres".into() });
        let taken = vec![Taken { port: 5432, wanted_by: "postgres".into(), holder }];
        let error = Error::PortsTaken { taken, port_offset: 0 };
        assert_eq!(error.to_string(), "port 5432 (postgres) is taken by postgres (pid 4711)");
        let hint = error.hint().unwrap();
        assert!(hint.contains("kill 4711") && hint.contains("--port-offset 1000"), "{hint}");
    }
}
