//! A copy of the repository whose document may be edited.
//!
//! It lies in Cargo's folder for tests and is built in the folder in which this test was built, so that of all crates
//! only the workspace's own are built a second time. Two things keep them apart from those of the repository: the copy
//! has another version, and its servers are examples, which have names of their own in that folder.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;

type BoxError = Box<dyn Error + Send + Sync>;

const DOCUMENT: &str = "openapi/openapi.yaml";

/// A server that the document leads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Api {
    /// Its crate.
    pub(crate) name: &'static str,
    /// The example that its `main` becomes in the copy.
    pub(crate) example: &'static str,
}

/// axum, spec-first.
pub(crate) const AXUM: Api = Api { name: "api-axum-spec", example: "edited_axum" };
/// actix-web, spec-first.
pub(crate) const ACTIX: Api = Api { name: "api-actix-spec", example: "edited_actix" };
/// No framework: it reads the document when it starts.
pub(crate) const HYPER: Api = Api { name: "api-hyper", example: "edited_hyper" };
/// All of them.
pub(crate) const ALL: [Api; 3] = [AXUM, ACTIX, HYPER];

/// No command of these tests takes longer: a build of all that the workspace has of its own, on a slow machine.
const LIMIT: Duration = Duration::from_mins(15);

/// Held by the one test that has the copy.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// The copy, as the repository is now.
#[derive(Debug)]
pub(crate) struct Copy {
    root: PathBuf,
    _turn: MutexGuard<'static, ()>,
}

impl Copy {
    /// Waits for the copy and makes it like the repository.
    ///
    /// Only files that differ are written, so that Cargo sees what has changed since the last test and nothing else.
    pub(crate) async fn make() -> Result<Self, BoxError> {
        let turn = ONE_AT_A_TIME.lock().await;
        let copy = Self { root: Path::new(env!("CARGO_TARGET_TMPDIR")).join("document-leads"), _turn: turn };
        let mut wanted = BTreeMap::new();
        for path in repository_files().await? {
            let content = fs::read(repository().join(&path))?;
            wanted.insert(path, content);
        }
        adapt(&mut wanted)?;
        for found in files_below(&copy.root)? {
            if !wanted.contains_key(&found) {
                fs::remove_file(copy.root.join(found))?;
            }
        }
        for (path, content) in wanted {
            copy.write(&path, &content)?;
        }
        Ok(copy)
    }

    /// Changes the document of the copy.
    pub(crate) fn edit(&self, edit: impl Fn(&str) -> Result<String, BoxError>) -> Result<(), BoxError> {
        let document = fs::read_to_string(self.document())?;
        self.write(DOCUMENT, edit(&document)?.as_bytes())
    }

    /// The document of the copy.
    pub(crate) fn document(&self) -> PathBuf {
        self.root.join(DOCUMENT)
    }

    /// Writes a file of the copy, unless it is as it should be.
    fn write(&self, path: &str, content: &[u8]) -> Result<(), BoxError> {
        let path = self.root.join(path);
        if fs::read(&path).is_ok_and(|found| found == content) {
            return Ok(());
        }
        fs::create_dir_all(path.parent().unwrap_or(&self.root))?;
        Ok(fs::write(path, content)?)
    }

    /// Every generated file with its content.
    pub(crate) fn generated(&self) -> Result<BTreeMap<String, Vec<u8>>, BoxError> {
        let files = files_below(&self.root)?;
        let generated = files.into_iter().filter(|path| path.contains("/generated/"));
        generated.map(|path| Ok((path.clone(), fs::read(self.root.join(path))?))).collect()
    }

    /// Generates code from the document of the copy.
    ///
    /// # Errors
    /// With what the generator says.
    pub(crate) async fn codegen(&self) -> Result<(), BoxError> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        let output = run(command.args(["codegen", "--root"]).arg(&self.root)).await?;
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into()) }
    }

    /// Lets the compiler look at a server; gives the errors, or `None` when it compiles.
    pub(crate) async fn check(&self, api: Api) -> Result<Option<String>, BoxError> {
        let output = run(self.cargo("check", &[api]).arg("--quiet")).await?;
        Ok((!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned()))
    }

    /// A command of Cargo on servers of the copy.
    ///
    /// The whole workspace is named, because that decides which features the crates of others are built with; what is
    /// built are the examples and what they need.
    pub(crate) fn cargo(&self, what: &str, apis: &[Api]) -> Command {
        let mut command = Command::from(testkit::cargo());
        // The folder that this very test was built in.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap_or(Path::new("target"));
        command.current_dir(&self.root).env("CARGO_TARGET_DIR", target).env("CARGO_NET_OFFLINE", "true");
        command.env("CARGO_TERM_COLOR", "never").args([what, "--workspace", "--no-default-features"]);
        for api in apis {
            command.args(["--example", api.example]);
        }
        command
    }
}

/// Runs a command to its end.
pub(crate) async fn run(command: &mut Command) -> Result<Output, BoxError> {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    Ok(timeout(LIMIT, output).await.map_err(|_| format!("not done within {LIMIT:?}"))??)
}

/// Puts a text in the place of another that stands in `whole` once.
pub(crate) fn once(whole: &str, old: &str, new: &str) -> Result<String, BoxError> {
    match whole.matches(old).count() {
        1 => Ok(whole.replacen(old, new, 1)),
        count => Err(format!("{old:?} stands there {count} times").into()),
    }
}

/// Makes of the repository's files those of the copy.
fn adapt(files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), BoxError> {
    let mut change = |path: &str, change: &dyn Fn(&str) -> Result<String, BoxError>| {
        let content = files.get_mut(path).ok_or_else(|| format!("there is no {path}"))?;
        *content = change(std::str::from_utf8(content)?)?.into_bytes();
        Ok::<_, BoxError>(())
    };
    let version = format!("\nversion = {:?}\n", env!("CARGO_PKG_VERSION"));
    change("Cargo.toml", &|manifest| once(manifest, &version, "\nversion = \"0.0.0-edited\"\n"))?;
    for api in ALL {
        // The servers' own tests, and the crates that these need, are not built.
        change(&format!("crates/{}/Cargo.toml", api.name), &|manifest| {
            let (kept, _) = manifest.split_once("\n[dev-dependencies]\n").ok_or("no [dev-dependencies]")?;
            Ok(format!("{kept}\n[lints]\nworkspace = true\n"))
        })?;
    }
    // Quicker to build. One by one, and not by changing the whole profile: that would build the crates of others again.
    let members: Vec<String> = files
        .keys()
        .filter_map(|path| path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml"))
        .map(str::to_owned)
        .collect();
    let manifest = files.entry("Cargo.toml".to_owned()).or_default();
    for member in members {
        writeln!(manifest, "\n[profile.test.package.{member}]\nopt-level = 0\ndebug = false")?;
    }
    for api in ALL {
        let path = |file: &str| format!("crates/{}/{file}", api.name);
        files.retain(|file, _| !file.starts_with(&path("tests/")));
        let main = files.remove(&path("src/main.rs")).ok_or("a server without a main")?;
        files.insert(path(&format!("examples/{}.rs", api.example)), main);
    }
    Ok(())
}

fn repository() -> &'static Path {
    Path::new("../..")
}

/// The files that are tracked or are going to be.
async fn repository_files() -> Result<Vec<String>, BoxError> {
    let mut command = Command::new("git");
    command.current_dir(repository()).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = run(&mut command).await?;
    if !output.status.success() {
        return Err(format!("git: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let listed = String::from_utf8(output.stdout)?;
    let files = listed.split('\0').filter(|path| !path.is_empty()).map(str::to_owned);
    // A file that was deleted and not yet committed is listed, too.
    Ok(files.filter(|path| repository().join(path).is_file()).collect())
}

/// The files below a folder, relative to it; none when it is not there.
fn files_below(root: &Path) -> Result<Vec<String>, BoxError> {
    let (mut folders, mut files) = (vec![root.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path.strip_prefix(root)?.to_str().ok_or("a path that is not UTF-8")?.to_owned());
            }
        }
    }
    Ok(files)
}
