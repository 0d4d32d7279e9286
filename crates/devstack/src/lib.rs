//! Brings the backing servers up on this machine, and says how they are.
//!
//! [`up()`] is the whole of it for a caller; [`Stack`] is what it gives. The command `devstack` wraps the same calls.
//! It knows the API servers as data ([`manifest::APIS`]) and depends on none of them.

mod account;
mod cargo;
pub mod cli;
pub mod doctor;
mod drivers;
pub mod error;
mod home;
pub mod install;
mod launch;
mod lock;
pub mod logs;
pub mod manifest;
mod native;
pub mod options;
mod output;
pub mod password;
mod pid_file;
pub mod ports;
mod probe;
mod process;
pub mod progress;
pub mod reset;
mod running;
pub mod serve;
pub mod stack;
mod up;
pub mod vault;

pub use cargo::cargo;
pub use error::Error;
pub use install::InstallPolicy;
pub use manifest::Service;
pub use options::{RuntimeChoice, UpOptions, default_home};
pub use progress::{Event, Progress, Silent};
pub use stack::{Credentials, ServiceHealth, Stack};
pub use up::up;

/// The value of an environment variable, if it is set and valid Unicode: the lookup that programs pass to functions
/// which take one.
pub fn environment_variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the one place where this crate reads the environment")]
    std::env::var(name).ok()
}
