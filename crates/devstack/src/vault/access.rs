//! Who may read what: a policy and an AppRole for each service, and one policy for the API servers.

use futures_util::future::try_join_all;
use serde_json::json;

use super::client::{Client, VaultError, text};
use super::logins::mounted;
use crate::error::Error;
use crate::home::{self, Home};
use crate::manifest::{APIS, Service};

/// How long a token lives; it can be renewed as often as wanted.
const TOKEN_LIFE: &str = "1h";

/// The policy of the API servers: every secret of the stack, so that an unknown one is answered 404 and not 403.
const API_POLICY: &str = "path \"secret/data/*\" { capabilities = [\"read\"] }\n";

/// Read its own secret, have its own certificate issued; nothing else.
fn service_policy(service: Service) -> String {
    format!(
        "path \"secret/data/{service}\" {{ capabilities = [\"read\"] }}\n\
         path \"pki_int/issue/{service}\" {{ capabilities = [\"update\"] }}\n"
    )
}

/// Make the login method, the policies, the roles, and the files that hold each role's identity.
///
/// # Errors
/// [`Error::Vault`], [`Error::Io`].
pub(crate) async fn set_up(home: &Home, client: &Client) -> Result<(), Error> {
    let list = client.read("sys/auth").await?.unwrap_or_default();
    if !mounted(&list, "approle/") {
        client.write("sys/auth/approle", &json!({ "type": "approle" })).await?;
    }
    client.write("sys/policies/acl/api", &json!({ "policy": API_POLICY })).await?;
    home::private_folder(&home.vault().join("approle"))?;
    let services = Service::ALL.map(|service| (service.name(), Some(service_policy(service))));
    let apis = APIS.map(|api| (api.name, None));
    try_join_all(
        services.into_iter().chain(apis).map(async |(name, policy)| role(home, client, name, policy).await),
    )
    .await?;
    Ok(())
}

async fn role(home: &Home, client: &Client, name: &str, policy: Option<String>) -> Result<(), Error> {
    let policies = match policy {
        Some(policy) => {
            client.write(&format!("sys/policies/acl/{name}"), &json!({ "policy": policy })).await?;
            [name]
        }
        None => ["api"],
    };
    let role = format!("auth/approle/role/{name}");
    // A secret-id that never expires: the stack is for development, and a restart must not need a new one.
    let body = json!({
        "token_policies": policies, "token_ttl": TOKEN_LIFE, "secret_id_ttl": "0", "secret_id_num_uses": 0,
    });
    client.write(&role, &body).await?;
    let folder = home.vault().join("approle").join(name);
    home::private_folder(&folder)?;
    let path = format!("{role}/role-id");
    let role_id = client
        .read(&path)
        .await?
        .and_then(|answer| text(&answer, "role_id"))
        .ok_or(VaultError::Incomplete { asked: format!("GET {path}"), missing: "role_id" })?;
    home::write_private(&folder.join("role-id"), role_id.as_bytes())?;
    let secret_file = folder.join("secret-id");
    if !secret_file.exists() {
        let secret_id = client.write_for(&format!("{role}/secret-id"), &json!({}), "secret_id").await?;
        home::write_private(&secret_file, secret_id.as_bytes())?;
    }
    Ok(())
}
