//! Processes of this machine: what one takes of processor time, memory and threads, and this program as another one.

use std::io;
use std::process::Command;

use tokio::runtime::Handle;

/// This program, to be started once more with as many threads as the runtime that this is called on.
///
/// # Errors
/// When the system does not tell where the program is.
pub(crate) fn this_program() -> io::Result<tokio::process::Command> {
    let workers = Handle::current().metrics().num_workers();
    let mut command = tokio::process::Command::new(std::env::current_exe()?);
    command.arg("--workers").arg(workers.to_string());
    Ok(command)
}

/// What a process has used so far and takes now. What the system does not tell is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Usage {
    /// Seconds of processor time since it started.
    pub(crate) cpu_seconds: Option<f64>,
    /// Resident memory in bytes.
    pub(crate) rss_bytes: Option<f64>,
    /// Of it, what the process has written: heap and stacks. Linux only.
    pub(crate) anonymous_bytes: Option<f64>,
    /// Of it, what was touched of the program and its libraries. Linux only.
    pub(crate) file_bytes: Option<f64>,
    pub(crate) threads: Option<f64>,
}

/// Ticks of the clock in which Linux tells processor time to programs; the same on every architecture.
const TICKS: f64 = 100.0;

impl Usage {
    /// Look at a process: in `/proc` on Linux, else by `ps`. `None` when there is none.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}"));
        match (read("stat"), read("status")) {
            (Ok(stat), Ok(status)) => Some(Self::in_proc(&stat, &status)),
            _ => Self::by_ps(pid),
        }
    }

    fn in_proc(stat: &str, status: &str) -> Self {
        let field = |name: &str| -> Option<f64> {
            status.lines().find_map(|line| {
                line.strip_prefix(name)?.strip_prefix(':')?.split_whitespace().next()?.parse().ok()
            })
        };
        let bytes = |name: &str| field(name).map(|kibibytes| kibibytes * 1024.0);
        Self {
            cpu_seconds: ticks(stat).map(|ticks| ticks / TICKS),
            rss_bytes: bytes("VmRSS"),
            anonymous_bytes: bytes("RssAnon"),
            file_bytes: bytes("RssFile"),
            threads: field("Threads"),
        }
    }

    fn by_ps(pid: u32) -> Option<Self> {
        let pid = pid.to_string();
        let ps = |arguments: &[&str]| {
            let output = Command::new("ps").args(arguments).env("LC_ALL", "C").output().ok()?;
            let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            (!text.is_empty()).then_some(text)
        };
        let line = ps(&["-o", "rss=,time=", "-p", &pid])?;
        // With -M, macOS shows a line for each thread below the title.
        let threads = ps(&["-M", "-p", &pid]).map(|text| text.lines().count().saturating_sub(1));
        let threads = threads.and_then(|count| u32::try_from(count).ok()).map(f64::from);
        Some(Self { threads, ..Self::in_line(&line) })
    }

    /// Read `rss time` as `ps` writes it: KiB, and `[[days-]hours:]minutes:seconds`.
    fn in_line(line: &str) -> Self {
        let mut words = line.split_whitespace();
        let rss: Option<f64> = words.next().and_then(|word| word.parse().ok());
        Self {
            rss_bytes: rss.map(|kibibytes| kibibytes * 1024.0),
            cpu_seconds: words.next().and_then(seconds),
            ..Self::default()
        }
    }
}

/// User and system time of `/proc/PID/stat`, behind the name in parentheses, which may hold anything.
fn ticks(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let field = |index: usize| fields.split_whitespace().nth(index)?.parse::<f64>().ok();
    Some(field(11)? + field(12)?)
}

fn seconds(text: &str) -> Option<f64> {
    let (days, time) = text.split_once('-').unwrap_or(("0", text));
    let parts: Option<Vec<f64>> = time.split(':').map(|part| part.parse().ok()).collect();
    let within = parts?.into_iter().fold(0.0, |sum, part| sum * 60.0 + part);
    Some(days.parse::<f64>().ok()? * 86_400.0 + within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_tells_it_in_proc() {
        let stat = "4242 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 4 0 100 0 0";
        let status = "Name:\ta\nVmRSS:\t  2048 kB\nRssAnon:\t  512 kB\nRssFile:\t 1536 kB\nThreads:\t4\n";
        let usage = Usage::in_proc(stat, status);
        assert_eq!(usage.cpu_seconds, Some(2.0));
        assert_eq!(usage.rss_bytes, Some(2_097_152.0));
        assert_eq!((usage.anonymous_bytes, usage.file_bytes), (Some(524_288.0), Some(1_572_864.0)));
        assert_eq!(usage.threads, Some(4.0));
    }

    #[test]
    fn ps_tells_it_elsewhere() {
        let usage = Usage::in_line(" 2048   0:01.50");
        assert_eq!((usage.rss_bytes, usage.cpu_seconds), (Some(2_097_152.0), Some(1.5)));
        assert_eq!(seconds("1-02:03:04"), Some(93_784.0));
        assert_eq!(Usage::in_line("?"), Usage::default());
    }

    #[test]
    fn this_process_takes_memory_and_one_that_is_not_there_nothing() {
        let usage = Usage::of(std::process::id()).unwrap();
        assert!(usage.rss_bytes > Some(0.0) && usage.threads >= Some(1.0), "{usage:?}");
        assert_eq!(Usage::of(u32::MAX), None);
    }
}
