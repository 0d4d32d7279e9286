//! Initialising and unsealing: five key shares of which three are needed, kept in `vault/keys.json`.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::client::{Client, VaultError};
use crate::error::Error;
use crate::home::{self, Home};

const SHARES: u8 = 5;
const THRESHOLD: u8 = 3;

/// The content of `vault/keys.json`, in the form in which Vault gave it.
#[derive(Serialize, Deserialize)]
struct Keys {
    keys_base64: Vec<String>,
    root_token: String,
}

/// Initialise Vault if it is new, unseal it if it is sealed, and give a client with the root token.
///
/// # Errors
/// [`Error::KeysMissing`] when Vault has data and we have no keys, [`Error::DataMissing`] the other way round,
/// [`Error::Vault`].
pub(crate) async fn open(home: &Home, client: &Client) -> Result<Client, Error> {
    let keys_file = home.vault().join("keys.json");
    let health = client.health().await?;
    let keys = match (health.initialized, std::fs::read(&keys_file)) {
        (true, Ok(text)) => serde_json::from_slice(&text)
            .map_err(|source| Error::Malformed { path: keys_file.clone(), source })?,
        (true, Err(_)) => return Err(Error::KeysMissing { path: keys_file }),
        (false, Ok(_)) => return Err(Error::DataMissing { keys: keys_file }),
        (false, Err(_)) => initialise(home, client).await?,
    };
    if health.sealed || !health.initialized {
        unseal(client, &keys).await?;
    }
    Ok(client.with_token(keys.root_token.into()))
}

async fn initialise(home: &Home, client: &Client) -> Result<Keys, Error> {
    let body = json!({ "secret_shares": SHARES, "secret_threshold": THRESHOLD });
    let answer = client.write("sys/init", &body).await?;
    let incomplete = |_| VaultError::Incomplete { asked: "POST sys/init".into(), missing: "keys" };
    let keys: Keys = serde_json::from_value(answer.clone()).map_err(incomplete)?;
    // The token first: the keys file is what says that Vault is initialised.
    home::write_private(&home.vault().join("root-token"), keys.root_token.as_bytes())?;
    let path = home.vault().join("keys.json");
    let text = serde_json::to_vec_pretty(&answer)
        .map_err(|source| Error::Malformed { path: path.clone(), source })?;
    home::write_private(&path, &text)?;
    Ok(keys)
}

async fn unseal(client: &Client, keys: &Keys) -> Result<(), VaultError> {
    for key in keys.keys_base64.iter().take(usize::from(THRESHOLD)) {
        client.write("sys/unseal", &json!({ "key": key })).await?;
    }
    Ok(())
}

/// The root token.
///
/// # Errors
/// [`Error::Io`].
pub(crate) fn root_token(home: &Home) -> Result<SecretString, Error> {
    let path = home.vault().join("root-token");
    let token = std::fs::read_to_string(&path).map_err(|source| Error::io("read", &path, source))?;
    Ok(token.trim().to_owned().into())
}
