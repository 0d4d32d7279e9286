//! On which machine, with which versions, at which load: what a figure is worth nothing without.

use std::process::Command;
use std::thread::available_parallelism;

use serde::{Deserialize, Serialize};

use crate::stillness::Stillness;

/// The surroundings of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    /// Kernel, release and architecture.
    pub(crate) system: String,
    pub(crate) rustc: String,
    /// The revision of the repository, with `+` behind it when files were changed.
    pub(crate) revision: String,
    /// The load average over one minute when the run began.
    pub(crate) load_average: Option<f64>,
    /// How still the machine was when the run began, if that was looked at.
    #[serde(default)]
    pub(crate) stillness: Option<Stillness>,
}

impl Machine {
    /// Look around. What cannot be found out is empty.
    pub(crate) fn here() -> Self {
        let changed = said("git", &["status", "--porcelain", "--untracked-files=no"]);
        let mark = if changed.is_empty() { "" } else { "+" };
        Self {
            processor: processor(),
            cores: available_parallelism().map_or(1, usize::from),
            system: said("uname", &["-srm"]),
            rustc: said("rustc", &["--version"]),
            revision: format!("{}{mark}", said("git", &["rev-parse", "--short=12", "HEAD"])),
            load_average: load_average(&said("uptime", &[])),
            stillness: None,
        }
    }

    /// What speaks against measuring now, each as a sentence.
    pub(crate) fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        if let Some(load) = self.load_average
            && load > 0.5
        {
            doubts.push(format!(
                "the machine is busy: load average {load} on {} cores before the run",
                self.cores
            ));
        }
        if let Some(stillness) = self.stillness.filter(Stillness::is_doubtful) {
            doubts.push(format!(
                "the machine stops what runs on it: a thread that only looks at the clock stood still for {:.1} % of the \
                 time and up to {:.1} ms, which is in every high percentile; for {:.1} % other programs ran, which `top` \
                 shows",
                stillness.stopped * 100.0,
                stillness.longest / 1000.0,
                stillness.displaced * 100.0
            ));
        }
        if on_battery() {
            doubts.push("the machine runs on its battery, which slows it down".to_owned());
        }
        doubts
    }

    /// A short name for folders: `linux-x86_64-2cpu`. Nothing of the machine's own name is in it.
    pub(crate) fn short_name(&self) -> String {
        let mut words = self.system.split(' ');
        let system = words.next().filter(|word| !word.is_empty()).unwrap_or("system").to_lowercase();
        let architecture = words.next_back().unwrap_or("machine");
        format!("{system}-{architecture}-{}cpu", self.cores)
    }
}

/// What a program says; nothing when it cannot be run.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).env("LC_ALL", "C").output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

fn processor() -> String {
    let table = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = table.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map_or_else(|| said("sysctl", &["-n", "machdep.cpu.brand_string"]), |(_, name)| name.to_owned())
}

/// The first of the three numbers of `uptime`.
fn load_average(uptime: &str) -> Option<f64> {
    let (_, numbers) = uptime.rsplit_once("load average")?;
    let first = numbers.trim_start_matches(['s', ':', ' ']).split([' ', ',']).next()?;
    first.parse().ok()
}

fn on_battery() -> bool {
    if cfg!(target_os = "macos") {
        return said("pmset", &["-g", "batt"]).contains("'Battery Power'");
    }
    let supplies = std::fs::read_dir("/sys/class/power_supply").into_iter().flatten().flatten();
    let state = |path: std::path::PathBuf| std::fs::read_to_string(path.join("status")).unwrap_or_default();
    supplies.map(|supply| state(supply.path())).any(|state| state.trim() == "Discharging")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_is_read_as_both_systems_write_it() {
        let linux = " 17:01:33 up  1:44,  0 user,  load average: 3.28, 2.90, 2.71";
        let mac = "17:01  up 3 days, 2 users, load averages: 1.52 1.60 1.71";
        assert_eq!(load_average(linux), Some(3.28));
        assert_eq!(load_average(mac), Some(1.52));
        assert_eq!(load_average(""), None);
    }

    #[test]
    fn a_busy_machine_is_doubted_with_its_load() {
        let quiet = Machine { load_average: Some(0.1), ..Machine::here() };
        let busy = Machine { load_average: Some(3.28), ..quiet.clone() };
        assert!(!quiet.doubts().iter().any(|doubt| doubt.contains("busy")));
        assert!(busy.doubts().iter().any(|doubt| doubt.contains("load average 3.28")));
    }

    #[test]
    fn a_machine_that_stops_threads_is_doubted() {
        let stopping = |stopped| {
            let stillness =
                Some(Stillness { stopped, displaced: 0.013, longest: 18_800.0, p99: 4000.0, slowest: 0.9 });
            Machine { stillness, load_average: None, ..Machine::here() }.doubts()
        };
        assert!(!stopping(0.001).iter().any(|doubt| doubt.contains("stood still")));
        let doubts = stopping(0.024).join("\n");
        assert!(doubts.contains("for 2.4 % of the time and up to 18.8 ms"), "{doubts}");
        assert!(doubts.contains("for 1.3 % other programs ran"), "{doubts}");
    }

    #[test]
    fn a_machine_is_called_by_its_kind() {
        let named = |system: &str, cores| {
            Machine { system: system.to_owned(), cores, ..Machine::here() }.short_name()
        };
        assert_eq!(named("Linux 6.1.0-13-amd64 x86_64", 2), "linux-x86_64-2cpu");
        assert_eq!(named("Darwin 24.1.0 arm64", 10), "darwin-arm64-10cpu");
        assert_eq!(named("", 1), "system-machine-1cpu");
    }
}
