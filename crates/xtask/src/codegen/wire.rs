//! `crates/wire-spec/src/generated/types.rs`: a type for each schema of an answer.

use std::fmt::Write as _;

use super::model::Model;
use super::rust;
use super::schema::{Member, Schema, Shape, Type};

pub(super) fn generate(model: &Model) -> String {
    let mut body = String::new();
    for schema in &model.schemas {
        define(&mut body, schema);
    }
    // Only what is used is brought into scope.
    let is_used = |name: &str| body.contains(name);
    let newtypes: Vec<_> = super::model::NEWTYPES
        .into_iter()
        .filter(|name| is_used(&format!(": {name},")) || is_used(&format!("<{name}>")))
        .collect();
    let mut text = String::new();
    if is_used("Cow<") {
        text.push_str("use std::borrow::Cow;\n\n");
    }
    if !newtypes.is_empty() {
        let _ = writeln!(text, "use contract::{{{}}};", newtypes.join(", "));
    }
    text.push_str("use serde::Serialize;\n");
    match (is_used("Map<"), is_used("Value,") || is_used("Value>")) {
        (true, _) => text.push_str("use serde_json::{Map, Value};\n"),
        (false, true) => text.push_str("use serde_json::Value;\n"),
        (false, false) => {}
    }
    if is_used("Constant<") {
        text.push_str("\nuse crate::constant::Constant;\n");
    }
    text + "\n" + &body
}

/// The type as it is written in Rust.
pub(super) fn name(of: &Type) -> String {
    match of {
        // Texts of the contract are constants, and need not be copied for each answer.
        Type::Text => "Cow<'static, str>".to_owned(),
        Type::Integer(true) => "u64".to_owned(),
        Type::Integer(false) => "i64".to_owned(),
        Type::Number => "f64".to_owned(),
        Type::Boolean => "bool".to_owned(),
        Type::Constant(value) => format!("Constant<{}>", rust::number(*value)),
        Type::Json => "Value".to_owned(),
        Type::Map => "Map<String, Value>".to_owned(),
        Type::Named(name) => name.clone(),
        Type::Newtype(name) => (*name).to_owned(),
        Type::List(of) => format!("Vec<{}>", name(of)),
        Type::Nullable(of) => format!("Option<{}>", name(of)),
    }
}

fn define(text: &mut String, schema: &Schema) {
    let Schema { name: type_name, description, shape } = schema;
    text.push_str(&rust::doc(description.as_deref().unwrap_or(&fallback(shape))));
    // Writing to a string cannot fail.
    let _ = match shape {
        Shape::Alias(of) => writeln!(text, "pub type {type_name} = {};\n", name(of)),
        Shape::Object(members) => {
            let _ =
                writeln!(text, "#[derive(Debug, Clone, PartialEq, Serialize)]\npub struct {type_name} {{");
            for found in members {
                member(text, found);
            }
            writeln!(text, "}}\n")
        }
        Shape::Texts(texts) => {
            let default = if texts.len() == 1 { ", Default" } else { "" };
            let _ = writeln!(
                text,
                "#[derive(Debug, Clone, Copy, PartialEq, Eq{default}, Serialize)]\npub enum {type_name} {{"
            );
            for value in texts {
                let _ = writeln!(text, "/// `{value}`");
                if texts.len() == 1 {
                    text.push_str("#[default]\n");
                }
                let variant = rust::type_name(value);
                if variant != *value {
                    let _ = writeln!(text, "#[serde(rename = {value:?})]");
                }
                let _ = writeln!(text, "{variant},");
            }
            writeln!(text, "}}\n")
        }
        Shape::Either(variants) => {
            let _ = writeln!(
                text,
                "#[derive(Debug, Clone, PartialEq, Serialize)]\n#[serde(untagged)]\npub enum {type_name} {{"
            );
            for (variant, of) in variants {
                let _ = writeln!(text, "/// {}\n{variant}({}),", said(variant, of), name(of));
            }
            writeln!(text, "}}\n")
        }
    };
}

fn member(text: &mut String, member: &Member) {
    let prose = member.description.clone().unwrap_or_else(|| format!("`{}`", member.name));
    text.push_str(&rust::doc(&prose));
    let _ = if member.is_required {
        writeln!(text, "pub {}: {},", member.field, name(&member.of))
    } else {
        let rule = "#[serde(skip_serializing_if = \"Option::is_none\")]";
        writeln!(text, "{rule}\npub {}: Option<{}>,", member.field, name(&member.of))
    };
}

/// What an alternative without prose of its own is.
fn said(variant: &str, of: &Type) -> String {
    match of {
        Type::Integer(_) | Type::Constant(_) => "A whole number.".to_owned(),
        Type::Named(_) => format!("The alternative `{}`.", variant.to_ascii_lowercase()),
        _ => format!("A {}.", variant.to_ascii_lowercase()),
    }
}

/// Prose for a type that the document says nothing of.
fn fallback(shape: &Shape) -> String {
    match shape {
        Shape::Texts(texts) if texts.len() == 1 => "The one text that may stand there.".to_owned(),
        Shape::Texts(_) => "The texts that may stand there.".to_owned(),
        Shape::Object(_) => "One of the forms of the answer.".to_owned(),
        Shape::Either(_) | Shape::Alias(_) => "What may stand there.".to_owned(),
    }
}
