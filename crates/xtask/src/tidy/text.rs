//! What no file of text may hold.

use super::TextFile;

/// Lines end without white space, files end in one newline, and neither has a carriage return.
///
/// Snapshots and golden files are left out: they hold what a program wrote, as it wrote it.
pub(super) fn endings(file: &TextFile) -> Vec<String> {
    let mut breaches = Vec::new();
    if file.has_extension("snap") || file.path.contains("/golden/") {
        return breaches;
    }
    for (index, line) in file.text.split('\n').enumerate() {
        if line.ends_with([' ', '\t', '\r']) {
            breaches.push(format!("{}:{}: white space at the end of the line", file.path, index + 1));
        }
    }
    let is_ended = file.text.is_empty() || file.text.ends_with('\n') && !file.text.ends_with("\n\n");
    if !is_ended {
        breaches.push(format!("{}: the file must end in one newline", file.path));
    }
    breaches
}

/// Beginnings of paths that only one machine has.
const HOMES: [&str; 3] = ["/root/", "/home/", "/Users/"];

/// Not somebody's home: Homebrew's folder on Linux, and people who live in examples only.
const NOBODYS: [&str; 3] = ["linuxbrew", "ann", "me"];

/// No home folder of a machine, and no registry that a lock file was made from.
pub(super) fn machine(file: &TextFile) -> Vec<String> {
    let mut breaches = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        if HOMES.iter().any(|home| names_home(line, home)) {
            breaches.push(format!("{}:{}: the home folder of a machine", file.path, index + 1));
        }
        if line.trim_start().starts_with(concat!("\"resol", "ved\": \"http")) {
            breaches.push(format!("{}:{}: the registry of a machine", file.path, index + 1));
        }
    }
    breaches
}

/// Whether a line holds a path below a home folder: at the beginning of a path, and with a name behind it.
fn names_home(line: &str, home: &str) -> bool {
    line.match_indices(home).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let is_beginning =
            before.is_none_or(|before| !before.is_alphanumeric() && !"}_-./>".contains(before));
        let rest = &line[at + home.len()..];
        let name = rest.split(|next: char| !next.is_alphanumeric() && next != '.').next().unwrap_or_default();
        is_beginning && name.starts_with(|first: char| first.is_alphabetic()) && !NOBODYS.contains(&name)
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::file;
    use super::*;

    #[test]
    fn white_space_at_an_end_is_named() {
        assert_eq!(endings(&file("a", "one\ntwo\n")), [""; 0]);
        assert_eq!(endings(&file("a", "one \ntwo\t\n")).len(), 2);
        assert_eq!(endings(&file("a", "one\r\n")), ["a:1: white space at the end of the line"]);
        assert_eq!(endings(&file("a/golden/help.txt", "one \ntwo")), [""; 0]);
        for text in ["one", "one\n\n"] {
            assert_eq!(endings(&file("a", text)), ["a: the file must end in one newline"]);
        }
    }

    #[test]
    fn what_only_one_machine_has_is_named() {
        for home in HOMES {
            let found = machine(&file("a", &format!("x\n\"{home}bob/file\"\n")));
            assert_eq!(found, ["a:2: the home folder of a machine"]);
            assert_eq!(
                machine(&file("a", &format!("pki{home}generate {home}<name> {{mount}}{home}x\n"))),
                [""; 0]
            );
        }
        assert_eq!(machine(&file("a", "/home/linuxbrew/.linuxbrew/bin /Users/ann/Library\n")), [""; 0]);
        let lock = format!("  \"{}: \"https://registry.example/a.tgz\"\n", "resolved\"");
        assert_eq!(
            machine(&file("package-lock.json", &lock)),
            ["package-lock.json:1: the registry of a machine"]
        );
    }
}
