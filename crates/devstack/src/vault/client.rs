//! A small client for Vault's HTTP API (<https://developer.hashicorp.com/vault/api-docs>).

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

/// How long one request may take.
const LIMIT: Duration = Duration::from_secs(15);
/// How long a secrets engine that was just mounted may say that it is upgrading.
const UPGRADE_LIMIT: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Why Vault did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// It could not be reached, or did not answer in time.
    #[error("Vault cannot be reached for {asked}")]
    Unreachable {
        /// Method and path.
        asked: String,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
    /// It answered with an error.
    #[error("Vault answered {status} to {asked}: {said}")]
    Refused {
        /// Method and path.
        asked: String,
        /// The HTTP status.
        status: u16,
        /// Vault's own words.
        said: String,
    },
    /// The answer lacks something.
    #[error("Vault's answer to {asked} has no {missing}")]
    Incomplete {
        /// Method and path.
        asked: String,
        /// What was looked for.
        missing: &'static str,
    },
}

/// A connection to one Vault, with a token once there is one.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<SecretString>,
}

/// What `sys/health` says.
#[derive(Debug, Clone, serde::Deserialize)]
pub(crate) struct Health {
    pub initialized: bool,
    pub sealed: bool,
    pub version: String,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Result<Self, VaultError> {
        // The first caller in the process installs it; a second is told that it is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            // The system's authorities need not be loaded for plain HTTP.
            .tls_certs_only([])
            .redirect(reqwest::redirect::Policy::none())
            .timeout(LIMIT)
            .build()
            .map_err(|source| VaultError::Unreachable { asked: "anything".into(), source })?;
        Ok(Self { http, base: format!("http://{address}/v1/"), token: None })
    }

    pub(crate) fn with_token(&self, token: SecretString) -> Self {
        Self { token: Some(token), ..self.clone() }
    }

    /// Its state, whichever it is in.
    pub(crate) async fn health(&self) -> Result<Health, VaultError> {
        let path = "sys/health?standbyok=true&sealedcode=200&uninitcode=200";
        let answer = self.send(Method::GET, path, None).await?;
        serde_json::from_value(answer)
            .map_err(|_| VaultError::Incomplete { asked: "GET sys/health".into(), missing: "state" })
    }

    /// Read; `None` when there is nothing at the path.
    pub(crate) async fn read(&self, path: &str) -> Result<Option<Value>, VaultError> {
        match self.send(Method::GET, path, None).await {
            Err(VaultError::Refused { status: 404, .. }) => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// Write, and give the answer.
    ///
    /// An engine that was just mounted may refuse for a moment because it is still upgrading itself; that is waited
    /// for, at most ten seconds.
    pub(crate) async fn write(&self, path: &str, body: &Value) -> Result<Value, VaultError> {
        let begun = std::time::Instant::now();
        loop {
            match self.send(Method::POST, path, Some(body)).await {
                Err(VaultError::Refused { said, .. })
                    if said.to_ascii_lowercase().contains("upgrading") && begun.elapsed() < UPGRADE_LIMIT =>
                {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                answer => return answer,
            }
        }
    }

    /// Write, and give one text of the answer's `data`.
    pub(crate) async fn write_for(
        &self,
        path: &str,
        body: &Value,
        member: &'static str,
    ) -> Result<String, VaultError> {
        let answer = self.write(path, body).await?;
        text(&answer, member)
            .ok_or_else(|| VaultError::Incomplete { asked: format!("POST {path}"), missing: member })
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, VaultError> {
        let asked = || format!("{method} {}", path.split('?').next().unwrap_or(path));
        let unreachable =
            |source: reqwest::Error| VaultError::Unreachable { asked: asked(), source: source.without_url() };
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.header("X-Vault-Token", token.expose_secret());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(unreachable)?;
        let answer: Value =
            if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap_or_default() };
        if status.is_success() {
            return Ok(answer);
        }
        Err(VaultError::Refused { asked: asked(), status: status.as_u16(), said: errors(&answer, status) })
    }
}

fn errors(answer: &Value, status: StatusCode) -> String {
    let said: Vec<&str> =
        answer["errors"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if said.is_empty() {
        status.canonical_reason().unwrap_or("nothing more").to_owned()
    } else {
        said.join("; ")
    }
}

/// A text in the `data` of an answer.
pub(crate) fn text(answer: &Value, member: &str) -> Option<String> {
    answer["data"][member].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}
