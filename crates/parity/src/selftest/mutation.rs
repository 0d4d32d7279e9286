//! One small change to an answer, of each kind that a server under test could make by mistake.

use serde_json::{Map, Value, json};

use crate::config::JsonMode;
use crate::model::{Answer, Header};

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Another status.
    Status,
    /// Another value of a header.
    HeaderChanged,
    /// A header less.
    HeaderMissing,
    /// A header more.
    HeaderAdded,
    /// Another name of a member.
    MemberRenamed,
    /// A member less.
    MemberRemoved,
    /// A member more.
    MemberAdded,
    /// A member that was absent is there, and null.
    NullForAbsent,
    /// A value of another type.
    Type,
    /// Another value of the same type.
    Value,
    /// The same number in another form: `1.0` for `1`.
    NumberForm,
    /// The first item of a list behind the others.
    ArrayOrder,
    /// A letter of a text in the other case.
    Case,
    /// A space more in a text.
    WhiteSpace,
    /// The last byte of the body never comes.
    Truncated,
    /// The answer comes when nobody waits any more.
    Delayed,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 16] = [
        Self::Status,
        Self::HeaderChanged,
        Self::HeaderMissing,
        Self::HeaderAdded,
        Self::MemberRenamed,
        Self::MemberRemoved,
        Self::MemberAdded,
        Self::NullForAbsent,
        Self::Type,
        Self::Value,
        Self::NumberForm,
        Self::ArrayOrder,
        Self::Case,
        Self::WhiteSpace,
        Self::Truncated,
        Self::Delayed,
    ];
}

/// A changed answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mutant {
    pub(super) answer: Answer,
    /// Where it was changed, as places of differences are written.
    pub(super) place: String,
}

/// The answer with one change, in the `pick`th of the places where it can be made; nothing where it cannot be made.
pub(super) fn mutant(kind: Kind, answer: &Answer, mode: JsonMode, pick: usize) -> Option<Mutant> {
    let mut changed = answer.clone();
    let place = match kind {
        Kind::Status => {
            // An answer of 204 or 304 has no body, so that a status beside it is another kind of change.
            changed.status =
                if answer.body.is_empty() { return None } else { 400 + (answer.status + 18) % 100 };
            "status".to_owned()
        }
        Kind::HeaderChanged | Kind::HeaderMissing => {
            let frames = ["content-length", "transfer-encoding", "connection"];
            let free = changed.headers.iter().enumerate();
            let free: Vec<usize> = free
                .filter(|(_, header)| !frames.iter().any(|name| header.is(name)))
                .map(|(index, _)| index)
                .collect();
            let index = *nth(&free, pick)?;
            let name = changed.headers.get(index)?.name.to_ascii_lowercase();
            if kind == Kind::HeaderMissing {
                changed.headers.remove(index);
            } else {
                let header = changed.headers.get_mut(index)?;
                header.value = format!("{}x", header.value.lossy()).into();
            }
            format!("header {name}")
        }
        Kind::HeaderAdded => {
            changed.headers.push(Header::new("X-Mutant", "1"));
            "header x-mutant".to_owned()
        }
        Kind::Truncated | Kind::Delayed if answer.body.is_empty() => return None,
        Kind::Truncated | Kind::Delayed => "connection".to_owned(),
        _ => {
            let (body, place) = body(kind, answer, mode, pick)?;
            changed.body = body.into();
            place
        }
    };
    (changed != *answer || matches!(kind, Kind::Truncated | Kind::Delayed))
        .then_some(Mutant { answer: changed, place })
}

fn nth<T>(list: &[T], pick: usize) -> Option<&T> {
    list.get(pick.checked_rem(list.len())?)
}

fn body(kind: Kind, answer: &Answer, mode: JsonMode, pick: usize) -> Option<(String, String)> {
    let media_type = answer.header("content-type")?;
    // The answer to HEAD has none, and is to have none.
    let text = answer.body.text().filter(|text| !text.is_empty())?;
    if media_type.starts_with("application/json") {
        let body: Value = serde_json::from_str(text).ok()?;
        // What a parser and a writer change by themselves would be a second change.
        let is_one_change =
            mode == JsonMode::ByValue || serde_json::to_string(&body).is_ok_and(|written| written == text);
        return if is_one_change { in_json(kind, body, pick) } else { None };
    }
    // Prometheus text has a grammar of its own, in which white space and case say other things.
    let is_free_text = media_type.starts_with("text/") && !media_type.contains("version=0.0.4");
    if !is_free_text {
        return None;
    }
    let changed = match kind {
        Kind::Value => format!("{text}x"),
        Kind::WhiteSpace => text.replacen(' ', "  ", 1),
        Kind::Case => other_case(text)?,
        _ => return None,
    };
    Some((changed, "body".to_owned()))
}

/// A place in a JSON value, as a pointer.
type Places = Vec<String>;

fn in_json(kind: Kind, mut body: Value, pick: usize) -> Option<(String, String)> {
    let mut places = Places::new();
    collect(&body, String::new(), &|value| is_place(kind, value), &mut places);
    let pointer = nth(&places, pick)?.clone();
    let place = change(kind, body.pointer_mut(&pointer)?, pick)?;
    Some((body.to_string(), format!("body {pointer}{place}")))
}

fn collect(value: &Value, at: String, is_place: &dyn Fn(&Value) -> bool, places: &mut Places) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect(value, format!("{at}/{name}"), is_place, places);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                collect(value, format!("{at}/{index}"), is_place, places);
            }
        }
        _ => {}
    }
    if is_place(value) {
        places.push(at);
    }
}

fn is_place(kind: Kind, value: &Value) -> bool {
    match kind {
        Kind::MemberRenamed | Kind::MemberRemoved => {
            value.as_object().is_some_and(|members| !members.is_empty())
        }
        Kind::MemberAdded | Kind::NullForAbsent => value.is_object(),
        Kind::ArrayOrder => value.as_array().is_some_and(|items| items.first() != items.last()),
        Kind::NumberForm => value.is_i64() || value.is_u64(),
        Kind::Case => value.as_str().is_some_and(|text| other_case(text).is_some()),
        Kind::WhiteSpace => value.is_string(),
        Kind::Type | Kind::Value => !value.is_object() && !value.is_array() && !value.is_null(),
        _ => false,
    }
}

/// Changes the value; the answer is what stands behind its place, where a member of it was changed.
fn change(kind: Kind, value: &mut Value, pick: usize) -> Option<String> {
    let mut below = String::new();
    match (kind, &mut *value) {
        (Kind::MemberRenamed | Kind::MemberRemoved, Value::Object(members)) => {
            let names: Vec<String> = members.keys().cloned().collect();
            let name = nth(&names, pick)?;
            below = format!("/{name}");
            let rest = std::mem::take(members).into_iter().filter_map(|(member, value)| match kind {
                Kind::MemberRemoved if member == *name => None,
                Kind::MemberRenamed if member == *name => Some((format!("{member}_"), value)),
                _ => Some((member, value)),
            });
            *members = rest.collect::<Map<_, _>>();
        }
        (Kind::MemberAdded | Kind::NullForAbsent, Value::Object(members)) => {
            below.push_str("/mutant");
            members
                .insert("mutant".to_owned(), if kind == Kind::MemberAdded { json!(1) } else { Value::Null });
        }
        (Kind::ArrayOrder, Value::Array(items)) => items.rotate_left(1),
        // The parser keeps `1.0` apart from `1`, and writes it so.
        (Kind::NumberForm, Value::Number(number)) => {
            *value = serde_json::from_str(&format!("{number}.0")).ok()?;
        }
        (Kind::Case, Value::String(text)) => *text = other_case(text)?,
        (Kind::WhiteSpace, Value::String(text)) => text.push(' '),
        (Kind::Type, Value::String(_)) => *value = json!(1),
        (Kind::Type, Value::Number(number)) => *value = Value::String(number.to_string()),
        (Kind::Type, Value::Bool(truth)) => *value = Value::String(truth.to_string()),
        (Kind::Value, Value::String(text)) => text.push('x'),
        (Kind::Value, Value::Bool(truth)) => *truth = !*truth,
        (Kind::Value, Value::Number(number)) => {
            *value = number.as_i64().map_or_else(|| json!(0.125), |number| json!(number.wrapping_add(1)));
        }
        _ => return None,
    }
    Some(below)
}

fn other_case(text: &str) -> Option<String> {
    let at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (before, rest) = text.split_at(at);
    let (letter, after) = rest.split_at(1);
    let letter =
        if letter.chars().all(char::is_lowercase) { letter.to_uppercase() } else { letter.to_lowercase() };
    Some(format!("{before}{letter}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(kind: Kind, answer: &Answer, pick: usize) -> Option<Mutant> {
        super::mutant(kind, answer, JsonMode::AsWritten, pick)
    }

    fn answer(body: &str) -> Answer {
        Answer {
            status: 200,
            headers: vec![Header::new("Content-Type", "application/json"), Header::new("X-A", "b")],
            body: body.into(),
        }
    }

    #[test]
    fn each_kind_changes_one_thing() {
        let given = answer(r#"{"a":1,"b":["x","y"]}"#);
        for (kind, pick, body, place) in [
            (Kind::MemberRenamed, 0, r#"{"a_":1,"b":["x","y"]}"#, "body /a"),
            (Kind::MemberRemoved, 1, r#"{"a":1}"#, "body /b"),
            (Kind::MemberAdded, 0, r#"{"a":1,"b":["x","y"],"mutant":1}"#, "body /mutant"),
            (Kind::NullForAbsent, 0, r#"{"a":1,"b":["x","y"],"mutant":null}"#, "body /mutant"),
            (Kind::Type, 0, r#"{"a":"1","b":["x","y"]}"#, "body /a"),
            (Kind::Value, 1, r#"{"a":1,"b":["xx","y"]}"#, "body /b/0"),
            (Kind::NumberForm, 0, r#"{"a":1.0,"b":["x","y"]}"#, "body /a"),
            (Kind::ArrayOrder, 0, r#"{"a":1,"b":["y","x"]}"#, "body /b"),
            (Kind::Case, 0, r#"{"a":1,"b":["X","y"]}"#, "body /b/0"),
            (Kind::WhiteSpace, 1, r#"{"a":1,"b":["x","y "]}"#, "body /b/1"),
        ] {
            let made = mutant(kind, &given, pick).unwrap();
            assert_eq!((made.answer.body.text(), made.place.as_str()), (Some(body), place), "{kind:?}");
        }
        let changed = mutant(Kind::HeaderChanged, &given, 1).unwrap();
        assert_eq!((changed.answer.header("x-a"), changed.place.as_str()), (Some("bx"), "header x-a"));
        assert_eq!(mutant(Kind::HeaderMissing, &given, 0).unwrap().answer.headers.len(), 1);
        assert_ne!(mutant(Kind::Status, &given, 0).unwrap().answer.status, 200);
    }

    #[test]
    fn what_cannot_be_changed_is_left_out() {
        for kind in [Kind::ArrayOrder, Kind::NumberForm, Kind::Case] {
            assert_eq!(mutant(kind, &answer(r#"{"a":true}"#), 0), None, "{kind:?}");
        }
        assert_eq!(mutant(Kind::Truncated, &answer(""), 0), None);
    }
}
