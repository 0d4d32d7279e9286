//! Being logged in to Vault: AppRole login, renewal at two thirds of the token's life, a new login when the
//! token is refused.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use contract::Backend;
use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::transport::{Answer, Transport};
use crate::backoff::persist;
use crate::config::{AppRoleFiles, VaultConfig};
use crate::error::{BoxError, Error, ErrorKind};
use crate::runtime::Home;

/// A session with Vault, logged in when it is first needed and whenever its token is refused.
pub(crate) struct Session {
    pub(super) transport: Transport,
    login: AppRoleFiles,
    limit: Duration,
    token: watch::Sender<Option<Arc<Token>>>,
    /// Held during a login, so that one serves all who wait for it.
    logging_in: Mutex<Option<RefusedLogin>>,
}

/// The AppRole that Vault refused last, and when.
struct RefusedLogin {
    ids: AppRole,
    at: Instant,
}

struct AppRole {
    role_id: SecretString,
    secret_id: SecretString,
}

/// How long ids that Vault has refused are not shown to it again, unless their files change.
///
/// Vault locks an AppRole out for 15 minutes after five failed logins within 15 minutes (its user lockout), the
/// right secret id too. At this distance there are never five.
const REFUSED_FOR: Duration = Duration::from_mins(5);

struct Token {
    /// Marked sensitive, so that no Debug shows it.
    header: HeaderValue,
    issued: Instant,
    /// Zero: it does not expire.
    lease: Duration,
    /// What the login gave; a renewal that gives much less is near the end of what can be renewed.
    first_lease: Duration,
    renewable: bool,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("transport", &self.transport).finish_non_exhaustive()
    }
}

/// The part of a login's or renewal's answer that is needed.
#[derive(Deserialize)]
struct Granted {
    auth: Grant,
}

#[derive(Deserialize)]
struct Grant {
    client_token: String,
    lease_duration: u64,
    renewable: bool,
}

impl Session {
    pub(crate) fn new(config: VaultConfig, limit: Duration, home: Home) -> Self {
        Self {
            transport: Transport::new(&config, limit, home),
            login: config.login,
            limit,
            token: watch::Sender::new(None),
            logging_in: Mutex::new(None),
        }
    }

    /// How long a call may take in all.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    /// Read the members of `secret/<name>`; `None` when there is no such secret.
    ///
    /// `name` is one segment of a path: a `contract::SecretName` or a constant.
    pub(crate) async fn read(&self, name: &str) -> Result<Option<Map<String, Value>>, Error> {
        #[derive(Deserialize)]
        struct Secret {
            data: Version,
        }
        #[derive(Deserialize)]
        struct Version {
            data: Option<Map<String, Value>>,
        }
        let answer = self.authorized(Method::GET, &format!("secret/data/{name}"), None).await?;
        match answer.status {
            StatusCode::OK => answer.json().map(|secret: Secret| secret.data.data),
            StatusCode::NOT_FOUND if !answer.gives_reasons() => Ok(None),
            _ => Err(answer.refusal()),
        }
    }

    /// Keep a valid token for as long as this runs.
    pub(super) async fn keep_token(&self) {
        loop {
            let token = persist("logging in to Vault", || self.bounded(self.token())).await;
            let mut changes = self.token.subscribe();
            let replaced = async {
                let another =
                    |now: &Option<Arc<Token>>| !now.as_ref().is_some_and(|now| Arc::ptr_eq(now, &token));
                drop(changes.wait_for(another).await);
            };
            let due = async {
                match token.renewal_due() {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // A request had to log in anew; look at that token instead.
                () = replaced => {}
                () = due => persist("renewing Vault's token", || self.bounded(self.renew(&token))).await,
            }
        }
    }

    /// Give the token back, so that it does not live on in Vault for the rest of its lease.
    pub(super) async fn end(&self) {
        if let Some(token) = self.token.send_replace(None) {
            let body = json!({});
            let sent =
                self.transport.send(Method::POST, "auth/token/revoke-self", Some(&token.header), Some(&body));
            if let Err(error) = self.bounded(sent).await {
                tracing::debug!(cause = %error.chain(), "Vault's token was not given back and will expire");
            }
        }
    }

    /// Send with the token, and with that of one new login when it is refused.
    async fn authorized(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, Error> {
        let token = self.token().await?;
        let answer = self.transport.send(method.clone(), path, Some(&token.header), body).await?;
        if answer.status != StatusCode::FORBIDDEN {
            return Ok(answer);
        }
        let token = self.log_in_instead_of(Some(&token)).await?;
        self.transport.send(method, path, Some(&token.header), body).await
    }

    /// The token, after a login if there is none yet.
    async fn token(&self) -> Result<Arc<Token>, Error> {
        let token = self.token.borrow().clone();
        match token {
            Some(token) => Ok(token),
            None => self.log_in_instead_of(None).await,
        }
    }

    /// A token other than the `refused` one: that of another caller's login, or of a login now.
    async fn log_in_instead_of(&self, refused: Option<&Arc<Token>>) -> Result<Arc<Token>, Error> {
        let mut last_refused = self.logging_in.lock().await;
        let current = self.token.borrow().clone();
        if let Some(current) = current
            && refused.is_none_or(|refused| !Arc::ptr_eq(refused, &current))
        {
            return Ok(current);
        }
        let token = Arc::new(self.log_in(&mut last_refused).await?);
        self.token.send_replace(Some(Arc::clone(&token)));
        Ok(token)
    }

    async fn log_in(&self, last_refused: &mut Option<RefusedLogin>) -> Result<Token, Error> {
        let ids = AppRole::read(&self.login).await?;
        if let Some(refused) = last_refused
            && refused.ids == ids
            && refused.at.elapsed() < REFUSED_FOR
        {
            return Err(Error::with_source(
                Backend::Vault,
                ErrorKind::RefusedCredentials,
                "the AppRole in the files is the one that was refused before",
            ));
        }
        let body =
            json!({ "role_id": ids.role_id.expose_secret(), "secret_id": ids.secret_id.expose_secret() });
        let answer = self.transport.send(Method::POST, "auth/approle/login", None, Some(&body)).await?;
        match answer.status {
            StatusCode::OK => Token::granted(&answer, None),
            // How AppRole refuses: `invalid role or secret ID`.
            StatusCode::BAD_REQUEST => {
                *last_refused = Some(RefusedLogin { ids, at: Instant::now() });
                Err(answer.refusal_as(ErrorKind::RefusedCredentials))
            }
            _ => Err(answer.refusal()),
        }
    }

    async fn renew(&self, token: &Arc<Token>) -> Result<(), Error> {
        if token.renewable {
            let body = json!({});
            let answer = self
                .transport
                .send(Method::POST, "auth/token/renew-self", Some(&token.header), Some(&body))
                .await?;
            match answer.status {
                StatusCode::OK => {
                    let renewed = Token::granted(&answer, Some(token.first_lease))?;
                    // Near the end of what can be renewed each renewal gives less; a new login gives it all.
                    if renewed.lease >= token.first_lease / 2 {
                        self.replace(token, renewed);
                        return Ok(());
                    }
                }
                StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST => {}
                _ => return Err(answer.refusal()),
            }
        }
        self.log_in_instead_of(Some(token)).await.map(drop)
    }

    /// Put the renewed token in the place of `before`, unless a login has put another one there.
    fn replace(&self, before: &Arc<Token>, renewed: Token) {
        self.token.send_if_modified(|current| {
            let same = current.as_ref().is_some_and(|current| Arc::ptr_eq(current, before));
            if same {
                *current = Some(Arc::new(renewed));
            }
            same
        });
    }

    async fn bounded<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        match timeout(self.limit, call).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Err(Error::new(Backend::Vault, ErrorKind::TimedOut)),
        }
    }
}

impl AppRole {
    async fn read(files: &AppRoleFiles) -> Result<Self, Error> {
        let (role_id, secret_id) = tokio::join!(read_id(&files.role_id_file), read_id(&files.secret_id_file));
        Ok(Self { role_id: role_id?, secret_id: secret_id? })
    }
}

impl PartialEq for AppRole {
    fn eq(&self, other: &Self) -> bool {
        self.role_id.expose_secret() == other.role_id.expose_secret()
            && self.secret_id.expose_secret() == other.secret_id.expose_secret()
    }
}

impl Token {
    fn granted(answer: &Answer, first_lease: Option<Duration>) -> Result<Self, Error> {
        let Grant { client_token, lease_duration, renewable } = answer.json::<Granted>()?.auth;
        let mut header = HeaderValue::from_str(&client_token).map_err(failed)?;
        header.set_sensitive(true);
        let lease = Duration::from_secs(lease_duration);
        Ok(Self {
            header,
            issued: Instant::now(),
            lease,
            first_lease: first_lease.unwrap_or(lease),
            renewable,
        })
    }

    /// At two thirds of its life; `None` when it does not expire.
    fn renewal_due(&self) -> Option<Instant> {
        (!self.lease.is_zero()).then(|| self.issued + self.lease * 2 / 3)
    }
}

fn failed(source: impl Into<BoxError>) -> Error {
    Error::with_source(Backend::Vault, ErrorKind::Failed, source)
}

/// An id of the AppRole. Its file may still be written while this server starts.
async fn read_id(file: &Path) -> Result<SecretString, Error> {
    match tokio::fs::read_to_string(file).await {
        Ok(id) => Ok(id.trim().into()),
        Err(error) => {
            let error = std::io::Error::new(error.kind(), format!("{}: {error}", file.display()));
            Err(Error::with_source(Backend::Vault, ErrorKind::NoCredentials, error))
        }
    }
}
