//! References, written out.

use serde_json::{Map, Value};

use crate::error::{Error, ReferenceFault};
use crate::load::Document;
use crate::pointer;

/// A part of the document, which stands there at `pointer`, with every reference below it replaced by what it points at.
///
/// Members beside a `$ref` that only describe (`summary`, `description` and the like) replace those of the
/// target, as OpenAPI 3.1 says; others become an `allOf` with it, which is what JSON Schema means by them.
///
/// # Errors
/// [`Error::Reference`] for one that leads nowhere, out of the document or back to itself.
pub(crate) fn resolved(document: &Document, part: &Value, pointer: &str) -> Result<Value, Error> {
    let mut resolver = Resolver { root: document.value(), open: Vec::new() };
    resolver.resolve(part, pointer, Members::Keywords)
}

/// What the members of an object are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Members {
    /// Keywords, of which some hold data rather than more of the document.
    Keywords,
    /// Names chosen by the author, such as those of properties: `example` is no keyword there.
    Names,
}

/// Keywords whose value maps names to parts of the document.
const NAME_MAPS: [&str; 12] = [
    "properties",
    "patternProperties",
    "dependentSchemas",
    "$defs",
    "schemas",
    "responses",
    "parameters",
    "headers",
    "content",
    "callbacks",
    "links",
    "encoding",
];

/// Keywords whose value is data, in which `$ref` is a name like any other.
const DATA: [&str; 5] = ["example", "examples", "default", "const", "enum"];

/// Members beside a `$ref` that describe and do not constrain.
const ANNOTATIONS: [&str; 9] = [
    "summary",
    "description",
    "title",
    "example",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$comment",
];

struct Resolver<'a> {
    root: &'a Value,
    /// The references that are being followed, outermost first.
    open: Vec<String>,
}

impl Resolver<'_> {
    fn resolve(&mut self, value: &Value, at: &str, members: Members) -> Result<Value, Error> {
        match value {
            Value::Array(items) => {
                let items = items.iter().enumerate().map(|(index, item)| {
                    self.resolve(item, &pointer::child(at, &index.to_string()), Members::Keywords)
                });
                items.collect::<Result<_, _>>().map(Value::Array)
            }
            Value::Object(object) => match object.get("$ref") {
                Some(reference) if members == Members::Keywords => self.follow(object, reference, at),
                _ => self.resolve_members(object, at, members).map(Value::Object),
            },
            scalar => Ok(scalar.clone()),
        }
    }

    fn resolve_members(
        &mut self,
        object: &Map<String, Value>,
        at: &str,
        members: Members,
    ) -> Result<Map<String, Value>, Error> {
        let mut resolved = Map::with_capacity(object.len());
        for (name, value) in object {
            let is_keyword = members == Members::Keywords;
            let value = if is_keyword && DATA.contains(&name.as_str()) {
                value.clone()
            } else {
                let below = if is_keyword && NAME_MAPS.contains(&name.as_str()) {
                    Members::Names
                } else {
                    Members::Keywords
                };
                self.resolve(value, &pointer::child(at, name), below)?
            };
            resolved.insert(name.clone(), value);
        }
        Ok(resolved)
    }

    fn follow(&mut self, object: &Map<String, Value>, reference: &Value, at: &str) -> Result<Value, Error> {
        let fault = |fault| Error::Reference {
            pointer: at.to_owned(),
            reference: reference.as_str().map_or_else(|| reference.to_string(), str::to_owned),
            fault,
        };
        let name = reference.as_str().ok_or_else(|| fault(ReferenceFault::NotText))?;
        if !name.starts_with('#') {
            return Err(fault(ReferenceFault::External));
        }
        if self.open.iter().any(|open| open == name) {
            return Err(fault(ReferenceFault::Cycle));
        }
        let target = pointer::target(self.root, name).ok_or_else(|| fault(ReferenceFault::Missing))?;
        self.open.push(name.to_owned());
        // Faults inside the target are reported at the target's own place, which is where they are mended.
        let mut resolved = self.resolve(target, name.trim_start_matches('#'), Members::Keywords)?;
        self.open.pop();

        let mut constraints = Map::new();
        for (key, value) in object {
            if key == "$ref" {
                continue;
            }
            if ANNOTATIONS.contains(&key.as_str()) {
                if let Value::Object(target) = &mut resolved {
                    target.insert(key.clone(), value.clone());
                }
            } else {
                constraints.insert(key.clone(), value.clone());
            }
        }
        if constraints.is_empty() {
            return Ok(resolved);
        }
        let constraints = self.resolve_members(&constraints, at, Members::Keywords)?;
        Ok(serde_json::json!({ "allOf": [resolved, constraints] }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paths(document: Value) -> Result<Value, String> {
        let mut document = document;
        document["openapi"] = json!("3.1.0");
        let document = Document::from_value(document).unwrap();
        let parts = document.value()["paths"].as_object().unwrap().iter();
        parts
            .map(|(name, part)| {
                Ok((name.clone(), resolved(&document, part, &pointer::child("/paths", name))?))
            })
            .collect::<Result<_, Error>>()
            .map(Value::Object)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn references_are_written_out_at_every_depth() {
        let document = json!({
            "paths": { "/a": { "get": { "responses": { "200": { "$ref": "#/components/responses/R" } } } } },
            "components": {
                "responses": { "R": { "content": { "x/y": { "schema": { "$ref": "#/components/schemas/S" } } } } },
                "schemas": { "S": { "type": "array", "items": { "$ref": "#/components/schemas/T" } }, "T": { "type": "null" } }
            }
        });
        assert_eq!(
            paths(document).unwrap()["/a"]["get"]["responses"]["200"],
            json!({ "content": { "x/y": { "schema": { "type": "array", "items": { "type": "null" } } } } })
        );
    }

    #[test]
    fn prose_beside_a_reference_replaces_and_constraints_add() {
        let document = json!({
            "paths": {
                "a": { "$ref": "#/components/schemas/S", "description": "mine" },
                "b": { "$ref": "#/components/schemas/S", "maxLength": 3 }
            },
            "components": { "schemas": { "S": { "type": "string", "description": "its own" } } }
        });
        assert_eq!(
            paths(document).unwrap(),
            json!({
                "a": { "type": "string", "description": "mine" },
                "b": { "allOf": [{ "type": "string", "description": "its own" }, { "maxLength": 3 }] }
            })
        );
    }

    #[test]
    fn a_name_or_datum_that_looks_like_a_reference_is_none() {
        let schema = json!({
            "properties": { "$ref": { "type": "string" }, "example": { "$ref": "#/components/schemas/S" } },
            "example": { "$ref": "#/nowhere" },
            "const": { "$ref": "#/nowhere" }
        });
        let document =
            json!({ "paths": { "a": schema }, "components": { "schemas": { "S": { "type": "null" } } } });
        assert_eq!(
            paths(document).unwrap()["a"],
            json!({
                "properties": { "$ref": { "type": "string" }, "example": { "type": "null" } },
                "example": { "$ref": "#/nowhere" },
                "const": { "$ref": "#/nowhere" }
            })
        );
    }

    #[test]
    fn references_that_cannot_be_followed_are_refused_with_their_place() {
        for (reference, expected) in [
            (json!("#/components/schemas/None"), "the reference #/components/schemas/None leads nowhere"),
            (json!("other.yaml#/x"), "the reference other.yaml#/x leads out of the document"),
            (json!(1), "the reference 1 is not a string"),
        ] {
            let document = json!({ "paths": { "/a": { "get": { "$ref": reference } } } });
            assert_eq!(paths(document).unwrap_err(), format!("/paths/~1a/get: {expected}"));
        }
    }

    #[test]
    fn a_circle_is_refused_where_it_closes() {
        let document = json!({
            "paths": { "a": { "$ref": "#/components/schemas/Tree" } },
            "components": { "schemas": { "Tree": { "properties": { "left": { "$ref": "#/components/schemas/Tree" } } } } }
        });
        assert_eq!(
            paths(document).unwrap_err(),
            "/components/schemas/Tree/properties/left: the reference #/components/schemas/Tree leads back to itself"
        );
    }
}
