//! The user and password of a backend, from Vault: read once in the background, kept, and read again when the
//! backend refuses them.

use std::fmt;
use std::sync::Arc;

use contract::Backend;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, timeout};

use crate::backoff::persist;
use crate::error::{BoxError, Error, ErrorKind};
use crate::runtime::{Background, Home};
use crate::vault::Session;

/// What a backend asks for at login.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: SecretString,
    /// The database, or RabbitMQ's vhost; Redis has none.
    database: Option<String>,
}

/// A secret in Vault that does not hold what a login needs.
#[derive(Debug, thiserror::Error)]
#[error("secret/{secret} has no text member `{member}`")]
struct MissingMember {
    secret: &'static str,
    member: &'static str,
}

impl Credentials {
    fn parse(secret: &'static str, mut data: Map<String, Value>) -> Result<Self, MissingMember> {
        let mut text = |member| match data.remove(member) {
            Some(Value::String(text)) => Ok(text),
            _ => Err(MissingMember { secret, member }),
        };
        Ok(Self {
            user: text("user")?,
            password: text("password")?.into(),
            database: text("database").or_else(|_| text("vhost")).ok(),
        })
    }

    /// The database or vhost. Its absence counts as a failure of `backend`.
    pub(crate) fn database(&self, backend: Backend) -> Result<&str, Error> {
        self.database.as_deref().ok_or_else(|| {
            Error::with_source(backend, ErrorKind::Failed, "its secret in Vault names no database or vhost")
        })
    }
}

impl PartialEq for Credentials {
    fn eq(&self, other: &Self) -> bool {
        self.user == other.user
            && self.password.expose_secret() == other.password.expose_secret()
            && self.database == other.database
    }
}

/// Where the credentials of one secret come from. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct CredentialSource {
    shared: Arc<Shared>,
    _reader: Arc<Background>,
}

struct Shared {
    session: Arc<Session>,
    backend: Backend,
    secret: &'static str,
    known: watch::Sender<Known>,
    /// Held while the secret is read again, so that one read serves all who wait for it.
    rereading: Mutex<()>,
}

#[derive(Debug, Clone)]
enum Known {
    /// The first attempt is under way.
    NotYet,
    /// It failed; further ones are under way.
    Missing,
    Read {
        credentials: Arc<Credentials>,
        at: Instant,
    },
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialSource").field("secret", &self.secret).finish_non_exhaustive()
    }
}

impl CredentialSource {
    /// Begin to read `secret/<secret>` for `backend`.
    pub(crate) fn start(backend: Backend, secret: &'static str, session: Arc<Session>, home: &Home) -> Self {
        let known = watch::Sender::new(Known::NotYet);
        let shared = Arc::new(Shared { session, backend, secret, known, rereading: Mutex::new(()) });
        let reader = Arc::clone(&shared);
        let reader = home.spawn(async move {
            let what = format!("reading secret/{secret} from Vault");
            persist(&what, || async {
                let read = reader.read().await;
                if read.is_err() {
                    reader.known.send_if_modified(|known| {
                        let first = matches!(known, Known::NotYet);
                        if first {
                            *known = Known::Missing;
                        }
                        first
                    });
                }
                read
            })
            .await;
        });
        Self { shared, _reader: Arc::new(reader) }
    }

    /// The credentials, as last read.
    ///
    /// Right after the start this waits for the first attempt to read them, for half the time limit of a call
    /// at most; after that it never waits.
    pub(crate) async fn get(&self) -> Result<Arc<Credentials>, Error> {
        let shared = &self.shared;
        if let Known::Read { credentials, .. } = &*shared.known.borrow() {
            return Ok(Arc::clone(credentials));
        }
        let missing = || Error::new(shared.backend, ErrorKind::NoCredentials);
        let mut known = shared.known.subscribe();
        let settled = known.wait_for(|known| !matches!(known, Known::NotYet));
        match timeout(shared.session.limit() / 2, settled).await {
            Ok(Ok(known)) => match &*known {
                Known::Read { credentials, .. } => Ok(Arc::clone(credentials)),
                Known::Missing | Known::NotYet => Err(missing()),
            },
            Ok(Err(_)) | Err(_) => Err(missing()),
        }
    }

    /// Credentials other than the `refused` ones, reading the secret again if that has not been done since
    /// `began`; `None` when there are no others.
    pub(crate) async fn reread(&self, refused: &Credentials, began: Instant) -> Option<Arc<Credentials>> {
        let shared = &self.shared;
        let _one_at_a_time = shared.rereading.lock().await;
        if let Known::Read { credentials, at } = &*shared.known.borrow() {
            if **credentials != *refused {
                return Some(Arc::clone(credentials));
            }
            if *at > began {
                return None;
            }
        }
        match shared.read().await {
            Ok(credentials) => (*credentials != *refused).then_some(credentials),
            Err(error) => {
                let backend = shared.backend.as_str();
                tracing::warn!(backend, cause = %error.chain(), "credentials were refused and could not be read again");
                None
            }
        }
    }
}

impl Shared {
    async fn read(&self) -> Result<Arc<Credentials>, Error> {
        let failed = |source: BoxError| Error::with_source(Backend::Vault, ErrorKind::Failed, source);
        let data = self
            .session
            .read(self.secret)
            .await?
            .ok_or_else(|| failed(format!("there is no secret/{}", self.secret).into()))?;
        let credentials = Credentials::parse(self.secret, data).map_err(|error| failed(error.into()))?;
        let credentials = Arc::new(credentials);
        self.known.send_replace(Known::Read { credentials: Arc::clone(&credentials), at: Instant::now() });
        Ok(credentials)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Credentials, String> {
        let data = serde_json::from_str(json).expect("an object");
        Credentials::parse("postgres", data).map_err(|error| error.to_string())
    }

    #[test]
    fn a_secret_without_a_password_is_refused_by_the_name_of_the_member() {
        let error = parse(r#"{"user":"u"}"#).expect_err("no password");
        assert_eq!(error, "secret/postgres has no text member `password`");
        let error = parse(r#"{"user":"u","password":7}"#).expect_err("not a text");
        assert_eq!(error, "secret/postgres has no text member `password`");
    }

    #[test]
    fn a_vhost_stands_for_the_database() {
        let credentials = parse(r#"{"user":"u","password":"p","vhost":"v"}"#).expect("complete");
        assert_eq!(credentials.database(Backend::Rabbitmq).expect("given"), "v");
    }

    #[test]
    fn debug_does_not_show_the_password() {
        let credentials = parse(r#"{"user":"u","password":"hunter2"}"#).expect("complete");
        assert!(!format!("{credentials:?}").contains("hunter2"));
    }
}
