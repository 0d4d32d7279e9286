//! Starts that are cut short, servers that die, files that go missing: the next `up` makes it good, and data stays.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use devstack::{Service, Silent};
use secrecy::ExposeSecret as _;
use sqlx::Connection as _;

use crate::support::{Outcome, TestStack, block_on, program, wait_for_line};

#[test]
fn down_and_up_keep_the_data_of_every_server() {
    let stack = TestStack::with(&[]);
    block_on(write_everywhere(&stack, "kept"));
    assert_eq!(stack.run(&["down"]).code, 0);
    assert!(stack.pids().iter().all(|(_, pid)| pid.is_none()));
    let status = stack.run(&["status", "--json"]);
    assert_eq!(status.code, 3, "a stopped stack is not healthy: {status:?}");
    stack.up(&[]);
    assert_eq!(block_on(read_everywhere(&stack)), ["kept"; 4]);
}

async fn postgres(stack: &TestStack) -> sqlx::PgConnection {
    let open = stack.open();
    let login = open.credentials(Service::Postgres).await.unwrap();
    let options = sqlx::postgres::PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(open.address(Service::Postgres).port())
        .username(&login.user)
        .password(login.password.expose_secret())
        .database(&login.database.unwrap());
    sqlx::PgConnection::connect_with(&options).await.unwrap()
}

async fn mysql(stack: &TestStack) -> sqlx::MySqlConnection {
    let open = stack.open();
    let login = open.credentials(Service::Mysql).await.unwrap();
    let options = sqlx::mysql::MySqlConnectOptions::new()
        .host("127.0.0.1")
        .port(open.address(Service::Mysql).port())
        .username(&login.user)
        .password(login.password.expose_secret())
        .database(&login.database.unwrap());
    sqlx::MySqlConnection::connect_with(&options).await.unwrap()
}

async fn mongodb(stack: &TestStack) -> mongodb::Collection<mongodb::bson::Document> {
    let open = stack.open();
    let login = open.credentials(Service::Mongodb).await.unwrap();
    let database = login.database.unwrap();
    let address = open.address(Service::Mongodb);
    let password = login.password.expose_secret();
    let url = format!("mongodb://{}:{password}@{address}/{database}?authSource={database}", login.user);
    mongodb::Client::with_uri_str(url).await.unwrap().database(&database).collection("kept")
}

async fn write_everywhere(stack: &TestStack, text: &'static str) {
    let create = "CREATE TABLE kept (text VARCHAR(20))";
    let insert = "INSERT INTO kept VALUES ('kept')";
    let mut connection = postgres(stack).await;
    sqlx::raw_sql(create).execute(&mut connection).await.unwrap();
    sqlx::raw_sql(insert).execute(&mut connection).await.unwrap();
    let mut connection = mysql(stack).await;
    sqlx::raw_sql(create).execute(&mut connection).await.unwrap();
    sqlx::raw_sql(insert).execute(&mut connection).await.unwrap();
    mongodb(stack).await.insert_one(mongodb::bson::doc! { "text": text }).await.unwrap();
    let written = stack.run(&["shell", "redis-1", "--", "SET", "kept", text]);
    assert_eq!(written.data, "OK\n", "{written:?}");
}

async fn read_everywhere(stack: &TestStack) -> [String; 4] {
    let select = "SELECT text FROM kept";
    let postgres: (String,) = sqlx::query_as(select).fetch_one(&mut postgres(stack).await).await.unwrap();
    let mysql: (String,) = sqlx::query_as(select).fetch_one(&mut mysql(stack).await).await.unwrap();
    let document = mongodb(stack).await.find_one(mongodb::bson::doc! {}).await.unwrap().unwrap();
    let redis = stack.run(&["shell", "redis-1", "--", "GET", "kept"]).data;
    [postgres.0, mysql.0, document.get_str("text").unwrap().to_owned(), redis.trim().to_owned()]
}

#[test]
fn a_killed_up_is_made_good_by_the_next_one() {
    // The moment of death is somewhere else in each round: as soon as nothing, Vault, or Redis has been reached.
    for reached in ["data goes to", "vault ", "redis-1 "] {
        let stack = TestStack::new();
        let offset = stack.port_offset.to_string();
        let mut up = stack
            .command(&["up", "--port-offset", &offset, "postgres", "pgbouncer", "redis"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let text = if nix::unistd::geteuid().is_root() { reached } else { "vault " };
        wait_for_line(&mut up, text);
        up.kill().unwrap();
        up.wait().unwrap();
        let outcome = stack.up(&["postgres", "pgbouncer", "redis"]);
        assert_eq!(stack.run(&["health"]).code, 0, "killed at {reached:?}: {outcome:?}");
    }
}

#[test]
fn two_ups_at_once_make_one_stack() {
    let stack = TestStack::new();
    let offset = stack.port_offset.to_string();
    let spawn = || {
        stack
            .command(&["up", "--port-offset", &offset, "redis"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let ups = [spawn(), spawn()];
    for up in ups {
        let outcome = Outcome::of(up.wait_with_output().unwrap());
        assert_eq!(outcome.code, 0, "{outcome:?}");
    }
    assert_eq!(stack.run(&["health"]).code, 0);
}

#[test]
fn a_lost_or_broken_pid_file_changes_nothing() {
    let stack = TestStack::with(&["redis"]);
    let before = stack.pids();
    for entry in fs::read_dir(stack.home().join("run")).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("vault.json") {
            fs::write(path, "not a pid").unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }
    stack.up(&["redis"]);
    assert_eq!(before, stack.pids(), "the servers were recognised");
}

#[test]
fn a_pid_that_now_belongs_to_another_process_is_not_taken_for_ours() {
    let stack = TestStack::with(&["vault"]);
    let pid_file = stack.home().join("run/vault.json");
    let ours = fs::read_to_string(&pid_file).unwrap();
    assert_eq!(stack.run(&["down"]).code, 0);
    // As after a reboot: the number is somebody else's, who started at another time.
    let somebody = format!("\"pid\":{}", std::process::id());
    let stale = ours.replace(&format!("\"pid\":{}", pid_of(&ours)), &somebody);
    fs::write(&pid_file, stale).unwrap();
    assert_eq!(stack.open().pid(Service::Vault), None);
    stack.up(&["vault"]);
    assert_ne!(stack.open().pid(Service::Vault), Some(std::process::id()));
}

fn pid_of(text: &str) -> u64 {
    serde_json::from_str::<serde_json::Value>(text).unwrap()["pid"].as_u64().unwrap()
}

#[test]
fn a_server_that_was_killed_is_started_again_and_the_others_are_left_alone() {
    let stack = TestStack::with(&["postgres", "redis"]);
    let before = stack.pids();
    for service in [Service::Redis2, Service::Postgres, Service::Vault] {
        block_on(stack.open().kill(service)).unwrap();
    }
    let health = stack.run(&["health", "redis-2", "--json"]);
    assert_eq!(health.code, 3, "{health:?}");
    stack.up(&["postgres", "redis"]);
    let after = stack.pids();
    for ((service, before), (_, after)) in before.iter().zip(&after) {
        let killed = matches!(service, Service::Redis2 | Service::Postgres | Service::Vault);
        assert_eq!(before != after, killed, "{service}: {before:?}, {after:?}");
    }
    assert_eq!(stack.run(&["health"]).code, 0);
}

#[test]
fn one_service_stops_and_starts_by_itself() {
    let stack = TestStack::with(&["redis"]);
    let open = stack.open();
    block_on(async {
        open.stop(&[Service::Redis3], &Silent).await.unwrap();
        assert_eq!(open.pid(Service::Redis3), None);
        open.start(&[Service::Redis3], &Silent).await.unwrap();
        assert!(open.health().await.iter().all(|service| service.healthy));
    });
}

#[test]
fn neither_a_wide_nor_a_narrow_umask_changes_who_may_read() {
    for umask in ["000", "077"] {
        let stack = TestStack::new();
        let output = Command::new("/bin/sh")
            .args(["-c", &format!("umask {umask}; exec \"$@\""), "sh", program(), "--home"])
            .arg(stack.home())
            .args(["up", "postgres", "redis", "--port-offset", &stack.port_offset.to_string()])
            .env("DEVSTACK_INSTALL", "never")
            .output()
            .unwrap();
        let outcome = Outcome::of(output);
        assert_eq!(outcome.code, 0, "umask {umask}: {outcome:?}");
        let mode = |path: &str| fs::metadata(stack.home().join(path)).unwrap().permissions().mode() & 0o777;
        for path in
            ["vault/keys.json", "vault/root-token", "stack.json", "logs/vault.log", "data/redis-1/redis.conf"]
        {
            assert_eq!(mode(path), 0o600, "umask {umask}: {path}");
        }
        for path in ["vault", "run", "logs", "data/postgres", "data/redis-1"] {
            assert_eq!(mode(path), 0o700, "umask {umask}: {path}");
        }
    }
}

#[test]
fn a_broken_certificate_is_found_by_the_doctor_and_issued_again_by_up() {
    let stack = TestStack::with(&["vault"]);
    let folder = |holder: &str| stack.home().join("vault/certs").join(holder);
    fs::copy(folder("postgres").join("key.pem"), folder("api-actix").join("key.pem")).unwrap();
    fs::remove_file(folder("redis-1").join("cert.pem")).unwrap();
    let doctor = stack.run(&["doctor"]);
    assert_eq!(doctor.code, 3, "{doctor:?}");
    assert!(
        doctor.data.contains("WRONG   certificate of api-actix: its key does not belong to it"),
        "{doctor:?}"
    );
    assert!(doctor.data.contains("WRONG   certificate of redis-1"), "{doctor:?}");
    let up = stack.up(&["vault"]);
    assert!(up.said.contains("new certificates for redis-1, api-actix"), "{up:?}");
    assert_eq!(stack.run(&["doctor"]).code, 0);
}

#[test]
fn reset_stops_everything_and_leaves_nothing() {
    let stack = TestStack::with(&["redis"]);
    let data = fs::canonicalize(stack.home().join("data")).unwrap();
    let pids: Vec<u32> = stack.pids().into_iter().filter_map(|(_, pid)| pid).collect();
    assert_eq!(pids.len(), 4);
    let outcome = stack.run(&["reset", "--yes"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(!stack.home().exists() && !data.exists());
    if cfg!(target_os = "linux") {
        assert!(pids.iter().all(|pid| !std::path::Path::new(&format!("/proc/{pid}/root")).exists()));
    }
    let again = stack.run(&["reset", "--yes"]);
    assert_eq!(again.code, 1);
    assert!(again.said.contains("there is no stack in"), "{again:?}");
}
