//! The servers' programs, as cargo builds them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::cargo;
use crate::error::Error;
use crate::manifest::{APIS, Api};

/// A first build with everything that it leans on takes minutes; what takes longer than this hangs.
const LIMIT: Duration = Duration::from_hours(2);

/// The Cargo workspace around the current folder, and which servers it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    root: PathBuf,
    servers: Vec<&'static Api>,
}

impl Workspace {
    /// Ask cargo about the workspace around the current folder.
    ///
    /// # Errors
    /// [`Error::NoWorkspace`] when there is none, [`Error::Io`] when cargo cannot be run.
    pub async fn find() -> Result<Self, Error> {
        let output = Command::from(cargo())
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .stdin(Stdio::null())
            .output()
            .await
            .map_err(|source| Error::io("run", Path::new("cargo"), source))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Error::NoWorkspace { said });
        }
        let malformed = |source| Error::Malformed { path: "the output of cargo metadata".into(), source };
        let metadata: Value = serde_json::from_slice(&output.stdout).map_err(malformed)?;
        let root = metadata["workspace_root"].as_str().unwrap_or(".").into();
        let servers = APIS.iter().filter_map(|api| Api::named(api.name)).filter(|api| has(&metadata, api));
        Ok(Self { root, servers: servers.collect() })
    }

    /// The servers that are there, by port.
    pub fn servers(&self) -> &[&'static Api] {
        &self.servers
    }

    /// The servers of these names, by port; for none, all that are there.
    ///
    /// # Errors
    /// [`Error::NoServer`] when the workspace does not have one of them.
    pub fn choose(&self, names: &[&str]) -> Result<Vec<&'static Api>, Error> {
        let missing: Vec<&'static str> = APIS
            .iter()
            .map(|api| api.name)
            .filter(|name| names.contains(name) && !self.servers.iter().any(|api| api.name == *name))
            .collect();
        if !missing.is_empty() || self.servers.is_empty() {
            let there = self.servers.iter().map(|api| api.name).collect();
            return Err(Error::NoServer { missing, there });
        }
        let wanted = |api: &&'static Api| names.is_empty() || names.contains(&api.name);
        Ok(self.servers.iter().copied().filter(wanted).collect())
    }
}

/// Whether the workspace has a package of that name with a program of that name.
fn has(metadata: &Value, api: &Api) -> bool {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let is_program = |target: &Value| {
        target["name"] == api.name && list(&target["kind"]).iter().any(|kind| kind.as_str() == Some("bin"))
    };
    list(&metadata["packages"])
        .iter()
        .any(|package| package["name"] == api.name && list(&package["targets"]).iter().any(is_program))
}

/// Build these servers with a profile of Cargo, and give each one's program.
///
/// What cargo says goes to our own standard error, so that its progress is seen as it is known.
///
/// # Errors
/// [`Error::BuildFailed`] when cargo says so or does not come to an end, [`Error::Io`] when it cannot be run.
pub async fn build(
    workspace: &Workspace,
    apis: &[&'static Api],
    profile: &str,
) -> Result<BTreeMap<&'static str, PathBuf>, Error> {
    let failed = |source| Error::io("run", Path::new("cargo"), source);
    let mut command = Command::from(cargo());
    command
        .args(["build", "--profile", profile, "--message-format", "json-render-diagnostics"])
        .current_dir(&workspace.root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    for api in apis {
        command.args(["--package", api.name, "--bin", api.name]);
    }
    let mut child = command.spawn().map_err(failed)?;
    let mut programs = BTreeMap::new();
    let finish = async {
        if let Some(stdout) = child.stdout.take() {
            let mut lines = BufReader::new(stdout).lines();
            while let Some(line) = lines.next_line().await? {
                programs.extend(program_in(&line));
            }
        }
        child.wait().await
    };
    let status = tokio::time::timeout(LIMIT, finish)
        .await
        .map_err(|_| Error::BuildFailed { how: format!("not done after {} minutes", LIMIT.as_secs() / 60) })?
        .map_err(failed)?;
    if !status.success() {
        return Err(Error::BuildFailed { how: status.to_string() });
    }
    match apis.iter().find(|api| !programs.contains_key(api.name)) {
        Some(api) => Err(Error::BuildFailed { how: format!("it named no program for {}", api.name) }),
        None => Ok(programs),
    }
}

/// The server whose program a line of `--message-format json` tells of, if it is such a line
/// (<https://doc.rust-lang.org/cargo/reference/external-tools.html#artifact-messages>).
fn program_in(line: &str) -> Option<(&'static str, PathBuf)> {
    let message: Value = serde_json::from_str(line).ok()?;
    let program = message["executable"].as_str()?;
    let api = Api::named(message["target"]["name"].as_str()?)?;
    (message["reason"] == "compiler-artifact").then(|| (api.name, Path::new(program).to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn workspace(names: &[&str]) -> Workspace {
        Workspace { root: "/".into(), servers: names.iter().filter_map(|name| Api::named(name)).collect() }
    }

    #[test]
    fn a_package_counts_only_with_a_program_of_its_name() {
        let package = |kind: &str| {
            json!({"packages": [
                {"name": "api-axum", "targets": [{"name": "api-axum", "kind": [kind]}]},
                {"name": "other", "targets": [{"name": "api-hyper", "kind": ["bin"]}]},
            ]})
        };
        let api = |name| Api::named(name).unwrap();
        assert!(has(&package("bin"), api("api-axum")));
        assert!(!has(&package("lib"), api("api-axum")), "a library is no server");
        assert!(!has(&package("bin"), api("api-hyper")), "another package's");
    }

    #[test]
    fn no_names_mean_all_that_are_there_and_a_missing_one_is_named_with_those_that_are_there() {
        let workspace = workspace(&["api-axum", "api-actix"]);
        let names = |apis: Vec<&'static Api>| apis.iter().map(|api| api.name).collect::<Vec<_>>();
        assert_eq!(names(workspace.choose(&[]).unwrap()), ["api-axum", "api-actix"]);
        assert_eq!(names(workspace.choose(&["api-actix"]).unwrap()), ["api-actix"]);
        let error = workspace.choose(&["api-actix", "api-hyper"]).unwrap_err();
        assert_eq!(error.to_string(), "this workspace has no server api-hyper");
        assert!(error.hint().unwrap().contains("api-axum, api-actix"), "{error:?}");
    }

    #[test]
    fn only_a_server_s_program_is_taken_from_cargo_s_messages() {
        let line = |name: &str, program: Value| {
            json!({"reason": "compiler-artifact", "target": {"name": name}, "executable": program})
                .to_string()
        };
        assert_eq!(
            program_in(&line("api-actix", json!("/t/api-actix"))),
            Some(("api-actix", PathBuf::from("/t/api-actix")))
        );
        assert_eq!(program_in(&line("api-actix", Value::Null)), None, "its library");
        assert_eq!(program_in(&line("build-script-build", json!("/t/b"))), None);
        assert_eq!(program_in("no JSON"), None);
    }
}
