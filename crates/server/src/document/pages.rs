//! The two HTML pages.

use std::borrow::Cow;

use super::Asset;

/// Holds a page to its own host: `connect-src` is for the document and for "Try it out".
macro_rules! policy {
    ($more:literal) => {
        concat!(
            "default-src 'none'; base-uri 'none'; form-action 'none'; connect-src 'self'; script-src 'self'; ",
            "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:",
            $more
        )
    };
}

/// `/docs`: Swagger UI.
pub fn swagger_page() -> Asset {
    page(concat!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
        "<meta http-equiv=\"Content-Security-Policy\" content=\"",
        policy!(""),
        "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
        "<title>Swagger UI</title>\n",
        "<link rel=\"icon\" type=\"image/png\" href=\"/docs/favicon-32x32.png\">\n",
        "<link rel=\"stylesheet\" href=\"/docs/swagger-ui.css\">\n",
        "<link rel=\"stylesheet\" href=\"/docs/index.css\">\n",
        "</head>\n<body>\n<div id=\"swagger-ui\"></div>\n",
        "<script src=\"/docs/swagger-ui-bundle.js\"></script>\n",
        "<script src=\"/docs/swagger-ui-standalone-preset.js\"></script>\n",
        "<script src=\"/docs/swagger-initializer.js\"></script>\n",
        "</body>\n</html>\n",
    ))
}

/// `/redoc`: Redoc. Its search runs in a worker that it makes from a blob.
pub fn redoc_page() -> Asset {
    page(concat!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
        "<meta http-equiv=\"Content-Security-Policy\" content=\"",
        policy!("; worker-src blob:"),
        "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
        "<title>Redoc</title>\n",
        "<link rel=\"icon\" href=\"data:,\">\n",
        "<link rel=\"stylesheet\" href=\"/redoc/redoc.css\">\n",
        "</head>\n<body>\n",
        "<redoc spec-url=\"/openapi.json\" hide-loading></redoc>\n",
        "<script src=\"/redoc/redoc.standalone.js\"></script>\n",
        "</body>\n</html>\n",
    ))
}

fn page(html: &'static str) -> Asset {
    Asset { content_type: contract::headers::HTML.into(), bytes: Cow::Borrowed(html.as_bytes()) }
}
