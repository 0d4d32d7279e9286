//! The OpenAPI document and the list of exceptions from it.

use std::collections::BTreeSet;

use spec::{Document, Exceptions, Oracle};

/// Reads the document, compiles every schema, and holds every example to its schema.
pub(super) fn examples(text: &str) -> Vec<String> {
    let oracle = Document::from_yaml(text).and_then(|document| {
        // The comparison with the servers' own documents must understand all of it too.
        spec::normalise::normalise(&document)?;
        Oracle::new(&document)
    });
    match oracle {
        Err(error) => vec![format!("openapi/openapi.yaml: {}", causes::Chain(&error))],
        Ok(oracle) => {
            let fault = |(at, name, fault)| format!("openapi/openapi.yaml: {at}: example {name:?}: {fault}");
            oracle.faulty_examples().into_iter().map(fault).collect()
        }
    }
}

/// Reads the exceptions; the names of what is left to the libraries are unique.
pub(super) fn exceptions(text: &str) -> Vec<String> {
    let exceptions = match Exceptions::from_toml(text) {
        Err(error) => return vec![format!("openapi/exceptions.toml: {}", causes::Chain(&error))],
        Ok(exceptions) => exceptions,
    };
    let mut seen = BTreeSet::new();
    let twice = exceptions.library.iter().filter(|exception| !seen.insert(&exception.id));
    twice.map(|exception| format!("openapi/exceptions.toml: {} stands twice", exception.id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_that_breaks_its_schema_is_named() {
        let document = |example: &str| {
            format!(
                "openapi: 3.1.0
paths:
  /a:
    get:
      responses:
        '200':
          description: x
          content: {{ application/json: {{ schema: {{ type: integer }}, example: {example} }} }}
"
            )
        };
        assert_eq!(examples(&document("1")), [""; 0]);
        assert_eq!(
            examples(&document("one")),
            [
                r#"openapi/openapi.yaml: /paths/~1a/get/responses/200/content/application~1json: example "": body: "one" is not of type "integer""#
            ]
        );
        assert_eq!(examples("openapi: 3.1.0"), ["openapi/openapi.yaml: /paths: expected to be present"]);
    }

    #[test]
    fn an_exception_that_stands_twice_is_named() {
        let one = "[[library]]\nid = 'a'\nwhen = 'b'\nreason = 'c'\n";
        assert_eq!(exceptions(one), [""; 0]);
        assert_eq!(exceptions(&one.repeat(2)), ["openapi/exceptions.toml: a stands twice"]);
        assert_eq!(exceptions("[[other]]").len(), 1);
    }
}
