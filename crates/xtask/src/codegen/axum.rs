//! `crates/api-axum-spec/src/generated/`: the routes, the extraction of inputs and the answers, as axum has them.

use std::fmt::Write as _;

use spec::operations::Place;

use super::inputs;
use super::model::{Answer, Body, Model, Operation};
use super::{rust, wire};

/// `routes.rs`: every operation on axum's own router.
pub(super) fn routes(model: &Model) -> String {
    let (mut routes, mut responses, mut methods) = (String::new(), Vec::new(), Vec::new());
    for path in model.paths() {
        let operations: Vec<_> = model.operations.iter().filter(|operation| operation.path == path).collect();
        let mut chain = String::new();
        for (index, operation) in operations.iter().enumerate() {
            if index == 0 {
                methods.push(operation.method.as_str());
            }
            let dot = if index == 0 { "" } else { "." };
            let response = format!("{}Response", operation.type_name());
            let _ = write!(
                chain,
                "{dot}{}(documented::<{response}, _, _>(handlers::{}))",
                operation.method, operation.id
            );
            responses.push(response);
        }
        let around =
            if operations.iter().any(|operation| operation.has_body) { "with_body" } else { "bodiless" };
        let _ = writeln!(routes, ".route({path:?}, {around}({chain}))");
    }
    methods.sort_unstable();
    methods.dedup();
    responses.sort_unstable();
    format!(
        "use axum::Router;
use axum::routing::{{{}, MethodRouter}};

use super::responses::{{{}}};
use crate::errors::documented;
use crate::handlers;
use crate::state::AppState;

/// The methods of one path.
pub(crate) type Methods = MethodRouter<AppState>;

/// Registers every operation.
///
/// `bodiless` and `with_body` put around a path's methods what comes before their handlers.
pub(crate) fn routes(
    bodiless: impl Fn(Methods) -> Methods,
    with_body: impl Fn(Methods) -> Methods,
) -> Router<AppState> {{
    Router::new()
{routes}}}
",
        methods.join(", "),
        responses.join(", ")
    )
}

/// `params.rs`: how each operation's input is taken out of a request.
pub(super) fn params(model: &Model) -> String {
    let (mut text, mut types) = (String::new(), Vec::new());
    let operations: Vec<_> = model.operations.iter().filter(|operation| operation.has_input()).collect();
    for operation in &operations {
        let (name, response) = (operation.type_name(), format!("{}Response", operation.type_name()));
        if operation.has_body {
            with_body(&mut text, operation);
        } else {
            bodiless(&mut text, operation);
        }
        types.push((name, response));
    }
    types.sort_unstable();
    let any = |found: fn(&Operation) -> bool| operations.iter().any(|operation| found(operation));
    let mut from = Vec::new();
    if any(|operation| operation.has_body) {
        from.push("FromRequest");
    }
    if any(|operation| !operation.has_body) {
        from.push("FromRequestParts");
    }
    if any(|operation| operation.has_body) {
        from.push("Request");
    }
    let errors = [
        ("Failed", true),
        ("invalid", any(Operation::has_rules)),
        ("refused_body", any(|one| one.has_body)),
        ("unreadable", any(|operation| !operation.has_rules())),
    ];
    let errors: Vec<_> = errors.into_iter().filter(|(_, is_used)| *is_used).map(|(name, _)| name).collect();
    let names = |pick: fn(&(String, String)) -> &String| {
        types.iter().map(pick).cloned().collect::<Vec<_>>().join(", ")
    };
    format!(
        "use axum::extract::{{{}}};\nuse axum::http::request::Parts;\nuse wire_spec::inputs::{{{}}};\n\n\
         use super::responses::{{{}}};\nuse crate::errors::{{{}}};\nuse crate::extract::{{self, Input}};\n\
         use crate::middleware::path::segment;\n\n{text}",
        from.join(", "),
        names(|(name, _)| name),
        names(|(_, response)| response),
        errors.join(", ")
    )
}

/// The arguments of an input's `read`, as axum has them.
fn arguments(operation: &Operation) -> String {
    let segments =
        operation.parameters_in(Place::Path).map(|parameter| format!("segment(parts, {:?})", parameter.name));
    let query = operation.has_query().then(|| "parts.uri.query()".to_owned());
    segments.chain(query).collect::<Vec<_>>().join(", ")
}

fn bodiless(text: &mut String, operation: &Operation) {
    let (name, arguments) = (operation.type_name(), arguments(operation));
    let refuse = if operation.has_rules() { "invalid" } else { "unreadable" };
    let _ = writeln!(
        text,
        "impl<S: Sync> FromRequestParts<S> for Input<{name}> {{
    type Rejection = Failed<{name}Response>;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {{
        {name}::read({arguments}).map(Self).map_err({refuse})
    }}
}}
"
    );
}

fn with_body(text: &mut String, operation: &Operation) {
    let (name, raw) = (operation.type_name(), inputs::arguments(operation));
    let raw: Vec<_> = raw.iter().filter(|(name, _)| name != "body").map(|(name, _)| name.as_str()).collect();
    let without = raw.join(", ");
    let with = raw.into_iter().chain(["&body"]).collect::<Vec<_>>().join(", ");
    let mut lines = String::new();
    for parameter in operation.parameters_in(Place::Path) {
        let _ = writeln!(lines, "let {} = segment(&parts, {:?});", parameter.field, parameter.name);
    }
    if operation.has_query() {
        lines.push_str("let query = parts.uri.query();\n");
    }
    let _ = writeln!(
        text,
        "impl<S: Sync> FromRequest<S> for Input<{name}> {{
    type Rejection = Failed<{name}Response>;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {{
        let (parts, body) = request.into_parts();
        {lines}let input = match extract::body(&parts, body).await.map_err(refused_body)? {{
            Some(body) => {name}::read({with}),
            None => Err({name}::without_body({without})),
        }};
        input.map(Self).map_err(invalid)
    }}
}}
"
    );
}

/// `responses.rs`: the answers of each operation, a variant for each documented status.
pub(super) fn responses(model: &Model) -> String {
    let mut text = String::new();
    for operation in &model.operations {
        define(&mut text, operation);
        into_response(&mut text, operation);
        let errors = operation.answers.iter().filter(|answer| answer.body == Body::Envelope);
        let errors: Vec<_> =
            errors.map(|answer| format!("({}, {})", answer.status.code, answer.status.variant)).collect();
        let _ = writeln!(text, "documents!({}Response, {});\n", operation.type_name(), errors.join(", "));
    }
    let bodies = model.operations.iter().flat_map(|operation| &operation.answers);
    let mut types: Vec<_> = bodies
        .clone()
        .filter_map(|answer| match &answer.body {
            Body::Json(of) => Some(wire::name(of)),
            Body::Envelope | Body::Bytes(_) => None,
        })
        .collect();
    types.sort_unstable();
    types.dedup();
    let is_bytes = |answer: &Answer| matches!(answer.body, Body::Bytes(_));
    let body = if bodies.clone().any(is_bytes) { "use axum::body::Body;\n" } else { "" };
    let header = if text.contains("header::") { "{StatusCode, header}" } else { "StatusCode" };
    format!(
        "use axum::Json;\n{body}use axum::http::{header};\nuse axum::response::{{IntoResponse, Response}};\n\
         use wire_spec::types::{{{}}};\n\nuse crate::errors::{{ApiError, documents}};\n\n{text}",
        types.join(", ")
    )
}

fn define(text: &mut String, operation: &Operation) {
    let _ = writeln!(
        text,
        "/// The answers of `{}`.\n#[derive(Debug)]\npub(crate) enum {}Response {{",
        operation.id,
        operation.type_name()
    );
    for answer in &operation.answers {
        text.push_str(&rust::doc(&format!("{}: {}", answer.status.code, answer.description)));
        let of = match &answer.body {
            Body::Envelope => "ApiError".to_owned(),
            Body::Json(of) => wire::name(of),
            Body::Bytes(_) => "Body".to_owned(),
        };
        let _ = if answer.headers.is_empty() {
            writeln!(text, "{}({of}),", answer.status.variant)
        } else {
            let headers = answer.headers.iter().map(|name| format!("/// `{name}`\n{}: u64,", field(name)));
            let headers: String = headers.collect();
            writeln!(text, "{} {{ {headers}\n/// The body.\nbody: {of} }},", answer.status.variant)
        };
    }
    text.push_str("}\n\n");
}

/// A header as a field.
fn field(header: &str) -> String {
    header.replace('-', "_")
}

fn into_response(text: &mut String, operation: &Operation) {
    let _ = writeln!(
        text,
        "impl IntoResponse for {}Response {{\nfn into_response(self) -> Response {{\nmatch self {{",
        operation.type_name()
    );
    for answer in operation.answers.iter().filter(|answer| answer.body != Body::Envelope) {
        let (variant, status) = (answer.status.variant, answer.status.constant);
        let mut parts = vec![format!("StatusCode::{status}")];
        let mut headers: Vec<_> =
            answer.headers.iter().map(|name| format!("({name:?}, {}.to_string())", field(name))).collect();
        let body = match &answer.body {
            Body::Bytes(media_type) => {
                headers.insert(0, format!("(header::CONTENT_TYPE.as_str(), {media_type:?}.to_owned())"));
                "body"
            }
            _ => "Json(body)",
        };
        if answer.headers.is_empty() && !headers.is_empty() {
            let Body::Bytes(media_type) = &answer.body else { continue };
            parts.push(format!("[(header::CONTENT_TYPE, {media_type:?})]"));
        } else if !headers.is_empty() {
            parts.push(format!("[{}]", headers.join(", ")));
        }
        parts.push(body.to_owned());
        let pattern = if answer.headers.is_empty() {
            format!("{variant}(body)")
        } else {
            let names: Vec<_> = answer.headers.iter().map(|name| field(name)).collect();
            format!("{variant} {{ {}, body }}", names.join(", "))
        };
        let _ = writeln!(text, "Self::{pattern} => ({}).into_response(),", parts.join(", "));
    }
    let errors = operation.answers.iter().filter(|answer| answer.body == Body::Envelope);
    let errors: Vec<_> = errors.map(|answer| format!("Self::{}(error)", answer.status.variant)).collect();
    if !errors.is_empty() {
        let _ = writeln!(text, "{} => error.into_response(),", errors.join(" | "));
    }
    text.push_str("}\n}\n}\n\n");
}
