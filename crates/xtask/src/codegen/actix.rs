//! The actix-web back end: routes, extractors and answers of `api-actix-spec`.

use std::fmt::Write as _;

use spec::operations::Place;

use super::model::{Answer, Body, Model, Operation, Parameter};
use super::{rust, wire};

/// `routes.rs`: every path as a resource of actix-web's own router, with the methods that the document gives it.
pub(super) fn routes(model: &Model) -> String {
    let mut paths: Vec<(&str, Vec<&Operation>)> = Vec::new();
    for operation in &model.operations {
        match paths.iter_mut().find(|(path, _)| *path == operation.path) {
            Some((_, of_path)) => of_path.push(operation),
            None => paths.push((&operation.path, vec![operation])),
        }
    }
    // What is registered in each scope, in the document's order; a scope that is entered twice would hide the second.
    let mut scopes: Vec<(Option<&str>, String)> = Vec::new();
    let mut resources = String::new();
    for (path, of_path) in &paths {
        // Ids are unique, and a path has at least one.
        let name = of_path.first().map_or("", |operation| operation.id.as_str());
        let scope = scope(path, paths.iter().map(|(path, _)| *path));
        let service = format!(".service(path_of_{name}())");
        match scopes.iter_mut().find(|(known, _)| known.is_some() && *known == scope) {
            Some((_, services)) => services.push_str(&service),
            None => scopes.push((scope, service)),
        }
        let _ = write!(
            resources,
            "/// `{path}`\nfn path_of_{name}() -> Resource {{ web::resource({})",
            rust::literal(&path[scope.map_or(0, str::len)..])
        );
        for operation in of_path {
            let methods =
                if operation.method == "get" { &["get", "head"][..] } else { &[operation.method.as_str()] };
            let handler = format!("documented::<{}, _, _>(handlers::{})", response(operation), operation.id);
            for method in methods {
                let _ = write!(resources, ".route(web::{method}().to({handler}))");
            }
        }
        resources.push_str(".default_service(web::to(method_not_allowed)) }\n\n");
    }
    let services: String = scopes
        .into_iter()
        .map(|(scope, services)| match scope {
            Some(scope) => format!(".service(web::scope({}){services})", rust::literal(scope)),
            None => services,
        })
        .collect();
    format!(
        "use actix_web::Resource;\n\
         use actix_web::web::{{self, ServiceConfig}};\n\n\
         use super::responses::{{{}}};\n\
         use crate::errors::{{documented, method_not_allowed}};\n\
         use crate::handlers;\n\n\
         /// Registers every operation; a method that a path has not is 405.\n\
         pub(crate) fn configure(config: &mut ServiceConfig) {{ config{services}; }}\n\n{resources}",
        model.operations.iter().map(response).collect::<Vec<_>>().join(", "),
    )
}

/// The scope that a path with parameters is put into: its beginning, without any.
///
/// The router compares a scope by bytes, and searches only what is left of the path by a regular expression. It never
/// leaves a scope that it has entered, so there is none where another path may be meant as well.
fn scope<'a>(path: &'a str, mut all: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let beginning = |path: &'a str| path.split_once("/{").map(|(beginning, _)| beginning);
    let scope = beginning(path).filter(|scope| !scope.is_empty())?;
    let may_begin_with_it = |other: &str| {
        let mut segments = other.split('/');
        let mut is_meant =
            |part| segments.next().is_some_and(|other| other == part || other.starts_with('{'));
        scope.split('/').all(&mut is_meant)
    };
    all.all(|other| !may_begin_with_it(other) || beginning(other) == Some(scope)).then_some(scope)
}

/// `params.rs`: extractors that hand raw text out of the request to the readers of `wire_spec`.
pub(super) fn params(model: &Model) -> String {
    let with_input: Vec<_> = model.operations.iter().filter(|operation| operation.has_input()).collect();
    let has_body = |wanted: bool| with_input.iter().any(|operation| operation.has_body == wanted);
    let has_path = with_input.iter().any(|operation| operation.parameters_in(Place::Path).next().is_some());
    let mut refusals: Vec<_> = with_input.iter().map(|operation| refusal(operation)).collect();
    refusals.extend(has_body(true).then_some("refused_body"));
    refusals.sort_unstable();
    refusals.dedup();
    let mut text = String::new();
    if has_body(false) {
        text.push_str("use std::future::{Ready, ready};\n\n");
    }
    text.push_str("use actix_web::dev::Payload;\nuse actix_web::{FromRequest, HttpRequest};\n");
    if has_body(true) {
        text.push_str("use futures_util::future::LocalBoxFuture;\n");
    }
    let names = |prefix: &str, suffix: &str| {
        let names = with_input.iter().map(|operation| format!("{}{suffix}", operation.type_name()));
        format!("{prefix}::{{{}}}", names.collect::<Vec<_>>().join(", "))
    };
    let _ = write!(
        text,
        "use {};\n\nuse super::{};\nuse crate::errors::{{ApiError, {}}};\nuse crate::extract::{};\n{}\n",
        names("wire_spec::inputs", ""),
        names("responses", "Response"),
        refusals.join(", "),
        if has_body(true) { "{self, Input}" } else { "Input" },
        if has_path { "use crate::middleware::path::segment;\n" } else { "" },
    );
    for operation in with_input {
        text.push_str(&extractor(operation));
    }
    text
}

/// The function of `errors` that names the statuses with which what was read is refused.
fn refusal(operation: &Operation) -> &'static str {
    if operation.has_rules() { "invalid" } else { "unreadable" }
}

/// The enum of an operation's answers.
fn response(operation: &Operation) -> String {
    format!("{}Response", operation.type_name())
}

fn extractor(operation: &Operation) -> String {
    let (name, response, refusal) = (operation.type_name(), response(operation), refusal(operation));
    // Where there is a body, the request is the clone that waits for it.
    let request = if operation.has_body { "&request" } else { "request" };
    let segment = |parameter: &Parameter| format!("&segment({request}, {:?})", parameter.name);
    let mut arguments: Vec<_> = operation.parameters_in(Place::Path).map(segment).collect();
    if operation.has_query() {
        arguments.push("request.uri().query()".to_owned());
    }
    if operation.has_body {
        arguments.push("&body".to_owned());
    }
    let read = format!("{name}::read({}).map(Self).map_err({refusal}::<{response}>)", arguments.join(", "));
    let (future, payload, body) = if operation.has_body {
        let body = format!(
            "let (request, payload) = (request.clone(), payload.take());\n\
             Box::pin(async move {{\n\
             let body = extract::body(&request, payload).await.map_err(refused_body::<{response}>)?;\n\
             {read}\n\
             }})"
        );
        ("LocalBoxFuture<'static, Result<Self, ApiError>>", "payload", body)
    } else {
        ("Ready<Result<Self, ApiError>>", "_", format!("ready({read})"))
    };
    format!(
        "impl FromRequest for Input<{name}> {{\n\
         type Error = ApiError;\n\
         type Future = {future};\n\n\
         fn from_request(request: &HttpRequest, {payload}: &mut Payload) -> Self::Future {{\n{body}\n}}\n}}\n\n"
    )
}

/// `responses.rs`: an enum for each operation, with a variant for every status that the document gives it.
pub(super) fn responses(model: &Model) -> String {
    let bodies =
        || model.operations.iter().flat_map(|operation| &operation.answers).map(|answer| &answer.body);
    let mut types: Vec<_> = bodies()
        .filter_map(|body| match body {
            Body::Json(of) => Some(wire::name(of)),
            Body::Envelope | Body::Bytes(_) => None,
        })
        .collect();
    types.sort_unstable();
    types.dedup();
    let has_bytes = bodies().any(|body| matches!(body, Body::Bytes(_)));
    let enums: String = model.operations.iter().map(answers).collect();
    format!(
        "use actix_web::body::BoxBody;\n\
         use actix_web::http::{};\n\
         {}\
         use actix_web::{{HttpRequest, HttpResponse, Responder}};\n\
         use wire_spec::types::{{{}}};\n\n\
         use crate::errors::{{ApiError, Documents, documents}};\n\n{enums}",
        if has_bytes { "{StatusCode, header}" } else { "StatusCode" },
        if has_bytes { "use actix_web::web::Bytes;\n" } else { "" },
        types.join(", "),
    )
}

fn answers(operation: &Operation) -> String {
    let name = response(operation);
    let (mut variants, mut arms) = (String::new(), String::new());
    for answer in &operation.answers {
        let prose = answer.description.split_whitespace().collect::<Vec<_>>().join(" ");
        let fields = fields(answer);
        let _ = writeln!(variants, "/// {}: {prose}\n{}{fields},", answer.status.code, answer.status.variant);
        arms.push_str(&arm(answer));
    }
    let is_envelope = |answer: &&Answer| answer.body == Body::Envelope;
    let envelopes: Vec<_> =
        operation.answers.iter().filter(is_envelope).map(|answer| answer.status).collect();
    let mut documented = String::new();
    for status in &envelopes {
        let _ = writeln!(documented, "    {} => {},", status.code, status.variant);
    }
    if !envelopes.is_empty() {
        let patterns: Vec<_> =
            envelopes.iter().map(|status| format!("Self::{}(error)", status.variant)).collect();
        let _ = writeln!(arms, "{} => error.respond_to(request),", patterns.join(" | "));
    }
    let request = if envelopes.is_empty() { "_" } else { "request" };
    format!(
        "/// What `{}` answers.\n#[derive(Debug)]\npub(crate) enum {name} {{\n{variants}}}\n\n\
         impl Responder for {name} {{\n\
         type Body = BoxBody;\n\n\
         fn respond_to(self, {request}: &HttpRequest) -> HttpResponse {{ match self {{ {arms} }} }}\n}}\n\n\
         documents! {{ {name}\n{documented}}}\n\n",
        operation.id
    )
}

/// What the variant of an answer holds.
fn fields(answer: &Answer) -> String {
    let body = match &answer.body {
        Body::Envelope => "ApiError".to_owned(),
        Body::Json(of) => wire::name(of),
        Body::Bytes(_) => "Bytes".to_owned(),
    };
    if answer.headers.is_empty() {
        return format!("({body})");
    }
    let mut fields = format!(" {{\n/// The body.\nbody: {body},\n");
    for header in &answer.headers {
        let _ = write!(fields, "/// The header `{header}`.\n{}: u64,\n", field_of(header));
    }
    fields + "}"
}

/// How an answer that is no error envelope becomes a response.
fn arm(answer: &Answer) -> String {
    let variant = answer.status.variant;
    let mut pattern = "(body)".to_owned();
    let mut response = format!("HttpResponse::build(StatusCode::{})", answer.status.constant);
    if !answer.headers.is_empty() {
        let fields: Vec<_> = answer.headers.iter().map(|header| field_of(header)).collect();
        pattern = format!(" {{ body, {} }}", fields.join(", "));
        for header in &answer.headers {
            let _ = write!(response, ".insert_header(({header:?}, {}))", field_of(header));
        }
    }
    match &answer.body {
        Body::Envelope => return String::new(),
        Body::Json(_) => response.push_str(".json(body)"),
        Body::Bytes(media_type) => {
            let _ = write!(response, ".insert_header((header::CONTENT_TYPE, {media_type:?})).body(body)");
        }
    }
    format!("Self::{variant}{pattern} => {response},\n")
}

/// A header as a field: `retry_after`.
fn field_of(header: &str) -> String {
    header.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use spec::Document;

    use super::super::{model, whole};
    use super::*;

    const DOCUMENT: &str = "openapi: 3.1.0
paths:
  /things/{id}:
    get:
      operationId: get_thing
      parameters:
        - { name: id, in: path, required: true, schema: { type: string, maxLength: 9 } }
        - { name: most, in: query, schema: { type: integer } }
      responses:
        '200': { description: Fine., content: { application/json: { schema: { $ref: '#/components/schemas/Thing' } } } }
        '503':
          description: Not now.
          headers: { Retry-After: { schema: { type: integer } } }
          content: { application/json: { schema: { $ref: '#/components/schemas/Thing' } } }
    delete:
      operationId: delete_thing
      parameters:
        - { name: id, in: path, required: true, schema: { type: string } }
      responses:
        '200': { description: A page., content: { text/html: { schema: { type: string } } } }
components:
  schemas:
    Thing:
      type: object
      properties: { name: { type: string } }
      additionalProperties: false
";

    fn generated(generate: fn(&Model) -> String) -> String {
        let document = Document::from_yaml(DOCUMENT).unwrap();
        let text = whole(&generate(&model::read(&document).unwrap())).unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn has(text: &str, expected: &str) {
        assert!(text.contains(expected), "{expected}\nis not in\n{text}");
    }

    #[test]
    fn a_path_becomes_a_resource_with_a_route_for_each_method_and_head_beside_get() {
        let text = generated(routes);
        has(&text, "config.service(web::scope(\"/things\").service(path_of_get_thing()))");
        has(
            &text,
            "web::resource(\"/{id}\") \
             .route(web::get().to(documented::<GetThingResponse, _, _>(handlers::get_thing))) \
             .route(web::head().to(documented::<GetThingResponse, _, _>(handlers::get_thing))) \
             .route(web::delete().to(documented::<DeleteThingResponse, _, _>(handlers::delete_thing))) \
             .default_service(web::to(method_not_allowed))",
        );
    }

    #[test]
    fn a_scope_takes_no_path_from_another_place() {
        let scopes = |paths: &[&'static str]| -> Vec<_> {
            paths.iter().map(|path| scope(path, paths.iter().copied())).collect()
        };
        assert_eq!(scopes(&["/", "/b/{c}", "/bb", "/b/{c}/d"]), [None, Some("/b"), None, Some("/b")]);
        for paths in [["/e", "/e/{f}"], ["/e/{f}", "/e/g"], ["/{e}", "/e/{f}"], ["/{f}/{e}", "/e/{f}"]] {
            assert_eq!(scopes(&paths), [None, None], "{paths:?}");
        }
        assert_eq!(scopes(&["/e/{f}", "/e/f/{g}"]), [None, None], "`/e/f` is for the first");
        assert_eq!(scopes(&["/e/{f}/{g}", "/e/f/{g}/h"]), [None, None]);
    }

    #[test]
    fn a_scope_is_registered_once_wherever_its_paths_stand_in_the_document() {
        let path = |path: &str, id: &str| {
            format!(
                "  {path}:\n    get:\n      operationId: {id}\n      parameters:\n        \
                 - {{ name: id, in: path, required: true, schema: {{ type: string }} }}\n      responses:\n        \
                 '200': {{ description: A page., content: {{ text/html: {{ schema: {{ type: string }} }} }} }}\n"
            )
        };
        let document = format!(
            "openapi: 3.1.0\npaths:\n{}{}{}",
            path("/a/{id}", "first"),
            path("/b/{id}", "between"),
            path("/a/{id}/more", "second"),
        );
        let document = Document::from_yaml(&document).unwrap();
        let text = whole(&routes(&model::read(&document).unwrap())).unwrap();
        assert_eq!(text.matches("web::scope(\"/a\")").count(), 1, "{text}");
    }

    #[test]
    fn an_input_is_refused_with_the_statuses_that_its_rules_can_give() {
        let text = generated(params);
        has(&text, "GetThing::read(&segment(request, \"id\"), request.uri().query())");
        has(&text, ".map_err(invalid::<GetThingResponse>)");
        has(
            &text,
            "DeleteThing::read(&segment(request, \"id\")).map(Self).map_err(unreadable::<DeleteThingResponse>)",
        );
    }

    #[test]
    fn an_answer_becomes_a_variant_with_what_the_handler_gives_for_it() {
        let text = generated(responses);
        has(&text, "/// 200: Fine. Ok(Thing), /// 503: Not now. ServiceUnavailable {");
        has(&text, "/// The header `retry-after`. retry_after: u64,");
        has(&text, "/// 200: A page. Ok(Bytes),");
        has(&text, ".insert_header((header::CONTENT_TYPE, \"text/html\")) .body(body)");
    }
}
