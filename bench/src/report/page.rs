//! Sections as a page with plots, in one file that needs no other.

use std::fmt::Write as _;

use super::{Block, Section, Table};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}\
    h2{margin-top:3rem;border-bottom:2px solid #ddd}table{display:block;overflow-x:auto;border-collapse:collapse;margin:1rem 0;font-size:.9rem}\
    th,td{padding:.25rem .75rem;text-align:right;border-bottom:1px solid #ddd}\
    th:first-child,td:first-child{text-align:left}.marked{background:#fde8e8}svg{max-width:100%;height:auto}\
    dl{display:grid;grid-template-columns:max-content auto;gap:0 1rem}dt{font-weight:600}dd{margin:0}";

/// The page.
pub(super) fn page(sections: &[Section]) -> String {
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>What was measured</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>{STYLE}</style>\n\
         <h1>What was measured</h1>\n"
    );
    for section in sections {
        let _ = writeln!(text, "<h2>{}</h2>\n<dl>", escaped(&section.title));
        for (name, value) in &section.facts {
            let _ = writeln!(text, "<dt>{name}</dt><dd>{}</dd>", escaped(value));
        }
        for doubt in &section.doubts {
            let _ = writeln!(text, "<dt>speaks against it</dt><dd class=\"marked\">{}</dd>", escaped(doubt));
        }
        text.push_str("</dl>\n");
        for block in &section.blocks {
            let _ = match block {
                Block::Heading(heading) => writeln!(text, "<h3>{}</h3>", escaped(heading)),
                Block::Text(words) => writeln!(text, "<p>{}</p>", escaped(words)),
                Block::Plot(svg) => writeln!(text, "{svg}"),
                Block::Table(table) => {
                    rows(&mut text, table);
                    Ok(())
                }
            };
        }
    }
    text.push_str("</html>\n");
    text
}

fn rows(text: &mut String, table: &Table) {
    let cells = |kind: &str, cells: &mut dyn Iterator<Item = &str>| {
        cells.fold(String::new(), |row, cell| format!("{row}<{kind}>{}</{kind}>", escaped(cell)))
    };
    let _ =
        writeln!(text, "<table>\n<tr>{}</tr>", cells("th", &mut table.columns.iter().map(String::as_str)));
    for (row, is_marked) in &table.rows {
        let class = if *is_marked { " class=\"marked\"" } else { "" };
        let _ = writeln!(text, "<tr{class}>{}</tr>", cells("td", &mut row.iter().map(String::as_str)));
    }
    text.push_str("</table>\n");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
