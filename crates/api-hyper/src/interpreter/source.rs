//! Where the document comes from.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use spec::Document;

use super::DocumentError;

/// The contract, as it was when this server was built.
const BUILT_IN: &str = include_str!("../../../../openapi/openapi.yaml");

/// The text of a document.
///
/// The document itself is some megabytes, which nobody needs once it has become a table.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    text: Cow<'static, str>,
    is_json: bool,
}

impl Source {
    /// Reads a file, JSON when its name ends in `.json` and else YAML; without one, it is the document that was built in.
    ///
    /// # Errors
    /// [`DocumentError::Unusable`] when the file cannot be read.
    pub(crate) fn read(file: Option<&Path>) -> Result<Self, DocumentError> {
        let Some(path) = file else { return Ok(Self { text: BUILT_IN.into(), is_json: false }) };
        let text =
            fs::read_to_string(path).map_err(|source| spec::Error::Read { path: path.to_owned(), source })?;
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        Ok(Self { text: text.into(), is_json })
    }

    /// The document that the text is.
    ///
    /// # Errors
    /// [`DocumentError::Unusable`] when it is none.
    pub(crate) fn document(&self) -> Result<Document, DocumentError> {
        let read = if self.is_json { Document::from_json } else { Document::from_yaml };
        Ok(read(&self.text)?)
    }

    /// The text, where it is YAML.
    pub(crate) fn yaml(&self) -> Option<Cow<'static, str>> {
        (!self.is_json).then(|| self.text.clone())
    }
}
