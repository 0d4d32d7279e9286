//! What a caller of `up` chooses, and where a stack lives by default.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::home::Home;
use crate::install::InstallPolicy;
use crate::manifest::Service;

/// Which runtime brings the servers up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RuntimeChoice {
    /// The best one that is there; today always native.
    #[default]
    Auto,
    /// Child processes on this machine.
    Native,
    /// Containers by Compose; not there yet.
    Compose,
}

/// What `up` is to do.
#[derive(Debug, Clone)]
pub struct UpOptions {
    /// The folder that holds the stack's state.
    pub home: PathBuf,
    /// Added to every port; 0 to [`crate::manifest::MAX_PORT_OFFSET`].
    pub port_offset: u16,
    /// The services wanted; what they need comes with them. Empty means all.
    pub services: Vec<Service>,
    /// Which runtime.
    pub runtime: RuntimeChoice,
    /// What to do about programs that are not installed.
    pub install: InstallPolicy,
}

impl UpOptions {
    /// All services on the home's remembered port offset (0 for a new home), installing as the environment allows.
    pub fn new(home: impl Into<PathBuf>) -> Self {
        let home = home.into();
        Self {
            port_offset: Home::at(&home).settings().ok().flatten().map_or(0, |settings| settings.port_offset),
            services: Vec::new(),
            runtime: RuntimeChoice::Auto,
            install: InstallPolicy::from_environment(&crate::environment_variable),
            home,
        }
    }
}

/// The folder for a stack when none is given: `DEVSTACK_HOME`, else `.devstack` in the root of the Cargo workspace
/// around the current folder.
///
/// # Errors
/// [`Error::NoHome`] when there is neither.
pub fn default_home(env: &dyn Fn(&str) -> Option<String>) -> Result<PathBuf, Error> {
    if let Some(home) = env("DEVSTACK_HOME").filter(|home| !home.is_empty()) {
        return std::path::absolute(&home).map_err(|source| Error::io("look up", Path::new(&home), source));
    }
    let start = std::env::current_dir().map_err(|_| Error::NoHome)?;
    start
        .ancestors()
        .find(|folder| is_workspace_root(folder))
        .map(|root| root.join(".devstack"))
        .ok_or(Error::NoHome)
}

fn is_workspace_root(folder: &Path) -> bool {
    std::fs::read_to_string(folder.join("Cargo.toml"))
        .is_ok_and(|text| text.lines().any(|line| line.trim() == "[workspace]"))
}
