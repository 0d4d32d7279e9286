//! What every source file has in common.

use super::TextFile;

/// A Rust file begins with a `//!` that says what is in it.
pub(super) fn header(file: &TextFile) -> Option<String> {
    let is_rust = file.has_extension("rs");
    let first = file.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let says_something = first.strip_prefix("//!").is_some_and(|text| text.trim().len() > 3);
    (is_rust && !says_something).then(|| format!("{}: begins without //! and what the module is", file.path))
}

#[cfg(test)]
mod tests {
    use super::super::tests::file;
    use super::*;

    #[test]
    fn a_module_without_a_header_is_named() {
        for text in ["use std::fmt;\n", "//! \n", "/// For an item.\n", ""] {
            let found = header(&file("a.rs", text));
            assert_eq!(found.as_deref(), Some("a.rs: begins without //! and what the module is"), "{text:?}");
        }
        assert_eq!(header(&file("a.rs", "//! What it is.\n")), None);
        assert_eq!(header(&file("a.md", "# Not Rust\n")), None);
    }
}
