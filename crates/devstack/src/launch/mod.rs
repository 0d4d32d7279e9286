//! How each server is made and launched natively: one file per server, all with the same functions.
//!
//! - `prepare` makes the data folder if there is none: in a temporary folder, which is then renamed, so that a start
//!   that failed or was killed leaves either nothing or everything.
//! - `launch` says what to run.
//! - `settle` does what only a running server can do (a user, the cluster), if it is not done.

mod mongodb;
mod mysql;
mod pgbouncer;
mod postgres;
mod rabbitmq;
mod redis;
mod vault;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;

use crate::account::Account;
use crate::error::Error;
use crate::home::{self, Home};
use crate::install::{Program, Toolbox};
use crate::manifest::Service;
use crate::probe::ProbeError;
use crate::process::Launch;
use crate::vault::logins::Logins;

/// Erlang's port mapper, which RabbitMQ needs: a process of its own beside the services.
pub(crate) const EPMD: &str = "rabbitmq-epmd";

/// Where and with which programs servers are launched.
#[derive(Debug)]
pub(crate) struct Site<'a> {
    pub home: &'a Home,
    /// The data folder without symbolic links.
    pub data: PathBuf,
    pub port_offset: u16,
    pub tools: &'a Toolbox,
}

impl Site<'_> {
    pub(crate) fn folder(&self, service: Service) -> PathBuf {
        self.data.join(service.name())
    }

    fn address(&self, service: Service) -> SocketAddr {
        service.address(self.port_offset)
    }

    fn port(&self, service: Service) -> u16 {
        self.address(service).port()
    }

    /// The port of the manifest's side port number `index`.
    fn side_port(&self, service: Service, index: usize) -> u16 {
        service.entry().side_ports.get(index).map_or(0, |side| side.port.saturating_add(self.port_offset))
    }

    fn launch<const N: usize>(
        &self,
        service: Service,
        program: Program,
        arguments: [String; N],
    ) -> Result<Launch, Error> {
        let account = Account::of(service)?;
        Ok(Launch {
            program: account.runnable(&self.tools.get(program)?.path, &self.data)?,
            arguments: arguments.map(Into::into).to_vec(),
            environment: Vec::new(),
            folder: self.folder(service),
            account,
        })
    }

    /// Make the data folder of `service` if there is none: `make` fills a temporary one, which then takes its place.
    async fn make_folder(
        &self,
        service: Service,
        make: impl AsyncFnOnce(&Path, &Account) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.remove_unfinished(service)?;
        let folder = self.folder(service);
        if folder.exists() {
            return Ok(());
        }
        let account = Account::of(service)?;
        // A name of its own for each attempt: a program that a killed `up` left at work must not write into ours.
        let temporary = self.data.join(format!("{service}.{}.new", std::process::id()));
        account.private_folder(&temporary)?;
        make(&temporary, &account).await?;
        std::fs::rename(&temporary, &folder).map_err(|source| Error::io("move into place", &folder, source))
    }

    /// Delete what earlier attempts to make the data folder left behind.
    ///
    /// Where a program that a killed `up` left at work still writes, it stays until the next `up`: it is in nobody's way.
    fn remove_unfinished(&self, service: Service) -> Result<(), Error> {
        let failed = |source| Error::io("read", &self.data, source);
        for entry in std::fs::read_dir(&self.data).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with(&format!("{service}."))
                && path.extension().is_some_and(|ending| ending == "new")
            {
                match home::remove(&path) {
                    Err(Error::Io { source, .. }) if source.kind() == ErrorKind::DirectoryNotEmpty => {}
                    removed => removed?,
                }
            }
        }
        Ok(())
    }

    /// A file that stands in a data folder from its making until the server was healthy once.
    ///
    /// Some servers finish their own making at their first start. If that start never got so far and the server is
    /// gone, nothing of anybody's can be in the folder, and it is set aside.
    pub(crate) fn first_start(&self, service: Service) -> PathBuf {
        self.folder(service).join("first-start")
    }

    /// Set a folder aside whose server never finished its first start. Returns to where.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn set_unfinished_aside(&self, service: Service) -> Result<Option<PathBuf>, Error> {
        if !self.first_start(service).exists() {
            return Ok(None);
        }
        let aside = self.data.join(format!("{service}.unfinished"));
        home::remove(&aside)?;
        std::fs::rename(self.folder(service), &aside)
            .map(|()| Some(aside.clone()))
            .map_err(|source| Error::io("set aside", &aside, source))
    }

    /// Note that the server was healthy: its data folder is somebody's from now on.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn was_healthy(&self, service: Service) -> Result<(), Error> {
        if service == Service::Rabbitmq {
            rabbitmq::forget_password(self)?;
        }
        if service == Service::Mysql {
            mysql::forget_password(self)?;
        }
        home::remove(&self.first_start(service))
    }

    /// Whether `prepare` needs the passwords.
    pub(crate) fn needs_logins(&self, service: Service) -> bool {
        match service {
            Service::Vault => false,
            Service::Mongodb | Service::Pgbouncer => {
                self.first_start(service).exists() || !self.folder(service).exists()
            }
            _ => !self.folder(service).exists(),
        }
    }

    /// Make the data folder if there is none.
    ///
    /// # Errors
    /// [`Error`] when a program fails or a file cannot be written.
    pub(crate) async fn prepare(&self, service: Service, logins: Option<&Logins>) -> Result<(), Error> {
        match service {
            Service::Vault => vault::prepare(self).await,
            Service::Postgres => postgres::prepare(self, logins).await,
            Service::Pgbouncer => pgbouncer::prepare(self, logins).await,
            Service::Mysql => mysql::prepare(self, logins).await,
            Service::Mongodb => mongodb::prepare(self).await,
            Service::Redis1 | Service::Redis2 | Service::Redis3 => {
                redis::prepare(self, service, logins).await
            }
            Service::Rabbitmq => rabbitmq::prepare(self, logins).await,
        }
    }

    /// What to run.
    ///
    /// # Errors
    /// [`Error`] when the program or its user is not there.
    pub(crate) fn command(&self, service: Service, logins: Option<&Logins>) -> Result<Launch, Error> {
        match service {
            Service::Vault => vault::launch(self),
            Service::Postgres => postgres::launch(self),
            Service::Pgbouncer => pgbouncer::launch(self),
            Service::Mysql => mysql::launch(self),
            Service::Mongodb => mongodb::launch(self, logins),
            Service::Redis1 | Service::Redis2 | Service::Redis3 => redis::launch(self, service),
            Service::Rabbitmq => rabbitmq::launch(self),
        }
    }

    /// The port mapper that must run before RabbitMQ.
    ///
    /// # Errors
    /// As [`Site::command`].
    pub(crate) fn port_mapper(&self) -> Result<(Launch, SocketAddr), Error> {
        rabbitmq::port_mapper(self)
    }

    /// Do what only the running server can do, if it is not done yet.
    ///
    /// # Errors
    /// [`ProbeError`]; called again until the service is healthy.
    pub(crate) async fn settle(&self, service: Service, logins: &Logins) -> Result<(), ProbeError> {
        match service {
            Service::Mongodb => mongodb::settle(self, logins).await,
            // One node does it for all three.
            Service::Redis1 => redis::settle(self, logins).await,
            _ => Ok(()),
        }
    }
}

/// The signal that asks a server to end without losing anything, and soon.
pub(crate) fn stop_signal(service: Service) -> Signal {
    match service {
        // "Fast": sessions are ended rather than waited for.
        Service::Postgres => Signal::SIGINT,
        _ => Signal::SIGTERM,
    }
}
