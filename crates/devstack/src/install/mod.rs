//! Finds the real servers on this machine, and installs or builds what is missing.
//!
//! [`locate()`] looks, [`ensure`] acts: by Homebrew or apt where they have a package, by Go from the module proxy where
//! none exists (Vault and FerretDB on Debian). What is to be done is shown before it is done, [`InstallPolicy`] says
//! whether it may be. Nothing is ever upgraded or removed, and no server is started.

mod apt;
mod cache;
mod error;
mod go;
mod homebrew;
mod locate;
mod packages;
mod plan;
mod policy;
mod program;
mod run;

use std::collections::BTreeMap;
use std::path::Path;

pub use error::InstallError;
pub use locate::{Located, locate};
pub use policy::InstallPolicy;
pub use program::{Kind, Program};

use self::locate::Search;
use self::packages::PackageManager;
use self::plan::Plan;
use crate::manifest::Service;
use crate::progress::{Event, Progress};

/// The programs that were found, by what they are for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Toolbox {
    programs: BTreeMap<Program, Located>,
}

impl Toolbox {
    /// Where `program` is.
    ///
    /// # Errors
    /// [`InstallError::StillMissing`] when it was not among what the services given to [`ensure`] need.
    pub fn get(&self, program: Program) -> Result<&Located, InstallError> {
        self.programs.get(&program).ok_or_else(|| InstallError::StillMissing { programs: vec![program] })
    }

    /// Every program that was found, in the order of [`Program`].
    pub fn iter(&self) -> impl Iterator<Item = &Located> {
        self.programs.values()
    }
}

/// What [`ensure`] would do for these services, a line each; empty when nothing is missing.
///
/// # Errors
/// [`InstallError::NoPackage`] when something is missing that it could not get.
pub fn dry_run(
    services: &[Service],
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<String>, InstallError> {
    Ok(Plan::make(services, &Search::new(env))?.lines())
}

/// Find the programs that `services` need, and install or build what is missing, as `policy` allows.
///
/// Costs a few looks at the file system when all is there. What it is going to do is shown first.
///
/// # Errors
/// [`InstallError`], whose [`hint`](InstallError::hint) says what to do next.
pub async fn ensure(
    services: &[Service],
    policy: InstallPolicy,
    progress: &dyn Progress,
) -> Result<Toolbox, InstallError> {
    let env = &crate::environment_variable;
    let search = Search::new(env);
    if plan::missing(services, &search).is_empty() {
        return Ok(toolbox(services, &search));
    }
    let plan = Plan::make(services, &search)?;
    may(policy, &plan, progress).await?;
    carry_out(&plan, &search, cache::folder(env).ok_or(InstallError::NoCache)?.as_path(), progress).await?;
    let still: Vec<_> = plan::missing(services, &search).into_iter().map(|(_, program)| program).collect();
    if still.is_empty() {
        Ok(toolbox(services, &search))
    } else {
        Err(InstallError::StillMissing { programs: still })
    }
}

fn toolbox(services: &[Service], search: &Search) -> Toolbox {
    let needed = services.iter().flat_map(|service| Program::needed_by(*service));
    let programs = needed.filter_map(|program| Some((*program, search.find(*program)?))).collect();
    Toolbox { programs }
}

/// Show the plan, and find out whether it may be carried out.
async fn may(policy: InstallPolicy, plan: &Plan, progress: &dyn Progress) -> Result<(), InstallError> {
    let programs = plan.programs.clone();
    let lines = plan.lines();
    if policy == InstallPolicy::Never {
        return Err(InstallError::Forbidden { programs, plan: lines });
    }
    let names: Vec<_> = programs.iter().map(|program| program.name()).collect();
    progress.event(&Event::note(format!("not installed: {}", names.join(", "))));
    for line in &lines {
        progress.event(&Event::note(format!("  {line}")));
    }
    if policy == InstallPolicy::Go {
        return Ok(());
    }
    progress.event(&Event::note("Do that now? [Y/n]"));
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|length| (length > 0).then_some(line))
    })
    .await;
    match answer {
        Ok(Ok(Some(line))) if is_yes(&line) => Ok(()),
        _ => Err(InstallError::Declined { programs, plan: lines }),
    }
}

/// An empty line takes the offer.
fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_ascii_lowercase().as_str(), "" | "y" | "yes")
}

async fn carry_out(
    plan: &Plan,
    search: &Search,
    cache: &Path,
    progress: &dyn Progress,
) -> Result<(), InstallError> {
    if let Some((manager, program, packages)) = &plan.packages {
        std::fs::create_dir_all(cache)
            .map_err(|source| InstallError::io("make the folder", cache, source))?;
        let log = cache.join("packages.log");
        std::fs::write(&log, "").map_err(|source| InstallError::io("write", &log, source))?;
        match manager {
            PackageManager::Apt => apt::install(packages, search, &log, progress).await?,
            PackageManager::Homebrew => homebrew::install(program, packages, &log, progress).await?,
        }
    }
    // One after the other: a build uses every core by itself.
    for build in &plan.builds {
        go::build(build, cache, search, progress).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::locate::tests::Machine;
    use super::*;
    use crate::progress::Silent;

    #[test]
    fn an_empty_line_and_yes_are_a_yes_and_all_else_is_a_no() {
        for (answer, yes) in
            [("\n", true), ("y\n", true), ("YES\r\n", true), ("n\n", false), ("why?\n", false)]
        {
            assert_eq!(is_yes(answer), yes, "{answer:?}");
        }
    }

    #[tokio::test]
    async fn what_is_forbidden_is_not_done_but_said() {
        let machine = Machine::new();
        machine.executable("usr/bin/apt-get");
        let plan = Plan::make(&[Service::Redis1, Service::Vault], &machine.search()).unwrap();
        let error = may(InstallPolicy::Never, &plan, &Silent).await.unwrap_err();
        assert_eq!(error.to_string(), "not installed: redis-server, vault");
        let hint = error.hint().unwrap();
        assert!(hint.contains("apt-get install") && hint.contains("build Vault 1.21.1"), "{hint}");
    }

    #[test]
    fn the_toolbox_holds_what_the_services_need_and_nothing_else() {
        let machine = Machine::new();
        machine.executable("usr/bin/redis-server");
        machine.executable("usr/bin/pgbouncer");
        let tools = toolbox(&[Service::Redis1, Service::Redis2], &machine.search());
        assert_eq!(tools.iter().map(|found| found.program).collect::<Vec<_>>(), [Program::RedisServer]);
        assert!(tools.get(Program::RedisServer).is_ok());
        let error = tools.get(Program::Pgbouncer).unwrap_err();
        assert!(error.to_string().contains("pgbouncer"), "{error}");
    }
}
