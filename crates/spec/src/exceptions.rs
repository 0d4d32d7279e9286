//! Differences that must stay, each with its reason.
//!
//! ```toml
//! # A promise that a server's own document cannot make.
//! [[document]]
//! server = "api-axum"
//! place = "publish / parameters / query.name / not"
//! reason = "The library that writes the document has no word for `not`."
//!
//! # What a server leaves to the library below it.
//! [[library]]
//! id = "two-hosts"
//! when = "two Host headers"
//! reason = "Refused by the parser, before any of our code runs."
//! ```

use serde::{Deserialize, Deserializer, de};

use crate::diff::Difference;
use crate::error::Error;

/// The exceptions of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exceptions {
    /// Differences between the contract and a server's own document.
    #[serde(default)]
    pub document: Vec<DocumentException>,
    /// Requests whose answer is left to the libraries below the servers.
    #[serde(default)]
    pub library: Vec<LibraryException>,
}

/// One difference between the contract and a server's own document.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentException {
    /// The server's name.
    #[serde(deserialize_with = "stated")]
    pub server: String,
    /// The place, as [`Difference::place`] writes it.
    #[serde(deserialize_with = "stated")]
    pub place: String,
    /// Why the difference must stay.
    #[serde(deserialize_with = "stated")]
    pub reason: String,
}

/// One kind of request whose answer is left to the libraries.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LibraryException {
    /// A short name, unique in the list.
    #[serde(deserialize_with = "stated")]
    pub id: String,
    /// What the request is like.
    #[serde(deserialize_with = "stated")]
    pub when: String,
    /// Why its answer is not ours to decide.
    #[serde(deserialize_with = "stated")]
    pub reason: String,
}

/// What is left when the exceptions have been taken off.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judgement {
    /// Differences without an exception.
    pub unexcused: Vec<Difference>,
    /// Exceptions without a difference: they say something about the server that is not so any more.
    pub unused: Vec<DocumentException>,
}

impl Exceptions {
    /// Reads the list.
    ///
    /// # Errors
    /// [`Error::Exceptions`] for anything but the form of the [module](self), and for a blank text.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        toml::from_str(text).map_err(|error| Error::Exceptions(Box::new(error)))
    }

    /// Takes the exceptions of a server off the differences of its document.
    ///
    /// Each exception excuses one difference, so that one which stands twice is unused once.
    pub fn judge(&self, server: &str, differences: Vec<Difference>) -> Judgement {
        let mut unused: Vec<_> =
            self.document.iter().filter(|exception| exception.server == server).cloned().collect();
        let mut unexcused = Vec::new();
        for difference in differences {
            let place = difference.place();
            match unused.iter().position(|exception| exception.place == place) {
                Some(index) => {
                    unused.remove(index);
                }
                None => unexcused.push(difference),
            }
        }
        Judgement { unexcused, unused }
    }
}

/// A text that says something.
fn stated<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() {
        Err(de::Error::custom("a text that is not blank is needed"))
    } else {
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(place: &[&str]) -> Difference {
        let place = place.iter().map(|&step| step.to_owned()).collect();
        Difference { place, first: None, second: None }
    }

    const LIST: &str = r#"
[[document]]
server = "one"
place = "a / b"
reason = "because"

[[document]]
server = "two"
place = "a / b"
reason = "because"
"#;

    #[test]
    fn an_exception_excuses_the_difference_of_its_server_and_place() {
        let exceptions = Exceptions::from_toml(LIST).unwrap();
        let judgement = exceptions.judge("one", vec![difference(&["a", "b"]), difference(&["a", "c"])]);
        assert_eq!(judgement.unexcused, [difference(&["a", "c"])]);
        assert_eq!(judgement.unused, []);
    }

    #[test]
    fn an_exception_without_its_difference_is_reported() {
        let exceptions = Exceptions::from_toml(LIST).unwrap();
        let judgement = exceptions.judge("two", Vec::new());
        assert_eq!(judgement.unused, [exceptions.document[1].clone()]);
        let twice = Exceptions::from_toml(&LIST.replace("two", "one")).unwrap();
        assert_eq!(twice.judge("one", vec![difference(&["a", "b"])]).unused.len(), 1);
    }

    #[test]
    fn an_exception_without_a_reason_or_with_an_unknown_member_is_refused() {
        for (from, to) in [("reason = \"because\"", ""), ("because", " "), ("place", "pointer")] {
            let error = Exceptions::from_toml(&LIST.replacen(from, to, 1)).unwrap_err();
            assert_eq!(error.to_string(), "not a list of exceptions");
        }
    }
}
