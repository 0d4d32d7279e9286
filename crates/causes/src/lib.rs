//! An error with its causes, on one line.

use std::error::Error;
use std::fmt;

/// Displays an error with all its causes, `: ` between.
///
/// An error of this workspace says only its own level in `Display`. Those of some libraries end with what their cause says;
/// that is not said again.
///
/// ```
/// use std::io;
/// #[derive(Debug, thiserror::Error)]
/// #[error("the settings cannot be read")]
/// struct Unreadable(#[source] io::Error);
///
/// let error = Unreadable(io::Error::other("disk on fire"));
/// assert_eq!(causes::Chain(&error).to_string(), "the settings cannot be read: disk on fire");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Chain<'a>(pub &'a (dyn Error + 'a));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = self.0.to_string();
        let mut next = self.0.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            if !ends_with_level(&line, &text) {
                line.push_str(": ");
                line.push_str(&text);
            }
            next = cause.source();
        }
        f.write_str(&line)
    }
}

/// Whether `text` is the last level of `line`, or its last ones.
fn ends_with_level(line: &str, text: &str) -> bool {
    line.strip_suffix(text).is_some_and(|before| before.is_empty() || before.ends_with(": "))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Level {
        text: &'static str,
        source: Option<Box<Level>>,
    }

    fn line(levels: &[&'static str]) -> String {
        let level = |source, text: &&'static str| Some(Box::new(Level { text, source }));
        Chain(&*levels.iter().rev().fold(None, level).unwrap()).to_string()
    }

    #[test]
    fn each_level_is_said_in_turn() {
        assert_eq!(line(&["it cannot be read"]), "it cannot be read");
        assert_eq!(line(&["a", "b", "c"]), "a: b: c");
    }

    #[test]
    fn what_a_level_has_said_of_its_cause_is_not_said_again() {
        assert_eq!(line(&["refused", "refused"]), "refused");
        assert_eq!(
            line(&["it is not ready", "from the database: it starts", "it starts"]),
            "it is not ready: from the database: it starts"
        );
        assert_eq!(line(&["a: b: c", "b: c", "c", "d"]), "a: b: c: d");
    }

    #[test]
    fn a_cause_that_only_ends_alike_is_said() {
        assert_eq!(line(&["port 11", "1"]), "port 11: 1");
        assert_eq!(line(&["b", "a", "b"]), "b: a: b");
    }

    #[test]
    fn an_error_of_any_lifetime_is_taken() {
        fn shown(error: &dyn Error) -> String {
            Chain(error).to_string()
        }
        assert_eq!(shown(&io::Error::other("broken")), "broken");
    }
}
