//! Whether missing programs may be installed.

use std::io::IsTerminal as _;

/// What to do about programs that are not installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstallPolicy {
    /// Show what would be done, and ask on the terminal.
    Ask,
    /// Show what is done, and do it.
    Go,
    /// Install and build nothing; say what is missing and how to get it.
    Never,
}

impl InstallPolicy {
    /// The policy that the environment asks for: `DEVSTACK_INSTALL=never` forbids; `CI=true` goes ahead, and so does
    /// the lack of a terminal on which somebody could be asked; else it asks.
    pub fn from_environment(env: &dyn Fn(&str) -> Option<String>) -> Self {
        let somebody_to_ask = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        Self::choose(env, somebody_to_ask)
    }

    /// The same policy with a yes given in advance, as by `--yes`. What the environment forbids stays forbidden.
    #[must_use]
    pub fn with_yes(self) -> Self {
        match self {
            Self::Ask | Self::Go => Self::Go,
            Self::Never => Self::Never,
        }
    }

    fn choose(env: &dyn Fn(&str) -> Option<String>, somebody_to_ask: bool) -> Self {
        if env("DEVSTACK_INSTALL").is_some_and(|value| value.eq_ignore_ascii_case("never")) {
            Self::Never
        } else if !somebody_to_ask || env("CI").is_some_and(|value| value == "true" || value == "1") {
            Self::Go
        } else {
            Self::Ask
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_wins_over_all_and_ci_over_the_terminal() {
        type Variables = &'static [(&'static str, &'static str)];
        let rows: [(Variables, bool, InstallPolicy, &str); 6] = [
            (&[], true, InstallPolicy::Ask, "a person at a terminal is asked"),
            (&[], false, InstallPolicy::Go, "nobody can be asked"),
            (&[("CI", "true")], true, InstallPolicy::Go, "CI goes ahead even with a terminal"),
            (&[("CI", "false")], true, InstallPolicy::Ask, "CI=false is not CI"),
            (&[("DEVSTACK_INSTALL", "never")], true, InstallPolicy::Never, "forbidden"),
            (
                &[("DEVSTACK_INSTALL", "never"), ("CI", "true")],
                false,
                InstallPolicy::Never,
                "forbidden in CI too",
            ),
        ];
        for (variables, terminal, expected, reason) in rows {
            let env =
                |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, v)| (*v).to_owned());
            assert_eq!(InstallPolicy::choose(&env, terminal), expected, "{reason}");
        }
    }

    #[test]
    fn yes_does_not_lift_a_prohibition() {
        assert_eq!(InstallPolicy::Ask.with_yes(), InstallPolicy::Go);
        assert_eq!(InstallPolicy::Never.with_yes(), InstallPolicy::Never);
    }
}
