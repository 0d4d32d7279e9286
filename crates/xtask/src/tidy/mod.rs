//! Rules of the tree that no compiler knows. Each is one function from what it looks at to the breaches it found.

mod contract;
mod documents;
mod handlers;
mod layers;
mod manifests;
mod sources;
mod text;

use crate::tree;

/// A tracked file of text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TextFile {
    /// Below the root folder, with `/` between folders.
    path: String,
    text: String,
}

impl TextFile {
    fn has_extension(&self, extension: &str) -> bool {
        std::path::Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }
}

/// Holds the tree to every rule.
///
/// # Errors
/// A line for each breach.
pub(crate) fn run() -> Result<Vec<String>, Vec<String>> {
    let files = text_files().map_err(|fault| vec![fault])?;
    let members = layers::members().map_err(|fault| vec![fault])?;
    let operations = handlers::operation_ids().map_err(|fault| vec![fault])?;
    let manifests =
        || files.iter().filter(|file| file.path.starts_with("crates/") && file.path.ends_with("/Cargo.toml"));
    let documents: Vec<_> = files.iter().filter(|file| file.has_extension("md")).cloned().collect();
    let exists = |path: &str| tree::root().join(path).exists();

    let text_of =
        |path: &str| files.iter().find(|file| file.path == path).map_or("", |file| file.text.as_str());

    let rules: [(&str, Vec<String>); 15] = [
        (
            "the contract is understood, and its examples are as it says",
            contract::examples(text_of("openapi/openapi.yaml")),
        ),
        ("the exceptions are understood", contract::exceptions(text_of("openapi/exceptions.toml"))),
        ("crates use only what lies below them", layers::directions(&members)),
        ("no web framework lies below the servers", layers::frameworks(&members)),
        ("manifests inherit the workspace's lints", manifests().flat_map(manifests::lints).collect()),
        ("manifests take versions from the workspace", manifests().flat_map(manifests::versions).collect()),
        ("manifests inherit the workspace's package", manifests().flat_map(manifests::package).collect()),
        ("every module says what it is", files.iter().filter_map(sources::header).collect()),
        ("servers register each operation by itself", handlers::each_operation(&files, &operations)),
        ("servers have no route that catches all", files.iter().flat_map(handlers::catch_all).collect()),
        ("links between documents lead somewhere", documents::links(&documents, &exists)),
        ("files that documents name are there", documents::named_files(&documents, &exists)),
        (
            "rules of the conventions have one name each",
            documents.iter().flat_map(documents::rule_names).collect(),
        ),
        ("lines end where their text ends", files.iter().flat_map(text::endings).collect()),
        ("nothing of one machine is in the tree", files.iter().flat_map(text::machine).collect()),
    ];
    let (mut kept, mut breaches) = (Vec::new(), Vec::new());
    for (rule, found) in rules {
        if found.is_empty() {
            kept.push(format!("ok: {rule}"));
        }
        breaches.extend(found.into_iter().map(|breach| format!("{breach} ({rule})")));
    }
    if breaches.is_empty() { Ok(kept) } else { Err(breaches) }
}

/// The tracked files that are text, but for what others wrote.
fn text_files() -> Result<Vec<TextFile>, String> {
    let mut files = Vec::new();
    for path in tree::output_of("git", &["ls-files", "-z"])?.split_terminator('\0') {
        // Vendored files stay as their authors made them.
        if path.ends_with(".min.js") || path.contains("/assets/") || path.starts_with("LICENSE") {
            continue;
        }
        // A file that is tracked and gone is being deleted; one that is no UTF-8 is no text.
        if let Ok(text) = std::fs::read_to_string(tree::root().join(path)) {
            files.push(TextFile { path: path.to_owned(), text });
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::TextFile;

    pub(super) fn file(path: &str, text: &str) -> TextFile {
        TextFile { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn the_tree_keeps_every_rule() {
        if let Err(breaches) = super::run() {
            panic!("{}", breaches.join("\n"));
        }
    }
}
