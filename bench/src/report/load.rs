//! The section of a load run: a table and plots for each operation, then the aims.

use super::{Block, ReportError, Section, Table, columns, plot, thousands, time};
use crate::aims::{self, Ceiling};
use crate::compare;
use crate::operation;
use crate::result::{Round, Rounds, Run, Series};
use crate::statistics::{Pairing, median};

/// The section.
pub(super) fn section(run: &Run) -> Result<Section, ReportError> {
    let mut section = Section::new("Load", run);
    let rounds = &run.figures;
    for operation in operations(rounds) {
        let series: Vec<&Series> =
            rounds.series.iter().filter(|series| series.operation == operation).collect();
        section.blocks.extend([
            Block::Heading(operation.to_owned()),
            Block::Plot(plot::rates(&series)?),
            Block::Plot(plot::times(&series)?),
            Block::Table(Table {
                columns: columns(&[
                    "target",
                    "connections",
                    "requests/s",
                    "to the first target",
                    "p50",
                    "p90",
                    "p99",
                    "p99.9",
                    "CPU s per 10,000",
                    "RSS MiB before → peak → after",
                    "faults",
                ]),
                rows: series.iter().map(|series| (row(rounds, series), series.faults() > 0)).collect(),
            }),
        ]);
    }
    section.blocks.extend(aims(rounds));
    Ok(section)
}

/// What can be had at most, and how near the servers come.
fn aims(rounds: &Rounds) -> Vec<Block> {
    let all = aims::of(rounds);
    if all.is_empty() {
        return Vec::new();
    }
    let mut blocks = vec![Block::Heading("Aims".to_owned())];
    let ceilings = operation::ALL.iter().filter_map(|operation| {
        let ceiling = Ceiling::of(rounds, operation.name)?;
        let figures = [ceiling.driver, ceiling.floor, ceiling.per_second()].map(thousands);
        Some(([vec![operation.name.to_owned()], figures.into()].concat(), false))
    });
    let ceilings: Vec<_> = ceilings.collect();
    if !ceilings.is_empty() {
        blocks.push(Block::Text(
            "D is what the driver alone does a second, with the same pool and 64 calls at once; H is what bare hyper \
             answers a second on 64 connections. An operation that costs both, one after the other, can be had \
             1/(1/D + 1/H) times a second. What a server's own health leaves of that is what it would have if the operation \
             cost it the driver's time and nothing else beside what it takes for /health/."
                .to_owned(),
        ));
        let columns = columns(&["operation", "D", "H", "1/(1/D + 1/H)"]);
        blocks.push(Block::Table(Table { columns, rows: ceilings }));
    }
    let met = all.iter().filter(|aim| aim.is_met == Some(true)).count();
    blocks.push(Block::Text(format!(
        "{met} of {} aims are met. An aim is open when the interval of the rounds holds both answers, when there is one \
         round only, or when requests were refused or lost.",
        all.len()
    )));
    let rows = all.into_iter().map(|aim| {
        let verdict = match aim.is_met {
            Some(true) => "met",
            Some(false) => "not met",
            None => "open",
        };
        let cells = vec![aim.operation, aim.target, aim.wanted, aim.found, verdict.to_owned()];
        (cells, aim.is_met == Some(false))
    });
    let columns = columns(&["operation", "target", "wanted", "found", "verdict"]);
    blocks.push(Block::Table(Table { columns, rows: rows.collect() }));
    blocks
}

/// The operations of a run, in the order in which they were measured.
fn operations(rounds: &Rounds) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for series in &rounds.series {
        if !names.contains(&series.operation.as_str()) {
            names.push(&series.operation);
        }
    }
    names
}

fn row(rounds: &Rounds, series: &Series) -> Vec<String> {
    let first = rounds
        .series
        .iter()
        .find(|other| other.operation == series.operation && other.connections == series.connections);
    let against = match first {
        Some(first) if first.target != series.target => compare::sentence(series, first, Pairing::ByRound),
        _ => "1".to_owned(),
    };
    let middle = |figure: fn(&Round) -> Option<f64>| {
        let known: Vec<f64> = series.rounds.iter().filter_map(figure).collect();
        (!known.is_empty()).then(|| median(&known))
    };
    let memory =
        |figure| middle(figure).map_or_else(|| "-".to_owned(), |bytes| thousands(bytes / f64::from(1 << 20)));
    let cpu = middle(|round| round.cpu_per_10_000).map_or_else(|| "-".to_owned(), |cpu| format!("{cpu:.2}"));
    let requests: u64 = series.rounds.iter().map(|round| round.requests).sum();
    let faults = match series.faults() {
        0 => String::new(),
        faults => {
            let kinds = series.kinds_of_faults();
            format!("{faults} of {} not as they should be: {kinds}", thousands_of(requests))
        }
    };
    vec![
        series.target.clone(),
        series.connections.to_string(),
        thousands(series.per_second()),
        against,
        time(series.time(|round| round.p50)),
        time(series.time(|round| round.p90)),
        time(series.time(|round| round.p99)),
        time(series.time(|round| round.p999)),
        cpu,
        [memory(|round| round.rss_before), memory(|round| round.rss_peak), memory(|round| round.rss_after)]
            .join(" → "),
        faults,
    ]
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests stay far below 2^52")]
fn thousands_of(count: u64) -> String {
    thousands(count as f64)
}
