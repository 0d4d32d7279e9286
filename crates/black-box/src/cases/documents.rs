//! The server's own description, and the pages that show it.

use std::collections::BTreeSet;
use std::sync::Arc;

use spec::{Document, Exceptions};

use crate::expected::{Expected, JSON};
use crate::rows::Rows;
use crate::server::Server;
use crate::suite::{Suite, cases};
use crate::wire::Request;
use crate::{BoxError, CONTRACT, Outcome};

cases![
    the_served_document_promises_what_the_contract_does,
    both_forms_of_the_document_say_the_same,
    the_pages_load_everything_from_this_server,
    every_answer_in_the_served_document_has_a_schema_and_its_examples_meet_it,
];

const EXCEPTIONS: &str = include_str!("../../../../openapi/exceptions.toml");

async fn served(server: &Server) -> Result<Document, BoxError> {
    let answer = server.expect(&Request::get("/openapi.json"), Expected::media(JSON)).await?;
    Ok(Document::from_json(&answer.text())?)
}

async fn the_served_document_promises_what_the_contract_does(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let name = suite.target.name;
    let differences = spec::diff(&Document::from_yaml(CONTRACT)?, &served(&server).await?)?;
    let judgement = Exceptions::from_toml(EXCEPTIONS)?.judge(name, differences);
    let mut lines: Vec<String> =
        judgement.unexcused.iter().map(|difference| difference.line("contract", name)).collect();
    lines.extend(
        judgement
            .unused
            .iter()
            .map(|exception| format!("an exception that excuses nothing: {}", exception.place)),
    );
    if lines.is_empty() { Ok(()) } else { Err(lines.join("\n").into()) }
}

async fn both_forms_of_the_document_say_the_same(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let json = served(&server).await?;
    let answer = server.expect(&Request::get("/openapi.yaml"), Expected::media("application/yaml")).await?;
    let yaml = Document::from_yaml(&answer.text())?;
    if json.value() == yaml.value() {
        Ok(())
    } else {
        Err("the YAML says something else than the JSON".into())
    }
}

/// What a page refers to: the values of `src`, `href` and `spec-url`.
fn references(page: &str) -> BTreeSet<String> {
    let values = [" src=\"", " href=\"", " spec-url=\""]
        .into_iter()
        .flat_map(|attribute| page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()));
    values.map(str::to_owned).collect()
}

async fn the_pages_load_everything_from_this_server(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let mut rows = Rows::new(&server);
    for page in ["/docs", "/redoc"] {
        let html = Expected::media("text/html; charset=utf-8");
        let answer = server.expect(&Request::get(page), html).await?;
        let references = references(&answer.text());
        if !references.iter().any(|reference| reference.rsplit('.').next() == Some("js")) {
            return Err(format!("{page} loads no script: {references:?}").into());
        }
        for reference in references {
            let media_type = match reference.rsplit('.').next() {
                Some("js") => "text/javascript; charset=utf-8",
                Some("css") => "text/css; charset=utf-8",
                Some("png") => "image/png",
                Some("json") => JSON,
                // An empty picture in the page itself.
                _ if reference == "data:," => continue,
                _ => return Err(format!("{page} refers to {reference}").into()),
            };
            let outcome = server.expect(&Request::get(&reference), Expected::media(media_type)).await;
            let outcome = outcome.and_then(|answer| {
                if answer.body.is_empty() { Err(BoxError::from("it is empty")) } else { Ok(()) }
            });
            rows.note(&format!("{page} loads {reference}"), outcome);
        }
        for file in ["nosuch", "nosuch.js", "index.html", "%69ndex.css", "..%2f..%2fetc%2fpasswd", ".."] {
            let why = format!("{file} is none of its files");
            rows.row(&why, Request::get(format!("{page}/{file}")), Expected::no_file()).await;
        }
    }
    rows.outcome()
}

async fn every_answer_in_the_served_document_has_a_schema_and_its_examples_meet_it(
    suite: Arc<Suite>,
) -> Outcome {
    let server = suite.server().await?;
    let document = served(&server).await?;
    let mut failures = Vec::new();
    for operation in document.operations()? {
        for (status, response) in &operation.responses {
            for (media_type, content) in &response.content {
                if content.schema.is_none() {
                    failures.push(format!("{} {status} {media_type} has no schema", operation.path));
                }
            }
        }
    }
    let faulty = spec::Oracle::new(&document)?.faulty_examples();
    failures.extend(faulty.iter().map(|(at, name, fault)| format!("{at} example {name:?}: {fault}")));
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
}
