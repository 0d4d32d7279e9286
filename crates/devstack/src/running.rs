//! Which of our servers run already, by pid file or, where that is gone, by the port they hold.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::Error;
use crate::home::Home;
use crate::launch::EPMD;
use crate::manifest::Service;
use crate::pid_file;
use crate::ports::{self, Taken};
use crate::process::{self, Process};

/// The name of Erlang's port mapper as the system shows it.
const PORT_MAPPER: &str = "epmd";

/// Processes that stand in a data folder and are not its server: what Erlang starts, and PostgreSQL's own children, which
/// outlive a killed server for a moment (see [`process::name_of`]).
const HELPERS: [&str; 3] = ["erl_child_setup", "inet_gethost", "postgres:"];

/// The processes of a stack that live.
#[derive(Debug, Default)]
pub(crate) struct Running {
    services: BTreeMap<Service, Process>,
    port_mapper: Option<Process>,
}

impl Running {
    /// Look for the processes of `services`. One that lost its pid file is recognised by the port that it holds and the
    /// folder that it stands in, and noted again.
    ///
    /// # Errors
    /// [`Error::Io`] when a pid file cannot be written.
    pub(crate) fn look(home: &Home, services: &[Service], port_offset: u16) -> Result<Self, Error> {
        let data = home.data();
        let mut running = Self::default();
        for service in services {
            let folder = data.join(service.name());
            let port = service.address(port_offset).port();
            if let Some(process) = find(home, service.name(), || orphan(&folder, port))? {
                running.services.insert(*service, process);
            }
            if *service == Service::Rabbitmq
                && let Some(side) = service.entry().side_ports.last()
            {
                let port = side.port.saturating_add(port_offset);
                // Without data there was never a RabbitMQ here, and what is on the port is another stack's.
                let search = || folder.is_dir().then(|| port_mapper_on(port)).flatten();
                running.port_mapper = find(home, EPMD, search)?;
            }
        }
        Ok(running)
    }

    pub(crate) fn has(&self, service: Service) -> bool {
        self.services.contains_key(&service)
    }

    pub(crate) fn process(&self, service: Service) -> Option<&Process> {
        self.services.get(&service)
    }

    /// Erlang's port mapper.
    pub(crate) fn port_mapper(&self) -> Option<&Process> {
        self.port_mapper.as_ref()
    }
}

/// The process of that name by its pid file, else as `search` finds it; then it is noted again.
fn find(home: &Home, name: &str, search: impl FnOnce() -> Option<Process>) -> Result<Option<Process>, Error> {
    if let Some(process) = pid_file::living(home, name) {
        return Ok(Some(process));
    }
    let found = search();
    if let Some(process) = &found {
        pid_file::write(home, name, process)?;
    }
    Ok(found)
}

/// A server of ours without a pid file: it stands in its data folder, whether it listens already or not.
fn orphan(folder: &Path, port: u16) -> Option<Process> {
    let stands_there = |process: &Process| process.folder().is_some_and(|at| at.starts_with(folder));
    let is_helper = |process: &Process| {
        process::name_of(process.pid).is_some_and(|name| HELPERS.contains(&name.as_str()))
    };
    standing_in(folder).find(|process| !is_helper(process)).or_else(|| {
        let holder = ports::is_taken(port).then(|| ports::holder_of(port)).flatten()?;
        Process::with_pid(holder.pid).filter(stands_there)
    })
}

/// Whatever still stands in the data folder of `service`: what its server has started, once that is gone.
pub(crate) fn helpers_of(home: &Home, service: Service) -> impl Iterator<Item = Process> {
    standing_in(&home.data().join(service.name()))
}

fn standing_in(folder: &Path) -> impl Iterator<Item = Process> + use<> {
    let is_port_mapper =
        |process: &Process| process::name_of(process.pid).is_some_and(|name| name == PORT_MAPPER);
    process::standing_in(folder).into_iter().filter(move |process| !is_port_mapper(process))
}

/// Any Erlang port mapper on our own port for it: RabbitMQ starts one by itself when ours dies, standing elsewhere.
fn port_mapper_on(port: u16) -> Option<Process> {
    let holder = ports::is_taken(port).then(|| ports::holder_of(port)).flatten()?;
    (holder.name == PORT_MAPPER).then(|| Process::with_pid(holder.pid)).flatten()
}

/// Refuse to start `missing` while somebody else holds any of their ports.
///
/// # Errors
/// [`Error::PortsTaken`] with all of them.
pub(crate) fn refuse_taken_ports(
    running: &Running,
    missing: &[Service],
    port_offset: u16,
) -> Result<(), Error> {
    let mut taken = Vec::new();
    for service in missing {
        let entry = service.entry();
        let main = (entry.port, entry.title.to_owned());
        let sides =
            entry.side_ports.iter().map(|side| (side.port, format!("{}, {}", entry.title, side.purpose)));
        for (port, wanted_by) in std::iter::once(main).chain(sides) {
            let port = port.saturating_add(port_offset);
            let is_port_mapper = running.port_mapper().is_some()
                && entry.side_ports.last().is_some_and(|side| side.port.saturating_add(port_offset) == port);
            if !is_port_mapper && ports::is_taken(port) {
                taken.push(Taken { port, wanted_by, holder: ports::holder_of(port) });
            }
        }
    }
    if taken.is_empty() { Ok(()) } else { Err(Error::PortsTaken { taken, port_offset }) }
}
