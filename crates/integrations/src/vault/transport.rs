//! HTTP to Vault: one pooled client, and what its failures mean.
//!
//! On reqwest rather than a Vault client library: of Vault's hundreds of endpoints four are needed, and what
//! matters is which connection is reused, what is bounded, and how a failure is told from another.

use std::time::Duration;

use bytes::Bytes;
use contract::Backend;
use reqwest::header::HeaderValue;
use reqwest::{Certificate, Client, Method, Request, StatusCode, Url};
use serde::Deserialize;
use serde_json::Value;

use crate::config::VaultConfig;
use crate::error::{BoxError, Error, ErrorKind};
use crate::runtime::Home;

/// Where requests to Vault go out.
#[derive(Debug)]
pub(super) struct Transport {
    /// An error when the certificate cannot be read: each request then fails with it, as a server that does
    /// not start would hide its other routes.
    client: Result<Client, BoxError>,
    /// With `v1/` as its path.
    base: Url,
    home: Home,
}

/// An answer of any status.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    body: Bytes,
}

/// Vault's own words. They name paths and policies, never a secret.
#[derive(Debug, thiserror::Error)]
#[error("Vault answered {status}: {}", .errors.join("; "))]
pub(super) struct Refusal {
    status: StatusCode,
    errors: Vec<String>,
}

impl Transport {
    pub(super) fn new(config: &VaultConfig, limit: Duration, home: Home) -> Self {
        let mut base = config.address.clone();
        base.set_path("v1/");
        Self { client: build(config, limit), base, home }
    }

    /// Send a request to `v1/<path>` and read the answer whole, on the home runtime, whose tasks keep the
    /// connection for the next one.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&HeaderValue>,
        body: Option<&Value>,
    ) -> Result<Answer, Error> {
        let client = match &self.client {
            Ok(client) => client.clone(),
            Err(error) => return Err(failed(error.to_string())),
        };
        let mut request = Request::new(method, self.base.join(path).map_err(failed)?);
        if let Some(token) = token {
            request.headers_mut().insert("x-vault-token", token.clone());
        }
        if let Some(body) = body {
            *request.body_mut() = Some(body.to_string().into());
        }
        // Boxed: the client's future is large, and this one would be moved from future to future.
        let exchange = Box::pin(async move {
            let again = request.try_clone();
            match (exchange(&client, request).await, again) {
                // A kept connection may have died unnoticed. All that is sent here may be sent twice.
                (Err(error), Some(again)) if is_broken(&error) => exchange(&client, again).await,
                (outcome, _) => outcome,
            }
        });
        self.home.run(exchange).await.map_err(failed)?.map_err(classify)
    }
}

impl Answer {
    /// The body as JSON of this form.
    pub(super) fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(failed)
    }

    /// What an answer that is not a success means.
    pub(super) fn refusal(&self) -> Error {
        self.refusal_as(match self.status.as_u16() {
            503 => ErrorKind::Sealed,
            403 => ErrorKind::RefusedCredentials,
            _ => ErrorKind::Failed,
        })
    }

    /// The answer as a failure of this kind.
    pub(super) fn refusal_as(&self, kind: ErrorKind) -> Error {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            errors: Vec<String>,
        }
        let errors = serde_json::from_slice(&self.body).map(|body: Body| body.errors).unwrap_or_default();
        Error::with_source(Backend::Vault, kind, Refusal { status: self.status, errors })
    }

    /// Whether the body tells a reason. A 404 of the KV engine for a secret that is not there tells none, one
    /// for a path that no engine serves does.
    pub(super) fn gives_reasons(&self) -> bool {
        #[derive(Deserialize)]
        struct Body {
            errors: Vec<Value>,
        }
        serde_json::from_slice(&self.body).is_ok_and(|body: Body| !body.errors.is_empty())
    }
}

fn build(config: &VaultConfig, limit: Duration) -> Result<Client, BoxError> {
    let mut builder = Client::builder()
        // A token must not travel through a proxy named in the environment, nor to where a redirect points.
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(limit)
        .timeout(limit)
        // Shorter than a breaker stays open: its probe then never meets a connection from before.
        .pool_idle_timeout(Duration::from_secs(45))
        .tcp_nodelay(true)
        .http1_only();
    match &config.ca_cert {
        Some(file) => {
            let authorities = Certificate::from_pem_bundle(&std::fs::read(file)?)?;
            builder = builder.tls_certs_only(authorities);
        }
        // Without TLS the system's authorities need not be loaded: that takes time, and fails where there are none.
        None if config.address.scheme() == "http" => builder = builder.tls_certs_only([]),
        None => {}
    }
    Ok(builder.build()?)
}

async fn exchange(client: &Client, request: Request) -> reqwest::Result<Answer> {
    let answer = client.execute(request).await?;
    Ok(Answer { status: answer.status(), body: answer.bytes().await? })
}

fn failed(source: impl Into<BoxError>) -> Error {
    Error::with_source(Backend::Vault, ErrorKind::Failed, source)
}

fn classify(error: reqwest::Error) -> Error {
    let kind = if error.is_timeout() {
        ErrorKind::TimedOut
    } else if is_broken(&error) || error.is_connect() && !is_tls(&error) {
        ErrorKind::Unreachable
    } else {
        ErrorKind::Failed
    };
    // The address is in the settings; the error's own text need not repeat it in each line.
    Error::with_source(Backend::Vault, kind, error.without_url())
}

/// Whether the connection broke while the request or the answer was on its way.
fn is_broken(error: &reqwest::Error) -> bool {
    !error.is_connect() && !error.is_timeout() && (error.is_request() || error.is_body() || error.is_decode())
}

/// Whether a connection failed for its certificate: the server is there, and is not the one that was meant.
fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    // An io error keeps what it wraps out of `source()`, and the connector wraps one in another.
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>()
        || wrapped.is_some_and(|inner| is_tls(inner))
        || error.source().is_some_and(is_tls)
}
