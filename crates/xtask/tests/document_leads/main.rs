//! The document leads: what is changed in `openapi/openapi.yaml` either changes what the servers answer, or does not
//! compile until the code follows.
//!
//! Each test edits the document of a copy of the repository (see [`tree`]), runs the code generator there, and builds.

mod servers;
mod tree;

use std::error::Error;

use servers::Servers;
use tree::{ACTIX, AXUM, Copy, once};

type TestResult = Result<(), Box<dyn Error + Send + Sync>>;

/// An operation that no server has a handler for.
const NOVELTY: &str = "paths:
  /examples/novelty:
    get:
      operationId: get_novelty
      tags: [service]
      summary: Say something new
      description: It is in the document alone.
      responses:
        '200':
          description: Something new.
          content:
            application/json:
              schema: { $ref: '#/components/schemas/HealthResponse' }
              example: { status: ok }
        '413': { $ref: '#/components/responses/PayloadTooLarge' }
        '414': { $ref: '#/components/responses/UriTooLong' }
        '429': { $ref: '#/components/responses/RateLimited' }
        '431': { $ref: '#/components/responses/HeadersTooLarge' }
        '500': { $ref: '#/components/responses/InternalServerError' }
";

/// The last parameter of `set_cache`.
const TTL: &str = "\n        - $ref: '#/components/parameters/CacheTtl'\n";

/// With a query parameter behind it that no server has heard of.
const OWNER: &str = "
        - $ref: '#/components/parameters/CacheTtl'
        - name: owner
          in: query
          required: true
          description: Who writes the key.
          schema: { type: string, minLength: 1, maxLength: 20 }
          example: ada
";

#[tokio::test]
async fn an_operation_without_a_handler_does_not_compile() -> TestResult {
    let copy = Copy::make().await?;
    copy.edit(|document| once(document, "paths:\n", NOVELTY))?;
    copy.codegen().await?;
    for server in [AXUM, ACTIX] {
        let errors = copy.check(server).await?.ok_or("it compiles")?;
        let names_it =
            errors.lines().any(|line| line.contains("error[E0425]") && line.contains("`get_novelty`"));
        assert!(names_it, "{} does not name the missing handler:\n{errors}", server.name);
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_of_a_status_that_is_not_documented_does_not_compile() -> TestResult {
    let copy = Copy::make().await?;
    copy.edit(|document| {
        let unavailable = "        '503': { $ref: '#/components/responses/CacheUnavailable' }\n";
        let (before, operation) = document.split_once("operationId: set_cache").ok_or("no set_cache")?;
        let (kept, after) = operation.split_once(unavailable).ok_or("set_cache has no 503")?;
        Ok(format!("{before}operationId: set_cache{kept}{after}"))
    })?;
    copy.codegen().await?;
    for server in [AXUM, ACTIX] {
        let errors = copy.check(server).await?.ok_or("it compiles")?;
        let names_it = errors.contains("SetCacheResponse") && errors.contains("503");
        assert!(names_it, "{} does not name the answer:\n{errors}", server.name);
        assert!(
            errors.contains("src/handlers/cache.rs"),
            "{} does not name the handler:\n{errors}",
            server.name
        );
    }
    Ok(())
}

#[tokio::test]
async fn what_no_code_can_be_generated_for_is_refused_with_its_pointer() -> TestResult {
    let copy = Copy::make().await?;
    let before = copy.generated()?;
    let owner = OWNER.replace("maxLength", "multipleOf");
    copy.edit(|document| once(document, TTL, &owner))?;
    let refused = copy.codegen().await.err().ok_or("it is generated")?.to_string();
    let pointer =
        "openapi/openapi.yaml: /paths/~1examples~1cache~1{key}/post/parameters/3/schema/multipleOf: ";
    assert!(refused.contains(pointer), "{refused}");
    assert_eq!(copy.generated()?, before, "nothing is written when something is refused");
    Ok(())
}

#[tokio::test]
async fn the_servers_answer_by_an_edited_document_with_no_edit_of_code() -> TestResult {
    let copy = Copy::make().await?;
    copy.edit(|document| {
        let document = once(document, "\n  /examples/cache/{key}:\n", "\n  /examples/entries/{key}:\n")?;
        let document = once(&document, "\n      maximum: 86400\n", "\n      maximum: 100000\n")?;
        once(&document, TTL, OWNER)
    })?;
    copy.codegen().await?;
    let servers = Servers::build(&copy).await?;
    for server in servers.start(&copy).await? {
        let (status, body) = server.post("/examples/cache/leads?value=a&owner=ada").await?;
        assert_eq!(status, 404, "{} still answers the old path: {body}", server.name);
        assert_eq!(body["error"], "NotFound", "{}: {body}", server.name);

        let key = server.key("leads");
        let (status, body) =
            server.post(&format!("/examples/entries/{key}?value=a&ttl=90000&owner=ada")).await?;
        assert_eq!(status, 200, "{} does not answer by the new path and bound: {body}", server.name);
        assert_eq!(body["ttl"], 90_000, "{}: {body}", server.name);

        let (status, body) = server.post(&format!("/examples/entries/{key}?value=a&ttl=100001")).await?;
        assert_eq!(status, 422, "{}: {body}", server.name);
        assert_eq!(
            body["details"]["validation_errors"],
            serde_json::json!([
                {
                    "loc": ["query", "ttl"],
                    "msg": "Input should be less than or equal to 100000",
                    "type": "less_than_equal"
                },
                { "loc": ["query", "owner"], "msg": "Field required", "type": "missing" },
            ]),
            "{} does not refuse by the new bound and the new parameter",
            server.name
        );
        server.delete(&format!("/examples/entries/{key}")).await?;
    }
    Ok(())
}
