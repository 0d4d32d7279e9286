//! Runs a command that may take minutes: its output goes to a log, and how far it is to the progress.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader, Split};
use tokio::process::{Child, Command};
use tokio::time::{Instant, MissedTickBehavior};

use super::error::InstallError;
use crate::progress::{Event, Progress};

/// How many lines of a failed command the error shows.
const LAST_LINES: usize = 15;
/// How long a command that was asked to end may take for that.
const GRACE: Duration = Duration::from_secs(5);

/// One command with what is needed to report on it.
pub(super) struct Run<'a> {
    /// The step's name for the progress.
    pub step: &'a str,
    /// The command as a person would type it.
    pub shown: String,
    /// Where its output is appended.
    pub log: &'a Path,
    /// When the step began, for the time that is shown.
    pub begun: Instant,
    /// How long this command may take.
    pub limit: Duration,
    /// Where it reports.
    pub progress: &'a dyn Progress,
}

impl Run<'_> {
    /// Run `command` to its end. `read` is given every line, and answers with what is being done as that line tells.
    ///
    /// Returns the lines of its standard output.
    ///
    /// # Errors
    /// [`InstallError::Command`] when it fails or takes too long, [`InstallError::Io`] when it or the log cannot be had.
    pub(super) async fn lines(
        &self,
        mut command: Command,
        mut read: impl FnMut(&str) -> Option<String> + Send,
    ) -> Result<Vec<String>, InstallError> {
        let logging = |source| InstallError::io("write the log", self.log, source);
        let mut log = File::options().append(true).create(true).open(self.log).map_err(logging)?;
        writeln!(log, "$ {}", self.shown).map_err(logging)?;

        let program = command.as_std().get_program().to_owned();
        let running = |source| InstallError::io("run", Path::new(&program), source);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(running)?;
        let mut output = child.stdout.take().map(lines_of);
        let mut errors = child.stderr.take().map(lines_of);

        let begun = Instant::now();
        let mut tick = tokio::time::interval_at(begun + every(), every());
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut state = String::from("running");
        let mut kept = Vec::new();
        let mut last = VecDeque::with_capacity(LAST_LINES);
        while output.is_some() || errors.is_some() {
            let line = tokio::select! {
                line = next(&mut output) => line.inspect(|line| kept.push(line.clone())),
                line = next(&mut errors) => line,
                _ = tick.tick() => {
                    let elapsed = self.begun.elapsed().as_secs();
                    self.progress.event(&Event::waiting(self.step, format!("{state} ({elapsed} s)")));
                    None
                }
                () = tokio::time::sleep_until(begun + self.limit) => {
                    end(&mut child).await;
                    return Err(self.failed(format!("was stopped after {} minutes", self.limit.as_secs() / 60), last));
                }
            };
            let Some(line) = line else { continue };
            writeln!(log, "{line}").map_err(logging)?;
            if let Some(told) = read(&line) {
                state = told;
            }
            if last.len() == LAST_LINES {
                last.pop_front();
            }
            last.push_back(line);
        }
        let status = child.wait().await.map_err(running)?;
        if status.success() { Ok(kept) } else { Err(self.failed(ending(status), last)) }
    }

    fn failed(&self, how: String, last_lines: VecDeque<String>) -> InstallError {
        InstallError::Command {
            command: self.shown.clone(),
            how,
            last_lines: last_lines.into(),
            log: self.log.to_owned(),
        }
    }
}

/// Ask a command to end, so that it tidies up what it made, and then end it by force.
async fn end(child: &mut Child) {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
    // One that is gone by now is what we want.
    let _ = pid.map(|pid| kill(Pid::from_raw(pid), Signal::SIGTERM));
    if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
        let _ = child.kill().await;
    }
}

/// How often to say how far it is: often where a line is overwritten, seldom where each adds one.
pub(super) fn every() -> Duration {
    if std::io::stderr().is_terminal() { Duration::from_secs(1) } else { Duration::from_secs(10) }
}

fn ending(status: ExitStatus) -> String {
    status
        .code()
        .map_or_else(|| format!("was ended: {status}"), |code| format!("failed with exit code {code}"))
}

fn lines_of<R: AsyncRead + Unpin>(reader: R) -> Split<BufReader<R>> {
    BufReader::new(reader).split(b'\n')
}

/// The next line, whatever bytes it has; at the end nothing, and no reader any more.
async fn next<R: AsyncRead + Unpin>(lines: &mut Option<Split<BufReader<R>>>) -> Option<String> {
    let Some(reader) = lines else { return std::future::pending().await };
    if let Ok(Some(line)) = reader.next_segment().await {
        return Some(String::from_utf8_lossy(&line).trim_end().to_owned());
    }
    *lines = None;
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    async fn run(script: &str, limit: Duration) -> (Result<Vec<String>, InstallError>, String) {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let run = Run {
            step: "test",
            shown: "sh".into(),
            log: &log,
            begun: Instant::now(),
            limit,
            progress: &Silent,
        };
        let result = run.lines(shell(script), |_| None).await;
        (result, std::fs::read_to_string(&log).unwrap())
    }

    #[tokio::test]
    async fn standard_output_is_returned_and_both_streams_are_logged() {
        let (result, log) = run("echo one; echo two >&2", Duration::from_secs(30)).await;
        assert_eq!(result.unwrap(), ["one"]);
        assert!(log.starts_with("$ sh\n") && log.contains("one\n") && log.contains("two\n"), "{log}");
    }

    #[tokio::test]
    async fn a_failure_tells_the_exit_code_and_the_last_lines() {
        let (result, _) = run(
            "i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo line $i; done; exit 3",
            Duration::from_secs(30),
        )
        .await;
        let error = result.unwrap_err();
        let InstallError::Command { how, last_lines, .. } = &error else { panic!("{error:?}") };
        assert_eq!(how, "failed with exit code 3");
        assert_eq!(last_lines.len(), LAST_LINES);
        assert_eq!(last_lines.last().map(String::as_str), Some("line 40"));
        assert!(error.hint().is_some_and(|hint| hint.contains("line 40")), "{error:?}");
    }

    #[tokio::test]
    async fn a_command_that_hangs_is_stopped() {
        let (result, _) = run("exec sleep 600", Duration::from_millis(200)).await;
        let error = result.unwrap_err().to_string();
        assert!(error.contains("was stopped after"), "{error}");
    }

    #[tokio::test]
    async fn a_command_that_is_stopped_may_tidy_up() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("tidied");
        let script =
            format!("trap 'kill $!; touch {}; exit 1' TERM; sleep 600 & echo ready; wait", mark.display());
        let mut child = shell(&script).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = child.stdout.take().map(lines_of);
        assert_eq!(next(&mut output).await.as_deref(), Some("ready"));
        end(&mut child).await;
        assert!(mark.exists());
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let run = Run {
            step: "test",
            shown: "x".into(),
            log: &log,
            begun: Instant::now(),
            limit: Duration::from_secs(5),
            progress: &Silent,
        };
        let error = run.lines(Command::new("/nonexistent/program"), |_| None).await.unwrap_err();
        assert!(error.to_string().contains("/nonexistent/program"), "{error}");
    }
}
