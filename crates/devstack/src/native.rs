//! The native runtime: every server a process of this machine, started at once, each waited for until it is healthy.

use std::sync::Arc;
use std::time::{Duration, Instant};

use causes::Chain;
use futures_util::future::join_all;
use tokio::process::Child;
use tokio::sync::watch;

use crate::error::Error;
use crate::launch::{EPMD, Site};
use crate::manifest::Service;
use crate::process::{Launch, Process};
use crate::progress::{Event, Progress};
use crate::running::Running;
use crate::vault::client::Client;
use crate::vault::logins::{self, Logins};
use crate::vault::{access, pki, seal};
use crate::{home, logs, pid_file, probe};

/// How long a server may take until it is healthy; a database that recovers from a crash needs some of it.
const LIMIT: Duration = Duration::from_mins(2);
const LOOK_AGAIN: Duration = Duration::from_millis(40);
/// What `vault/bootstrapped` holds; another number makes `up` set policies, roles and authorities again.
const BOOTSTRAP: &str = "1";

/// One `up` at work.
struct Run<'a> {
    site: &'a Site<'a>,
    running: &'a Running,
    progress: &'a dyn Progress,
    /// Known from the beginning for a new stack, else as soon as Vault is unsealed.
    logins: watch::Receiver<Option<Arc<Logins>>>,
    /// `None` when PostgreSQL is not part of this run.
    postgres_is_up: Option<watch::Receiver<bool>>,
}

/// Start what does not run of `wanted`, and wait until all are healthy.
///
/// # Errors
/// The failure of the one service that failed, or [`Error::Several`].
pub(crate) async fn start(
    site: &Site<'_>,
    wanted: &[Service],
    running: &Running,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let pending = logins::pending(site.home)?.map(Arc::new);
    let (logins_known, logins) = watch::channel(pending.clone());
    let (postgres_up, postgres_is_up) = watch::channel(false);
    let postgres_is_up = wanted.contains(&Service::Postgres).then_some(postgres_is_up);
    let run = Run { site, running, progress, logins, postgres_is_up };
    if !wanted.contains(&Service::Vault) {
        // Asked without Vault among the wanted: its logins are known if it happens to run.
        if let Ok(client) = unsealed(site)
            && let Ok(all) = logins::read_all(&client).await
        {
            logins_known.send_replace(Some(Arc::new(all)));
        }
    }
    let mut vault_sender = wanted.contains(&Service::Vault).then_some(logins_known);
    let mut postgres_sender = wanted.contains(&Service::Postgres).then_some(postgres_up);
    let steps = wanted.iter().map(|service| {
        let vault_sender = (*service == Service::Vault).then(|| vault_sender.take()).flatten();
        let postgres_sender = (*service == Service::Postgres).then(|| postgres_sender.take()).flatten();
        let (run, pending) = (&run, pending.clone());
        async move {
            let begun = Instant::now();
            let outcome = match vault_sender {
                Some(sender) => run.vault(pending, &sender).await,
                None => run.service(*service).await,
            };
            match &outcome {
                Ok(what) => {
                    if let Some(sender) = postgres_sender {
                        sender.send_replace(true);
                    }
                    progress.event(&Event::done(service.name(), what, begun.elapsed()));
                }
                Err(error) => {
                    let chain = Chain(error).to_string();
                    progress.event(&Event::failed(service.name(), chain.lines().next().unwrap_or_default()));
                }
            }
            outcome.map_err(|error| (*service, error))
        }
    });
    let mut failures: Vec<(Service, Error)> =
        join_all(steps).await.into_iter().filter_map(Result::err).collect();
    // Those that only waited for another say nothing new.
    if failures.iter().any(|(_, error)| !matches!(error, Error::WaitedFor { .. })) {
        failures.retain(|(_, error)| !matches!(error, Error::WaitedFor { .. }));
    }
    match failures.len() {
        0 => Ok(()),
        1 => failures.pop().map_or(Ok(()), |(_, error)| Err(error)),
        _ => Err(Error::Several { failures }),
    }
}

fn unsealed(site: &Site<'_>) -> Result<Client, Error> {
    let client = Client::new(Service::Vault.address(site.port_offset))?;
    Ok(client.with_token(seal::root_token(site.home)?))
}

impl Run<'_> {
    /// The logins, as soon as they are known; `None` when nobody in this run will ever know them.
    async fn logins(&self) -> Option<Arc<Logins>> {
        let mut logins = self.logins.clone();
        logins.wait_for(Option::is_some).await.ok().and_then(|known| known.clone())
    }

    async fn service(&self, service: Service) -> Result<String, Error> {
        if let Some(process) = self.running.process(service) {
            self.progress.event(&Event::started(service.name(), "runs already"));
            let version = self.until_healthy(service, process, None).await?;
            return Ok(format!("{version}, was running"));
        }
        // Was there a first start that never came to its end?
        let unfinished = self.site.first_start(service).exists();
        match self.start_and_wait(service).await {
            Err(Error::Exited { .. } | Error::NotHealthy { .. })
                if unfinished && service != Service::Mysql =>
            {
                self.stop_again(service).await?;
                if let Some(aside) = self.site.set_unfinished_aside(service)? {
                    self.progress.event(&Event::note(format!(
                        "{service} never finished its first start; that was set aside as {} and it begins anew",
                        aside.display()
                    )));
                }
                self.start_and_wait(service).await
            }
            outcome => outcome,
        }
    }

    async fn stop_again(&self, service: Service) -> Result<(), Error> {
        match pid_file::living(self.site.home, service.name()) {
            Some(process) => process.end_by_force().await,
            None => Ok(()),
        }
    }

    async fn start_and_wait(&self, service: Service) -> Result<String, Error> {
        let name = service.name();
        self.progress.event(&Event::started(name, "starts"));
        let known = if self.site.needs_logins(service) {
            Some(self.logins().await.ok_or(Error::WaitedFor { on: Service::Vault })?)
        } else {
            None
        };
        let known = known.as_deref();
        if !self.site.folder(service).exists() {
            self.progress.event(&Event::waiting(name, "its data folder, which is being made"));
        }
        self.site.prepare(service, known).await?;
        match service {
            Service::Pgbouncer => self.postgres().await?,
            Service::Rabbitmq => self.port_mapper().await?,
            _ => {}
        }
        let (process, mut child) = self.spawn(service, name, &self.site.command(service, known)?)?;
        self.until_healthy(service, &process, Some(&mut child)).await
    }

    fn spawn(&self, service: Service, name: &str, launch: &Launch) -> Result<(Process, Child), Error> {
        let log = self.site.home.log_file(name);
        let child = launch.start(&log)?;
        // The process cannot have vanished without a trace: until it is waited for, its pid is its own.
        let process =
            child.id().and_then(Process::with_pid).ok_or_else(|| self.exited(service, "at once"))?;
        pid_file::write(self.site.home, name, &process)?;
        Ok((process, child))
    }

    /// Wait for PostgreSQL, where it is part of this run.
    async fn postgres(&self) -> Result<(), Error> {
        let Some(mut postgres) = self.postgres_is_up.clone() else { return Ok(()) };
        self.progress.event(&Event::waiting(Service::Pgbouncer.name(), "postgres"));
        postgres.wait_for(|up| *up).await.map(drop).map_err(|_| Error::WaitedFor { on: Service::Postgres })
    }

    async fn port_mapper(&self) -> Result<(), Error> {
        if self.running.port_mapper().is_some() {
            return Ok(());
        }
        let (launch, address) = self.site.port_mapper()?;
        let (process, mut child) = self.spawn(Service::Rabbitmq, EPMD, &launch)?;
        let begun = Instant::now();
        while tokio::net::TcpStream::connect(address).await.is_err() {
            self.still_runs(Service::Rabbitmq, &process, Some(&mut child))?;
            if begun.elapsed() > LIMIT {
                return Err(self.not_healthy(Service::Rabbitmq, "Erlang's port mapper does not listen"));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// Start Vault if it does not run, and wait until it answers, in whichever state. Also whether it was started.
    async fn vault_answers(&self) -> Result<(Client, bool), Error> {
        let (service, name) = (Service::Vault, Service::Vault.name());
        let mut child = None;
        // Not what was seen at first: a Vault of ours may have been ended since.
        let process = if let Some(process) = self.running.process(service).filter(|process| process.lives()) {
            self.progress.event(&Event::started(name, "runs already"));
            process.clone()
        } else {
            self.progress.event(&Event::started(name, "starts"));
            self.site.prepare(service, None).await?;
            let (process, spawned) = self.spawn(service, name, &self.site.command(service, None)?)?;
            child = Some(spawned);
            process
        };
        let client = Client::new(service.address(self.site.port_offset))?;
        let begun = Instant::now();
        while let Err(error) = client.health().await {
            self.still_runs(service, &process, child.as_mut())?;
            if begun.elapsed() > LIMIT {
                return Err(self.not_healthy(service, &Chain(&error).to_string()));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok((client, child.is_some()))
    }

    /// An unsealed Vault and whether it was started just now.
    async fn open_vault(&self) -> Result<(Client, bool), Error> {
        let (service, home) = (Service::Vault, self.site.home);
        let (client, started) = self.vault_answers().await?;
        let opened = match seal::open(home, &client).await {
            // It was initialised by somebody who was killed before the keys were written. Nobody ever had them, so
            // nothing can be in it.
            Err(Error::KeysMissing { .. }) if self.site.first_start(service).exists() => {
                self.stop_again(service).await?;
                self.site.set_unfinished_aside(service)?;
                self.progress.event(&Event::note("vault never finished its first start, and begins anew"));
                seal::open(home, &self.vault_answers().await?.0).await?
            }
            outcome => outcome?,
        };
        self.site.was_healthy(service)?;
        Ok((opened, started))
    }

    /// Vault's own way up: start, initialise, unseal, hand out the logins, then authorities, policies, certificates.
    async fn vault(
        &self,
        pending: Option<Arc<Logins>>,
        logins_known: &watch::Sender<Option<Arc<Logins>>>,
    ) -> Result<String, Error> {
        let name = Service::Vault.name();
        let home = self.site.home;
        let (client, started) = self.open_vault().await?;
        let marker = home.vault().join("bootstrapped");
        let bootstrapped = std::fs::read_to_string(&marker).is_ok_and(|text| text == BOOTSTRAP);
        if !bootstrapped {
            self.progress
                .event(&Event::waiting(name, "secrets, certificates and policies, which are being made"));
            pki::mount_engines(&client).await?;
        }
        if let Some(pending) = &pending {
            logins::hand_over(home, &client, pending).await?;
        }
        // Read back even when they were just written: what Vault says is what counts from here on.
        logins_known.send_replace(Some(Arc::new(logins::read_all(&client).await?)));
        if !bootstrapped {
            let (authorities, policies) =
                tokio::join!(pki::set_up(home, &client), access::set_up(home, &client));
            authorities.and(policies)?;
        }
        let issued = pki::issue_what_is_due(home, &client).await?;
        if bootstrapped && !issued.is_empty() {
            self.progress.event(&Event::note(format!("new certificates for {}", issued.join(", "))));
        }
        if !bootstrapped {
            home::write_private(&marker, BOOTSTRAP.as_bytes())?;
        }
        let version = client.health().await?.version;
        Ok(if started { version } else { format!("{version}, was running") })
    }

    /// Wait until the probe succeeds, and give the server's version.
    async fn until_healthy(
        &self,
        service: Service,
        process: &Process,
        mut child: Option<&mut Child>,
    ) -> Result<String, Error> {
        let address = service.address(self.site.port_offset);
        let begun = Instant::now();
        let mut said = String::new();
        loop {
            // Nobody knows the logins: Vault failed, or is not part of this run and not there.
            let Some(known) = self.logins().await else {
                return self.until_listening(service, process, child).await;
            };
            let login = if service == Service::Pgbouncer { Service::Postgres } else { service };
            let settled = self.site.settle(service, &known).await;
            let outcome = match settled {
                Ok(()) => probe::ask(service, address, known.of(login).ok()).await,
                Err(error) => Err(error),
            };
            let last = match outcome {
                Ok(report) => {
                    self.site.was_healthy(service)?;
                    return Ok(report.version);
                }
                Err(error) => error.line(),
            };
            self.still_runs(service, process, child.as_deref_mut())?;
            if begun.elapsed() > LIMIT {
                return Err(self.not_healthy(service, &last));
            }
            if said != last {
                self.progress.event(&Event::waiting(service.name(), &last));
                said = last;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Without its login no more can be asked of a server than that it listens.
    async fn until_listening(
        &self,
        service: Service,
        process: &Process,
        mut child: Option<&mut Child>,
    ) -> Result<String, Error> {
        let begun = Instant::now();
        while tokio::net::TcpStream::connect(service.address(self.site.port_offset)).await.is_err() {
            self.still_runs(service, process, child.as_deref_mut())?;
            if begun.elapsed() > LIMIT {
                return Err(self.not_healthy(service, "it does not listen"));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok("listening; without Vault its login is not known, so no more was asked".to_owned())
    }

    fn still_runs(
        &self,
        service: Service,
        process: &Process,
        child: Option<&mut Child>,
    ) -> Result<(), Error> {
        if let Some(child) = child
            && let Ok(Some(status)) = child.try_wait()
        {
            return Err(self.exited(service, &status.to_string()));
        }
        if process.lives() { Ok(()) } else { Err(self.exited(service, "nobody knows how")) }
    }

    fn exited(&self, service: Service, status: &str) -> Error {
        let log = self.site.home.log_file(service.name());
        let tail = logs::tail(&log, 12).map(|(tail, _)| tail).unwrap_or_default();
        Error::Exited { service, status: status.to_owned(), log, tail }
    }

    fn not_healthy(&self, service: Service, last: &str) -> Error {
        let log = self.site.home.log_file(service.name());
        let tail = logs::tail(&log, 12).map(|(tail, _)| tail).unwrap_or_default();
        Error::NotHealthy { service, seconds: LIMIT.as_secs(), last: last.to_owned(), log, tail }
    }
}
