//! What the manifest of every member has in common.

use toml::{Table, Value};

use super::TextFile;

/// What a member's `[package]` takes from the workspace.
const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

fn parse(file: &TextFile) -> Result<Table, Vec<String>> {
    file.text.parse().map_err(|_| vec![format!("{}: not TOML", file.path)])
}

fn is_inherited(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
}

/// `[lints] workspace = true`.
pub(super) fn lints(file: &TextFile) -> Vec<String> {
    match parse(file) {
        Err(fault) => fault,
        Ok(manifest) if is_inherited(manifest.get("lints")) => Vec::new(),
        Ok(_) => vec![format!("{}: needs [lints] workspace = true", file.path)],
    }
}

/// `version.workspace = true` and the like.
pub(super) fn package(file: &TextFile) -> Vec<String> {
    let manifest = match parse(file) {
        Ok(manifest) => manifest,
        Err(fault) => return fault,
    };
    let package = manifest.get("package");
    let missing =
        INHERITED.iter().filter(|name| !is_inherited(package.and_then(|package| package.get(name))));
    missing.map(|name| format!("{}: needs {name}.workspace = true", file.path)).collect()
}

/// Every dependency is one of the workspace's table, those of one platform too.
pub(super) fn versions(file: &TextFile) -> Vec<String> {
    let manifest = match parse(file) {
        Ok(manifest) => manifest,
        Err(fault) => return fault,
    };
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flatten();
    let tables = std::iter::once(&manifest).chain(targets.filter_map(|(_, target)| target.as_table()));
    tables
        .flat_map(|table| {
            ["dependencies", "dev-dependencies", "build-dependencies"].map(|kind| table.get(kind))
        })
        .flatten()
        .filter_map(Value::as_table)
        .flatten()
        .filter(|(_, dependency)| !is_inherited(Some(dependency)))
        .map(|(name, _)| format!("{}: {name} must come from [workspace.dependencies]", file.path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::file;
    use super::*;

    const GOOD: &str = "
[package]
name = 'a'
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true
[dependencies]
b.workspace = true
[dev-dependencies]
c = { workspace = true, features = ['d'] }
[lints]
workspace = true
";

    #[test]
    fn a_manifest_as_it_should_be_has_no_breach() {
        let file = file("crates/a/Cargo.toml", GOOD);
        assert_eq!([lints(&file), versions(&file), package(&file)].concat(), [""; 0]);
    }

    #[test]
    fn each_breach_is_named() {
        let breach = |from: &str, to: &str| {
            let file = file("a/Cargo.toml", &GOOD.replacen(from, to, 1));
            [lints(&file), versions(&file), package(&file)].concat()
        };
        assert_eq!(breach("[lints]\nworkspace = true", ""), ["a/Cargo.toml: needs [lints] workspace = true"]);
        assert_eq!(
            breach("license.workspace = true", "license = 'MIT'"),
            ["a/Cargo.toml: needs license.workspace = true"]
        );
        assert_eq!(
            breach("b.workspace = true", "b = '1'"),
            ["a/Cargo.toml: b must come from [workspace.dependencies]"]
        );
        assert_eq!(
            breach("[lints]", "[target.'cfg(unix)'.build-dependencies]\nd = '1'\n[lints]"),
            ["a/Cargo.toml: d must come from [workspace.dependencies]"]
        );
        assert_eq!(breach("[package]", "[package"), ["a/Cargo.toml: not TOML"; 3]);
    }
}
