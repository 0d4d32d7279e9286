//! Vault as its operator sees it: what a test changes there, it changes with the root token.

use std::path::{Path, PathBuf};
use std::time::Duration;

use integrations::{AppRoleFiles, Url};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Namespace, Service, Stack, eventually};

use crate::setup::{BoxError, LIMIT};

/// An operator of one Vault.
pub(crate) struct VaultAdmin {
    client: reqwest::Client,
    address: Url,
    token: String,
    keys_file: PathBuf,
}

/// An AppRole of one test, with files as a server would have.
pub(crate) struct TestRole {
    name: String,
    folder: PathBuf,
    pub(crate) login: AppRoleFiles,
}

impl VaultAdmin {
    pub(crate) fn of(stack: &Stack) -> Result<Self, BoxError> {
        Ok(Self {
            client: reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build()?,
            address: format!("http://{}/v1/", stack.address(Service::Vault)).parse()?,
            token: stack.root_token()?,
            keys_file: stack.home().join("vault/keys.json"),
        })
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Result<Value, BoxError> {
        let request = self
            .client
            .request(method, self.address.join(path)?)
            .header("x-vault-token", &self.token)
            .json(&body);
        let answer = request.send().await?.error_for_status()?.bytes().await?;
        Ok(if answer.is_empty() { Value::Null } else { serde_json::from_slice(&answer)? })
    }

    pub(crate) async fn write_secret(&self, name: &str, data: Value) -> Result<(), BoxError> {
        let path = format!("secret/data/{name}");
        // Two writers of one secret do not happen; that KV is still being set up right after a start does.
        eventually(LIMIT, "a written secret", async || {
            self.send(Method::POST, &path, json!({ "data": data.clone() })).await
        })
        .await?;
        Ok(())
    }

    pub(crate) async fn change_secret(&self, name: &str, member: &str, value: &str) -> Result<(), BoxError> {
        let mut secret = self.send(Method::GET, &format!("secret/data/{name}"), json!({})).await?;
        let mut data = secret["data"]["data"].take();
        data[member] = value.into();
        self.write_secret(name, data).await
    }

    /// Delete the newest version, as `vault kv delete` does.
    pub(crate) async fn delete_secret(&self, name: &str) -> Result<(), BoxError> {
        self.send(Method::DELETE, &format!("secret/data/{name}"), json!({})).await.map(drop)
    }

    /// Delete every version.
    pub(crate) async fn forget_secret(&self, name: &str) -> Result<(), BoxError> {
        self.send(Method::DELETE, &format!("secret/metadata/{name}"), json!({})).await.map(drop)
    }

    pub(crate) async fn seal(&self) -> Result<(), BoxError> {
        self.send(Method::PUT, "sys/seal", json!({})).await.map(drop)
    }

    pub(crate) async fn unseal(&self) -> Result<(), BoxError> {
        let keys: Value = serde_json::from_slice(&std::fs::read(&self.keys_file)?)?;
        let keys = ["keys_base64", "keys"]
            .iter()
            .find_map(|name| keys[name].as_array())
            .ok_or("keys.json holds no keys")?;
        for key in keys {
            let state = self.send(Method::PUT, "sys/unseal", json!({ "key": key })).await?;
            if state["sealed"] == false {
                return Ok(());
            }
        }
        Err("all keys together did not unseal it".into())
    }

    /// A role with the policy of the API servers and tokens that live as long as `ttl`.
    pub(crate) async fn role(&self, namespace: &Namespace, ttl: &str) -> Result<TestRole, BoxError> {
        // Zero: as long as Vault renews tokens at all.
        self.role_with_longest_life(namespace, ttl, "0").await
    }

    /// As [`role`](Self::role), with tokens that no renewal keeps alive for longer than `longest`.
    pub(crate) async fn role_with_longest_life(
        &self,
        namespace: &Namespace,
        ttl: &str,
        longest: &str,
    ) -> Result<TestRole, BoxError> {
        let name = namespace.to_string();
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder)?;
        let role = format!("auth/approle/role/{name}");
        let settings = json!({ "token_policies": "api", "token_ttl": ttl, "token_max_ttl": longest });
        self.send(Method::POST, &role, settings).await?;
        let login =
            AppRoleFiles { role_id_file: folder.join("role-id"), secret_id_file: folder.join("secret-id") };
        let id = self.send(Method::GET, &format!("{role}/role-id"), json!({})).await?;
        write(&login.role_id_file, &id["data"]["role_id"])?;
        let role = TestRole { name, folder, login };
        self.new_secret_id(&role).await?;
        Ok(role)
    }

    pub(crate) async fn new_secret_id(&self, role: &TestRole) -> Result<(), BoxError> {
        let path = format!("auth/approle/role/{}/secret-id", role.name);
        let id = self.send(Method::POST, &path, json!({})).await?;
        write(&role.login.secret_id_file, &id["data"]["secret_id"])
    }

    pub(crate) async fn delete_role(&self, role: TestRole) -> Result<(), BoxError> {
        self.send(Method::DELETE, &format!("auth/approle/role/{}", role.name), json!({})).await?;
        std::fs::remove_dir_all(role.folder)?;
        Ok(())
    }

    /// What Vault knows of the tokens that logins of this role were given and that are still valid.
    pub(crate) async fn tokens_of(&self, role: &TestRole) -> Result<Vec<Value>, BoxError> {
        // LIST is a method of Vault's own; a GET with `list=true` is the same.
        let accessors = self.send(Method::GET, "auth/token/accessors?list=true", json!({})).await?;
        let mut tokens = Vec::new();
        for accessor in accessors["data"]["keys"].as_array().into_iter().flatten() {
            let lookup = json!({ "accessor": accessor });
            // Another test's token may expire between the list and the look.
            if let Ok(mut token) = self.send(Method::POST, "auth/token/lookup-accessor", lookup).await
                && token["data"]["meta"]["role_name"] == role.name
            {
                tokens.push(token["data"].take());
            }
        }
        Ok(tokens)
    }

    pub(crate) async fn revoke(&self, token: &Value) -> Result<(), BoxError> {
        let body = json!({ "accessor": token["accessor"] });
        self.send(Method::POST, "auth/token/revoke-accessor", body).await.map(drop)
    }
}

fn write(file: &Path, id: &Value) -> Result<(), BoxError> {
    // With a line end, as an editor leaves one.
    Ok(std::fs::write(file, format!("{}\n", id.as_str().ok_or("Vault gave no id")?))?)
}
