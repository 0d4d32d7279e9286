//! Names and forms of the Rust language.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::tree;

/// Words that cannot be names as they are.
const KEYWORDS: [&str; 37] = [
    "as", "async", "await", "break", "const", "continue", "dyn", "else", "enum", "extern", "false", "fn",
    "for", "gen", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "unsafe", "use", "where", "while", "yield",
];

/// A name as a field, a parameter or a function.
///
/// `None` when it is not in the form of one, such as `X-Name`.
pub(super) fn field(name: &str) -> Option<String> {
    let is_start = |first: char| first.is_ascii_lowercase() || first == '_';
    let is_rest = |next: char| next.is_ascii_lowercase() || next.is_ascii_digit() || next == '_';
    let is_name = name.starts_with(is_start)
        && name.chars().all(is_rest)
        && !matches!(name, "_" | "self" | "crate" | "super");
    is_name.then(|| if KEYWORDS.contains(&name) { format!("r#{name}") } else { name.to_owned() })
}

/// Words in any writing as a type: `set_cache` and `no expiration` become `SetCache` and `NoExpiration`.
pub(super) fn type_name(words: &str) -> String {
    let words = words.split(|next: char| !next.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(capitalised).collect()
}

/// Words in any writing as a constant.
pub(super) fn constant(words: &str) -> String {
    words.to_ascii_uppercase().replace(|next: char| !next.is_ascii_alphanumeric(), "_")
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// Prose as a documentation comment, with the indentation left to rustfmt.
pub(super) fn doc(prose: &str) -> String {
    let lines = prose.trim().lines();
    lines.map(|line| format!("/// {line}").trim_end().to_owned() + "\n").collect()
}

/// A text as a literal: raw where that spares escapes.
pub(super) fn literal(text: &str) -> String {
    if text.contains('\\') && !text.contains('"') { format!("r\"{text}\"") } else { format!("{text:?}") }
}

/// A number with its digits in groups of three from the sixth on, as the linter wants it.
pub(super) fn number(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len() > 4 && (digits.len() - index).is_multiple_of(3) {
            grouped.push('_');
        }
        grouped.push(digit);
    }
    if value < 0 { format!("-{grouped}") } else { grouped }
}

/// Passes source text through rustfmt, with the settings of the repository.
pub(super) fn format(text: &str) -> Result<String, String> {
    let failed = |error: &dyn std::fmt::Display| format!("cannot run rustfmt: {error}");
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout"])
        .current_dir(tree::root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(&error))?;
    // rustfmt reads all of its input before it writes, so this cannot block on a full pipe; dropping the
    // handle is the end of the input.
    if let Some(mut stdin) = rustfmt.stdin.take() {
        stdin.write_all(text.as_bytes()).map_err(|error| failed(&error))?;
    }
    let output = rustfmt.wait_with_output().map_err(|error| failed(&error))?;
    if !output.status.success() {
        return Err(failed(&output.status));
    }
    String::from_utf8(output.stdout).map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_take_the_form_that_rust_has_for_them() {
        assert_eq!(field("queue_name").as_deref(), Some("queue_name"));
        assert_eq!(field("type").as_deref(), Some("r#type"));
        for name in ["X-Name", "", "1st", "camelCase", "self", "_"] {
            assert_eq!(field(name), None, "{name}");
        }
        assert_eq!(type_name("set_cache"), "SetCache");
        assert_eq!(type_name("no expiration"), "NoExpiration");
        assert_eq!(type_name("redis-1"), "Redis1");
        assert_eq!(constant("queue_name"), "QUEUE_NAME");
    }

    #[test]
    fn numbers_and_texts_are_written_as_one_would() {
        assert_eq!(number(86_400), "86_400");
        assert_eq!(number(5000), "5000");
        assert_eq!(number(-1_234_567), "-1_234_567");
        assert_eq!(literal(r"^amq\."), r#"r"^amq\.""#);
        assert_eq!(literal("a\"b"), r#""a\"b""#);
    }
}
