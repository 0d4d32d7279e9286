//! JSON pointers (RFC 6901): how a place in a document is named in errors.

use serde_json::Value;

/// The pointer of a member or element of what `parent` points at.
pub(crate) fn child(parent: &str, token: &str) -> String {
    let mut pointer = String::with_capacity(parent.len() + token.len() + 1);
    pointer.push_str(parent);
    pointer.push('/');
    for character in token.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
    pointer
}

/// The value that a reference within a document points at, such as `#/components/schemas/Pet`.
///
/// `None` when there is none, or when the reference leads out of the document.
pub(crate) fn target<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    document.pointer(reference.strip_prefix('#')?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn slashes_and_tildes_of_a_name_are_escaped_and_found_again() {
        let document = json!({ "paths": { "/a~b/{c}": 1 } });
        let pointer = child("/paths", "/a~b/{c}");
        assert_eq!(pointer, "/paths/~1a~0b~1{c}");
        assert_eq!(target(&document, &format!("#{pointer}")), Some(&json!(1)));
    }

    #[test]
    fn a_reference_out_of_the_document_has_no_target() {
        assert_eq!(target(&json!({ "a": 1 }), "other.yaml#/a"), None);
        assert_eq!(target(&json!({ "a": 1 }), "#/b"), None);
    }
}
