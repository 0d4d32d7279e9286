//! `reset`: say what will be deleted, ask, delete.

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;

use crate::error::Error;
use crate::output::say;
use crate::progress;
use crate::reset::Deletion;

pub(super) async fn run(home: &Path, yes: bool) -> Result<ExitCode, Error> {
    let deletion = Deletion::of(home)?;
    say("this stops every server of the stack and deletes for good, passwords and data included:");
    for path in deletion.paths() {
        say(format_args!("  {}", path.display()));
    }
    if !yes && !agreed().await {
        say("nothing was deleted");
        if !std::io::stdin().is_terminal() {
            say("hint: where nobody can be asked, `devstack reset --yes` deletes");
        }
        return Ok(ExitCode::FAILURE);
    }
    deletion.carry_out(&*progress::to_stderr()).await?;
    Ok(ExitCode::SUCCESS)
}

/// Only a written "yes" will do: there is no way back.
async fn agreed() -> bool {
    say("Write yes to go on:");
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    matches!(line.await, Ok(Ok(line)) if line.trim() == "yes")
}
