//! A run as files: `run.json` for programs, `README.md` for the repository, `index.html` with plots for people.

mod markdown;
mod page;
mod plot;

use std::fs;
use std::path::{Path, PathBuf};

use crate::result::Run;

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    #[error("{path} cannot be written")]
    Write { path: String, source: std::io::Error },
    #[error("the run has no form as JSON")]
    Json(#[from] serde_json::Error),
    #[error("a plot could not be drawn: {0}")]
    Plot(String),
}

/// Write all three into `folder`, which is made; gives their paths.
pub(crate) fn write(run: &Run, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |source| ReportError::Write { path, source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let files = [
        ("run.json", format!("{}\n", serde_json::to_string_pretty(run)?)),
        ("README.md", markdown::table(run)),
        ("index.html", page::page(run)?),
    ];
    let mut written = Vec::new();
    for (name, content) in files {
        let path = folder.join(name);
        fs::write(&path, content).map_err(failed(&path))?;
        written.push(path);
    }
    Ok(written)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::tests::{run, series};

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(
            [0.0, 999.4, 1000.0, 84_012.0, 1_234_567.0].map(thousands),
            ["0", "999", "1,000", "84,012", "1,234,567"]
        );
        assert_eq!([85.2, 1200.0].map(time), ["85 µs", "1.20 ms"]);
    }

    #[test]
    fn three_files_are_written_and_say_what_was_measured_where() {
        let folder = tempfile::tempdir().unwrap();
        let mut run = run(vec![
            series("bare-hyper", "health", &[90_000.0, 91_000.0]),
            series("api-axum", "health", &[80_000.0, 82_000.0]),
            series("api-axum", "postgres", &[9000.0, 9100.0]),
        ]);
        run.series[2].rounds[1].refused = 7;
        run.doubts.push("the machine is busy".to_owned());
        let written = write(&run, &folder.path().join("new")).unwrap();
        assert_eq!(Run::read(&written[0]).unwrap(), run);
        let markdown = fs::read_to_string(&written[1]).unwrap();
        let row = "| api-axum | 64 | 81,000 | 0.88–0.91 × | 100 µs | 150 µs | 400 µs | 900 µs | 0.50 | 19 → 24 → 23 | |";
        assert!(markdown.contains("## health") && markdown.contains(row), "{markdown}");
        assert!(markdown.contains("**7 of 2,000 not 2xx or lost**"), "{markdown}");
        assert!(
            markdown.contains("- the machine is busy") && markdown.contains(&run.machine.system),
            "{markdown}"
        );
        let page = fs::read_to_string(&written[2]).unwrap();
        assert_eq!(page.matches("<svg").count(), 4, "two plots for each operation");
        assert!(page.contains("<td>api-axum</td>"), "{page}");
        assert!(
            !["<script", "<link", "src=", "@import"].iter().any(|other| page.contains(other)),
            "it needs no other file"
        );
    }
}
