//! Sections as a page of Markdown.

use std::fmt::Write as _;

use super::{Block, Section, Table};

/// The page.
pub(super) fn page(sections: &[Section]) -> String {
    let mut text = String::from("# What was measured\n");
    for section in sections {
        let _ = write!(text, "\n## {}\n\n", section.title);
        for (name, value) in &section.facts {
            let mark = if *name == "command" { "`" } else { "" };
            let _ = writeln!(text, "- {name}: {mark}{value}{mark}");
        }
        if !section.doubts.is_empty() {
            text.push_str("\nWhat speaks against these figures:\n\n");
            for doubt in &section.doubts {
                let _ = writeln!(text, "- {doubt}");
            }
        }
        for block in &section.blocks {
            match block {
                Block::Heading(heading) => {
                    let _ = write!(text, "\n### {heading}\n");
                }
                Block::Text(words) => {
                    let _ = write!(text, "\n{words}\n");
                }
                Block::Table(table) => rows(&mut text, table),
                Block::Plot(_) => {}
            }
        }
    }
    text
}

fn rows(text: &mut String, table: &Table) {
    let _ = write!(text, "\n| {} |\n|{}\n", table.columns.join(" | "), " --- |".repeat(table.columns.len()));
    for (cells, is_marked) in &table.rows {
        let mut line = String::from("|");
        for (index, cell) in cells.iter().enumerate() {
            let is_last = index + 1 == cells.len();
            let mark = if *is_marked && is_last && !cell.is_empty() { "**" } else { "" };
            // An empty cell is one space wide, as every formatter of tables has it.
            let _ = if cell.is_empty() { write!(line, " |") } else { write!(line, " {mark}{cell}{mark} |") };
        }
        let _ = writeln!(text, "{line}");
    }
}
