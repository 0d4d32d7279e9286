//! Markdown: links, anchors, and the files that the text names.

use std::collections::{BTreeMap, BTreeSet};

use super::TextFile;

/// The lines of a document outside its code blocks, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_code = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        (!in_code && !is_fence).then_some((index + 1, line))
    })
}

/// A line without its `code`, in which brackets are no links.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("``")
}

/// The anchors of a document: those of its headings, as GitHub makes them, and those written out.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (_, line) in prose(text) {
        if let Some(heading) = line.strip_prefix('#') {
            let slug: String = heading
                .trim_start_matches('#')
                .trim()
                .to_lowercase()
                .chars()
                .filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-' | '_'))
                .map(|character| if character == ' ' { '-' } else { character })
                .collect();
            let count = seen.entry(slug.clone()).or_default();
            anchors.insert(if *count == 0 { slug } else { format!("{slug}-{count}") });
            *count += 1;
        }
        anchors.extend(written_anchors(line).map(str::to_owned));
    }
    anchors
}

fn written_anchors(line: &str) -> impl Iterator<Item = &str> {
    line.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next())
}

/// The path that a link means, from the document that holds it; `None` when it leads out of the tree.
fn target(document: &str, link: &str) -> Option<String> {
    let mut folders: Vec<&str> = match link.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => document.split('/').rev().skip(1).collect::<Vec<_>>().into_iter().rev().collect(),
    };
    for step in link.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                folders.pop()?;
            }
            name => folders.push(name),
        }
    }
    Some(folders.join("/"))
}

/// Every link to a file leads to one, and every anchor is there.
pub(super) fn links(documents: &[TextFile], exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut breaches = Vec::new();
    for document in documents {
        for (number, line) in prose(&document.text) {
            let line = without_code(line);
            for link in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                if link.contains("://") || link.starts_with("mailto:") {
                    continue;
                }
                let (path, anchor) =
                    link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
                let path =
                    if path.is_empty() { Some(document.path.clone()) } else { target(&document.path, path) };
                let found = path.filter(|path| exists(path));
                let has_anchor = |anchor: &str| {
                    let other = documents.iter().find(|other| Some(&other.path) == found.as_ref());
                    other.is_none_or(|other| anchors(&other.text).contains(anchor))
                };
                if found.is_none() || !anchor.is_none_or(has_anchor) {
                    breaches.push(format!("{}:{number}: the link {link} leads nowhere", document.path));
                }
            }
        }
    }
    breaches
}

/// Folders whose files documents speak of by their path.
const NAMED: [&str; 5] = ["crates/", "docs/", "openapi/", "compose/", ".ci/"];

/// A file or folder that is named in `code` by its path from the root is there.
pub(super) fn named_files(documents: &[TextFile], exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut breaches = Vec::new();
    for document in documents {
        for (number, line) in prose(&document.text) {
            for name in line.split('`').skip(1).step_by(2) {
                let is_path = NAMED.iter().any(|folder| name.starts_with(folder));
                // A pattern or a sentence of a command names no one file.
                let is_one = !name.contains(['*', '<', '{', ' ', '…']);
                if is_path && is_one && !exists(name.trim_end_matches('/')) {
                    breaches.push(format!("{}:{number}: there is no {name}", document.path));
                }
            }
        }
    }
    breaches
}

/// A rule `**NAME-1.**` stands behind an anchor of the same name, and no name stands twice.
pub(super) fn rule_names(document: &TextFile) -> Vec<String> {
    let (mut breaches, mut seen) = (Vec::new(), BTreeSet::new());
    for (number, line) in prose(&document.text) {
        let Some((anchor, rest)) =
            line.strip_prefix("<a id=\"").and_then(|rest| rest.split_once("\"></a>**"))
        else {
            continue;
        };
        let name = rest.split(".**").next().unwrap_or_default();
        if name.to_lowercase() != anchor {
            breaches.push(format!("{}:{number}: the anchor {anchor} is not that of {name}", document.path));
        }
        if !seen.insert(anchor) {
            breaches.push(format!("{}:{number}: {name} stands twice", document.path));
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::super::tests::file;
    use super::*;

    #[test]
    fn links_and_anchors_that_lead_somewhere_are_no_breach() {
        let documents = [
            file(
                "docs/a.md",
                "# One `two`: three\n[b](b.md) [c](../README.md#top-of-it) [d](#one-two-three) [e](https://x/y.md)\n[f](#rule-1) <a id=\"rule-1\"></a>\n```\n[code](nowhere.md)\n```\n`[code](nowhere.md)`\n",
            ),
            file("docs/b.md", "## Same\n## Same\n[first](#same) [second](#same-1) [folder](../crates)\n"),
            file("README.md", "# Top of it\n"),
        ];
        let exists = |path: &str| ["docs/a.md", "docs/b.md", "README.md", "crates"].contains(&path);
        assert_eq!(links(&documents, &exists), [""; 0]);
    }

    #[test]
    fn links_and_anchors_that_lead_nowhere_are_named() {
        let exists = |path: &str| path == "docs/a.md";
        for link in ["b.md", "#two", "a.md#two", "../../etc", "../docs/b.md"] {
            let documents = [file("docs/a.md", &format!("# One\n\n[x]({link})\n"))];
            assert_eq!(links(&documents, &exists), [format!("docs/a.md:3: the link {link} leads nowhere")]);
        }
    }

    #[test]
    fn a_file_that_is_named_and_not_there_is_a_breach() {
        let documents =
            [file("README.md", "`crates/a/src/` `crates/<name>` `crates/gone.rs` `cargo run crates/x`\n")];
        let found = named_files(&documents, &|path| path == "crates/a/src");
        assert_eq!(found, ["README.md:1: there is no crates/gone.rs"]);
    }

    #[test]
    fn a_rule_has_one_name_and_its_anchor() {
        let document = file(
            "a.md",
            "<a id=\"line-1\"></a>**LINE-1.**\n<a id=\"line-1\"></a>**LINE-2.**\n<a id=\"line-3\"></a>**LINE-3.**\n",
        );
        assert_eq!(
            rule_names(&document),
            ["a.md:2: the anchor line-1 is not that of LINE-2", "a.md:2: LINE-2 stands twice"]
        );
    }
}
