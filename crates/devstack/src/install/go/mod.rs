//! The servers that are built from source with Go where no package exists: what they are made of, as data.
//!
//! The sources are inside this binary, so that a build needs nothing of the repository; how it goes is in `build`.

mod build;
mod progress;
mod toolchain;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::cache;

pub(super) use build::build;

/// Raised when the way of building changes while the sources do not, so that a new build is made.
const RECIPE: &str = "1";

/// A server that can be built.
#[derive(Debug)]
pub(super) struct GoProgram {
    /// The name in sentences.
    pub title: &'static str,
    /// The file name of the binary.
    pub name: &'static str,
    /// The version of the server, without `v`.
    pub version: &'static str,
    /// The files of the module that is written to begin with: `go.mod`, `go.sum` and what else there is.
    sources: &'static [(&'static str, &'static str)],
    /// Where the package to be built comes from.
    origin: Origin,
    /// The disk space that modules, objects and binary take while building, in bytes, with some room.
    pub disk: u64,
    /// What to expect, for the person who waits.
    pub expect: &'static str,
}

/// Where the package to be built comes from.
#[derive(Debug)]
enum Origin {
    /// It is the module that is written.
    Ours,
    /// It is a package of a module that ours pins: copied, changed, built.
    Copied {
        module: &'static str,
        package: &'static str,
        /// Files that its packagers are to write, with their content.
        written: &'static [(&'static str, &'static str)],
        /// The one change, as JSON for [`Change`].
        change: &'static str,
    },
}

/// One change to one file; its text must be there exactly once.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    file: PathBuf,
    before: String,
    after: String,
    /// For the reader of the file.
    why: String,
}

/// HashiCorp Vault.
pub(super) static VAULT: GoProgram = GoProgram {
    title: "Vault",
    name: "vault",
    version: "1.21.1",
    sources: &[
        ("go.mod", include_str!("../../../native/vault/go.mod")),
        ("go.sum", include_str!("../../../native/vault/go.sum")),
        ("main.go", include_str!("../../../native/vault/main.go")),
        ("core.go", include_str!("../../../native/vault/core.go")),
        ("certificate.go", include_str!("../../../native/vault/certificate.go")),
    ],
    origin: Origin::Ours,
    disk: 7 << 30,
    expect: "5 to 10 minutes on two cores that have nothing else to do, 6 GB of disk for that time",
};

/// FerretDB.
pub(super) static FERRETDB: GoProgram = GoProgram {
    title: "FerretDB",
    name: "ferretdb",
    version: "1.24.2",
    sources: &[
        ("go.mod", include_str!("../../../native/ferretdb/go.mod")),
        ("go.sum", include_str!("../../../native/ferretdb/go.sum")),
    ],
    origin: Origin::Copied {
        module: "github.com/FerretDB/FerretDB",
        package: "./cmd/ferretdb",
        written: &[("build/version/version.txt", "v1.24.2\n")],
        change: include_str!("../../../native/ferretdb/change.json"),
    },
    disk: 2 << 30,
    expect: "1 to 3 minutes on two cores, 1.3 GB of disk for that time",
};

impl GoProgram {
    /// The name of its folder in the cache; another one whenever sources, version or platform change.
    pub(super) fn folder_name(&self) -> String {
        let origin = match self.origin {
            Origin::Ours => "",
            Origin::Copied { change, .. } => change,
        };
        let platform = [std::env::consts::OS, std::env::consts::ARCH];
        let sources = self.sources.iter().flat_map(|(name, content)| [*name, *content]);
        let parts = [RECIPE, origin].into_iter().chain(platform).chain(sources);
        format!("{}-{}-{}", self.name, self.version, cache::fingerprint(parts.map(str::as_bytes)))
    }

    /// Where its binary is, once built.
    pub(super) fn binary(&self, cache: &Path) -> PathBuf {
        cache.join(self.folder_name()).join(self.name)
    }
}

impl Change {
    /// `text` with the change made.
    ///
    /// # Errors
    /// How often the text to be changed occurs, when that is not once.
    fn apply(&self, text: &str) -> Result<String, usize> {
        match text.matches(&self.before).count() {
            1 => Ok(text.replacen(&self.before, &self.after, 1)),
            found => Err(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change() -> Change {
        let Origin::Copied { change, .. } = FERRETDB.origin else { panic!("FerretDB is built from a copy") };
        serde_json::from_str(change).unwrap()
    }

    #[test]
    fn the_versions_are_those_that_go_mod_pins_and_go_sum_checks() {
        for (build, module) in
            [(&VAULT, "github.com/hashicorp/vault"), (&FERRETDB, "github.com/FerretDB/FerretDB")]
        {
            let text = |wanted| build.sources.iter().find(|(name, _)| *name == wanted).unwrap().1;
            let pinned = format!("{module} v{}", build.version);
            assert!(text("go.mod").contains(&pinned), "go.mod of {}: {pinned}", build.name);
            assert!(text("go.sum").contains(&format!("{pinned} h1:")), "go.sum of {}: {pinned}", build.name);
        }
    }

    #[test]
    fn every_go_file_of_the_vault_server_is_inside_the_binary() {
        for entry in std::fs::read_dir("native/vault").unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let go = path.extension().is_some_and(|extension| extension == "go");
            let wanted = name.starts_with("go.") || (go && !name.ends_with("_test.go"));
            assert_eq!(VAULT.sources.iter().any(|(source, _)| *source == name), wanted, "{name}");
        }
    }

    #[test]
    fn ferretdb_is_told_the_version_that_is_pinned() {
        let Origin::Copied { written, .. } = FERRETDB.origin else { panic!("FerretDB is built from a copy") };
        assert_eq!(written, [("build/version/version.txt", "v1.24.2\n")]);
        assert!(written[0].1.contains(FERRETDB.version));
    }

    #[test]
    fn a_change_is_made_once_or_not_at_all() {
        let change = change();
        let once = format!("return {}\n", change.before);
        assert_eq!(change.apply(&once).unwrap(), format!("return {}\n", change.after));
        assert_eq!(change.apply("return nothing\n"), Err(0));
        assert_eq!(change.apply(&once.repeat(2)), Err(2));
    }

    /// Holds the data file and the pinned module together, wherever Go has that module already.
    #[test]
    fn the_text_to_be_changed_occurs_once_in_the_pinned_module_when_it_is_at_hand() {
        let Ok(answer) = std::process::Command::new("go").args(["env", "GOMODCACHE"]).output() else {
            return;
        };
        let cache = PathBuf::from(String::from_utf8(answer.stdout).unwrap().trim());
        let module = cache.join(format!("github.com/!ferret!d!b/!ferret!d!b@v{}", FERRETDB.version));
        let change = change();
        let Ok(text) = std::fs::read_to_string(module.join(&change.file)) else { return };
        let changed = change.apply(&text).unwrap();
        assert!(changed.contains("\"done\", conv.Done(),"));
    }
}
