//! Vault: a read of a secret that is not there, with a token of AppRole, as the servers have one.

use std::sync::Arc;
use std::time::Duration;

use devstack::{Service, Stack};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::BoxError;

/// The server whose role is used; the roles of all may do the same.
const ROLE_OF: &str = "api-axum";

const LIMIT: Duration = Duration::from_secs(10);

/// reqwest's client and a token.
#[derive(Clone)]
pub(crate) struct Secrets {
    client: Client,
    token: Arc<str>,
    base: Arc<str>,
}

impl Secrets {
    pub(super) async fn log_in(stack: &Stack) -> Result<Self, BoxError> {
        let client = Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .timeout(LIMIT)
            .tcp_nodelay(true)
            .http1_only()
            .build()?;
        let base: Arc<str> = format!("http://{}/v1", stack.address(Service::Vault)).into();
        let variables = stack.environment(ROLE_OF);
        let read = |name: &str| -> Result<String, BoxError> {
            let path = variables.get(name).ok_or_else(|| format!("the stack has no {name} for {ROLE_OF}"))?;
            Ok(std::fs::read_to_string(path)?.trim().to_owned())
        };
        let ids = json!({
            "role_id": read("VAULT_ROLE_ID_FILE")?,
            "secret_id": read("VAULT_SECRET_ID_FILE")?,
        });
        let answer = client.post(format!("{base}/auth/approle/login")).json(&ids).send().await?;
        let answer: Value = answer.error_for_status()?.json().await?;
        let token = answer["auth"]["client_token"].as_str().ok_or("Vault gave no token")?;
        Ok(Self { client, token: token.into(), base })
    }

    /// Read a secret that is not there; `index` is part of its name.
    pub(super) async fn read_unknown(&self, index: u32) -> Result<(), BoxError> {
        let url = format!("{}/secret/data/bench-nosuch-{index}", self.base);
        let answer = self.client.get(url).header("x-vault-token", &*self.token).send().await?;
        let status = answer.status();
        // Read whole, or the connection cannot be used again.
        answer.bytes().await?;
        match status {
            StatusCode::NOT_FOUND => Ok(()),
            other => Err(format!("Vault answered {other}").into()),
        }
    }
}
