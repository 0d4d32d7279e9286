//! A value that the API did not write: a key of the cache that is a list.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use parity::model::{Case, Expectation, Origin, Request, Step};
use secrecy::ExposeSecret as _;
use serde_json::json;
use testkit::{Namespace, Service};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::fleet::LIMIT;
use crate::written::Main;
use crate::{BoxError, Outcome};

/// All answer 500, the only one of the contract that can be had from outside, and say nothing of the cause.
pub(crate) async fn test(main: Arc<Main>) -> Outcome {
    let key = Namespace::new().key("list");
    timeout(LIMIT, push(&key)).await??;
    let read = Step::new(Request::new("GET", format!("/examples/cache/{key}")));
    let expect = Expectation {
        status: Some(500),
        has: Some(json!({ "error": "InternalServerError" })),
        ..Expectation::default()
    };
    let deleted = Step::new(Request::new("DELETE", format!("/examples/cache/{key}")));
    let case = Case {
        id: "odd_values::a_list_is_no_value_of_the_cache".to_owned(),
        name: "a list is no value of the cache".to_owned(),
        tags: vec!["ANSWER-8".to_owned()],
        origin: Origin::Catalogue,
        variables: BTreeMap::new(),
        steps: vec![Step { expect: Some(expect), ..read }, Step { only: Some(0), ..deleted }],
        hostile: false,
        alone: false,
        shared_namespace: false,
    };
    let (_, engine) = main.shared().await?;
    main.keep(engine.run_case(&case).await)
}

/// Makes the key a list, at the node that holds it: the others answer `MOVED`.
async fn push(key: &str) -> Outcome {
    let stack = testkit::stack().await?;
    for service in Service::REDIS {
        let login = stack.credentials(service).await?;
        let mut stream = BufReader::new(TcpStream::connect(stack.address(service)).await?);
        let logged_in = ask(&mut stream, &["AUTH", &login.user, login.password.expose_secret()]).await?;
        if !logged_in.starts_with('+') {
            return Err(format!("{service} does not take the stack's password: {logged_in}").into());
        }
        if ask(&mut stream, &["RPUSH", key, "a"]).await?.starts_with(':') {
            return Ok(());
        }
    }
    Err("no node of the cluster has the key's slot".into())
}

/// Sends a command in the protocol of Redis, and gives the line that it answers.
async fn ask(stream: &mut BufReader<TcpStream>, words: &[&str]) -> Result<String, BoxError> {
    let mut command = format!("*{}\r\n", words.len());
    for word in words {
        write!(command, "${}\r\n{word}\r\n", word.len())?;
    }
    stream.get_mut().write_all(command.as_bytes()).await?;
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    Ok(line.trim_end().to_owned())
}
