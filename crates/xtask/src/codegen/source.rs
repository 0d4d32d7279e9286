//! The document that code is generated from, as it was written: references are followed one at a time, because
//! the name at their end becomes the name of a type.

use serde_json::{Map, Value};

/// Where the document lies, below the root folder.
pub(super) const PATH: &str = "openapi/openapi.yaml";

/// A value of the document and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    root: &'a Value,
    value: &'a Value,
    /// A JSON pointer.
    pub pointer: String,
    /// The name of the component that a reference led to.
    pub component: Option<&'a str>,
}

impl<'a> Node<'a> {
    /// The whole document.
    pub(super) const fn root(document: &'a Value) -> Self {
        Self { root: document, value: document, pointer: String::new(), component: None }
    }

    /// The value at a JSON pointer of the document, its references followed.
    pub(super) fn at(&self, pointer: &str) -> Result<Self, String> {
        let root = Self::root(self.root);
        let missing = || format!("{PATH}: {pointer}: expected to be present");
        let value = self.root.pointer(pointer).ok_or_else(missing)?;
        Self { value, pointer: pointer.to_owned(), ..root }.followed()
    }

    /// A member, its references followed; `None` when there is none of that name.
    pub(super) fn member(&self, name: &str) -> Result<Option<Self>, String> {
        self.value.get(name).map(|value| self.child(name, value).followed()).transpose()
    }

    /// A member that must be there, its references followed.
    pub(super) fn needed(&self, name: &str) -> Result<Self, String> {
        self.member(name)?.ok_or_else(|| self.fault(&format!("expected a member {name}")))
    }

    /// The members in their order, references followed; none when it is no object.
    pub(super) fn members(&self) -> Result<Vec<(&'a str, Self)>, String> {
        let members = self.value.as_object().into_iter().flatten();
        members.map(|(name, value)| Ok((name.as_str(), self.child(name, value).followed()?))).collect()
    }

    /// The elements in their order, references followed; none when it is no list.
    pub(super) fn elements(&self) -> Result<Vec<Self>, String> {
        let elements = self.value.as_array().into_iter().flatten().enumerate();
        elements.map(|(index, value)| self.child(&index.to_string(), value).followed()).collect()
    }

    /// The names of the members.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.value.as_object().into_iter().flat_map(Map::keys).map(String::as_str)
    }

    /// The value itself.
    pub(super) const fn value(&self) -> &'a Value {
        self.value
    }

    /// The same value without the name of its component.
    pub(super) fn unnamed(&self) -> Self {
        Self { component: None, ..self.clone() }
    }

    /// The text of a member, if it is one.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.value.get(name)?.as_str()
    }

    /// Refuses members that are in none of the lists and are no extension.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), String> {
        let unknown = self.names().find(|name| !known.contains(name) && !name.starts_with("x-"));
        unknown.map_or(Ok(()), |name| Err(self.unsupported(name)))
    }

    /// A member that no code can be generated for.
    pub(super) fn unsupported(&self, name: &str) -> String {
        let below = self.child(name, self.value);
        below.fault(&format!("{name} is not supported by the code generator"))
    }

    /// A fault of this place, as a line.
    pub(super) fn fault(&self, what: &str) -> String {
        format!("{PATH}: {}: {what}", if self.pointer.is_empty() { "/" } else { &self.pointer })
    }

    fn child(&self, name: &str, value: &'a Value) -> Self {
        let token = name.replace('~', "~0").replace('/', "~1");
        Self { root: self.root, value, pointer: format!("{}/{token}", self.pointer), component: None }
    }

    fn followed(mut self) -> Result<Self, String> {
        // A bound on how long a chain of references may be; a circle has no end.
        for _ in 0..32 {
            let Some(reference) = self.text("$ref") else { return Ok(self) };
            let missing = || self.fault(&format!("the reference {reference} leads nowhere"));
            let pointer = reference.strip_prefix('#').ok_or_else(missing)?;
            let value = self.root.pointer(pointer).ok_or_else(missing)?;
            let component = pointer.strip_prefix("/components/schemas/");
            self = Self { root: self.root, value, pointer: pointer.to_owned(), component };
        }
        Err(self.fault("the reference leads back to itself"))
    }
}
