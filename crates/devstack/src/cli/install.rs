//! `install`: have the programs that are missing, or show what that would take.

use crate::error::Error;
use crate::install::{self, InstallPolicy};
use crate::manifest::Service;
use crate::output::{data, say};
use crate::{environment_variable, progress};

pub(super) async fn run(wanted: &[Service], print: bool, yes: bool, as_json: bool) -> Result<(), Error> {
    let services = Service::with_needs(wanted);
    if print {
        let lines = install::dry_run(&services, &environment_variable)?;
        if as_json {
            super::json(&lines);
        } else if lines.is_empty() {
            say("nothing is missing");
        } else {
            data(lines.join("\n"));
        }
        return Ok(());
    }
    let policy = InstallPolicy::from_environment(&environment_variable);
    let policy = if yes { policy.with_yes() } else { policy };
    let tools = {
        let progress = progress::to_stderr();
        install::ensure(&services, policy, &*progress).await?
    };
    for tool in tools.iter() {
        data(format_args!("{:<18} {:<26} {}", tool.program, tool.kind, tool.path.display()));
    }
    Ok(())
}
