//! A run as a page of Markdown: a table for each operation.

use std::fmt::Write as _;

use super::{thousands, time};
use crate::compare;
use crate::result::{Round, Run, Series};

/// The page.
pub(super) fn table(run: &Run) -> String {
    let mut text = String::from("# A load run\n\n");
    let machine = &run.machine;
    for (name, value) in [
        ("begun", run.begun.clone()),
        ("command", format!("`{}`", run.command)),
        ("machine", format!("{}, {} cores", machine.processor, machine.cores)),
        ("system", machine.system.clone()),
        ("built with", machine.rustc.clone()),
        ("revision", machine.revision.clone()),
    ] {
        let _ = writeln!(text, "- {name}: {value}");
    }
    if !run.doubts.is_empty() {
        text.push_str("\nWhat speaks against these figures:\n\n");
        for doubt in &run.doubts {
            let _ = writeln!(text, "- {doubt}");
        }
    }
    for operation in operations(run) {
        let _ = write!(
            text,
            "\n## {operation}\n\n\
             | target | connections | requests/s | to the first target | p50 | p90 | p99 | p99.9 | CPU s per 10,000 | \
             RSS MiB before → peak → after | faults |\n\
             | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        );
        for series in run.series.iter().filter(|series| series.operation == operation) {
            let _ = writeln!(text, "{}", row(run, series));
        }
    }
    text
}

/// The operations of a run, in the order in which they were measured.
pub(super) fn operations(run: &Run) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for series in &run.series {
        if !names.contains(&series.operation.as_str()) {
            names.push(&series.operation);
        }
    }
    names
}

fn row(run: &Run, series: &Series) -> String {
    let first = run
        .series
        .iter()
        .find(|other| other.operation == series.operation && other.connections == series.connections);
    let against = match first {
        Some(first) if first.target != series.target => compare::sentence(series, first),
        _ => "1".to_owned(),
    };
    let median = |figure: fn(&Round) -> Option<f64>| {
        let known: Vec<f64> = series.rounds.iter().filter_map(figure).collect();
        (!known.is_empty()).then(|| crate::statistics::median(&known))
    };
    let memory =
        |figure| median(figure).map_or_else(|| "-".to_owned(), |bytes| thousands(bytes / f64::from(1 << 20)));
    let cpu = median(|round| round.cpu_per_10_000).map_or_else(|| "-".to_owned(), |cpu| format!("{cpu:.2}"));
    let requests: u64 = series.rounds.iter().map(|round| round.requests).sum();
    let faults = match series.faults() {
        0 => String::new(),
        faults => format!("**{faults} of {} not 2xx or lost** ", thousands_of(requests)),
    };
    format!(
        "| {} | {} | {} | {against} | {} | {} | {} | {} | {cpu} | {} → {} → {} | {faults}|",
        series.target,
        series.connections,
        thousands(series.per_second()),
        time(series.time(|round| round.p50)),
        time(series.time(|round| round.p90)),
        time(series.time(|round| round.p99)),
        time(series.time(|round| round.p999)),
        memory(|round| round.rss_before),
        memory(|round| round.rss_peak),
        memory(|round| round.rss_after),
    )
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests stay far below 2^52")]
fn thousands_of(count: u64) -> String {
    thousands(count as f64)
}
