//! The passwords of the services: generated here, kept in Vault.
//!
//! A new stack's servers are made while Vault still starts. The passwords that they are made with wait in
//! `vault/pending-logins.json` until Vault has taken them; from then on Vault alone knows them.

use std::collections::BTreeMap;
use std::fs;

use futures_util::future::try_join_all;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::client::Client;
use crate::error::Error;
use crate::home::{self, Home};
use crate::manifest::{Login, Scope, Service};
use crate::password;

/// The login of a service, as Vault keeps it.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The user's name.
    pub user: String,
    /// The password.
    pub password: SecretString,
    /// The database, where the service has one.
    pub database: Option<String>,
    /// The virtual host, where the service has one.
    pub vhost: Option<String>,
}

/// The logins of all services that have one.
#[derive(Debug, Clone)]
pub(crate) struct Logins(BTreeMap<Service, Credentials>);

impl Logins {
    /// The login of `service`.
    ///
    /// # Errors
    /// [`Error::NoLogin`] when it has none.
    pub(crate) fn of(&self, service: Service) -> Result<&Credentials, Error> {
        self.0.get(&service).ok_or(Error::NoLogin { service })
    }
}

fn path_of(service: Service) -> String {
    format!("secret/data/{service}")
}

fn with_login() -> impl Iterator<Item = (Service, Login)> {
    Service::ALL.into_iter().filter_map(|service| Some((service, service.entry().login?)))
}

fn credentials(login: Login, password: SecretString) -> Credentials {
    let (database, vhost) = match login.scope {
        Scope::Database(name) => (Some(name.to_owned()), None),
        Scope::Vhost(name) => (None, Some(name.to_owned())),
        Scope::Nothing => (None, None),
    };
    Credentials { user: login.user.to_owned(), password, database, vhost }
}

fn pending_file(home: &Home) -> std::path::PathBuf {
    home.vault().join("pending-logins.json")
}

/// The passwords of a stack whose Vault has never taken them; `None` when Vault has them.
///
/// # Errors
/// [`Error::Io`], [`Error::Malformed`], [`Error::Random`].
pub(crate) fn pending(home: &Home) -> Result<Option<Logins>, Error> {
    let path = pending_file(home);
    let malformed = |source| Error::Malformed { path: path.clone(), source };
    let passwords: BTreeMap<Service, String> = match fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).map_err(malformed)?,
        Err(_) if home.vault().join("keys.json").exists() => return Ok(None),
        Err(_) => {
            let mut passwords = BTreeMap::new();
            for (service, _) in with_login() {
                passwords.insert(service, password::generate()?.expose_secret().to_owned());
            }
            home::write_private(&path, &serde_json::to_vec(&passwords).map_err(malformed)?)?;
            passwords
        }
    };
    let logins = with_login()
        .filter_map(|(service, login)| {
            Some((service, credentials(login, passwords.get(&service)?.clone().into())))
        })
        .collect();
    Ok(Some(Logins(logins)))
}

/// Give Vault the passwords that wait for it. What it has already it keeps.
///
/// # Errors
/// [`Error::Vault`], [`Error::Io`].
pub(crate) async fn hand_over(home: &Home, client: &Client, pending: &Logins) -> Result<(), Error> {
    try_join_all(pending.0.iter().map(async |(service, login)| {
        let path = path_of(*service);
        if client.read(&path).await?.is_none() {
            // Written only where nothing is (check-and-set 0): a password that is in use is never overwritten.
            let mut data = json!({ "user": login.user, "password": login.password.expose_secret() });
            if let Some(database) = &login.database {
                data["database"] = json!(database);
            }
            if let Some(vhost) = &login.vhost {
                data["vhost"] = json!(vhost);
            }
            data["tls_enabled"] = json!(false);
            client.write(&path, &json!({ "options": { "cas": 0 }, "data": data })).await?;
        }
        Ok::<_, Error>(())
    }))
    .await?;
    home::remove(&pending_file(home))
}

/// The login of one service.
///
/// # Errors
/// [`Error::NoLogin`] when Vault has none, [`Error::Vault`].
pub(crate) async fn read(client: &Client, service: Service) -> Result<Credentials, Error> {
    let answer = client.read(&path_of(service)).await?.ok_or(Error::NoLogin { service })?;
    let data = &answer["data"]["data"];
    let text = |member: &str| data[member].as_str().map(str::to_owned);
    let (Some(user), Some(password)) = (text("user"), text("password")) else {
        return Err(Error::NoLogin { service });
    };
    Ok(Credentials { user, password: password.into(), database: text("database"), vhost: text("vhost") })
}

/// The logins of all services.
///
/// # Errors
/// As [`read`].
pub(crate) async fn read_all(client: &Client) -> Result<Logins, Error> {
    let all = with_login().map(async |(service, _): (Service, Login)| {
        read(client, service).await.map(|credentials| (service, credentials))
    });
    Ok(Logins(try_join_all(all).await?.into_iter().collect()))
}

/// Whether a secrets engine or login method is mounted in the list that Vault gave.
pub(crate) fn mounted(list: &Value, path: &str) -> bool {
    list["data"].get(path).or_else(|| list.get(path)).is_some()
}
