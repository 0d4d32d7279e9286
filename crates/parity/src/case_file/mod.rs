//! Cases as people write them: YAML files, whose form `parity schema case` prints.
//!
//! ```
//! let text = r#"
//! cases:
//!   - name: a ttl of {{ttl}} is no whole number
//!     tags: [PARAM-3]
//!     rows: [{ ttl: "007" }, { ttl: "+5" }]
//!     request: { post: "/cache/{{ns}}:a?value=x&ttl={{ttl}}", expect: { status: 422 } }
//! "#;
//! let cases = parity::case_file::parse(text, "cache.yaml", &[])?;
//! assert_eq!(cases[1].id, "cache::a_ttl_of_5_is_no_whole_number");
//! # Ok::<(), parity::case_file::CaseFileError>(())
//! ```

mod build;
mod form;

use std::path::{Path, PathBuf};

use crate::model::Case;
pub use form::FileForm;

/// A file of cases that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct CaseFileError {
    /// The file, as it was given.
    pub file: String,
    /// The line, from 1; 0 when the file cannot be read at all.
    pub line: u64,
    /// The column, from 1; 0 when the file cannot be read at all.
    pub column: u64,
    /// What is wrong, and what to write.
    pub message: String,
}

/// Reads the text of a file of cases.
///
/// `file` names it in errors, and its stem is what the ids of its cases begin with; `known` are the names of the
/// values that targets have of their own.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn parse(text: &str, file: &str, known: &[String]) -> Result<Vec<Case>, CaseFileError> {
    // `yes` and `no` are text, so that they can be values of parameters; the place is told once, before the message.
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    let form: FileForm = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let location = error.location();
        CaseFileError {
            file: file.to_owned(),
            line: location.map_or(0, |location| location.line()),
            column: location.map_or(0, |location| location.column()),
            message: error.to_string(),
        }
    })?;
    build::cases(form, file, known)
}

/// Reads all files of a folder whose names end in `.yaml`, in the order of their names, or one file.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn read(path: &Path, known: &[String]) -> Result<Vec<Case>, CaseFileError> {
    let unreadable = |path: &Path, error: &std::io::Error| CaseFileError {
        file: path.display().to_string(),
        line: 0,
        column: 0,
        message: error.to_string(),
    };
    let mut files: Vec<PathBuf> = if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        paths.collect::<Result<_, _>>().map_err(|error| unreadable(path, &error))?
    } else {
        vec![path.to_owned()]
    };
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml"));
    files.sort();
    let mut cases: Vec<Case> = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).map_err(|error| unreadable(&file, &error))?;
        cases.extend(parse(&text, &file.display().to_string(), known)?);
    }
    Ok(cases)
}

/// The JSON Schema of a file of cases.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(FileForm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Body, Message};

    fn error(text: &str) -> String {
        parse(text, "a.yaml", &[]).unwrap_err().to_string()
    }

    #[test]
    fn a_request_is_written_in_few_words() {
        let text = r#"
cases:
  - name: A message is kept!
    hostile: true
    request:
      post: "/publish?queue_name={{ns}}"
      headers: { X-A: b, X-B: [c, d] }
      json: { n: 1 }
"#;
        let cases = parse(text, "some/messaging.yaml", &[]).unwrap();
        assert_eq!(cases[0].id, "messaging::a_message_is_kept");
        assert!(cases[0].hostile);
        let Message::Request(request) = &cases[0].steps[0].send.messages[0] else { panic!() };
        assert_eq!(
            (request.method.as_str(), request.target.as_str()),
            ("POST", "/publish?queue_name={{ns}}")
        );
        let names: Vec<&str> = request.headers.iter().map(|header| header.name.as_str()).collect();
        assert_eq!(names, ["X-A", "X-B", "X-B", "Content-Type"]);
        assert_eq!(request.body, Body::Whole(r#"{"n":1}"#.into()));
    }

    #[test]
    fn rows_that_differ_by_signs_only_are_numbered() {
        let text =
            "cases:\n  - { name: 'at {{p}}', rows: [{ p: /a }, { p: /a/ }], request: { get: '{{p}}' } }\n";
        let ids: Vec<String> = parse(text, "a.yaml", &[]).unwrap().into_iter().map(|case| case.id).collect();
        assert_eq!(ids, ["a::at_a", "a::at_a_2"]);
    }

    #[test]
    fn the_published_schema_is_that_of_the_code() {
        let published = include_str!("../../../../parity-tests/case.schema.json");
        let schema = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        assert_eq!(published, schema, "write it anew: cargo run -p parity -- schema case");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (text, expected) in [
            ("cases:\n  - nam: x\n", "a.yaml:2:5: "),
            (
                "cases:\n  - name: x\n    request: { get: / , post: / }\n",
                "a.yaml:3:14: two methods: get and post",
            ),
            ("cases:\n  - name: x\n    request: { expect: {} }\n", "a.yaml:3:14: no request: "),
            ("cases:\n  - name: x\n", "a.yaml:2:5: a case has `request` or `steps`"),
            (
                "cases:\n  - name: x\n    request: { get: '/{{a}}' }\n",
                "a.yaml:3:14: no variable is named \"a\" here; there are: host, ns",
            ),
            (
                "cases:\n  - name: x\n    request: { get: / }\n  - name: X.\n    request: { get: / }\n",
                "a.yaml:4:5: another case has the id a::x",
            ),
            (
                "cases:\n  - name: x\n    request: { get: /, expect: { json: { a: <integr> } } }\n",
                "a.yaml:3:14: \"<integr>\" is not a form: ",
            ),
        ] {
            let error = error(text);
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
