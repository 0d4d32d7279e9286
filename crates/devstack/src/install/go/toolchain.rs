//! The Go that is installed: where it is, how old it may be, and where it gets modules from.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;

use super::super::error::InstallError;
use super::super::locate::Search;

/// Where the installer of go.dev and Debian's newer packages put it.
const PLACES: &[&str] = &["usr/local/go/bin", "usr/lib/go/bin", "usr/lib/go-*/bin"];

/// An installed Go.
#[derive(Debug)]
pub(super) struct Toolchain {
    pub program: PathBuf,
    settings: Settings,
}

/// What `go env -json` tells.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Settings {
    goversion: String,
    gotoolchain: String,
    goproxy: String,
    gomodcache: PathBuf,
    gohostos: String,
    gohostarch: String,
}

const ASKED: [&str; 6] = ["GOVERSION", "GOTOOLCHAIN", "GOPROXY", "GOMODCACHE", "GOHOSTOS", "GOHOSTARCH"];

impl Toolchain {
    pub(super) fn find(search: &Search) -> Option<PathBuf> {
        search.tool("go", PLACES)
    }

    pub(super) async fn open(program: PathBuf) -> Result<Self, InstallError> {
        let output = tokio::process::Command::new(&program)
            .args(["env", "-json"])
            .args(ASKED)
            // Outside of any module: a go.mod around us must not choose another version.
            .current_dir("/")
            .stdin(Stdio::null())
            .output()
            .await
            .map_err(|source| InstallError::io("run", &program, source))?;
        let settings = serde_json::from_slice(&output.stdout)
            .map_err(|source| InstallError::Answer { command: "go env -json", source })?;
        Ok(Self { program, settings })
    }

    /// Whether it can build a module whose `go.mod` says `needed`: it is that new, or may fetch one that is.
    pub(super) fn serves(&self, needed: &str) -> bool {
        let own = numbers(self.settings.goversion.trim_start_matches("go"));
        // Go fetches newer versions of itself since 1.21.
        let may_fetch = self.settings.gotoolchain != "local" && own >= vec![1, 21];
        own >= numbers(needed) || may_fetch
    }

    pub(super) fn version(&self) -> &str {
        &self.settings.goversion
    }

    /// The environment of a build that leaves nothing outside of `folder` and takes nothing from the caller's settings
    /// but the proxy.
    pub(super) fn environment(&self, folder: &Path) -> Vec<(&'static str, String)> {
        let below = |name: &str| folder.join(name).display().to_string();
        vec![
            ("GOPATH", below("path")),
            ("GOMODCACHE", below("modules")),
            ("GOCACHE", below("objects")),
            ("GOTMPDIR", below("temporary")),
            ("GOPROXY", self.proxy()),
            ("GOOS", self.settings.gohostos.clone()),
            ("GOARCH", self.settings.gohostarch.clone()),
            ("GO111MODULE", "on".into()),
            ("GOWORK", "off".into()),
            // Folders of the module cache stay writable, so that they can be deleted afterwards.
            ("GOFLAGS", "-mod=readonly -modcacherw -trimpath -buildvcs=false".into()),
            ("CGO_ENABLED", "0".into()),
        ]
    }
}

impl Toolchain {
    /// What the user's own module cache holds is read from there, and checked by go.sum like everything else; the rest
    /// comes from where the user has modules come from.
    fn proxy(&self) -> String {
        let (cache, proxy) = (self.settings.gomodcache.display().to_string(), &self.settings.goproxy);
        // In a list of URLs some characters mean something else.
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@!".contains(c);
        if cache.starts_with('/') && cache.chars().all(plain) {
            format!("file://{cache}/cache/download,{proxy}")
        } else {
            proxy.clone()
        }
    }
}

/// The version that a `go.mod` asks for.
pub(super) fn needed_by(go_mod: &str) -> &str {
    go_mod.lines().find_map(|line| line.strip_prefix("go ")).unwrap_or("1.21").trim()
}

fn numbers(version: &str) -> Vec<u32> {
    version.split(['.', 'r', 'b', ' ']).map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(version: &str, toolchain: &str) -> Toolchain {
        let settings = Settings {
            goversion: version.into(),
            gotoolchain: toolchain.into(),
            goproxy: "https://proxy.example,direct".into(),
            gomodcache: "/home/ann/go/pkg/mod".into(),
            gohostos: "linux".into(),
            gohostarch: "amd64".into(),
        };
        Toolchain { program: "/usr/local/go/bin/go".into(), settings }
    }

    #[test]
    fn go_serves_when_it_is_new_enough_or_may_fetch_a_newer_one() {
        for (version, toolchain, needed, serves) in [
            ("go1.26.8", "local", "1.25.3", true),
            ("go1.25.3", "local", "1.25.3", true),
            ("go1.25rc1", "local", "1.25.3", false),
            ("go1.24.9", "local", "1.25.3", false),
            ("go1.24.9", "auto", "1.25.3", true),
            ("go1.19.8", "auto", "1.25.3", false),
            ("go1.100.0", "local", "1.25.3", true),
        ] {
            assert_eq!(go(version, toolchain).serves(needed), serves, "{version} {toolchain} for {needed}");
        }
    }

    #[test]
    fn the_needed_version_is_read_from_go_mod() {
        assert_eq!(needed_by("module m\n\ngo 1.25.3\n\nrequire a v1.0.0\n"), "1.25.3");
    }

    #[test]
    fn a_build_writes_below_its_folder_only_and_reads_the_users_modules() {
        let environment = go("go1.26.8", "local").environment(Path::new("/cache/building/x"));
        let value = |name| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
        for name in ["GOPATH", "GOMODCACHE", "GOCACHE", "GOTMPDIR"] {
            assert!(value(name).unwrap().starts_with("/cache/building/x/"), "{name}");
        }
        assert_eq!(
            value("GOPROXY"),
            Some("file:///home/ann/go/pkg/mod/cache/download,https://proxy.example,direct")
        );
    }

    #[test]
    fn a_module_cache_whose_path_means_something_in_a_url_is_left_out() {
        for path in ["/home/ann, bob/go", "/home/100%/go", "go"] {
            let mut go = go("go1.26.8", "local");
            go.settings.gomodcache = path.into();
            assert_eq!(go.proxy(), "https://proxy.example,direct", "{path}");
        }
    }
}
