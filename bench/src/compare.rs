//! Two runs, or two targets of one run: how many times as fast, and how sure that is.

use std::fmt::Write as _;

use crate::footprint::{Footprint, Footprints, Start};
use crate::result::{Run, Series};
use crate::statistics::{Interval, Pairing, ratio};

/// How the requests a second of `left` stand to those of `right`, as a person says it.
pub(crate) fn sentence(left: &Series, right: &Series, pairing: Pairing) -> String {
    match ratio(&left.rates(), &right.rates(), pairing) {
        None => "no figures to compare".to_owned(),
        Some(Interval { low, high }) if low <= 1.0 && high >= 1.0 => {
            format!("no difference that these rounds show ({low:.2}–{high:.2} ×)")
        }
        Some(Interval { low, high }) => format!("{low:.2}–{high:.2} ×"),
    }
}

/// What changed from run `old` to run `new`, a line for each series that both have, and then what only one has.
pub(crate) fn runs(old: &Run, new: &Run) -> String {
    let mut text = String::new();
    let same_machine =
        old.machine.processor == new.machine.processor && old.machine.cores == new.machine.cores;
    if !same_machine {
        let _ = writeln!(
            text,
            "careful: other machines ({}, {} cores; {}, {} cores), so only ratios inside one run mean anything\n",
            old.machine.processor, old.machine.cores, new.machine.processor, new.machine.cores
        );
    }
    for after in &new.figures.series {
        let Series { target, operation, connections, .. } = after;
        let what = match old.figures.series_of(target, operation, *connections) {
            Some(before) => {
                let p99 = |series: &Series| series.time(|round| round.p99);
                let rates = format!("{:.0} → {:.0}/s", before.per_second(), after.per_second());
                let times = format!("p99 {:.0} → {:.0} µs", p99(before), p99(after));
                let faults = if before.faults() + after.faults() > 0 { ", WITH FAULTS" } else { "" };
                format!("{}, {rates}, {times}{faults}", sentence(after, before, Pairing::None))
            }
            None => "only in the new run".to_owned(),
        };
        let _ = writeln!(text, "{target}, {operation}, {connections} connections: {what}");
    }
    for before in &old.figures.series {
        let Series { target, operation, connections, .. } = before;
        if new.figures.series_of(target, operation, *connections).is_none() {
            let _ = writeln!(text, "{target}, {operation}, {connections} connections: only in the old run");
        }
    }
    text
}

/// What changed in the footprints of the servers that both runs started, a line for each.
pub(crate) fn footprints(old: &Footprints, new: &Footprints) -> String {
    let mut text = String::new();
    for after in &new.servers {
        let Some(before) = old.servers.iter().find(|before| before.target == after.target) else { continue };
        let change = |figure: fn(&Start) -> Option<f64>, unit: f64| {
            let shown = |server: &Footprint| match server.median(figure) {
                Some(value) => format!("{:.1}", value / unit),
                None => "-".to_owned(),
            };
            format!("{} → {}", shown(before), shown(after))
        };
        let mebibyte = f64::from(1 << 20);
        let _ = writeln!(
            text,
            "{}: first answer {} ms, ready {} ms, RSS {} MiB",
            after.target,
            change(|start| Some(start.first_answer), 1.0),
            change(|start| Some(start.ready), 1.0),
            change(|start| start.rss, mebibyte)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::tests::{run, series};

    #[test]
    fn what_differs_is_told_with_its_interval_and_what_does_not_is_told_so() {
        let old = run(vec![
            series("api-axum", "health", &[100.0, 101.0, 99.0]),
            series("api-axum", "secret", &[100.0, 101.0, 99.0]),
            series("api-axum", "mysql", &[1.0]),
        ]);
        let mut new = run(vec![
            series("api-axum", "health", &[150.0, 152.0, 149.0]),
            series("api-axum", "secret", &[99.5, 101.0, 99.0]),
            series("api-hyper", "health", &[1.0]),
        ]);
        new.figures.series[0].rounds[0].refused = 3;
        let text = runs(&old, &new);
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[0].starts_with("api-axum, health, 64 connections: 1.4") && lines[0].contains("100 → 150/s"),
            "{text}"
        );
        assert!(lines[0].ends_with("WITH FAULTS"), "{text}");
        assert!(lines[1].contains("no difference that these rounds show"), "{text}");
        assert_eq!(lines[2], "api-hyper, health, 64 connections: only in the new run");
        assert_eq!(lines[3], "api-axum, mysql, 64 connections: only in the old run");
    }

    #[test]
    fn other_machines_are_pointed_out() {
        let old = run(vec![series("a", "health", &[1.0])]);
        let mut new = old.clone();
        new.machine.cores += 6;
        assert!(runs(&old, &new).starts_with("careful: other machines"));
    }

    #[test]
    fn footprints_are_held_against_each_other() {
        let old = crate::footprint::tests::footprints();
        let mut new = old.clone();
        new.servers[0].starts.truncate(1);
        assert_eq!(
            footprints(&old, &new),
            "api-axum: first answer 13.0 → 12.0 ms, ready 33.0 → 32.0 ms, RSS 21.0 → 21.0 MiB\n"
        );
    }
}
