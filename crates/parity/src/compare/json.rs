//! JSON as the list of its values, each with its place and exactly as it was written.
//!
//! `serde_json`'s own value would lose what two servers may differ in: the form of numbers, repeated members, escapes.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::config::JsonMode;

/// A value at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Where, such as `body /nodes/0/host`.
    pub place: String,
    /// Whether it is text rather than any other JSON.
    pub is_text: bool,
    /// The text, or the JSON as it was written.
    pub value: String,
    /// What is compared.
    pub key: String,
}

impl Leaf {
    /// A leaf of text that is compared as it is.
    pub fn text(place: impl Into<String>, value: impl Into<String>) -> Self {
        let value = value.into();
        Self { place: place.into(), is_text: true, key: value.clone(), value }
    }

    /// A leaf of JSON that is compared as it is.
    pub fn json(place: impl Into<String>, value: impl Into<String>) -> Self {
        Self { is_text: false, ..Self::text(place, value) }
    }
}

/// The values of a document: in the order in which they are written where that counts, else by place.
pub type Leaves = Vec<Leaf>;

/// Takes JSON apart.
///
/// `is_unordered` says of a place whether it is a list whose order says nothing.
///
/// # Errors
/// What `serde_json` says of text that is not JSON, or that holds a member's name that is no text.
pub(super) fn leaves(
    text: &str,
    mode: JsonMode,
    is_unordered: &dyn Fn(&str) -> bool,
) -> Result<Leaves, serde_json::Error> {
    let raw: &RawValue = serde_json::from_str(text)?;
    let mut taker = Taker { mode, is_unordered, leaves: Vec::new() };
    taker.take(raw, "body ".to_owned())?;
    match mode {
        JsonMode::ByValue => taker.leaves.sort_by(|one, other| one.place.cmp(&other.place)),
        JsonMode::AsWritten => {
            let form = if is_compact(text) { "none" } else { "some" };
            taker.leaves.push(Leaf::text("body (white space)", form));
        }
    }
    Ok(taker.leaves)
}

/// Whether there is no white space outside of text.
fn is_compact(text: &str) -> bool {
    let (mut in_text, mut is_escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b' ' | b'\t' | b'\n' | b'\r' if !in_text => return false,
            _ => {}
        }
    }
    true
}

struct Taker<'a> {
    mode: JsonMode,
    is_unordered: &'a dyn Fn(&str) -> bool,
    leaves: Leaves,
}

impl Taker<'_> {
    fn take(&mut self, raw: &RawValue, place: String) -> Result<(), serde_json::Error> {
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'{') => self.members(text, &place),
            Some(b'[') => self.items(text, &place),
            Some(b'"') => {
                // A lone surrogate is no text of Rust's; such a value is compared as it is written.
                let value = serde_json::from_str::<String>(text).unwrap_or_else(|_| text.to_owned());
                let key = if self.mode == JsonMode::ByValue { value.clone() } else { text.to_owned() };
                self.leaves.push(Leaf { place, is_text: true, value, key });
                Ok(())
            }
            _ => {
                let key = if self.mode == JsonMode::ByValue { canonical(text) } else { text.to_owned() };
                self.leaves.push(Leaf { place, is_text: false, value: text.to_owned(), key });
                Ok(())
            }
        }
    }

    fn members(&mut self, text: &str, place: &str) -> Result<(), serde_json::Error> {
        let Members(members) = serde_json::from_str(text)?;
        if members.is_empty() {
            self.leaves.push(Leaf::json(place, "{}"));
        }
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in &members {
            let times = seen.iter().filter(|known| *known == name).count();
            let again = if times == 0 { String::new() } else { format!(" (again, {times})") };
            self.take(value, format!("{place}/{}{again}", escaped(name)))?;
            seen.push(name);
        }
        Ok(())
    }

    fn items(&mut self, text: &str, place: &str) -> Result<(), serde_json::Error> {
        let Items(items) = serde_json::from_str(text)?;
        if items.is_empty() {
            self.leaves.push(Leaf::json(place, "[]"));
        }
        let mut items = items;
        if (self.is_unordered)(place) {
            items.sort_by_cached_key(|item| canonical(item.get()));
        }
        for (index, item) in items.iter().enumerate() {
            self.take(item, format!("{place}/{index}"))?;
        }
        Ok(())
    }
}

/// A name as a segment of a JSON pointer.
pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A value other than text by what it means: numbers of the same value are the same.
fn canonical(text: &str) -> String {
    if let Ok(whole) = text.parse::<i128>() {
        return whole.to_string();
    }
    match text.parse::<f64>() {
        // As far as whole numbers are exact, `1.0` is `1`.
        #[expect(clippy::cast_possible_truncation, reason = "it is a whole number within the range of i64")]
        Ok(number) if number.fract() == 0.0 && number.abs() < 9e15 => (number as i64).to_string(),
        Ok(number) if number.is_finite() && text != "nan" => format!("{number:?}"),
        _ => text.to_owned(),
    }
}

struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(All).map(Self)
    }
}

struct Items<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Vec<&'de RawValue>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(items)
            }
        }
        deserializer.deserialize_seq(All).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str, mode: JsonMode) -> Vec<String> {
        let leaves = leaves(text, mode, &|place| place == "body /set").unwrap();
        leaves.into_iter().map(|leaf| format!("{}={}", leaf.place, leaf.key)).collect()
    }

    #[test]
    fn every_value_has_its_place() {
        assert_eq!(
            keys(r#"{"a":{"b/c":[1,"x",{}]},"d":[],"set":[2,1],"a":null}"#, JsonMode::ByValue),
            [
                "body /a (again, 1)=null",
                "body /a/b~1c/0=1",
                "body /a/b~1c/1=x",
                "body /a/b~1c/2={}",
                "body /d=[]",
                "body /set/0=1",
                "body /set/1=2"
            ]
        );
    }

    #[test]
    fn numbers_and_text_count_by_value_or_as_written() {
        for (one, other, same_by_value) in [
            ("1.0", "1", true),
            ("1e2", "100", true),
            ("-0", "0", true),
            ("0.10", "0.1", true),
            ("1e400", "2e400", false),
            ("18446744073709551616", "18446744073709551617", false),
            ("\"\\u00e9\"", "\"é\"", true),
            ("\"1\"", "1", false),
            ("[ 1]", "[1]", true),
        ] {
            let same =
                |mode| leaves(one, mode, &|_| false).unwrap() == leaves(other, mode, &|_| false).unwrap();
            let same_keys = |mode| {
                let of = |text| {
                    let leaves = leaves(text, mode, &|_| false).unwrap().into_iter();
                    leaves.map(|leaf| (leaf.place, leaf.is_text, leaf.key)).collect::<Vec<_>>()
                };
                of(one) == of(other)
            };
            assert_eq!(same_keys(JsonMode::ByValue), same_by_value, "{one} {other}");
            assert!(!same(JsonMode::AsWritten), "{one} {other}");
        }
    }

    #[test]
    fn a_lone_surrogate_is_compared_as_it_is_written() {
        assert_eq!(keys(r#"["\ud800"]"#, JsonMode::ByValue), [r#"body /0="\ud800""#]);
    }
}
