//! What the operator of a stack does to it: another password, a sealed Vault, revoked tokens.

use mongodb::bson::doc;
use parity::Target;
use parity::model::{Body, Request};
use parity::wire::Client;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::fleet::config;
use crate::redis_node::RedisNode;
use crate::{BoxError, Outcome};
use testkit::{Service, Silent, Stack, services_of};

/// Gives the user of the API servers another password, at the backend and in Vault.
///
/// Letters and digits, because databases take it in a statement only.
pub(super) async fn change_password(stack: &Stack, backend: &str, password: &str) -> Outcome {
    let vault = Vault::of(stack)?;
    match backend {
        "postgres" => postgres(stack, password).await?,
        "mysql" => mysql(stack, password).await?,
        "mongodb" => mongodb(stack, password).await?,
        "redis" => redis(stack, password).await?,
        // It must be in Vault before the broker starts, or nobody could tell that it is well.
        "rabbitmq" => {
            vault.set_password(Service::Rabbitmq, password).await?;
            return rabbitmq(stack, password).await;
        }
        other => return Err(format!("{other} has no password").into()),
    }
    for service in services_of(backend) {
        vault.set_password(service, password).await?;
    }
    Ok(())
}

async fn postgres(stack: &Stack, password: &str) -> Outcome {
    let login = stack.credentials(Service::Postgres).await?;
    let address = stack.address(Service::Postgres);
    let mut connection = PgConnectOptions::new_without_pgpass()
        .host(&address.ip().to_string())
        .port(address.port())
        .username(&login.user)
        .password(login.password.expose_secret())
        .database(login.database.as_deref().unwrap_or_default())
        .connect()
        .await?;
    let statement = format!("ALTER ROLE CURRENT_USER PASSWORD '{password}'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

async fn mysql(stack: &Stack, password: &str) -> Outcome {
    let login = stack.credentials(Service::Mysql).await?;
    let address = stack.address(Service::Mysql);
    let mut connection = MySqlConnectOptions::new()
        .host(&address.ip().to_string())
        .port(address.port())
        .username(&login.user)
        .password(login.password.expose_secret())
        .connect()
        .await?;
    let version: String = sqlx::query_scalar("SELECT VERSION()").fetch_one(&mut connection).await?;
    // How a user changes the own password differs between the two.
    let statement = if version.contains("MariaDB") {
        format!("SET PASSWORD = PASSWORD('{password}')")
    } else {
        format!("ALTER USER USER() IDENTIFIED BY '{password}'")
    };
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

async fn mongodb(stack: &Stack, password: &str) -> Outcome {
    let login = stack.credentials(Service::Mongodb).await?;
    let options = login.mongodb_options(stack.address(Service::Mongodb));
    let database = login.database.ok_or("MongoDB's login names no database")?;
    let client = mongodb::Client::with_options(options)?;
    let command = doc! { "updateUser": login.user, "pwd": password };
    client.database(&database).run_command(command).await?;
    client.shutdown().await;
    Ok(())
}

async fn redis(stack: &Stack, password: &str) -> Outcome {
    for service in services_of("redis") {
        let mut node = RedisNode::of(stack, service).await?;
        let commands: [&[&str]; 2] = [
            &["CONFIG", "SET", "requirepass", password, "masterauth", password],
            // So that it is still the password after a restart.
            &["CONFIG", "REWRITE"],
        ];
        for command in commands {
            let answer = node.ask(command).await?;
            if answer != "+OK" {
                return Err(format!("{service} answered to {}: {answer}", command[1]).into());
            }
        }
    }
    Ok(())
}

/// No client can change a password of RabbitMQ. A broker takes its users from a file of definitions when it starts, and
/// `devstack` names it that file if there is one, as at the first start.
async fn rabbitmq(stack: &Stack, password: &str) -> Outcome {
    let user = stack.credentials(Service::Rabbitmq).await?.user;
    let definitions = json!({ "users": [{ "name": user, "password": password, "tags": "administrator" }] });
    stack.stop(&[Service::Rabbitmq], &Silent).await?;
    std::fs::write(stack.home().join("data/rabbitmq/definitions.json"), definitions.to_string())?;
    Ok(stack.start(&[Service::Rabbitmq], &Silent).await?)
}

/// The stack's Vault, with the root token.
pub(crate) struct Vault {
    client: Client,
    token: String,
    unseal_keys: std::path::PathBuf,
}

/// A login of an API server that is still good.
#[derive(Debug)]
pub(super) struct Token {
    accessor: String,
    /// The name of the server.
    pub(super) role: String,
}

impl Vault {
    pub(crate) fn of(stack: &Stack) -> Result<Self, BoxError> {
        let target = Target::parse(&format!("vault=http://{}", stack.address(Service::Vault)))?;
        Ok(Self {
            client: Client::new(&target, config()?.limits)?,
            token: stack.root_token()?,
            unseal_keys: stack.home().join("vault/keys.json"),
        })
    }

    /// Sends a request that is to succeed.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, BoxError> {
        let mut request =
            Request::new(method, format!("/v1/{path}")).header("X-Vault-Token", self.token.as_str());
        if let Some(body) = body {
            request =
                request.header("Content-Type", "application/json").body(Body::Whole(body.to_string().into()));
        }
        let exchange = self.client.exchange(&request.into(), false).await;
        let answer =
            exchange.answer().ok_or_else(|| format!("Vault: {method} {path}: {}", exchange.ending))?;
        if !(200..300).contains(&answer.status) {
            return Err(format!("Vault: {method} {path}: {} {}", answer.status, answer.body.lossy()).into());
        }
        Ok(if answer.body.is_empty() { Value::Null } else { serde_json::from_slice(answer.body.as_slice())? })
    }

    pub(super) async fn set_password(&self, service: Service, password: &str) -> Outcome {
        let path = format!("secret/data/{service}");
        let mut secret = self.send("GET", &path, None).await?["data"]["data"].take();
        secret["password"] = password.into();
        self.send("POST", &path, Some(json!({ "data": secret }))).await.map(drop)
    }

    pub(super) async fn seal(&self) -> Outcome {
        self.send("PUT", "sys/seal", None).await.map(drop)
    }

    pub(super) async fn unseal(&self) -> Outcome {
        let keys: Value = serde_json::from_slice(&std::fs::read(&self.unseal_keys)?)?;
        let keys = ["keys_base64", "keys"].iter().find_map(|name| keys[name].as_array());
        for key in keys.ok_or("keys.json holds no keys")? {
            let state = self.send("PUT", "sys/unseal", Some(json!({ "key": key }))).await?;
            if state["sealed"] == false {
                return Ok(());
            }
        }
        Err("all keys together did not unseal Vault".into())
    }

    /// The logins that Vault knows of these servers.
    pub(super) async fn tokens_of(&self, servers: &[&str]) -> Result<Vec<Token>, BoxError> {
        // LIST is a method of Vault's own; a GET with `list=true` is the same.
        let accessors = self.send("GET", "auth/token/accessors?list=true", None).await?;
        let mut tokens = Vec::new();
        for accessor in accessors["data"]["keys"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let token = json!({ "accessor": accessor });
            let token = self.send("POST", "auth/token/lookup-accessor", Some(token)).await?;
            let role = token["data"]["meta"]["role_name"].as_str().unwrap_or_default();
            if servers.contains(&role) {
                tokens.push(Token { accessor: accessor.to_owned(), role: role.to_owned() });
            }
        }
        Ok(tokens)
    }

    pub(super) async fn revoke(&self, token: &Token) -> Outcome {
        let body = json!({ "accessor": token.accessor });
        self.send("POST", "auth/token/revoke-accessor", Some(body)).await.map(drop)
    }
}
