//! The pages hold together, and hold to their own host.

use super::*;

/// Every value of `src`, `href` and `spec-url` on a page.
fn references(page: &str) -> Vec<&str> {
    ["src=\"", "href=\"", "spec-url=\""]
        .iter()
        .flat_map(|attribute| page.split(attribute).skip(1))
        .filter_map(|rest| rest.split_once('"').map(|(value, _)| value))
        .collect()
}

fn text(asset: &Asset) -> &str {
    std::str::from_utf8(&asset.bytes).expect("UTF-8")
}

/// What a server answers on the paths of the two pages and of their files.
fn serve(path: &str) -> Option<Asset> {
    match path {
        "/docs" => Some(swagger_page()),
        "/redoc" => Some(redoc_page()),
        path => match path.split_once("/docs/") {
            Some(("", file)) => swagger_file(file),
            _ => redoc_file(path.strip_prefix("/redoc/")?),
        },
    }
}

#[test]
fn every_file_that_a_page_refers_to_is_served_from_the_binary() {
    for page in ["/docs", "/redoc"] {
        let asset = serve(page).expect(page);
        assert_eq!(asset.content_type, "text/html; charset=utf-8");
        let references = references(text(&asset));
        assert!(references.len() > 2, "{page}: {references:?}");
        for reference in references {
            let known = matches!(reference, "/openapi.json" | "data:,") || serve(reference).is_some();
            assert!(known, "{page} refers to {reference}");
        }
    }
}

#[test]
fn no_page_names_another_host() {
    for page in [swagger_page(), redoc_page()] {
        let page = text(&page);
        assert!(!page.contains("://"), "{page}");
        assert!(references(page).iter().all(|reference| !reference.starts_with("//")), "{page}");
        assert!(page.contains("Content-Security-Policy"), "{page}");
    }
}

#[test]
fn no_script_loads_from_another_host() {
    // Links in prose and names of schemas remain; what would be fetched has one of these forms.
    for (file, asset) in [
        ("swagger-ui-bundle.js", swagger_file("swagger-ui-bundle.js")),
        ("swagger-initializer.js", swagger_file("swagger-initializer.js")),
        ("redoc.standalone.js", redoc_file("redoc.standalone.js")),
    ] {
        let asset = asset.expect(file);
        let script = text(&asset);
        for form in [
            "src:\"http",
            "src:\"//",
            "cdn.redoc.ly",
            "fonts.googleapis.com",
            "fonts.gstatic.com",
            "sourceMappingURL=redoc",
        ] {
            assert!(!script.contains(form), "{file} has {form}");
        }
    }
    for (file, asset) in
        [("swagger-ui.css", swagger_file("swagger-ui.css")), ("index.css", swagger_file("index.css"))]
    {
        let asset = asset.expect(file);
        let style = text(&asset);
        for form in ["url(http", "url(//", "url(\"http", "@import"] {
            assert!(!style.contains(form), "{file} has {form}");
        }
    }
}

#[test]
fn swagger_ui_shows_our_document_and_asks_no_validator() {
    let script = swagger_file("swagger-initializer.js").expect("the script that starts it");
    let script = text(&script);
    assert!(script.contains("\"url\": \"/openapi.json\""), "{script}");
    assert!(script.contains("\"validatorUrl\": \"none\""), "{script}");
    assert!(!script.contains("petstore"), "{script}");
}

#[test]
fn a_file_that_is_not_there_is_unknown() {
    for name in [
        "",
        "/",
        "index.html",
        "oauth2-redirect.html",
        "nosuch.js",
        "../Cargo.toml",
        "..%2fCargo.toml",
        "SWAGGER-UI.css",
    ] {
        assert_eq!(swagger_file(name), None, "{name:?}");
        assert_eq!(redoc_file(name), None, "{name:?}");
    }
}

#[test]
fn both_forms_of_a_document_say_the_same_in_the_same_order() {
    let document: Value = serde_json::json!({
        "openapi": "3.1.0",
        "info": { "title": "yes", "version": "1.0", "description": "line one\nline two: #3\n" },
        "paths": { "/a/{b}": { "get": { "responses": { "200": { "description": "no" }, "503": {} } } } },
        "pattern": "^[a-zA-Z0-9_:.-]+$",
        "numbers": [0, -1, 1.5, 86_400, 1e300],
        "texts": ["", " ", "null", "~", "0x1f", "1e3", "2026-11-21", "- a", "'", "\"", "\u{1f600}", "*a", "&a", "!t", "%"],
        "empty": [{}, [], null, true, false],
    });
    let given = document.clone();
    let documents = Documents::new(move || Ok::<_, serde_json::Error>(given.clone()));
    assert_eq!(documents.json.content_type, "application/json");
    assert_eq!(documents.yaml.content_type, "application/yaml");
    let json: Value = serde_json::from_slice(&documents.json.bytes).expect("JSON");
    let yaml: Value = serde_saphyr::from_str(text(&documents.yaml)).expect("YAML");
    assert_eq!(json, document);
    assert_eq!(yaml, document);
    assert_eq!(yaml.to_string(), document.to_string(), "members keep their order");
}
