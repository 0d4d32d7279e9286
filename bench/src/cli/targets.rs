//! Which targets there are, and whether they can be measured.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use devstack::Stack;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

use super::arguments::Targets;
use crate::client::Client;
use crate::drivers::{self, Drivers};
use crate::operation;
use crate::subject::Subject;
use crate::target::Target;
use crate::{BoxError, floor, process};

/// What is measured, and what has to live meanwhile.
pub(super) struct Found {
    pub(super) subjects: Vec<Subject>,
    /// What speaks against measuring them, each as a sentence.
    pub(super) doubts: Vec<String>,
    /// Ended with us: it is killed when it is dropped.
    _floor: Option<Child>,
}

/// The folder of the stack.
///
/// # Errors
/// When none is named and there is no workspace around.
pub(super) fn home(named: Option<&Path>) -> Result<PathBuf, BoxError> {
    match named {
        Some(home) => Ok(std::path::absolute(home)?),
        None => Ok(devstack::default_home(&devstack::environment_variable)?),
    }
}

/// The stack in this folder.
///
/// # Errors
/// When there is none, with what to do.
pub(super) async fn stack(home: &Path) -> Result<Stack, BoxError> {
    Stack::open(home).await?.ok_or_else(|| no_stack(home))
}

fn no_stack(home: &Path) -> BoxError {
    format!(
        "there is no stack in {}; bring one up with `cargo run -p devstack -- up`, or say --home FOLDER",
        home.display()
    )
    .into()
}

/// The bare server, the drivers alone, all servers that run against the stack, and those that were named.
///
/// # Errors
/// When there is no server, or one does not answer.
pub(super) async fn find(targets: &Targets, home: Option<&Path>) -> Result<Found, BoxError> {
    let home = self::home(home)?;
    let stack = Stack::open(&home).await?;
    let mut servers = match &stack {
        Some(stack) => serving(stack).await,
        None => Vec::new(),
    };
    servers.extend(targets.targets.iter().cloned());
    let is_there = |name: &str| {
        [floor::NAME, drivers::NAME].contains(&name) || servers.iter().any(|server| server.name == name)
    };
    let missing = if servers.is_empty() && targets.only.is_empty() {
        Some("no server runs".to_owned())
    } else {
        targets.only.iter().find(|name| !is_there(name)).map(|name| format!("{name} does not run"))
    };
    if let Some(missing) = missing {
        return Err(format!(
            "{missing} against the stack in {}; start all with `RATE_LIMIT=off cargo run -p devstack -- serve`, \
             name others with --target NAME=URL, or another stack with --home FOLDER",
            home.display()
        )
        .into());
    }
    let is_wanted = |name: &str| targets.only.is_empty() || targets.only.iter().any(|only| only == name);
    servers.retain(|server| is_wanted(&server.name));
    let mut doubts = Vec::new();
    for server in &servers {
        doubts.extend(look_at(server).await?);
    }
    let mut subjects = Vec::new();
    let mut child = None;
    if is_wanted(floor::NAME) {
        let (floor, process) = start_floor().await?;
        subjects.push(Subject::Server(floor));
        child = Some(process);
    }
    if is_wanted(drivers::NAME) {
        match &stack {
            Some(_) => subjects.push(Subject::Drivers(Arc::new(Drivers::start(&home)?))),
            None if !targets.only.is_empty() => return Err(no_stack(&home)),
            None => doubts.push(format!(
                "there is no stack in {}, so that the drivers alone are not measured",
                home.display()
            )),
        }
    }
    subjects.extend(servers.into_iter().map(Subject::Server));
    Ok(Found { subjects, doubts, _floor: child })
}

/// The servers that `devstack serve` runs.
async fn serving(stack: &Stack) -> Vec<Target> {
    let apis = stack.apis().await;
    apis.into_iter()
        .map(|api| Target {
            name: api.name.to_owned(),
            address: api.http_address,
            pid: Some(api.pid),
            is_floor: false,
        })
        .collect()
}

/// The bare server as a process of its own, as the others are.
async fn start_floor() -> Result<(Target, Child), BoxError> {
    let mut child = process::this_program()?
        .arg("floor")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = child.stdout.take().ok_or("the bare server has no output")?;
    let line = BufReader::new(stdout).lines().next_line().await?.ok_or("the bare server did not start")?;
    let pid = child.id().ok_or("the bare server has ended")?;
    let address = line.trim().parse()?;
    Ok((Target { name: floor::NAME.to_owned(), address, pid: Some(pid), is_floor: true }, child))
}

/// Whether a target answers, and what speaks against measuring it.
async fn look_at(target: &Target) -> Result<Option<String>, BoxError> {
    let request = operation::ALL[0].request(&target.address.to_string(), 0);
    let answer = Client::new(target.address)
        .ask(&request)
        .await
        .map_err(|error| format!("{target} does not answer ({error}); start it, or leave it out"))?;
    if answer.status != 200 {
        return Err(format!(
            "{target} answers {} to GET /health/; it is no server of the contract",
            answer.status
        )
        .into());
    }
    Ok(answer.is_limited.then(|| {
        format!(
            "{} limits the rate of requests, so most of them will be refused; start it with RATE_LIMIT=off",
            target.name
        )
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_target_that_answers_is_measured_and_one_that_does_not_is_named() {
        let floor = floor::Floor::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let target = Target { name: "peer".to_owned(), address: floor.address(), pid: None, is_floor: false };
        assert_eq!(look_at(&target).await.unwrap(), None, "it limits nothing");
        let nobody = Target { address: "127.0.0.1:1".parse().unwrap(), ..target };
        let error = look_at(&nobody).await.unwrap_err().to_string();
        assert!(error.starts_with("peer at http://127.0.0.1:1 does not answer"), "{error}");
    }

    #[tokio::test]
    async fn without_any_server_it_is_said_how_to_start_them() {
        let folder = tempfile::tempdir().unwrap();
        for (only, missing) in
            [(&[][..], "no server runs"), (&["bare-hyper", "api-axum"][..], "api-axum does not run")]
        {
            let only = only.iter().map(ToString::to_string).collect();
            let targets = Targets { targets: Vec::new(), only };
            let error = find(&targets, Some(folder.path())).await.err().unwrap().to_string();
            assert!(error.starts_with(missing), "{error}");
            assert!(error.contains("devstack -- serve"), "{error}");
        }
        let targets = Targets { targets: Vec::new(), only: vec![drivers::NAME.to_owned()] };
        let error = find(&targets, Some(folder.path())).await.err().unwrap().to_string();
        assert!(error.contains("devstack -- up"), "{error}");
        let error = stack(folder.path()).await.unwrap_err().to_string();
        assert!(error.contains("devstack -- up"), "{error}");
    }
}
