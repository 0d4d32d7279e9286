//! `crates/wire-spec/src/generated/inputs.rs`: an input for each operation that has one, and how it is read.

use std::fmt::Write as _;

use spec::operations::Place;

use super::model::{Model, Operation, Parameter, Rule};
use super::rust;

pub(super) fn generate(model: &Model) -> String {
    let mut body = String::new();
    for operation in model.operations.iter().filter(|operation| operation.has_input()) {
        define(&mut body, operation);
    }
    let mut names = vec!["Problem"];
    names.extend(super::model::NEWTYPES.into_iter().filter(|name| body.contains(&format!("{name}::"))));
    names.extend(
        ["FieldPlace", "IntegerRule", "TextRule"]
            .into_iter()
            .filter(|name| body.contains(&format!("{name}::"))),
    );
    names.sort_unstable();
    format!("use contract::raw;\nuse contract::{{{}}};\n\n{body}", names.join(", "))
}

/// The type of a parameter as a field.
fn field_type(parameter: &Parameter) -> String {
    let plain = match parameter.rule {
        Rule::Text { .. } => "String",
        Rule::Integer { .. } => "i64",
    };
    let of = parameter.newtype.unwrap_or(plain);
    if parameter.is_required { of.to_owned() } else { format!("Option<{of}>") }
}

/// The rule as a constant expression.
fn rule(rule: &Rule) -> String {
    let call = |name: &str, value: &Option<i64>| {
        value.map_or_else(String::new, |value| format!(".{name}({})", rust::number(value)))
    };
    let said = |name: &str, text: &Option<String>| {
        text.as_ref().map_or_else(String::new, |text| format!(".{name}({})", rust::literal(text)))
    };
    match rule {
        Rule::Text { min_length, max_length, pattern, refused } => format!(
            "TextRule = TextRule::ANY{}{}{}{}",
            call("min_length", min_length),
            call("max_length", max_length),
            said("pattern", pattern),
            said("refusing", refused)
        ),
        Rule::Integer { minimum, maximum } => {
            format!("IntegerRule = IntegerRule::ANY{}{}", call("minimum", minimum), call("maximum", maximum))
        }
    }
}

fn define(text: &mut String, operation: &Operation) {
    let name = operation.type_name();
    let _ = writeln!(
        text,
        "/// The input of `{}`.\n#[derive(Debug, Clone, PartialEq, Eq)]\npub struct {name} {{",
        operation.id
    );
    for parameter in &operation.parameters {
        let prose = parameter.description.clone().unwrap_or_else(|| format!("`{}`", parameter.name));
        let _ = writeln!(text, "{}pub {}: {},", rust::doc(&prose), parameter.field, field_type(parameter));
    }
    if operation.has_body {
        text.push_str("/// The body.\npub message: Message,\n");
    }
    let _ = writeln!(text, "}}\n\nimpl {name} {{");
    for parameter in operation.parameters.iter().filter(|parameter| !parameter.takes_anything()) {
        let _ = writeln!(text, "const {}: {};", rust::constant(&parameter.name), rule(&parameter.rule));
    }
    read(text, operation);
    if operation.has_body {
        let arguments =
            arguments(operation).into_iter().filter(|(name, _)| name != "body").collect::<Vec<_>>();
        let (declared, passed) = (declared(&arguments), names(&arguments));
        let _ = writeln!(
            text,
            "\n/// The answer when the body could not be read to its end.\npub fn without_body({declared}) -> Problem {{
            match Self::read({passed}{}b\"\") {{
                Err(problem) => problem,
                // An empty body is never a message.
                Ok(_) => Problem::BadRequest(contract::problem::Unreadable::Body),
            }}
            }}",
            if passed.is_empty() { "" } else { ", " },
        );
    }
    text.push_str("}\n\n");
}

/// The raw texts that an input is read from, with their types.
pub(super) fn arguments(operation: &Operation) -> Vec<(String, &'static str)> {
    let mut arguments: Vec<_> =
        operation.parameters_in(Place::Path).map(|parameter| (parameter.field.clone(), "&str")).collect();
    if operation.has_query() {
        arguments.push(("query".to_owned(), "Option<&str>"));
    }
    if operation.has_body {
        arguments.push(("body".to_owned(), "&[u8]"));
    }
    arguments
}

fn declared(arguments: &[(String, &str)]) -> String {
    arguments.iter().map(|(name, of)| format!("{name}: {of}")).collect::<Vec<_>>().join(", ")
}

fn names(arguments: &[(String, &str)]) -> String {
    arguments.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
}

fn read(text: &mut String, operation: &Operation) {
    let faults = match (operation.has_rules(), operation.has_body) {
        (true, true) => {
            "broken percent-encoding, or a body alone that is no JSON; [`Problem::Validation`] with all faults together"
        }
        (true, false) => "broken percent-encoding; [`Problem::Validation`] with all faults together",
        (false, _) => "broken percent-encoding",
    };
    let _ = writeln!(
        text,
        "\n/// Reads it from raw text.\n///\n/// # Errors\n/// [`Problem::BadRequest`] for {faults}.\n\
         pub fn read({}) -> Result<Self, Problem> {{",
        declared(&arguments(operation))
    );
    for parameter in operation.parameters_in(Place::Path) {
        let _ = writeln!(text, "let {0} = raw::segment({0})?;", parameter.field);
    }
    if !operation.has_rules() {
        let fields =
            operation.parameters.iter().map(|parameter| format!("{0}: {0}.into_owned()", parameter.field));
        let _ = writeln!(text, "Ok(Self {{ {} }})\n}}", fields.collect::<Vec<_>>().join(", "));
        return;
    }
    if operation.has_query() {
        text.push_str("let query = raw::Query::read(query)?;\n");
    }
    for parameter in &operation.parameters {
        let _ = writeln!(text, "let {} = {};", parameter.field, value(parameter));
    }
    let mut fields: Vec<_> = operation.parameters.iter().map(|parameter| parameter.field.as_str()).collect();
    if operation.has_body {
        text.push_str("let message = Message::parse(body);\n");
        fields.push("message");
    }
    conclude(text, operation, &fields);
}

/// How a parameter is taken from the raw text.
fn value(parameter: &Parameter) -> String {
    let Parameter { name, field, .. } = parameter;
    let constant = rust::constant(name);
    let by = |raw: &str| match (&parameter.newtype, &parameter.rule) {
        (Some(newtype), _) => format!("{newtype}::by(&Self::{constant}, {raw})"),
        (None, _) if parameter.takes_anything() => format!("TextRule::ANY.text({raw})"),
        (None, Rule::Text { .. }) => format!("Self::{constant}.text({raw})"),
        (None, Rule::Integer { .. }) => format!("Self::{constant}.integer({raw})"),
    };
    match (parameter.place, parameter.is_required) {
        (Place::Query, true) => format!("query.required({name:?}).and_then(|raw| {})", by("raw")),
        (Place::Query, false) => format!("query.optional({name:?}).map(|raw| {}).transpose()", by("raw")),
        _ => by(&format!("&{field}")),
    }
}

fn conclude(text: &mut String, operation: &Operation, fields: &[&str]) {
    let places: Vec<_> = operation
        .parameters
        .iter()
        .map(|parameter| {
            let place = if parameter.place == Place::Path { "Path" } else { "Query" };
            format!("(FieldPlace::{place}({:?}), {}.err())", parameter.name, parameter.field)
        })
        .collect();
    let refused = if operation.has_body {
        format!("raw::refused_with_body([{}], message.err())", places.join(", "))
    } else {
        format!("raw::refused([{}])", places.join(", "))
    };
    let taken = fields.iter().map(|field| format!("Ok({field})")).collect::<Vec<_>>().join(", ");
    let all = fields.join(", ");
    let (tuple, taken) =
        if fields.len() == 1 { (all.clone(), taken) } else { (format!("({all})"), format!("({taken})")) };
    let _ =
        writeln!(text, "match {tuple} {{ {taken} => Ok(Self {{ {all} }}), {tuple} => Err({refused}) }}\n}}");
}
