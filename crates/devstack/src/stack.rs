//! A stack that exists: where it is, how it is, and what it hands to the API servers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use causes::Chain;
use futures_util::future::join_all;
use secrecy::ExposeSecret as _;
use serde::Serialize;

use crate::error::Error;
use crate::home::{Home, Settings};
use crate::install::InstallPolicy;
use crate::launch::{self, EPMD};
use crate::lock::Lock;
use crate::manifest::{Api, Service};
use crate::options::{RuntimeChoice, UpOptions};
use crate::pid_file;
use crate::probe;
use crate::process::Process;
use crate::progress::{Event, Progress};
use crate::running::{self, Running};
use crate::serve::{self, ApiHealth};
use crate::vault::client::Client;
use crate::vault::pki::CertificateFiles;
use crate::vault::{logins, seal};

pub use crate::vault::logins::Credentials;

/// How long a server may take to end when asked politely.
const POLITE: Duration = Duration::from_secs(30);

/// A stack in a home.
#[derive(Debug, Clone)]
pub struct Stack {
    home: Home,
    settings: Settings,
}

/// How one service is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceHealth {
    /// Which service.
    pub service: Service,
    /// Where clients reach it.
    pub address: SocketAddr,
    /// Its process, when it runs.
    pub pid: Option<u32>,
    /// Whether its probe succeeded.
    pub healthy: bool,
    /// The server's version, when healthy.
    pub version: Option<String>,
    /// Why not, when not.
    pub error: Option<String>,
    /// How long its probe took, in milliseconds.
    pub elapsed_ms: u64,
}

impl Stack {
    pub(crate) fn new(home: Home, settings: Settings) -> Self {
        Self { home, settings }
    }

    /// The stack in `home`, running or not; `None` when there never was one.
    ///
    /// # Errors
    /// [`Error::OtherLayout`] for a home of another version, [`Error::Io`], [`Error::Malformed`].
    // A caller that awaits it keeps working when opening has to ask a container engine.
    #[expect(clippy::unused_async, reason = "opening a stack of containers will ask their engine")]
    pub async fn open(home: &Path) -> Result<Option<Self>, Error> {
        let home = Home::at(home);
        Ok(home.settings()?.map(|settings| Self { home, settings }))
    }

    /// The folder that holds the stack's state.
    pub fn home(&self) -> &Path {
        self.home.root()
    }

    pub(crate) fn layout(&self) -> &Home {
        &self.home
    }

    /// What is added to every port.
    pub fn port_offset(&self) -> u16 {
        self.settings.port_offset
    }

    /// The services that were brought up here, in the manifest's order.
    pub fn services(&self) -> &[Service] {
        &self.settings.services
    }

    /// Where clients reach `service`.
    pub fn address(&self, service: Service) -> SocketAddr {
        service.address(self.settings.port_offset)
    }

    /// The variables that the API server `api` needs to find this stack, itself listening on its ports of the manifest.
    ///
    /// A name that is not in [`crate::manifest::APIS`] gets all but the variables of its own identity.
    pub fn environment(&self, api: &str) -> BTreeMap<String, String> {
        let at = |service| self.address(service).to_string();
        let redis = Service::REDIS.map(at).join(",");
        let mut variables: BTreeMap<String, String> = [
            ("VAULT_ADDR", format!("http://{}", self.address(Service::Vault))),
            ("POSTGRES_ADDR", at(Service::Postgres)),
            ("PGBOUNCER_ADDR", at(Service::Pgbouncer)),
            ("MYSQL_ADDR", at(Service::Mysql)),
            ("MONGODB_ADDR", at(Service::Mongodb)),
            ("REDIS_NODES", redis),
            ("RABBITMQ_ADDR", at(Service::Rabbitmq)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        if let Some(api) = Api::named(api) {
            let login = self.home.vault().join("approle").join(api.name);
            let certificate = CertificateFiles::of(&self.home, api.name);
            variables.extend(
                [
                    ("VAULT_ROLE_ID_FILE", login.join("role-id").display().to_string()),
                    ("VAULT_SECRET_ID_FILE", login.join("secret-id").display().to_string()),
                    ("TLS_CERT_FILE", certificate.certificate.display().to_string()),
                    ("TLS_KEY_FILE", certificate.key.display().to_string()),
                    ("HTTP_ADDR", api.http_address(self.settings.port_offset).to_string()),
                    ("HTTPS_ADDR", api.https_address(self.settings.port_offset).to_string()),
                ]
                .map(|(name, value)| (name.to_owned(), value)),
            );
        }
        variables
    }

    /// Start exactly these services of the stack, not what they need. Empty means all that were brought up before.
    ///
    /// Installs nothing: what was brought up once is there.
    ///
    /// # Errors
    /// As [`crate::up()`].
    pub async fn start(&self, services: &[Service], progress: &dyn Progress) -> Result<(), Error> {
        let _lock = Lock::take(&self.home, progress).await?;
        let options = UpOptions {
            home: self.home.root().to_owned(),
            port_offset: self.settings.port_offset,
            services: Vec::new(),
            runtime: RuntimeChoice::Native,
            install: InstallPolicy::Never,
        };
        let wanted = self.those(services);
        crate::up::bring_up(&self.home, self.home.settings()?, &wanted, &options, progress).await.map(drop)
    }

    /// Stop these services, politely first and after half a minute by force. Empty means all, and before them the API
    /// servers that `devstack serve` runs against them.
    ///
    /// # Errors
    /// [`Error::Signal`], [`Error::Unstoppable`], [`Error::Io`], [`Error::Busy`]; the others are stopped nevertheless.
    pub async fn stop(&self, services: &[Service], progress: &dyn Progress) -> Result<(), Error> {
        let _lock = Lock::take(&self.home, progress).await?;
        if services.is_empty() {
            serve::stop_all(&self.home, progress).await?;
        }
        let services = self.those(services);
        let running = Running::look(&self.home, &services, self.settings.port_offset)?;
        let stopping = services.iter().filter_map(|service| Some((*service, running.process(*service)?)));
        let outcomes = join_all(stopping.map(async |(service, process): (Service, &Process)| {
            self.stop_one(service, process, progress).await
        }))
        .await;
        if services.contains(&Service::Rabbitmq)
            && let Some(port_mapper) = running.port_mapper()
        {
            port_mapper.end_by_force().await?;
            pid_file::forget(&self.home, EPMD)?;
        }
        outcomes.into_iter().collect()
    }

    async fn stop_one(
        &self,
        service: Service,
        process: &Process,
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        let begun = Instant::now();
        progress.event(&Event::started(service.name(), "is asked to end"));
        let forced = process.end(launch::stop_signal(service), POLITE).await?;
        self.end_helpers(service).await?;
        pid_file::forget(&self.home, service.name())?;
        let what = if forced { "ended by force" } else { "ended" };
        progress.event(&Event::done(service.name(), what, begun.elapsed()));
        Ok(())
    }

    /// Kill a service and all its processes with SIGKILL, for tests of failure. Returns when they are gone.
    ///
    /// # Errors
    /// [`Error::NotRunning`], [`Error::Signal`], [`Error::Unstoppable`].
    pub async fn kill(&self, service: Service) -> Result<(), Error> {
        let running = Running::look(&self.home, &[service], self.settings.port_offset)?;
        let process = running.process(service).ok_or(Error::NotRunning { service })?;
        process.end_by_force().await?;
        self.end_helpers(service).await
    }

    /// End what a server that is gone has started in sessions of its own, as Erlang does: it would end by itself a
    /// moment later, but until then the next start would take it for the server.
    async fn end_helpers(&self, service: Service) -> Result<(), Error> {
        for helper in running::helpers_of(&self.home, service) {
            helper.end_by_force().await?;
        }
        Ok(())
    }

    /// The process of a service, if it runs.
    pub fn pid(&self, service: Service) -> Option<u32> {
        pid_file::living(&self.home, service.name()).map(|process| process.pid)
    }

    /// Ask every service that was brought up how it is, all at once; takes three seconds at the very most.
    pub async fn health(&self) -> Vec<ServiceHealth> {
        self.health_of(&[]).await
    }

    /// Ask these services how they are, all at once. Empty means all that were brought up.
    pub async fn health_of(&self, services: &[Service]) -> Vec<ServiceHealth> {
        let vault = self.vault();
        join_all(self.those(services).into_iter().map(async |service| {
            let begun = Instant::now();
            let login_of = if service == Service::Pgbouncer { Service::Postgres } else { service };
            let login = match (&vault, service) {
                (_, Service::Vault) => Ok(None),
                (Ok(client), _) => logins::read(client, login_of).await.map(Some),
                (Err(error), _) => {
                    Err(Error::io("read", &self.home.vault(), std::io::Error::other(error.to_string())))
                }
            };
            let outcome = match &login {
                Ok(login) => probe::ask(service, self.address(service), login.as_ref())
                    .await
                    .map_err(|error| error.line()),
                Err(error) => Err(format!("its login is not known: {}", Chain(error))),
            };
            let pid = self.pid(service);
            let (version, error) = match outcome {
                Ok(report) => (Some(report.version), None),
                Err(_) if pid.is_none() => (None, Some("not running".to_owned())),
                Err(error) => (None, Some(error)),
            };
            ServiceHealth {
                service,
                address: self.address(service),
                pid,
                healthy: error.is_none(),
                version,
                error,
                elapsed_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            }
        }))
        .await
    }

    /// Vault's root token.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be read.
    pub fn root_token(&self) -> Result<String, Error> {
        Ok(seal::root_token(&self.home)?.expose_secret().to_owned())
    }

    /// The login of `service`, read from Vault. Clients log in to PgBouncer with PostgreSQL's; PgBouncer's own is the one
    /// with which it looks users up.
    ///
    /// # Errors
    /// [`Error::Vault`] when Vault does not answer, [`Error::NoLogin`] when the service has none.
    pub async fn credentials(&self, service: Service) -> Result<Credentials, Error> {
        logins::read(&self.vault()?, service).await
    }

    /// Ask every API server that `devstack serve` runs how it is, all at once; takes two seconds at the very most.
    pub async fn apis(&self) -> Vec<ApiHealth> {
        serve::health(&self.home, self.settings.port_offset).await
    }

    fn vault(&self) -> Result<Client, Error> {
        Ok(Client::new(self.address(Service::Vault))?.with_token(seal::root_token(&self.home)?))
    }

    fn those(&self, services: &[Service]) -> Vec<Service> {
        if services.is_empty() { self.settings.services.clone() } else { services.to_vec() }
    }
}
