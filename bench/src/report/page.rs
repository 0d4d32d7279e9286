//! A run as a page with plots, in one file that needs no other.

use std::fmt::Write as _;

use super::{ReportError, markdown, plot, thousands, time};
use crate::result::{Run, Series};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}\
    table{border-collapse:collapse;margin:1rem 0}th,td{padding:.25rem .75rem;text-align:right;border-bottom:1px solid #ddd}\
    th:first-child,td:first-child{text-align:left}.faults{background:#fde8e8}svg{max-width:100%;height:auto}\
    dt{font-weight:600}dd{margin:0 0 .25rem}";

/// The page.
pub(super) fn page(run: &Run) -> Result<String, ReportError> {
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>A load run</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>{STYLE}</style>\n<h1>A load run</h1>\n<dl>\n"
    );
    let machine = &run.machine;
    let processor = format!("{}, {} cores, {}", machine.processor, machine.cores, machine.system);
    for (name, value) in [
        ("begun", &run.begun),
        ("command", &run.command),
        ("machine", &processor),
        ("built with", &machine.rustc),
        ("revision", &machine.revision),
    ] {
        let _ = writeln!(text, "<dt>{name}</dt><dd>{}</dd>", escaped(value));
    }
    for doubt in &run.doubts {
        let _ = writeln!(text, "<dt>speaks against it</dt><dd class=\"faults\">{}</dd>", escaped(doubt));
    }
    text.push_str("</dl>\n");
    for operation in markdown::operations(run) {
        let series: Vec<&Series> = run.series.iter().filter(|series| series.operation == operation).collect();
        let _ = writeln!(
            text,
            "<h2>{}</h2>\n{}\n{}",
            escaped(operation),
            plot::rates(&series)?,
            plot::times(&series)?
        );
        text.push_str("<table>\n<tr><th>target</th><th>connections</th><th>requests/s</th><th>p50</th><th>p99</th><th>p99.9</th><th>faults</th></tr>\n");
        for series in series {
            let _ = writeln!(
                text,
                "<tr{}><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                if series.faults() > 0 { " class=\"faults\"" } else { "" },
                escaped(&series.target),
                series.connections,
                thousands(series.per_second()),
                time(series.time(|round| round.p50)),
                time(series.time(|round| round.p99)),
                time(series.time(|round| round.p999)),
                series.faults(),
            );
        }
        text.push_str("</table>\n");
    }
    text.push_str("</html>\n");
    Ok(text)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
