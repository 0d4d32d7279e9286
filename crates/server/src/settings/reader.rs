//! Reading variables one after the other while keeping count of every fault.

use std::fmt;
use std::time::Duration;

use super::DAY;
use super::variables::Variable;

/// Looks variables up, parses them, and remembers what was wrong.
pub(super) struct Reader<'a> {
    env: &'a dyn Fn(&str) -> Option<String>,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(env: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { env, faults: Vec::new() }
    }

    /// The variable's value; `None` when it is unset, or wrong (which is then remembered).
    pub(super) fn optional<T>(
        &mut self,
        variable: &'static Variable,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = (self.env)(variable.name)?;
        // `VAR: ${VAR:-}` in a compose file sets an empty text where nothing was meant.
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let value = parse(text);
        if value.is_none() {
            self.faults.push(Fault { variable, problem: Problem::Wrong { got: shown(text) } });
        }
        value
    }

    /// The variable's value, or `default` when it is unset (or wrong, but then nobody will see it).
    pub(super) fn or<T>(
        &mut self,
        variable: &'static Variable,
        default: T,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> T {
        self.optional(variable, parse).unwrap_or(default)
    }

    /// The variable's value; unset is a fault too.
    pub(super) fn required<T>(
        &mut self,
        variable: &'static Variable,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let faults = self.faults.len();
        let value = self.optional(variable, parse);
        if value.is_none() && self.faults.len() == faults {
            self.missing(variable, "it has no default");
        }
        value
    }

    /// A whole number of milliseconds from `minimum` to a day.
    pub(super) fn milliseconds(
        &mut self,
        variable: &'static Variable,
        minimum: u64,
        default: Duration,
    ) -> Duration {
        self.or(variable, default, |text| {
            let milliseconds: u64 = text.parse().ok()?;
            let duration = Duration::from_millis(milliseconds);
            (milliseconds >= minimum && duration <= DAY).then_some(duration)
        })
    }

    /// Remembers that `variable` should have been set.
    pub(super) fn missing(&mut self, variable: &'static Variable, because: &'static str) {
        self.faults.push(Fault { variable, problem: Problem::Missing { because } });
    }

    pub(super) fn is_faultless(&self) -> bool {
        self.faults.is_empty()
    }

    pub(super) fn into_errors(self) -> SettingsErrors {
        SettingsErrors { faults: self.faults }
    }
}

/// What was got, short enough for a line and without anything that a URL may carry before its host.
fn shown(text: &str) -> String {
    const LONGEST: usize = 100;
    let text = match (text.find("//"), text.rfind('@')) {
        (Some(start), Some(end)) if start < end => format!("{}//***{}", &text[..start], &text[end..]),
        _ => text.to_owned(),
    };
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST).chain("…".chars()).collect()
}

/// What is wrong with one variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    variable: &'static Variable,
    problem: Problem,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    Missing { because: &'static str },
    Wrong { got: String },
}

impl Fault {
    /// The variable at fault.
    pub fn variable(&self) -> &'static Variable {
        self.variable
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Variable { name, form, .. } = self.variable;
        match &self.problem {
            Problem::Missing { because } => {
                write!(formatter, "{name} must be set: expected {form} ({because})")
            }
            Problem::Wrong { got } => write!(formatter, "{name}: expected {form}, got {got:?}"),
        }
    }
}

/// Every fault of the settings, in the order in which the variables are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsErrors {
    faults: Vec<Fault>,
}

impl SettingsErrors {
    /// The faults; never empty.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

impl fmt::Display for SettingsErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.faults.as_slice() {
            [fault] => write!(formatter, "a setting is wrong: {fault}"),
            faults => {
                write!(formatter, "{} settings are wrong:", faults.len())?;
                faults.iter().try_for_each(|fault| write!(formatter, "\n  {fault}"))
            }
        }
    }
}

impl std::error::Error for SettingsErrors {}
