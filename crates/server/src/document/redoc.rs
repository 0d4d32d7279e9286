//! The files below `/redoc/`.

use std::borrow::Cow;

use super::Asset;

/// Redoc 2.5.4, as published on npm, but for the logo; see `assets/redoc/README.md`.
static SCRIPT: &[u8] = include_bytes!("../../assets/redoc/redoc.standalone.js");
static LICENSES: &[u8] = include_bytes!("../../assets/redoc/redoc.standalone.js.LICENSE.txt");
static STYLE: &[u8] = b"body { margin: 0; padding: 0; }\n";

/// The file of that name below `/redoc/`, if there is one.
pub fn file(name: &str) -> Option<Asset> {
    let (content_type, bytes) = match name {
        "redoc.standalone.js" => ("text/javascript; charset=utf-8", SCRIPT),
        // The script's first line points here.
        "redoc.standalone.js.LICENSE.txt" => ("text/plain; charset=utf-8", LICENSES),
        "redoc.css" => ("text/css; charset=utf-8", STYLE),
        _ => return None,
    };
    Some(Asset { content_type: content_type.into(), bytes: Cow::Borrowed(bytes) })
}
