//! Passwords, policies and who may read what, on the shared stack.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use devstack::Service;
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::support::{TestStack, block_on, shared};

async fn ask(stack: &TestStack, token: &str, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
    let address = stack.open().address(Service::Vault);
    let mut request =
        client.request(method, format!("http://{address}/v1/{path}")).header("X-Vault-Token", token);
    if !body.is_null() {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap_or_default())
}

async fn log_in(stack: &TestStack, role: &str) -> Value {
    let read = |name: &str| {
        std::fs::read_to_string(stack.home().join("vault/approle").join(role).join(name)).unwrap()
    };
    let body = json!({ "role_id": read("role-id"), "secret_id": read("secret-id") });
    let (status, answer) = ask(stack, "", Method::POST, "auth/approle/login", body).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["auth"].clone()
}

#[test]
fn a_service_reads_its_own_secret_and_no_other_s() {
    let stack = shared();
    block_on(async {
        let login = log_in(stack, "postgres").await;
        let token = login["client_token"].as_str().unwrap();
        let (status, own) = ask(stack, token, Method::GET, "secret/data/postgres", Value::Null).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(own["data"]["data"]["database"], "devstack");
        for other in ["mysql", "mongodb", "redis-1", "rabbitmq", "pgbouncer"] {
            let (status, _) =
                ask(stack, token, Method::GET, &format!("secret/data/{other}"), Value::Null).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "postgres reads {other}");
        }
        let (status, _) = ask(stack, token, Method::GET, "sys/policies/acl/postgres", Value::Null).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
    });
}

#[test]
fn an_api_server_reads_every_secret_writes_none_and_an_unknown_one_is_not_found() {
    let stack = shared();
    block_on(async {
        for api in devstack::manifest::APIS {
            let login = log_in(stack, api.name).await;
            assert_eq!(login["lease_duration"], 3600);
            assert_eq!(login["renewable"], true);
            let token = login["client_token"].as_str().unwrap();
            for service in ["postgres", "mysql", "mongodb", "redis-1", "redis-2", "redis-3", "rabbitmq"] {
                let path = format!("secret/data/{service}");
                let (status, answer) = ask(stack, token, Method::GET, &path, Value::Null).await;
                assert_eq!(status, StatusCode::OK, "{service}: {answer}");
                let password = answer["data"]["data"]["password"].as_str().unwrap();
                assert_eq!(password.len(), 25);
                assert_eq!(answer["data"]["data"]["tls_enabled"], false);
                let written = json!({ "data": { "password": "mine" } });
                assert_eq!(ask(stack, token, Method::POST, &path, written).await.0, StatusCode::FORBIDDEN);
            }
            let (status, _) = ask(stack, token, Method::GET, "secret/data/nosuch", Value::Null).await;
            assert_eq!(status, StatusCode::NOT_FOUND);
        }
    });
}

#[test]
fn what_vault_gave_is_for_its_owner_only_and_no_password_waits_outside() {
    let home = shared().home();
    assert!(!home.join("vault/pending-logins.json").exists());
    for entry in
        ["vault/keys.json", "vault/root-token", "vault/ca/ca.pem", "vault/ca/ca-chain.pem", "stack.json"]
    {
        assert_eq!(mode(&home.join(entry)), 0o600, "{entry}");
    }
    for service in Service::ALL {
        for file in ["cert.pem", "key.pem", "ca.pem"] {
            assert_eq!(mode(&home.join("vault/certs").join(service.name()).join(file)), 0o600);
        }
    }
    for folder in ["vault", "vault/certs", "vault/approle/api-actix", "run", "logs"] {
        assert_eq!(mode(&home.join(folder)), 0o700, "{folder}");
    }
    let data = home.join("data");
    for leftover in
        ["rabbitmq/definitions.json", "mysql/first-start", "mongodb/first-start", "vault/first-start"]
    {
        assert!(!data.join(leftover).exists(), "{leftover}");
    }
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode() & 0o777
}

#[test]
fn no_password_is_in_any_argument_or_log() {
    let stack = shared();
    let open = stack.open();
    let with_login = Service::ALL.into_iter().filter(|service| *service != Service::Vault);
    let passwords: Vec<String> = with_login
        .map(|service| block_on(open.credentials(service)).unwrap().password.expose_secret().to_owned())
        .collect();
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(stack.home().join("logs")).unwrap() {
        texts.push(String::from_utf8_lossy(&std::fs::read(entry.unwrap().path()).unwrap()).into_owned());
    }
    let processes = std::process::Command::new("ps").args(["-e", "-o", "args"]).output().unwrap();
    texts.push(String::from_utf8_lossy(&processes.stdout).into_owned());
    assert!(texts.iter().all(|text| passwords.iter().all(|password| !text.contains(password.as_str()))));
    assert!(!format!("{:?}", block_on(open.credentials(Service::Postgres)).unwrap()).contains(&passwords[0]));
}

#[test]
fn nobody_gets_in_without_a_password_or_by_the_name_of_an_administrator() {
    let open = shared().open();
    block_on(async {
        let postgres = open.address(Service::Postgres);
        for (user, password) in
            [("postgres", ""), ("postgres", "postgres"), ("devstack", ""), ("devstack", "devstack")]
        {
            let options = sqlx::postgres::PgConnectOptions::new_without_pgpass()
                .host("127.0.0.1")
                .port(postgres.port())
                .username(user)
                .password(password)
                .database("devstack");
            assert!(sqlx::PgConnection::connect_with(&options).await.is_err(), "postgres let {user} in");
        }
        let mysql = open.address(Service::Mysql);
        for user in ["root", "mysql", "", "devstack"] {
            let options = sqlx::mysql::MySqlConnectOptions::new()
                .host("127.0.0.1")
                .port(mysql.port())
                .username(user)
                .password("");
            assert!(sqlx::MySqlConnection::connect_with(&options).await.is_err(), "mysql let {user:?} in");
        }
        let redis = open.address(Service::Redis1);
        let client = redis::Client::open(format!("redis://{redis}/")).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let refused = redis::cmd("PING").query_async::<String>(&mut connection).await.unwrap_err();
        assert!(refused.to_string().contains("Authentication required"), "{refused}");
        assert!(!amqp_admits(open.address(Service::Rabbitmq), "guest", "guest"), "rabbitmq let guest in");
    });
}

/// Whether RabbitMQ goes on after this login.
fn amqp_admits(address: std::net::SocketAddr, user: &str, password: &str) -> bool {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(b"AMQP\0\0\x09\x01").unwrap();
    let mut head = [0; 7];
    stream.read_exact(&mut head).unwrap();
    let size = u32::from_be_bytes(head[3..].try_into().unwrap());
    std::io::copy(&mut (&mut stream).take(u64::from(size) + 1), &mut std::io::sink()).unwrap();
    let response = format!("\0{user}\0{password}");
    let mut payload = vec![0, 10, 0, 11, 0, 0, 0, 0, 5];
    payload.extend(b"PLAIN");
    payload.extend(u32::try_from(response.len()).unwrap().to_be_bytes());
    payload.extend(response.as_bytes());
    payload.extend(b"\x05en_US");
    let mut frame = vec![1, 0, 0];
    frame.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
    frame.extend(payload);
    frame.push(0xCE);
    stream.write_all(&frame).unwrap();
    // After a refused login RabbitMQ closes the connection; after an accepted one it proposes its limits.
    stream.read_exact(&mut head).is_ok()
}
