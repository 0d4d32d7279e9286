//! The types of answers, read from the schemas of the document.

use super::model::NEWTYPES;
use super::rust;
use super::source::Node;

/// The type of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    /// A text.
    Text,
    /// A whole number; not negative when `true`.
    Integer(bool),
    /// Any number.
    Number,
    /// True or false.
    Boolean,
    /// The one whole number that may stand there.
    Constant(i64),
    /// Any JSON.
    Json,
    /// An object with any names; its order is kept.
    Map,
    /// One of [`super::model::Model::schemas`].
    Named(String),
    /// A newtype of `contract`.
    Newtype(&'static str),
    /// A list.
    List(Box<Type>),
    /// It, or null.
    Nullable(Box<Type>),
}

/// A type that is to be defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Schema {
    /// Its name in Rust.
    pub name: String,
    /// Prose.
    pub description: Option<String>,
    /// What it is made of.
    pub shape: Shape,
}

/// What a type is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// An object with these members, in this order.
    Object(Vec<Member>),
    /// One of these texts.
    Texts(Vec<String>),
    /// One of these, by the name of the variant.
    Either(Vec<(String, Type)>),
    /// Another name of a type.
    Alias(Type),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// As it is sent.
    pub name: String,
    /// As a field.
    pub field: String,
    /// Whether it is always there; else it is left out when it has no value.
    pub is_required: bool,
    /// Prose.
    pub description: Option<String>,
    /// Its type.
    pub of: Type,
}

const PROSE: [&str; 5] = ["type", "title", "description", "example", "examples"];

/// The types that were found so far.
#[derive(Debug)]
pub(super) struct Types<'a> {
    root: Node<'a>,
    /// With the name of the component that each belongs to, for the order.
    found: Vec<(String, Schema)>,
    component: String,
}

impl<'a> Types<'a> {
    pub(super) const fn new(root: Node<'a>) -> Self {
        Self { root, found: Vec::new(), component: String::new() }
    }

    /// Every type that was asked for, in the order of the document's components; what belongs to one stands behind it.
    pub(super) fn finish(self) -> Result<Vec<Schema>, String> {
        let components: Vec<&str> = match self.root.at("/components/schemas") {
            Ok(components) => components.names().collect(),
            Err(_) => Vec::new(),
        };
        let mut found = self.found;
        found.sort_by_key(|(component, schema)| {
            (components.iter().position(|name| name == component), schema.name != *component)
        });
        let mut names: Vec<_> = found.iter().map(|(_, schema)| schema.name.as_str()).collect();
        names.sort_unstable();
        if let Some([twice, _]) = names.array_windows().find(|[one, next]| one == next) {
            return Err(self.root.fault(&format!("two types would be called {twice}")));
        }
        Ok(found.into_iter().map(|(_, schema)| schema).collect())
    }

    /// The type of a schema; what has no name of its own is called `name`.
    pub(super) fn of(&mut self, schema: &Node<'a>, name: &str) -> Result<Type, String> {
        if let Some(component) = schema.component {
            if let Some(newtype) = NEWTYPES.into_iter().find(|newtype| *newtype == component) {
                return Ok(Type::Newtype(newtype));
            }
            return self.component(schema, component);
        }
        let (types, is_nullable) = Self::types(schema)?;
        let of = match types.as_slice() {
            ["object"] => self.object(schema, name)?,
            ["array"] => {
                schema.only(&[&PROSE[..], &["items", "minItems", "maxItems"]].concat())?;
                Type::List(Box::new(self.of(&schema.needed("items")?, &format!("{name}Item"))?))
            }
            ["string"] => self.text(schema, name)?,
            ["integer"] => integer(schema)?,
            ["number"] => {
                schema.only(&[&PROSE[..], &["minimum", "maximum"]].concat())?;
                Type::Number
            }
            ["boolean"] => {
                schema.only(&PROSE)?;
                Type::Boolean
            }
            [] if schema.names().any(|keyword| keyword == "oneOf") => return self.either(schema, name),
            [_, _, ..] => {
                schema.only(&[&PROSE[..], &["items", "additionalProperties"]].concat())?;
                // Null is one of the values that any JSON can be.
                return Ok(Type::Json);
            }
            [] => return Err(schema.fault("a schema without a type is not supported by the code generator")),
            [_] => return Err(schema.unsupported("type")),
        };
        Ok(if is_nullable { Type::Nullable(Box::new(of)) } else { of })
    }

    /// The type of a component, defined when it is first met.
    fn component(&mut self, schema: &Node<'a>, component: &str) -> Result<Type, String> {
        let name = rust::type_name(component);
        if self.found.iter().any(|(_, found)| found.name == name) {
            return Ok(Type::Named(name));
        }
        let outer = std::mem::replace(&mut self.component, component.to_owned());
        let unnamed = schema.unnamed();
        // A type of its own that its name will stand for: members may name it before it is complete.
        let of = self.of(&unnamed, &name)?;
        if of != Type::Named(name.clone()) {
            self.define(schema, &name, Shape::Alias(of));
        }
        self.component = outer;
        Ok(Type::Named(name))
    }

    fn define(&mut self, schema: &Node<'_>, name: &str, shape: Shape) -> Type {
        let description = schema.text("description").map(str::to_owned);
        let schema = Schema { name: name.to_owned(), description, shape };
        self.found.push((self.component.clone(), schema));
        Type::Named(name.to_owned())
    }

    /// The names of types without `null`, and whether that was among them.
    fn types(schema: &Node<'a>) -> Result<(Vec<&'a str>, bool), String> {
        let mut types: Vec<_> = match schema.value().get("type") {
            None => Vec::new(),
            Some(one) => one.as_array().map_or_else(|| vec![one], |list| list.iter().collect()),
        }
        .into_iter()
        .map(|name| {
            name.as_str().ok_or_else(|| schema.fault("expected type to be a name or a list of names"))
        })
        .collect::<Result<_, _>>()?;
        let all = types.len();
        types.retain(|name| *name != "null");
        let is_nullable = types.len() < all;
        Ok((types, is_nullable))
    }

    fn object(&mut self, schema: &Node<'a>, name: &str) -> Result<Type, String> {
        schema.only(&[&PROSE[..], &["required", "properties", "additionalProperties"]].concat())?;
        let additional = schema.value().get("additionalProperties");
        let Some(properties) = schema.member("properties")? else {
            return match additional {
                Some(one) if *one != false => Ok(Type::Map),
                _ => Err(schema.fault("an object without properties needs additionalProperties")),
            };
        };
        if additional.is_none_or(|additional| *additional != false) {
            return Err(schema.fault("an object with properties needs additionalProperties: false"));
        }
        let required: Vec<_> = schema
            .member("required")?
            .into_iter()
            .filter_map(|list| list.value().as_array())
            .flatten()
            .collect();
        let mut members = Vec::new();
        for (member, value) in properties.members()? {
            let field = rust::field(member)
                .ok_or_else(|| value.fault("expected a name in small letters, digits and _"))?;
            // What is said beside a reference is the component's; prose of a member is its own.
            let description = match value.component {
                Some(_) => None,
                None => value.text("description").map(str::to_owned),
            };
            members.push(Member {
                name: member.to_owned(),
                field,
                is_required: required.iter().any(|name| **name == member),
                description,
                of: self.of(&value, &format!("{name}{}", rust::type_name(member)))?,
            });
        }
        Ok(self.define(schema, name, Shape::Object(members)))
    }

    fn text(&mut self, schema: &Node<'a>, name: &str) -> Result<Type, String> {
        schema.only(
            &[&PROSE[..], &["const", "enum", "minLength", "maxLength", "pattern", "format", "not"]].concat(),
        )?;
        let values = match (schema.value().get("const"), schema.value().get("enum")) {
            (None, None) => return Ok(Type::Text),
            (Some(one), None) => vec![one],
            (None, Some(list)) => list.as_array().into_iter().flatten().collect(),
            (Some(_), Some(_)) => return Err(schema.unsupported("enum")),
        };
        let texts = values.into_iter().map(|value| value.as_str().map(str::to_owned));
        let texts: Option<Vec<_>> = texts.collect();
        let texts = texts.filter(|texts| !texts.is_empty()).ok_or_else(|| schema.fault("expected texts"))?;
        Ok(self.define(schema, name, Shape::Texts(texts)))
    }

    fn either(&mut self, schema: &Node<'a>, name: &str) -> Result<Type, String> {
        schema.only(&[&PROSE[..], &["oneOf"]].concat())?;
        let (mut variants, mut is_nullable) = (Vec::new(), false);
        for alternative in schema.needed("oneOf")?.elements()? {
            if alternative.text("type") == Some("null") {
                is_nullable = true;
                continue;
            }
            let variant = variant_name(&alternative)?;
            let of = self.of(&alternative, &format!("{name}{variant}"))?;
            variants.push((variant, of));
        }
        let of = self.define(schema, name, Shape::Either(variants));
        Ok(if is_nullable { Type::Nullable(Box::new(of)) } else { of })
    }
}

/// An alternative is called by the constant that tells it from the others, else by its type.
fn variant_name(alternative: &Node<'_>) -> Result<String, String> {
    if let Some(component) = alternative.component {
        return Ok(rust::type_name(component));
    }
    if let Some(properties) = alternative.member("properties")? {
        let constants = properties.members()?.into_iter().filter_map(|(_, member)| member.text("const"));
        let constant = constants.map(rust::type_name).next();
        return constant
            .ok_or_else(|| alternative.fault("an object of oneOf needs a member with a constant text"));
    }
    let name = alternative.text("const").or_else(|| alternative.text("type"));
    name.map(rust::type_name).ok_or_else(|| alternative.fault("an alternative needs a type"))
}

fn integer(schema: &Node<'_>) -> Result<Type, String> {
    schema.only(&[&PROSE[..], &["const", "minimum", "maximum", "format"]].concat())?;
    let number = |name: &str| {
        schema.value().get(name).map(|value| value.as_i64().ok_or_else(|| schema.unsupported(name)))
    };
    if let Some(constant) = number("const").transpose()? {
        return Ok(Type::Constant(constant));
    }
    Ok(Type::Integer(number("minimum").transpose()?.is_some_and(|least| least >= 0)))
}

/// Whether a schema is the error envelope.
///
/// # Errors
/// When it is one in all but its form.
pub(super) fn is_envelope(schema: &Node<'_>, status: u16) -> Result<bool, String> {
    let Some(properties) = schema.member("properties")? else { return Ok(false) };
    let names: Vec<_> = properties.names().filter(|name| *name != "details").collect();
    if names.first() != Some(&"error") {
        return Ok(false);
    }
    let says = properties.needed("status_code")?;
    let order: Vec<_> = properties.names().collect();
    let is_in_order = names == ["error", "message", "status_code", "request_id"]
        && order.iter().position(|name| *name == "details").is_none_or(|at| at == 3);
    if !is_in_order {
        return Err(properties.fault("expected the members of the error envelope, in its order"));
    }
    if says.value().get("const").is_none_or(|code| *code != status) {
        return Err(says.fault(&format!("expected the constant {status}, which is the answer's status")));
    }
    Ok(true)
}
