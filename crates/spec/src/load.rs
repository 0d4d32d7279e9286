//! A document as it was read, before anything is made of it.

use std::path::Path;

use serde_json::Value;

use crate::error::Error;
use crate::upgrade::upgraded;

/// An OpenAPI 3.1 document; one of 3.0 becomes one when it is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Document(Value);

/// Reads YAML as the value that JSON would be: one document, no repeated keys, and `yes`, `no`, `on`, `off` are text.
pub(crate) fn yaml(text: &str) -> Result<Value, serde_saphyr::Error> {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options)
}

impl Document {
    /// Reads YAML: one document, no repeated keys, and `yes`, `no`, `on`, `off` are text.
    ///
    /// # Errors
    /// [`Error::Yaml`], or [`Error::Version`] for anything but OpenAPI 3.0 and 3.1.
    pub fn from_yaml(text: &str) -> Result<Self, Error> {
        yaml(text).map_err(|error| Error::Yaml(Box::new(error))).and_then(Self::from_value)
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// [`Error::Json`], or [`Error::Version`] for anything but OpenAPI 3.0 and 3.1.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(Error::Json).and_then(Self::from_value)
    }

    /// Reads a file: JSON when its name ends in `.json`, else YAML.
    ///
    /// # Errors
    /// [`Error::Read`], and those of [`Self::from_json`] and [`Self::from_yaml`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text =
            std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        if path.extension().is_some_and(|extension| extension == "json") {
            Self::from_json(&text)
        } else {
            Self::from_yaml(&text)
        }
    }

    /// Takes a value that was read or made elsewhere.
    ///
    /// # Errors
    /// [`Error::Version`] for anything but OpenAPI 3.0 and 3.1.
    pub fn from_value(value: Value) -> Result<Self, Error> {
        match value.get("openapi") {
            Some(Value::String(version)) if version == "3.1" || version.starts_with("3.1.") => {
                Ok(Self(value))
            }
            Some(Value::String(version)) if version.starts_with("3.0.") => Ok(Self(upgraded(value))),
            found => {
                let found = found.map_or_else(|| "missing".to_owned(), Value::to_string);
                Err(Error::Version { found })
            }
        }
    }

    /// The document as it is understood, references and prose included.
    pub fn value(&self) -> &Value {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_and_json_give_the_same_document() {
        let yaml = Document::from_yaml("openapi: 3.1.1\npaths: {}\nx: [1, no, 1.5, null]").unwrap();
        let json = Document::from_json(r#"{"openapi":"3.1.1","paths":{},"x":[1,"no",1.5,null]}"#).unwrap();
        assert_eq!(yaml, json);
    }

    #[test]
    fn members_keep_their_order() {
        let document = Document::from_yaml("openapi: 3.1.0\nz: 1\na: 2").unwrap();
        assert_eq!(document.value().to_string(), r#"{"openapi":"3.1.0","z":1,"a":2}"#);
    }

    #[test]
    fn another_version_is_refused_by_name() {
        let error = Document::from_yaml("openapi: 2.0.0").unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"/openapi: only OpenAPI 3.0 and 3.1 are understood, this is "2.0.0""#
        );
        let error = Document::from_json("{}").unwrap_err();
        assert_eq!(error.to_string(), "/openapi: only OpenAPI 3.0 and 3.1 are understood, this is missing");
    }

    #[test]
    fn a_document_of_3_0_is_read_as_one_of_3_1() {
        let document = Document::from_yaml("openapi: 3.0.3\nx: { type: string, nullable: true }").unwrap();
        assert_eq!(document.value()["openapi"], "3.1.0");
        assert_eq!(document.value()["x"], serde_json::json!({ "type": ["string", "null"] }));
    }

    #[test]
    fn a_repeated_key_is_refused() {
        assert!(matches!(Document::from_yaml("openapi: 3.1.0\npaths: {}\npaths: {}"), Err(Error::Yaml(_))));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Document::read(Path::new("no/such/file.yaml")).unwrap_err();
        assert_eq!(error.to_string(), "cannot read no/such/file.yaml");
    }
}
