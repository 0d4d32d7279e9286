//! One build: sources written, modules fetched, packages compiled, the binary put in its place by a rename.
//!
//! Everything happens below one folder of the cache with a module cache and a build cache of its own, several gigabytes
//! for Vault, which is deleted when the build has succeeded, by a process of its own: that takes minutes on a slow disk,
//! and nothing waits for it. After a failure the folder stays, so that the next attempt goes on from there; a lock keeps
//! two builders of the same thing apart.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::super::error::InstallError;
use super::super::locate::Search;
use super::super::run::{Run, every};
use super::progress::{Count, modules_in};
use super::toolchain::{Toolchain, needed_by};
use super::{Change, GoProgram, Origin};
use crate::progress::{Event, Progress};

/// How long one build may take in all.
const LIMIT: Duration = Duration::from_mins(30);
/// How long to wait for another process that builds the same.
const LOCK_LIMIT: Duration = Duration::from_mins(35);
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Build `program` into `cache`, unless it is there already.
///
/// # Errors
/// [`InstallError`]: no Go or too old a one, no room, another builder that does not finish, a command that fails.
pub(in super::super) async fn build(
    program: &GoProgram,
    cache: &Path,
    search: &Search,
    progress: &dyn Progress,
) -> Result<(), InstallError> {
    let begun = Instant::now();
    let step = format!("build {}", program.name);
    let go = Toolchain::find(search).ok_or(InstallError::NoGo { title: program.title })?;
    let toolchain = Toolchain::open(go).await?;
    let go_mod = program.source("go.mod");
    if !toolchain.serves(needed_by(go_mod)) {
        return Err(InstallError::OldGo {
            title: program.title,
            needed: needed_by(go_mod).to_owned(),
            found: toolchain.version().to_owned(),
        });
    }

    let building = cache.join("building");
    make_folder(&building)?;
    let _lock = lock(program, &building, &step, progress).await?;
    if program.binary(cache).exists() {
        progress.event(&Event::done(step, "built by another process meanwhile", begun.elapsed()));
        return Ok(());
    }

    let folder = building.join(program.folder_name());
    let discarded = discarded(&folder);
    if discarded.exists() {
        // Whoever was deleting it was stopped; or is at it still, which does no harm.
        hand_to_rm(&discarded).await?;
    }
    if !folder.exists() {
        check_room(program, &building)?;
    }
    progress.event(&Event::started(
        step.as_str(),
        format!("{} {}: {}", program.title, program.version, program.expect),
    ));
    let log = building.join(format!("{}.log", program.folder_name()));
    fs::write(&log, "").map_err(|source| InstallError::io("write", &log, source))?;
    let work = Work { program, toolchain, folder, log, step, begun, progress };
    let result = work.build(cache).await;
    if let Err(error) = &result {
        progress.event(&Event::failed(work.step.as_str(), error.to_string()));
        return result;
    }
    discard(&work.folder).await?;
    remove(work.log).await?;
    let size = fs::metadata(program.binary(cache)).map_or(0, |metadata| metadata.len());
    let what = format!("{} {} ({} MB)", program.title, program.version, size >> 20);
    progress.event(&Event::done(work.step, what, begun.elapsed()));
    Ok(())
}

/// A build under way.
struct Work<'a> {
    program: &'a GoProgram,
    toolchain: Toolchain,
    folder: PathBuf,
    log: PathBuf,
    step: String,
    begun: Instant,
    progress: &'a dyn Progress,
}

impl Work<'_> {
    async fn build(&self, cache: &Path) -> Result<(), InstallError> {
        let sources = self.folder.join("sources");
        // Go does not make the folder for its temporary files.
        for folder in [&sources, &self.folder.join("temporary")] {
            make_folder(folder)?;
        }
        for (name, content) in self.program.sources {
            write(&sources.join(name), content)?;
        }
        let (module, package) = match &self.program.origin {
            Origin::Ours => (sources, "."),
            Origin::Copied { module, package, written, change } => {
                (self.copy(&sources, module, written, change).await?, *package)
            }
        };
        let modules = modules_in(&fs::read_to_string(module.join("go.mod")).unwrap_or_default());
        let list = ["list", "-deps", "-f", "{{.ImportPath}}", package];
        let packages = self.go(&module, &list, Count::of_modules(modules)).await?;

        let finished = self.folder.join("finished");
        make_folder(&finished)?;
        let binary = finished.join(self.program.name);
        let output = binary.display().to_string();
        let build = ["build", "-v", "-ldflags", "-s -w", "-o", &output, package];
        self.go(&module, &build, Count::of_packages(&packages)).await?;
        self.check(&binary).await?;

        let place = cache.join(self.program.folder_name());
        if place.exists() {
            // A folder without its binary: somebody deleted half of it.
            remove(place.clone()).await?;
        }
        fs::rename(&finished, &place).map_err(|source| InstallError::io("put the build into", &place, source))
    }

    /// Fetch the module that ours pins, copy it to where it can be changed, and change it. Returns the copy's folder.
    async fn copy(
        &self,
        sources: &Path,
        module: &str,
        written: &[(&str, &str)],
        change: &str,
    ) -> Result<PathBuf, InstallError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Download {
            dir: PathBuf,
        }
        let answer =
            self.go(sources, &["mod", "download", "-json", module], Count::default()).await?.join("\n");
        let download: Download = serde_json::from_str(&answer)
            .map_err(|source| InstallError::Answer { command: "go mod download -json", source })?;
        let copy = self.folder.join("copy");
        remove(copy.clone()).await?;
        blocking({
            let copy = copy.clone();
            move || copy_tree(&download.dir, &copy)
        })
        .await?;
        for (name, content) in written {
            write(&copy.join(name), content)?;
        }
        let change: Change = serde_json::from_str(change)
            .map_err(|source| InstallError::Answer { command: "the description of the change", source })?;
        let file = copy.join(&change.file);
        let text = fs::read_to_string(&file).map_err(|source| InstallError::io("read", &file, source))?;
        let changed =
            change.apply(&text).map_err(|found| InstallError::Change { file: file.clone(), found })?;
        write(&file, &changed)?;
        Ok(copy)
    }

    /// Run `go` in `module`, and give back what it writes to its standard output.
    async fn go(
        &self,
        module: &Path,
        arguments: &[&str],
        mut count: Count,
    ) -> Result<Vec<String>, InstallError> {
        let mut command = Command::new(&self.toolchain.program);
        command.args(arguments).current_dir(module).envs(self.toolchain.environment(&self.folder));
        self.run(format!("go {}", arguments.join(" "))).lines(command, |line| count.line(line)).await
    }

    /// Whether the binary runs and says the version that it should be of.
    async fn check(&self, binary: &Path) -> Result<(), InstallError> {
        let mut command = Command::new(binary);
        command.arg("--version");
        let shown = format!("{} --version", self.program.name);
        let run = self.run(shown.clone());
        let said = run.lines(command, |_| None).await?;
        if said.iter().any(|line| line.contains(self.program.version)) {
            return Ok(());
        }
        Err(InstallError::Command {
            command: shown,
            how: format!("does not say {}", self.program.version),
            last_lines: said,
            log: self.log.clone(),
        })
    }

    fn run(&self, shown: String) -> Run<'_> {
        let limit = LIMIT.saturating_sub(self.begun.elapsed());
        Run { step: &self.step, shown, log: &self.log, begun: self.begun, limit, progress: self.progress }
    }
}

impl GoProgram {
    fn source(&self, name: &str) -> &'static str {
        self.sources.iter().find(|(source, _)| *source == name).map_or("", |(_, content)| content)
    }
}

/// The right to build; it dies with its holder, so that nothing is left to clean after a killed build.
async fn lock(
    program: &GoProgram,
    building: &Path,
    step: &str,
    progress: &dyn Progress,
) -> Result<File, InstallError> {
    let path = building.join(format!("{}.lock", program.folder_name()));
    let failed = |source| InstallError::io("lock", &path, source);
    let mut file =
        File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    let begun = Instant::now();
    let mut said: Option<Instant> = None;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(source)) => return Err(failed(source)),
            Err(TryLockError::WouldBlock) => {}
        }
        let holder = fs::read_to_string(&path).unwrap_or_default().trim().to_owned();
        if begun.elapsed() > LOCK_LIMIT {
            let minutes = LOCK_LIMIT.as_secs() / 60;
            return Err(InstallError::Busy { title: program.title, holder, minutes });
        }
        if said.is_none_or(|at| at.elapsed() >= every()) {
            let elapsed = begun.elapsed().as_secs();
            progress.event(&Event::waiting(step, format!("{holder}, which builds the same ({elapsed} s)")));
            said = Some(Instant::now());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    file.set_len(0).and_then(|()| write!(file, "process {}", std::process::id())).map_err(failed)?;
    Ok(file)
}

fn check_room(program: &GoProgram, folder: &Path) -> Result<(), InstallError> {
    let room = nix::sys::statvfs::statvfs(folder)
        .map_err(|errno| InstallError::io("look up the free space of", folder, errno.into()))?;
    // The two are of other widths on other platforms.
    let available = u128::from(room.blocks_available()) * u128::from(room.fragment_size());
    let available = u64::try_from(available).unwrap_or(u64::MAX);
    if available >= program.disk {
        return Ok(());
    }
    Err(InstallError::DiskFull {
        title: program.title,
        folder: folder.to_owned(),
        needed: program.disk,
        available,
    })
}

fn make_folder(path: &Path) -> Result<(), InstallError> {
    fs::create_dir_all(path).map_err(|source| InstallError::io("make the folder", path, source))
}

fn write(path: &Path, content: &str) -> Result<(), InstallError> {
    fs::write(path, content).map_err(|source| InstallError::io("write", path, source))
}

/// Delete a file or a folder with all that is in it; one that is not there is no error.
async fn remove(path: PathBuf) -> Result<(), InstallError> {
    blocking(move || {
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match removed {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(InstallError::io("delete", &path, source))
            }
            _ => Ok(()),
        }
    })
    .await
}

/// Where a folder is put that is to be deleted.
fn discarded(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(".discarded");
    name.into()
}

/// Delete a folder without waiting for it. From here on no later build takes it for one that can be gone on with.
///
/// Returns the process that deletes it, which goes on when this is dropped; `None` when it is deleted already.
async fn discard(folder: &Path) -> Result<Option<Child>, InstallError> {
    let discarded = discarded(folder);
    remove(discarded.clone()).await?;
    fs::rename(folder, &discarded).map_err(|source| InstallError::io("rename", folder, source))?;
    hand_to_rm(&discarded).await
}

/// Have a folder deleted by a process that outlives this one, and is not stopped with it at the terminal.
async fn hand_to_rm(folder: &Path) -> Result<Option<Child>, InstallError> {
    let rm = Command::new("rm")
        .arg("-rf")
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    match rm {
        Ok(deleting) => Ok(Some(deleting)),
        Err(_) => remove(folder.to_owned()).await.map(|()| None),
    }
}

/// Copy a folder. The copies can be written, which files of Go's module cache cannot.
fn copy_tree(from: &Path, to: &Path) -> Result<(), InstallError> {
    let reading = |source| InstallError::io("read", from, source);
    make_folder(to)?;
    for entry in fs::read_dir(from).map_err(reading)? {
        let entry = entry.map_err(reading)?;
        let (source, copy) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().map_err(reading)?.is_dir() {
            copy_tree(&source, &copy)?;
        } else {
            let content = fs::read(&source).map_err(|error| InstallError::io("read", &source, error))?;
            fs::write(&copy, content).map_err(|error| InstallError::io("write", &copy, error))?;
        }
    }
    Ok(())
}

/// Do something slow with files without holding up the other tasks.
async fn blocking(
    work: impl FnOnce() -> Result<(), InstallError> + Send + 'static,
) -> Result<(), InstallError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // A panic there is one here; there is no other way for it to end.
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Ok(()),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::super::locate::tests::Machine;
    use super::super::{FERRETDB, VAULT};
    use super::*;
    use crate::progress::Silent;

    #[test]
    fn a_copy_of_a_read_only_tree_can_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("from/internal/a.go");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "package a\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
        copy_tree(&folder.path().join("from"), &folder.path().join("to")).unwrap();
        let copy = folder.path().join("to/internal/a.go");
        assert_eq!(fs::read_to_string(&copy).unwrap(), "package a\n");
        assert_ne!(fs::metadata(&copy).unwrap().permissions().mode() & 0o200, 0);
    }

    #[test]
    fn a_full_disk_is_refused_with_what_is_needed_and_what_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let endless = GoProgram { disk: u64::MAX, ..vault_like() };
        let error = check_room(&endless, folder.path()).unwrap_err();
        assert!(matches!(error, InstallError::DiskFull { needed: u64::MAX, .. }), "{error:?}");
        check_room(&GoProgram { disk: 1, ..vault_like() }, folder.path()).unwrap();
    }

    #[tokio::test]
    async fn a_discarded_folder_is_out_of_the_way_at_once_and_gone_soon() {
        let cache = tempfile::tempdir().unwrap();
        let folder = cache.path().join("vault-1.21.1-0123456789abcdef");
        fs::create_dir_all(folder.join("modules/a")).unwrap();
        fs::write(folder.join("modules/a/a.go"), "package a\n").unwrap();
        let deleting = discard(&folder).await.unwrap();
        assert!(!folder.exists());
        if let Some(mut deleting) = deleting {
            let ended = tokio::time::timeout(Duration::from_secs(30), deleting.wait()).await;
            assert!(ended.expect("rm ends").unwrap().success());
        }
        assert!(!discarded(&folder).exists());
    }

    #[tokio::test]
    async fn without_go_nothing_is_begun_and_the_error_says_where_to_get_it() {
        let machine = Machine::new();
        let cache = tempfile::tempdir().unwrap();
        let error = build(&FERRETDB, cache.path(), &machine.search(), &Silent).await.unwrap_err();
        assert!(matches!(error, InstallError::NoGo { .. }), "{error:?}");
        assert!(error.hint().unwrap().contains("https://go.dev/dl/"));
        assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_lock_that_is_held_is_waited_for_and_its_holder_named() {
        #[derive(Debug, Default)]
        struct Said(std::sync::Mutex<Option<tokio::sync::oneshot::Sender<String>>>);
        impl Progress for Said {
            fn event(&self, event: &Event) {
                if let (Event::Waiting { on, .. }, Some(heard)) = (event, self.0.lock().unwrap().take()) {
                    heard.send(on.clone()).unwrap();
                }
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let first = lock(&FERRETDB, folder.path(), "build", &Silent).await.unwrap();
        let (heard, said) = tokio::sync::oneshot::channel();
        let progress = Said(std::sync::Mutex::new(Some(heard)));
        let second = lock(&FERRETDB, folder.path(), "build", &progress);
        let release = async {
            let on = said.await.unwrap();
            drop(first);
            on
        };
        let (second, on) =
            tokio::time::timeout(Duration::from_secs(30), async { tokio::join!(second, release) })
                .await
                .expect("the second builder gets the lock when the first lets go");
        second.unwrap();
        assert!(on.contains(&format!("process {}", std::process::id())), "{on}");
    }

    fn vault_like() -> GoProgram {
        GoProgram {
            title: VAULT.title,
            name: VAULT.name,
            version: VAULT.version,
            sources: VAULT.sources,
            origin: Origin::Ours,
            disk: VAULT.disk,
            expect: VAULT.expect,
        }
    }
}
