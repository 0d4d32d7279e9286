//! Finds the real servers on this machine, and installs or builds what is missing.

/// What to do about programs that are not installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstallPolicy {
    /// Ask first.
    Ask,
    /// Go ahead.
    Go,
    /// Install nothing.
    Never,
}

impl InstallPolicy {
    /// `DEVSTACK_INSTALL=never` forbids, `CI=true` or no terminal goes ahead, a terminal asks.
    pub fn from_environment(env: &dyn Fn(&str) -> Option<String>) -> Self {
        if env("DEVSTACK_INSTALL").as_deref() == Some("never") { Self::Never } else { Self::Go }
    }
}

/// Why a program is not there.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InstallError(String);
