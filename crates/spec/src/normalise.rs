//! What a document promises, without how it says it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::load::Document;
use crate::operations::{Content, Operation};
use crate::schema;

/// A route: path template and method in capitals.
pub type Route = (String, String);

/// What one operation promises.
#[derive(Debug, Clone, PartialEq)]
pub struct Promise {
    /// `operationId`, where it has one.
    pub id: Option<String>,
    /// Parameters by place and name, body, answers by status with headers and content, as an object whose
    /// members are named as the places of a [`crate::Difference`] are. Schemas are in canonical form.
    pub terms: Value,
}

/// Reduces a document to the promises of its operations.
///
/// References are written out; prose, examples, tags, servers and the order of everything are dropped; header
/// names and media types are in small letters; schemas that say the same have the same form. Whether an answer
/// *must* have a header is dropped too: not every code-first library can say it, and a live answer shows it.
///
/// # Errors
/// As [`Document::operations`], and [`Error::Unsupported`] for a keyword of a schema that is not understood.
pub fn normalise(document: &Document) -> Result<BTreeMap<Route, Promise>, Error> {
    document
        .operations()?
        .iter()
        .map(|operation| {
            let route = (operation.path.clone(), operation.method.clone());
            Ok((route, Promise { id: operation.id.clone(), terms: terms(operation)? }))
        })
        .collect()
}

fn terms(operation: &Operation) -> Result<Value, Error> {
    let mut terms = Map::new();
    if operation.deprecated {
        terms.insert("deprecated".to_owned(), json!(true));
    }
    let mut parameters = Map::new();
    for parameter in &operation.parameters {
        let mut constraints = schema::canonical(&parameter.schema, &format!("{}/schema", parameter.pointer))?;
        // Parameters are plain values, so that their schemas have no `required` of their own.
        if let Value::Object(constraints) = &mut constraints {
            constraints.insert("required".to_owned(), json!(parameter.required));
        }
        parameters.insert(format!("{}.{}", parameter.place.as_str(), parameter.name), constraints);
    }
    terms.insert("parameters".to_owned(), Value::Object(parameters));
    if let Some(body) = &operation.body {
        let content = contents(&body.content)?;
        terms.insert("body".to_owned(), json!({ "required": body.required, "content": content }));
    }
    let mut responses = Map::new();
    for (status, response) in &operation.responses {
        let mut headers = Map::new();
        for (name, header) in &response.headers {
            let canonical = schema::canonical(&header.schema, &format!("{}/schema", header.pointer))?;
            headers.insert(name.to_ascii_lowercase(), canonical);
        }
        let content = contents(&response.content)?;
        responses.insert(status.to_string(), json!({ "headers": headers, "content": content }));
    }
    terms.insert("responses".to_owned(), Value::Object(responses));
    Ok(Value::Object(terms))
}

fn contents(contents: &BTreeMap<String, Content>) -> Result<Value, Error> {
    let mut canonical = Map::new();
    for (media_type, content) in contents {
        let schema = match &content.schema {
            Some(schema) => schema::canonical(schema, &format!("{}/schema", content.pointer))?,
            None => json!({}),
        };
        canonical.insert(media_type_name(media_type), schema);
    }
    Ok(Value::Object(canonical))
}

/// A media type in small letters and without white space, so that two of the same meaning are the same text.
pub(crate) fn media_type_name(media_type: &str) -> String {
    let characters = media_type.chars().filter(|character| !character.is_ascii_whitespace());
    characters.collect::<String>().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_normalised_operation_has_only_what_it_promises() {
        let document = Document::from_yaml(
            "openapi: 3.1.0
paths:
  /a/{id}:
    get:
      operationId: get_a
      summary: Prose
      tags: [prose]
      parameters:
        - { name: id, in: path, required: true, description: Prose, schema: { $ref: '#/components/schemas/Id' } }
      requestBody: { required: true, content: { Application/JSON: { schema: { type: object } } } }
      responses:
        '200':
          description: Prose
          headers: { X-Thing: { required: true, schema: { type: integer, format: int32 } } }
          content:
            text/plain; charset=utf-8: { schema: { type: string }, example: prose }
        '204': { description: Prose }
components:
  schemas:
    Id: { type: string, maxLength: 3 }
",
        )
        .unwrap();
        let promises = normalise(&document).unwrap();
        let promise = &promises[&("/a/{id}".to_owned(), "GET".to_owned())];
        assert_eq!(promise.id.as_deref(), Some("get_a"));
        insta::assert_json_snapshot!(promise.terms, @r#"
        {
          "parameters": {
            "path.id": {
              "maxLength": 3,
              "type": "string",
              "required": true
            }
          },
          "body": {
            "required": true,
            "content": {
              "application/json": {
                "type": "object"
              }
            }
          },
          "responses": {
            "200": {
              "headers": {
                "x-thing": {
                  "type": "integer"
                }
              },
              "content": {
                "text/plain;charset=utf-8": {
                  "type": "string"
                }
              }
            },
            "204": {
              "headers": {},
              "content": {}
            }
          }
        }
        "#);
    }

    #[test]
    fn a_keyword_that_is_not_understood_is_refused_with_its_place() {
        let document = Document::from_yaml(
            "openapi: 3.1.0
paths:
  /a:
    get:
      responses:
        '200': { description: x, content: { a/b: { schema: { items: { unevaluatedItems: false } } } } }
",
        )
        .unwrap();
        assert_eq!(
            normalise(&document).unwrap_err().to_string(),
            "/paths/~1a/get/responses/200/content/a~1b/schema/items/unevaluatedItems: the keyword unevaluatedItems is not supported"
        );
    }
}
