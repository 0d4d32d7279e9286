//! Server processes: started so that they outlive us, recognised again later, and ended.
//!
//! A process is known by its pid and its start time together, so that a pid that was given out again, after a reboot
//! for instance, is never taken for ours.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use tokio::process::{Child, Command};

use crate::account::Account;
use crate::error::Error;

const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Everything that a server's start needs.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    /// Added to a small, fixed environment; nothing of ours is inherited but `PATH`.
    pub environment: Vec<(&'static str, OsString)>,
    /// Where it stands; a process is known as ours by standing below its service's data folder.
    pub folder: PathBuf,
    pub account: Account,
}

/// A process that was seen alive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    pub pid: u32,
    /// When it started, in whatever form the system tells.
    pub started: String,
}

impl Launch {
    /// A command with the program, the account, the folder and the environment, without standard streams.
    fn command(&self) -> Command {
        // The shell sets the umask, which cannot be set in the child otherwise, and replaces itself by the server.
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", "umask 077 && exec \"$@\"", "sh"])
            .arg(&self.program)
            .args(&self.arguments)
            .env_clear()
            .env("PATH", search_path())
            .env("LANG", "C")
            .env("HOME", &self.folder)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        if let Some((user, group)) = self.account.change_to() {
            command.uid(user).gid(group);
        }
        command
    }

    /// Start it in the background, with its output appended to `log`.
    ///
    /// It is a process group of its own, so that neither Ctrl-C nor the end of the terminal reaches it.
    ///
    /// # Errors
    /// [`Error::Io`] when the log cannot be opened or the process not be started.
    pub(crate) fn start(&self, log: &Path) -> Result<Child, Error> {
        let output = open_log(log)?;
        let errors = output.try_clone().map_err(|source| Error::io("open the log", log, source))?;
        self.command()
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(|source| Error::io("start", &self.program, source))
    }

    /// Run it to its end, with `input` on its standard input, and give back what it said.
    ///
    /// # Errors
    /// [`Error::ProgramFailed`] when it says so or takes longer than `limit`, [`Error::Io`] when it cannot be started.
    pub(crate) async fn run(&self, input: &str, limit: Duration) -> Result<String, Error> {
        use tokio::io::AsyncWriteExt as _;
        let failed = |said: String| Error::ProgramFailed { program: self.program.clone(), said };
        let started = |source| Error::io("run", &self.program, source);
        let mut child = self
            .command()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(started)?;
        let stdin = child.stdin.take();
        let feed = async {
            if let Some(mut stdin) = stdin {
                // A program that ends without reading says why by its exit, which is what gets reported.
                let _ = stdin.write_all(input.as_bytes()).await;
            }
        };
        let finish = async { tokio::join!(feed, child.wait_with_output()).1 };
        let output = tokio::time::timeout(limit, finish)
            .await
            .map_err(|_| failed(format!("it did not finish within {} s", limit.as_secs())))?
            .map_err(started)?;
        let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
        said.push_str(&String::from_utf8_lossy(&output.stderr));
        if output.status.success() { Ok(said) } else { Err(failed(crate::logs::last_lines(&said, 12))) }
    }
}

/// Open a server's log for appending, for its owner only.
///
/// # Errors
/// [`Error::Io`].
pub(crate) fn open_log(log: &Path) -> Result<fs::File, Error> {
    let failed = |source| Error::io("open the log", log, source);
    let file = fs::OpenOptions::new().append(true).create(true).mode(0o600).open(log).map_err(failed)?;
    file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(file)
}

/// Where programs that servers call are looked for: our own `PATH`, then the usual places.
fn search_path() -> String {
    let usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin";
    crate::environment_variable("PATH").map_or_else(|| usual.to_owned(), |path| format!("{path}:{usual}"))
}

impl Process {
    /// The process with this pid, if it lives.
    pub(crate) fn with_pid(pid: u32) -> Option<Self> {
        platform::start_of(pid).map(|started| Self { pid, started })
    }

    /// Whether it still lives: a zombie, or another process with the same pid, does not count.
    pub(crate) fn lives(&self) -> bool {
        platform::start_of(self.pid).as_ref() == Some(&self.started)
    }

    /// Send a signal to the process alone. A process that is gone already is no error.
    fn signal(&self, signal: Signal) -> Result<(), Error> {
        self.outcome(kill(self.nix_pid()?, signal))
    }

    /// Send a signal to the process and all that it started.
    fn signal_group(&self, signal: Signal) -> Result<(), Error> {
        self.outcome(killpg(self.nix_pid()?, signal))
    }

    fn nix_pid(&self) -> Result<Pid, Error> {
        i32::try_from(self.pid)
            .map(Pid::from_raw)
            .map_err(|_| Error::Signal { pid: self.pid, source: nix::Error::ESRCH })
    }

    fn outcome(&self, sent: nix::Result<()>) -> Result<(), Error> {
        match sent {
            Ok(()) | Err(nix::Error::ESRCH) => Ok(()),
            Err(source) => Err(Error::Signal { pid: self.pid, source }),
        }
    }

    /// Ask it to end with `signal`, and end it by force when it has not within `limit`. True when force was needed.
    ///
    /// # Errors
    /// [`Error::Signal`] when it may not be signalled, [`Error::Unstoppable`] when even force does not end it.
    pub(crate) async fn end(&self, signal: Signal, limit: Duration) -> Result<bool, Error> {
        if !self.lives() {
            return Ok(false);
        }
        self.signal(signal)?;
        if self.gone_within(limit).await {
            return Ok(false);
        }
        self.end_by_force().await.map(|()| true)
    }

    /// End it and all that it started with SIGKILL.
    ///
    /// # Errors
    /// As [`Process::end`].
    pub(crate) async fn end_by_force(&self) -> Result<(), Error> {
        if self.lives() {
            self.signal_group(Signal::SIGKILL)?;
            self.signal(Signal::SIGKILL)?;
        }
        if self.gone_within(Duration::from_secs(10)).await {
            Ok(())
        } else {
            Err(Error::Unstoppable { pid: self.pid })
        }
    }

    async fn gone_within(&self, limit: Duration) -> bool {
        let begun = Instant::now();
        while self.lives() {
            if begun.elapsed() > limit {
                return false;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        true
    }

    /// Where it stands, if that can be seen.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        platform::folder_of(self.pid)
    }
}

/// The processes that stand in `folder` or below, the first started first. Empty where the system does not show it
/// without asking about every process.
pub(crate) fn standing_in(folder: &Path) -> Vec<Process> {
    platform::standing_in(folder)
}

/// How long each of these processes has been running, as `ps` writes it: `[[days-]hours:]minutes:seconds`.
pub(crate) fn ages(pids: &[u32]) -> BTreeMap<u32, String> {
    let list = pids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    if list.is_empty() {
        return BTreeMap::new();
    }
    let output = std::process::Command::new("ps").args(["-o", "pid=,etime=", "-p", &list]).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let (pid, age) = line.trim().split_once(char::is_whitespace)?;
            Some((pid.parse().ok()?, age.trim().to_owned()))
        })
        .collect()
}

/// The name of a process: its program's, or `postgres:` for a child of PostgreSQL, which calls itself so.
pub(crate) fn name_of(pid: u32) -> Option<String> {
    platform::name_of(pid)
}

#[cfg(target_os = "linux")]
mod platform {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::Process;

    pub(super) fn standing_in(folder: &Path) -> Vec<Process> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let there = pids.filter(|pid| folder_of(*pid).is_some_and(|stands_in| stands_in.starts_with(folder)));
        let mut processes: Vec<Process> = there.filter_map(Process::with_pid).collect();
        // The start is in ticks since boot; a server starts before its children.
        let ticks = |process: &Process| {
            process
                .started
                .split_once('@')
                .and_then(|(ticks, _)| ticks.parse::<u64>().ok())
                .unwrap_or(u64::MAX)
        };
        processes.sort_by_key(|process| (ticks(process), process.pid));
        processes
    }

    /// Start time in clock ticks since boot, with the boot's own identity.
    pub(super) fn start_of(pid: u32) -> Option<String> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let ticks = ticks_at_start(&stat)?;
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Some(format!("{ticks}@{}", boot.trim()))
    }

    /// Field 22 of `/proc/<pid>/stat` (proc(5)); nothing for a process that has ended.
    pub(super) fn ticks_at_start(stat: &str) -> Option<&str> {
        // The name in parentheses may itself hold spaces and parentheses; what follows the last one does not.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let (state, threads, ticks) = (fields.first()?, fields.get(17)?, fields.get(19)?);
        // The first thread of a killed process may be a zombie before the others have ended, and until then its ports are
        // taken.
        let has_ended = *state == "X" || (*state == "Z" && matches!(*threads, "0" | "1"));
        (!has_ended).then_some(ticks)
    }

    pub(super) fn folder_of(pid: u32) -> Option<PathBuf> {
        fs::read_link(format!("/proc/{pid}/cwd")).ok()
    }

    pub(super) fn name_of(pid: u32) -> Option<String> {
        let title = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        if title.starts_with(b"postgres: ") {
            return Some("postgres:".to_owned());
        }
        fs::read_to_string(format!("/proc/{pid}/comm")).ok().map(|name| name.trim().to_owned())
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use super::Process;

    pub(super) fn standing_in(_folder: &Path) -> Vec<Process> {
        Vec::new()
    }

    fn ask(program: &str, arguments: &[&str]) -> Option<String> {
        let output = Command::new(program).args(arguments).env("LC_ALL", "C").output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        (output.status.success() && !text.is_empty()).then_some(text)
    }

    /// Start time to the second, as `ps` writes it; nothing for a zombie.
    pub(super) fn start_of(pid: u32) -> Option<String> {
        let line = ask("ps", &["-o", "stat=,lstart=", "-p", &pid.to_string()])?;
        let (state, started) = line.split_once(char::is_whitespace)?;
        (!state.starts_with('Z')).then(|| started.trim().to_owned())
    }

    pub(super) fn folder_of(pid: u32) -> Option<PathBuf> {
        let listing = ask("lsof", &["-a", "-p", &pid.to_string(), "-d", "cwd", "-Fn"])?;
        listing.lines().find_map(|line| line.strip_prefix('n')).map(PathBuf::from)
    }

    pub(super) fn name_of(pid: u32) -> Option<String> {
        let path = ask("ps", &["-o", "comm=", "-p", &pid.to_string()])?;
        Some(path.rsplit('/').next().unwrap_or(&path).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_live_and_a_process_with_another_start_does_not() {
        let us = Process::with_pid(std::process::id()).unwrap();
        assert!(us.lives());
        assert!(!Process { started: "another boot".into(), ..us }.lives());
        let ages = ages(&[std::process::id(), u32::MAX / 4]);
        assert!(ages.len() == 1 && ages[&std::process::id()].contains(':'), "{ages:?}");
    }

    #[tokio::test]
    async fn a_process_that_ignores_the_polite_signal_is_ended_by_force() {
        let mut child = std::process::Command::new("/bin/sh")
            .args(["-c", "trap '' TERM; echo ready; while :; do /bin/sleep 1; done"])
            .stdout(Stdio::piped())
            .process_group_of_its_own()
            .spawn()
            .unwrap();
        let mut ready = [0; 6];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
        let process = Process::with_pid(child.id()).unwrap();
        assert!(process.end(Signal::SIGTERM, Duration::from_millis(50)).await.unwrap());
        // Not yet waited for, it is a zombie now, and must not count as alive.
        assert!(!process.lives());
        child.wait().unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_zombie_has_ended_when_its_last_thread_has() {
        let stat = |state: &str, threads: u32| {
            format!("42 (a (b) c) {state} 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 {threads} 0 4711 0 0")
        };
        assert_eq!(platform::ticks_at_start(&stat("S", 20)), Some("4711"));
        assert_eq!(platform::ticks_at_start(&stat("Z", 20)), Some("4711"), "it still holds its ports");
        assert_eq!(platform::ticks_at_start(&stat("Z", 1)), None);
        assert_eq!(platform::ticks_at_start(&stat("X", 20)), None);
    }

    trait OwnGroup {
        fn process_group_of_its_own(&mut self) -> &mut Self;
    }

    impl OwnGroup for std::process::Command {
        fn process_group_of_its_own(&mut self) -> &mut Self {
            std::os::unix::process::CommandExt::process_group(self, 0)
        }
    }

    #[tokio::test]
    async fn a_program_that_fails_is_reported_with_its_last_words() {
        let launch = Launch {
            program: "/bin/sh".into(),
            arguments: ["-c", "cat; echo no space left >&2; exit 3"].map(OsString::from).to_vec(),
            environment: Vec::new(),
            folder: "/".into(),
            account: Account::ourselves(),
        };
        let error = launch.run("", Duration::from_secs(10)).await.unwrap_err();
        assert!(matches!(&error, Error::ProgramFailed { said, .. } if said == "no space left"), "{error:?}");
    }
}
