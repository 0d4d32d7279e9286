//! The sections of start-up and footprint, of growth, and of a soak.

use super::{Block, ReportError, Section, Table, columns, mebibytes, plot, thousands, time};
use crate::footprint::{Footprint, Footprints};
use crate::growth::{Curve, Curves, Over, Point};
use crate::result::Measured;
use crate::soak::{Soak, Soaks};

/// Medians of all starts.
pub(super) fn footprint(measured: &Measured<Footprints>) -> Section {
    let mut section = Section::new("Start-up and footprint", measured);
    let columns = columns(&[
        "server",
        "starts",
        "first answer, ms",
        "ready, ms",
        "RSS, MiB",
        "of it written",
        "of it touched",
        "program, MiB",
        "threads",
    ]);
    let rows = measured.figures.servers.iter().map(|server| (footprint_row(server), false)).collect();
    section.blocks.extend([
        Block::Text(
            "Medians. Times count from the start of the process: until `/health/` was answered, and until \
             `/health/ready` was 200. Memory and threads are those of a server that nobody asks."
                .to_owned(),
        ),
        Block::Table(Table { columns, rows }),
    ]);
    section
}

#[expect(clippy::cast_precision_loss, reason = "programs stay far below 2^52 bytes")]
fn footprint_row(server: &Footprint) -> Vec<String> {
    let whole = |figure: Option<f64>| figure.map_or_else(|| "-".to_owned(), thousands);
    vec![
        server.target.clone(),
        server.starts.len().to_string(),
        whole(server.median(|start| Some(start.first_answer))),
        whole(server.median(|start| Some(start.ready))),
        mebibytes(server.median(|start| start.rss)),
        mebibytes(server.median(|start| start.anonymous)),
        mebibytes(server.median(|start| start.file)),
        mebibytes(Some(server.program_bytes as f64)),
        whole(server.median(|start| start.threads)),
    ]
}

/// A table and a plot or two for everything that grows.
pub(super) fn growth(measured: &Measured<Curves>) -> Result<Section, ReportError> {
    let mut section = Section::new("Growth", measured);
    for over in Over::ALL {
        for operation in measured.figures.operations(over) {
            let curves = measured.figures.of(over, operation);
            section.blocks.push(Block::Heading(format!("{operation} over {}", over.label())));
            let rate = |point: &Point| point.per_second;
            let p99 = |point: &Point| point.p99 / 1000.0;
            let p50 = |point: &Point| point.p50 / 1000.0;
            match over {
                Over::Connections | Over::ValueBytes => section.blocks.extend([
                    Block::Plot(plot::curves("requests/s", over.label(), &curves, rate)?),
                    table("requests/s", &curves, |point| thousands(point.per_second)),
                ]),
                Over::Rate => section.blocks.extend([
                    Block::Plot(plot::curves("p99 in ms", over.label(), &curves, p99)?),
                    table("p99", &curves, |point| time(point.p99)),
                ]),
                Over::BackendDelay => section.blocks.extend([
                    Block::Plot(plot::curves("p50 in ms", over.label(), &curves, p50)?),
                    table("p50", &curves, |point| time(point.p50)),
                ]),
            }
            if over == Over::Connections {
                section.blocks.extend([
                    Block::Plot(plot::curves("p99 in ms", over.label(), &curves, p99)?),
                    table("p99", &curves, |point| time(point.p99)),
                ]);
            }
        }
    }
    Ok(section)
}

/// A row for each target, a column for each point. Rates differ from target to target; their columns are shares of what
/// each bears.
fn table(what: &str, curves: &[&Curve], cell: impl Fn(&Point) -> String) -> Block {
    let first = curves.first().map(|curve| curve.points.as_slice()).unwrap_or_default();
    let is_by_rate = curves.iter().any(|curve| curve.over == Over::Rate);
    let head = |index: usize, point: &Point| {
        if is_by_rate { format!("{} %", (index + 1) * 10) } else { thousands(point.at) }
    };
    let heads = first.iter().enumerate().map(|(index, point)| head(index, point));
    let rows = curves.iter().map(|curve| {
        let cells = curve.points.iter().map(|point| {
            let faults = if point.faults > 0 { ", with faults" } else { "" };
            format!("{}{faults}", cell(point))
        });
        let has_faults = curve.points.iter().any(|point| point.faults > 0);
        (std::iter::once(curve.target.clone()).chain(cells).collect(), has_faults)
    });
    let columns = std::iter::once(format!("{what} at")).chain(heads).collect();
    Block::Table(Table { columns, rows: rows.collect() })
}

/// Memory over time.
pub(super) fn soak(measured: &Measured<Soaks>) -> Result<Section, ReportError> {
    let mut section = Section::new("Soak", measured);
    let soaks = &measured.figures.soaks;
    let columns = columns(&["server", "requests/s", "p99 of the slowest operation", "faults", "memory"]);
    let rows =
        soaks.iter().map(|soak| (soak_row(soak), soak.is_steady() == Some(false) || soak.faults() > 0));
    section.blocks.extend([
        Block::Text(format!(
            "All servers at once, each with {} at the same time. Memory is the median of the last fifth of the time \
             against that of the second.",
            soaks.first().map(|soak| soak.operations.join(", ")).unwrap_or_default()
        )),
        Block::Plot(plot::memory(soaks)?),
        Block::Table(Table { columns, rows: rows.collect() }),
    ]);
    Ok(section)
}

fn soak_row(soak: &Soak) -> Vec<String> {
    let memory = match (soak.growth(), soak.is_steady()) {
        (Some(growth), Some(true)) => format!("steady ({:+.1} %)", (growth - 1.0) * 100.0),
        (Some(growth), _) => format!("grew by {:.0} %", (growth - 1.0) * 100.0),
        (None, _) => "too short to tell".to_owned(),
    };
    vec![
        soak.target.clone(),
        thousands(soak.pace),
        time(soak.found.iter().map(|found| found.p99).fold(0.0, f64::max)),
        soak.faults().to_string(),
        memory,
    ]
}
