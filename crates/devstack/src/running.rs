//! Which of our servers run already, by pid file or, where that is gone, by the port they hold.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::Error;
use crate::home::Home;
use crate::launch::EPMD;
use crate::manifest::Service;
use crate::pid_file;
use crate::ports::{self, Taken};
use crate::process::Process;

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
            if let Some(process) = find(home, service.name(), port, &folder)? {
                running.services.insert(*service, process);
            }
            if *service == Service::Rabbitmq {
                running.port_mapper = match service.entry().side_ports.last() {
                    Some(side) => find(home, EPMD, side.port.saturating_add(port_offset), &folder)?,
                    None => None,
                };
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

fn find(home: &Home, name: &str, port: u16, folder: &Path) -> Result<Option<Process>, Error> {
    if let Some(process) = pid_file::living(home, name) {
        return Ok(Some(process));
    }
    if !ports::is_taken(port) {
        return Ok(None);
    }
    let process = ports::holder_of(port)
        .and_then(|holder| Process::with_pid(holder.pid))
        .filter(|process| process.folder().is_some_and(|stands_in| stands_in.starts_with(folder)));
    if let Some(process) = &process {
        pid_file::write(home, name, process)?;
    }
    Ok(process)
}

/// Refuse to start `missing` while somebody else holds any of their ports.
///
/// # Errors
/// [`Error::PortsTaken`] with all of them.
pub(crate) fn refuse_taken_ports(running: &Running, missing: &[Service], port_offset: u16) -> Result<(), Error> {
    let mut taken = Vec::new();
    for service in missing {
        let entry = service.entry();
        let main = (entry.port, entry.title.to_owned());
        let sides = entry.side_ports.iter().map(|side| (side.port, format!("{}, {}", entry.title, side.purpose)));
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
