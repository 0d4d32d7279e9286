//! The files below `/docs/`, which `utoipa-swagger-ui` carries.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use utoipa_swagger_ui::Config;

use super::Asset;

/// Where the page finds the document, and that no validator on another host is asked about it.
static CONFIG: LazyLock<Arc<Config<'static>>> =
    LazyLock::new(|| Arc::new(Config::from("/openapi.json").validator_url("none")));

/// The file of that name below `/docs/`, if there is one.
///
/// The package's own pages are not: they refer to their files by relative paths. `/docs` has a page of ours, and
/// nobody logs in by OAuth.
pub fn file(name: &str) -> Option<Asset> {
    let is_page = matches!(name, "" | "/" | "index.html" | "oauth2-redirect.html");
    if is_page {
        return None;
    }
    let file = utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG)).ok().flatten()?;
    let content_type = match file.content_type.as_str() {
        text if text.starts_with("text/") => format!("{text}; charset=utf-8"),
        other => other.to_owned(),
    };
    Some(Asset { content_type: Cow::Owned(content_type), bytes: file.bytes })
}
