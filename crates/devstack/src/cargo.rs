//! Cargo, for a program that cargo itself may have started.

use std::process::Command;

use crate::environment_variable;

/// What cargo tells the program or test that it runs of the package which that belongs to.
///
/// See "Environment variables Cargo sets for crates" in The Cargo Book.
const OF_OUR_PACKAGE: [&str; 17] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_MANIFEST_PATH",
    "CARGO_PKG_AUTHORS",
    "CARGO_PKG_DESCRIPTION",
    "CARGO_PKG_HOMEPAGE",
    "CARGO_PKG_LICENSE",
    "CARGO_PKG_LICENSE_FILE",
    "CARGO_PKG_NAME",
    "CARGO_PKG_README",
    "CARGO_PKG_REPOSITORY",
    "CARGO_PKG_RUST_VERSION",
    "CARGO_PKG_VERSION",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
];

/// A command of the cargo that runs us, else of the one on the path.
///
/// It is not told of our own package. A crate whose build script asks for these variables, as ring's does, would be built
/// again with everything that needs it, and once more by the next cargo that is started from a shell.
pub fn cargo() -> Command {
    let mut command = Command::new(environment_variable("CARGO").as_deref().unwrap_or("cargo"));
    for variable in OF_OUR_PACKAGE {
        command.env_remove(variable);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_test_is_told_of_its_package_is_not_handed_on() {
        let handed_on = |name: &str| {
            let removed = cargo().get_envs().any(|(variable, value)| variable == name && value.is_none());
            environment_variable(name).is_some() && !removed
        };
        assert!(environment_variable("CARGO_PKG_NAME").is_some(), "cargo runs this test");
        for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION_MAJOR"] {
            assert!(!handed_on(name), "{name}");
        }
    }
}
