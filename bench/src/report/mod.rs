//! A folder of results as pages: `README.md` for the repository, `index.html` with plots for people. What was measured
//! itself lies beside them as JSON for programs, a file for each kind of run.

mod load;
mod markdown;
mod others;
mod page;
mod plot;

use std::fs;
use std::path::{Path, PathBuf};

use crate::footprint::Footprints;
use crate::growth::Curves;
use crate::result::{Measured, ResultError, Run};
use crate::soak::Soaks;

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    #[error("{path} cannot be written")]
    Write { path: String, source: std::io::Error },
    #[error(transparent)]
    Result(#[from] ResultError),
    #[error("a plot could not be drawn: {0}")]
    Plot(String),
}

/// All that a folder has.
#[derive(Debug)]
struct Parts {
    load: Option<Run>,
    footprint: Option<Measured<Footprints>>,
    growth: Option<Measured<Curves>>,
    soak: Option<Measured<Soaks>>,
}

/// A titled part of a page: what it says of its circumstances, and its tables and plots.
#[derive(Debug)]
struct Section {
    title: String,
    /// Names and values.
    facts: Vec<(&'static str, String)>,
    /// What speaks against the figures.
    doubts: Vec<String>,
    blocks: Vec<Block>,
}

/// What stands below a title.
#[derive(Debug)]
enum Block {
    Heading(String),
    Text(String),
    Table(Table),
    /// Shown on the page alone.
    Plot(String),
}

/// A table: the first column is text, the others figures. A row that is marked has faults or misses an aim.
#[derive(Debug)]
struct Table {
    columns: Vec<String>,
    rows: Vec<(Vec<String>, bool)>,
}

impl Section {
    fn new<T>(title: &str, measured: &Measured<T>) -> Self {
        let machine = &measured.machine;
        let mut facts = vec![
            ("begun", measured.begun.clone()),
            ("command", measured.command.clone()),
            ("machine", format!("{}, {} cores", machine.processor, machine.cores)),
            ("system", machine.system.clone()),
            ("built with", machine.rustc.clone()),
            ("revision", machine.revision.clone()),
        ];
        if let Some(stillness) = &machine.stillness {
            let text = format!(
                "a running thread is stopped {:.2} % of the time, {} at most, p99 {}; by other programs {:.2} %; the slowest \
                 tenth of all moments runs at {:.0} % of the fastest",
                stillness.stopped * 100.0,
                time(stillness.longest),
                time(stillness.p99),
                stillness.displaced * 100.0,
                stillness.slowest * 100.0
            );
            facts.push(("stillness", text));
        }
        Self { title: title.to_owned(), facts, doubts: measured.doubts.clone(), blocks: Vec::new() }
    }
}

/// Write the pages of what lies in `folder`; gives their paths.
///
/// # Errors
/// When a file of figures cannot be read, a plot not be drawn, or a page not be written.
pub(crate) fn write(folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let parts = Parts {
        load: Measured::read_if_there(folder)?,
        footprint: Measured::read_if_there(folder)?,
        growth: Measured::read_if_there(folder)?,
        soak: Measured::read_if_there(folder)?,
    };
    let mut sections = Vec::new();
    if let Some(run) = &parts.load {
        sections.push(load::section(run)?);
    }
    if let Some(footprints) = &parts.footprint {
        sections.push(others::footprint(footprints));
    }
    if let Some(curves) = &parts.growth {
        sections.push(others::growth(curves)?);
    }
    if let Some(soaks) = &parts.soak {
        sections.push(others::soak(soaks)?);
    }
    let files = [("README.md", markdown::page(&sections)), ("index.html", page::page(&sections))];
    let mut written = Vec::new();
    for (name, content) in files {
        let path = folder.join(name);
        fs::write(&path, content)
            .map_err(|source| ReportError::Write { path: path.display().to_string(), source })?;
        written.push(path);
    }
    Ok(written)
}

fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A number with its thousands apart: `84,012`.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::with_capacity(digits.len() + 4);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Microseconds as a person reads them: `85 µs`, `1.20 ms`.
fn time(microseconds: f64) -> String {
    if microseconds < 1000.0 {
        format!("{microseconds:.0} µs")
    } else {
        format!("{:.2} ms", microseconds / 1000.0)
    }
}

/// Bytes as MiB; `-` when they are not known.
fn mebibytes(bytes: Option<f64>) -> String {
    bytes.map_or_else(|| "-".to_owned(), |bytes| format!("{:.1}", bytes / f64::from(1 << 20)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::tests::{measured, run, series};
    use crate::{footprint, growth, soak};

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(
            [0.0, 999.4, 1000.0, 84_012.0, 1_234_567.0].map(thousands),
            ["0", "999", "1,000", "84,012", "1,234,567"]
        );
        assert_eq!([85.2, 1200.0].map(time), ["85 µs", "1.20 ms"]);
        assert_eq!([None, Some(1_572_864.0)].map(mebibytes), ["-", "1.5"]);
    }

    /// The pages of a folder with a load run.
    fn pages(run: &Run, folder: &Path) -> (String, String) {
        run.write(folder).unwrap();
        let written = write(folder).unwrap();
        let read = |index: usize| fs::read_to_string(&written[index]).unwrap();
        (read(0), read(1))
    }

    #[test]
    fn a_load_run_says_what_was_measured_where_and_which_aims_are_met() {
        let folder = tempfile::tempdir().unwrap();
        let mut run = run(vec![
            series("bare-hyper", "health", &[90_000.0, 91_000.0]),
            series("api-axum", "health", &[80_000.0, 82_000.0]),
            series("drivers", "postgres", &[16_000.0, 16_000.0]),
            series("api-axum", "postgres", &[9000.0, 9100.0]),
        ]);
        run.figures.series[3].rounds[1].refused = 7;
        run.figures.series[3].rounds[1].faults = [("503 DatabaseConnectionError".to_owned(), 7)].into();
        run.doubts.push("the machine is busy".to_owned());
        let (markdown, page) = pages(&run, folder.path());
        let row = "| api-axum | 64 | 81,000 | 0.89–0.90 × | 100 µs | 150 µs | 400 µs | 900 µs | 0.50 | 19 → 24 → 23 | |";
        assert!(markdown.contains("### health") && markdown.contains(row), "{markdown}");
        assert!(
            markdown.contains("7 of 2,000 not as they should be: 503 DatabaseConnectionError"),
            "{markdown}"
        );
        assert!(
            markdown.contains("- the machine is busy") && markdown.contains(&run.machine.system),
            "{markdown}"
        );
        let met = "| health | api-axum | at least 80 % of bare hyper | 90 % (89–90 %) | met |";
        assert!(markdown.contains("### Aims") && markdown.contains(met), "{markdown}");
        assert!(markdown.contains("| postgres | 16,000 | 90,500 | 13,596 |"), "{markdown}");
        assert_eq!(page.matches("<svg").count(), 4, "two plots for each operation");
        assert!(page.contains("<td>api-axum</td>"), "{page}");
        assert!(
            !["<script", "<link", "src=", "@import"].iter().any(|other| page.contains(other)),
            "it needs no other file"
        );
    }

    #[test]
    fn every_kind_of_run_has_a_section_and_what_was_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        measured(footprint::tests::footprints()).write(folder.path()).unwrap();
        measured(growth::tests::curves()).write(folder.path()).unwrap();
        measured(Soaks { soaks: vec![soak::tests::soak(24e6)] }).write(folder.path()).unwrap();
        let (markdown, page) = pages(&run(vec![series("api-axum", "health", &[1.0])]), folder.path());
        for text in [
            "## Load",
            "## Start-up and footprint",
            "| api-axum | 3 | 13 | 33 | 21.0 | 3.8 | - | 33.0 | 6 |",
            "## Growth",
            "| api-axum | 1,000 | 8,000 | 64,000 |",
            "## Soak",
            "grew by 20 %",
        ] {
            assert!(markdown.contains(text), "{text}: {markdown}");
        }
        // Two of the load run's operation, connections, its p99, the delay, and memory.
        assert_eq!(page.matches("<svg").count(), 6, "{page}");
    }
}
