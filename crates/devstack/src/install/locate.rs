//! Where a program is on this machine: on `PATH`, in the usual places, beside its sister program, or among our builds.
//!
//! Looks at the file system only, so that `up` on a running stack loses no time; [`Located::version`] runs the program.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use super::cache;
use super::go::{FERRETDB, GoProgram, VAULT};
use super::program::{Kind, Program};

/// Folders below the root that are looked at after `PATH`. A `*` stands for any text within one name; of several
/// folders that match, the one with the highest number comes first.
///
/// Not in the list: `/usr/bin` and `/bin`. A `PATH` without them was made on purpose.
const USUAL_PLACES: &[&str] = &[
    "usr/local/bin",
    "usr/local/sbin",
    "usr/sbin",
    "sbin",
    // Debian and Ubuntu
    "usr/lib/postgresql/*/bin",
    "usr/lib/erlang/bin",
    // Fedora
    "usr/pgsql-*/bin",
    "usr/libexec",
    // Homebrew on Apple silicon, on Intel, and on Linux; `opt` also has what is not linked into `bin`
    "opt/homebrew/bin",
    "opt/homebrew/sbin",
    "opt/homebrew/opt/*/bin",
    "opt/homebrew/opt/*/sbin",
    "usr/local/opt/*/bin",
    "usr/local/opt/*/sbin",
    "home/linuxbrew/.linuxbrew/bin",
    "home/linuxbrew/.linuxbrew/sbin",
    "home/linuxbrew/.linuxbrew/opt/*/bin",
    "home/linuxbrew/.linuxbrew/opt/*/sbin",
];

/// Where RabbitMQ's own script is, looked at before `PATH`: there Debian has a wrapper that changes user and folders.
const RABBITMQ_PLACES: &[&str] = &["usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin", "usr/lib/rabbitmq/bin"];

/// How long a program may take to tell its version.
const VERSION_LIMIT: Duration = Duration::from_secs(10);

/// A program that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// Which program.
    pub program: Program,
    /// Whose implementation.
    pub kind: Kind,
    /// The file to run.
    pub path: PathBuf,
}

/// Where the real servers are on this machine, and of which kind.
///
/// `env` gives `PATH`, `HOME` and `XDG_CACHE_HOME`. Nothing is run, and nothing is remembered.
pub fn locate(program: Program, env: &dyn Fn(&str) -> Option<String>) -> Option<Located> {
    Search::new(env).find(program)
}

/// The folders of a search. A type of its own so that tests can put another root under it.
#[derive(Debug, Clone)]
pub(super) struct Search {
    root: PathBuf,
    path: Vec<PathBuf>,
    cache: Option<PathBuf>,
}

impl Search {
    pub(super) fn new(env: &dyn Fn(&str) -> Option<String>) -> Self {
        let path = env("PATH").unwrap_or_default();
        Self {
            root: PathBuf::from("/"),
            // A relative folder on PATH would make the result depend on where devstack was started.
            path: std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect(),
            cache: cache::folder(env),
        }
    }

    pub(super) fn find(&self, program: Program) -> Option<Located> {
        let located = |(path, kind)| Located { program, kind, path };
        let names = program.names();
        let beside = program.beside().and_then(|sister| self.find(sister));
        let sister_folder =
            beside.and_then(|sister| Some(fs::canonicalize(sister.path).ok()?.parent()?.to_owned()));
        let first: &[&str] = if program == Program::RabbitmqServer { RABBITMQ_PLACES } else { &[] };
        let folders = || {
            sister_folder
                .iter()
                .cloned()
                .chain(first.iter().flat_map(|place| self.expand(place)))
                .chain(self.path.iter().cloned())
                .chain(USUAL_PLACES.iter().flat_map(|place| self.expand(place)))
        };
        names
            .iter()
            .find_map(|(name, kind)| {
                let path = folders().map(|folder| folder.join(name)).find(|path| is_executable(path))?;
                let kind = kind_behind(&path, *kind);
                Some((path, kind))
            })
            .map(located)
            .or_else(|| self.built(program).map(located))
    }

    /// The executable of this name on `PATH` or in the usual places; for programs that are not of the stack.
    pub(super) fn tool(&self, name: &str, more_places: &[&str]) -> Option<PathBuf> {
        let usual = more_places.iter().chain(USUAL_PLACES).flat_map(|place| self.expand(place));
        self.path
            .iter()
            .cloned()
            .chain(usual)
            .map(|folder| folder.join(name))
            .find(|path| is_executable(path))
    }

    fn built(&self, program: Program) -> Option<(PathBuf, Kind)> {
        let (build, kind): (&GoProgram, _) = match program {
            Program::Vault => (&VAULT, Kind::BuiltVault),
            Program::Mongod => (&FERRETDB, Kind::FerretDb),
            _ => return None,
        };
        let path = build.binary(self.cache.as_deref()?);
        is_executable(&path).then_some((path, kind))
    }

    /// The folders that a place with `*` means, highest number first.
    fn expand(&self, place: &str) -> Vec<PathBuf> {
        let mut folders = vec![self.root.clone()];
        for part in place.split('/') {
            folders = match part.split_once('*') {
                None => folders.into_iter().map(|folder| folder.join(part)).collect(),
                Some((before, after)) => {
                    let mut matches: Vec<PathBuf> =
                        folders.iter().flat_map(|folder| matching(folder, before, after)).collect();
                    matches.sort_by_cached_key(|path| std::cmp::Reverse(numbers(path)));
                    matches
                }
            };
        }
        folders
    }
}

fn matching(folder: &Path, before: &str, after: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
        })
        .map(|entry| entry.path())
        .collect()
}

/// The numbers in a file name, for sorting versions: 17 after 9.6.
fn numbers(path: &Path) -> Vec<u32> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// MariaDB installs its programs under MySQL's names too, as links.
fn kind_behind(path: &Path, kind: Kind) -> Kind {
    if kind != Kind::Mysql {
        return kind;
    }
    let Ok(target) = fs::canonicalize(path) else { return kind };
    if target.to_string_lossy().to_ascii_lowercase().contains("mariadb") { Kind::MariaDb } else { kind }
}

impl Located {
    /// The version as the program tells it (`15.14`), or as its folder's name has it where the program would take
    /// seconds. `None` when it does not tell within ten seconds.
    pub async fn version(&self) -> Option<String> {
        if self.program == Program::RabbitmqServer {
            let path = fs::canonicalize(&self.path).ok()?;
            let path = path.to_string_lossy().into_owned();
            // Debian: rabbitmq_server-3.10.8; Homebrew: Cellar/rabbitmq/4.1.0.
            let after = path.split_once("rabbitmq_server-").or_else(|| path.split_once("/rabbitmq/"))?.1;
            return after.split('/').next().and_then(version_in);
        }
        let flag = match self.kind {
            Kind::Vault | Kind::OpenBao | Kind::BuiltVault => "-version",
            // epmd has none, and would start; the script of MariaDB's is of the server's version.
            Kind::Erlang => return None,
            _ if self.program == Program::MysqlInstallDb => return None,
            _ => "--version",
        };
        let mut command = tokio::process::Command::new(&self.path);
        command.arg(flag).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(VERSION_LIMIT, command.output()).await.ok()?.ok()?;
        version_in(&String::from_utf8_lossy(&output.stdout))
    }
}

/// The first `1.2`, `1.2.3` and so on in a text.
fn version_in(text: &str) -> Option<String> {
    text.split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .map(|word| word.trim_matches('.'))
        .find(|word| word.contains('.'))
        .map(str::to_owned)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A made-up machine below a temporary folder.
    pub(in crate::install) struct Machine {
        folder: tempfile::TempDir,
    }

    impl Machine {
        pub(in crate::install) fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap() }
        }

        pub(in crate::install) fn executable(&self, path: &str) -> PathBuf {
            self.file(path, 0o755)
        }

        fn file(&self, path: &str, mode: u32) -> PathBuf {
            let path = self.folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "#!/bin/sh\necho \"program v3.2.1 (build 7)\"\n").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            path
        }

        fn link(&self, target: &str, path: &str) -> PathBuf {
            let path = self.folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(self.folder.path().join(target), &path).unwrap();
            path
        }

        /// A search with `usr/bin` alone on PATH and `cache` for the builds.
        pub(in crate::install) fn search(&self) -> Search {
            Search {
                root: self.folder.path().to_owned(),
                path: vec![self.folder.path().join("usr/bin")],
                cache: Some(self.folder.path().join("cache")),
            }
        }

        fn find(&self, program: Program) -> Option<(PathBuf, Kind)> {
            self.search().find(program).map(|located| (located.path, located.kind))
        }
    }

    #[test]
    fn on_an_empty_machine_nothing_is_found() {
        let machine = Machine::new();
        for program in Program::ALL {
            assert_eq!(machine.find(program), None, "{program}");
        }
    }

    #[test]
    fn path_comes_before_the_usual_places() {
        let machine = Machine::new();
        let usual = machine.executable("usr/sbin/pgbouncer");
        assert_eq!(machine.find(Program::Pgbouncer), Some((usual, Kind::Pgbouncer)));
        let on_path = machine.executable("usr/bin/pgbouncer");
        assert_eq!(machine.find(Program::Pgbouncer), Some((on_path, Kind::Pgbouncer)));
    }

    #[test]
    fn a_file_that_cannot_be_run_is_not_found() {
        let machine = Machine::new();
        machine.file("usr/bin/redis-server", 0o644);
        fs::create_dir_all(machine.folder.path().join("usr/sbin/redis-server")).unwrap();
        assert_eq!(machine.find(Program::RedisServer), None);
    }

    #[test]
    fn of_several_postgresql_versions_the_highest_number_is_taken() {
        let machine = Machine::new();
        machine.executable("usr/lib/postgresql/9.6/bin/postgres");
        let newest = machine.executable("usr/lib/postgresql/17/bin/postgres");
        machine.executable("usr/lib/postgresql/15/bin/postgres");
        assert_eq!(machine.find(Program::Postgres), Some((newest, Kind::Postgres)));
    }

    #[test]
    fn initdb_is_of_the_version_of_the_server_even_through_a_link() {
        let machine = Machine::new();
        machine.executable("usr/lib/postgresql/15/bin/postgres");
        let initdb = machine.executable("usr/lib/postgresql/15/bin/initdb");
        machine.executable("usr/lib/postgresql/17/bin/initdb");
        machine.link("usr/lib/postgresql/15/bin/postgres", "usr/bin/postgres");
        assert_eq!(
            machine.find(Program::Initdb).unwrap().0.canonicalize().unwrap(),
            initdb.canonicalize().unwrap()
        );
    }

    #[test]
    fn a_keg_of_homebrew_that_is_not_linked_is_found() {
        let machine = Machine::new();
        let postgres = machine.executable("opt/homebrew/opt/postgresql@17/bin/postgres");
        let rabbitmq = machine.executable("opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server");
        let mongod = machine.executable("usr/local/opt/mongodb-community/bin/mongod");
        assert_eq!(machine.find(Program::Postgres), Some((postgres, Kind::Postgres)));
        assert_eq!(machine.find(Program::RabbitmqServer), Some((rabbitmq, Kind::RabbitMq)));
        assert_eq!(machine.find(Program::Mongod), Some((mongod, Kind::MongoDb)));
    }

    #[test]
    fn debians_wrapper_of_rabbitmq_is_passed_over() {
        let machine = Machine::new();
        machine.executable("usr/bin/rabbitmq-server");
        machine.executable("usr/sbin/rabbitmq-server");
        let script = machine.executable("usr/lib/rabbitmq/lib/rabbitmq_server-3.10.8/sbin/rabbitmq-server");
        assert_eq!(machine.find(Program::RabbitmqServer), Some((script, Kind::RabbitMq)));
    }

    #[test]
    fn mysqld_that_is_a_link_to_mariadbd_is_mariadb() {
        let machine = Machine::new();
        machine.executable("usr/sbin/mariadbd");
        let link = machine.link("usr/sbin/mariadbd", "usr/sbin/mysqld");
        assert_eq!(machine.find(Program::Mysqld), Some((link, Kind::MariaDb)));
    }

    #[test]
    fn mysqld_itself_is_mysql() {
        let machine = Machine::new();
        let mysqld = machine.executable("opt/homebrew/opt/mysql/bin/mysqld");
        assert_eq!(machine.find(Program::Mysqld), Some((mysqld, Kind::Mysql)));
    }

    #[test]
    fn an_installed_vault_is_preferred_to_openbao_and_both_to_our_build() {
        let machine = Machine::new();
        let built = machine.executable(VAULT.binary(Path::new("cache")).to_str().unwrap());
        assert_eq!(machine.find(Program::Vault), Some((built, Kind::BuiltVault)));
        let bao = machine.executable("usr/bin/bao");
        assert_eq!(machine.find(Program::Vault), Some((bao, Kind::OpenBao)));
        let vault = machine.executable("usr/sbin/vault");
        assert_eq!(machine.find(Program::Vault), Some((vault, Kind::Vault)));
    }

    #[test]
    fn ferretdb_counts_as_mongod_only_from_our_own_build() {
        let machine = Machine::new();
        machine.executable("usr/bin/ferretdb");
        assert_eq!(machine.find(Program::Mongod), None);
        let built = machine.executable(FERRETDB.binary(Path::new("cache")).to_str().unwrap());
        assert_eq!(machine.find(Program::Mongod), Some((built, Kind::FerretDb)));
    }

    #[test]
    fn a_relative_folder_on_path_is_not_looked_at() {
        let env = |name: &str| (name == "PATH").then(|| "bin::.:/usr/bin".to_owned());
        assert_eq!(Search::new(&env).path, [PathBuf::from("/usr/bin")]);
    }

    #[tokio::test]
    async fn the_version_is_the_first_dotted_number_that_the_program_says() {
        let machine = Machine::new();
        machine.executable("usr/bin/redis-server");
        let located = machine.search().find(Program::RedisServer).unwrap();
        assert_eq!(located.version().await.as_deref(), Some("3.2.1"));
    }

    #[tokio::test]
    async fn the_version_of_rabbitmq_is_read_from_its_folder() {
        let machine = Machine::new();
        machine.executable("usr/lib/rabbitmq/lib/rabbitmq_server-3.10.8/sbin/rabbitmq-server");
        let located = machine.search().find(Program::RabbitmqServer).unwrap();
        assert_eq!(located.version().await.as_deref(), Some("3.10.8"));
    }

    #[test]
    fn versions_are_found_in_what_the_servers_say() {
        for (said, expected) in [
            ("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)", "15.14"),
            ("mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64", "10.11.19"),
            ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0", "7.0.15"),
            ("Vault v1.21.1 (devstack build)", "1.21.1"),
            ("PgBouncer 1.18.0\nlibevent 2.1.12-stable", "1.18.0"),
            ("db version v8.0.4", "8.0.4"),
        ] {
            assert_eq!(version_in(said).as_deref(), Some(expected), "{said}");
        }
    }
}
