//! This server by documents other than the one that was built in, over a real socket and without a backend.

use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use integrations::Integrations;
use launch::Launch;
use serde_json::{Value, json};
use server::metrics::Metrics;
use server::{Running, ServerIdentity, Settings};
use service::Services;
use spec::{Document, Oracle};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::app::HANDLERS;
use crate::interpreter::{Handler, Reply};
use crate::start::{StartError, start_with};

type TestResult = Result<(), Box<dyn Error>>;

const BUILT_IN: &str = include_str!("../../../openapi/openapi.yaml");

/// How long an answer may take before the test is taken for hanging.
const LIMIT: Duration = Duration::from_secs(10);

/// A server that answers by a document.
struct Server {
    running: Running,
    address: SocketAddr,
    oracle: Oracle,
    document: String,
}

struct Received {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Server {
    /// Starts one whose backends are not there.
    async fn start(handlers: &'static [Handler], document: String) -> Result<Self, Box<dyn Error>> {
        // That there is a provider already is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut file = tempfile::NamedTempFile::with_suffix(".yaml")?;
        file.write_all(document.as_bytes())?;
        let path = file.path().to_string_lossy().into_owned();
        let identity = &ServerIdentity::HYPER;
        let settings = Settings::load(identity, &|name| match name {
            "VAULT_ADDR" => Some("http://127.0.0.1:9".to_owned()),
            "VAULT_ROLE_ID_FILE" | "VAULT_SECRET_ID_FILE" => Some("nowhere".to_owned()),
            "HTTP_ADDR" => Some("127.0.0.1:0".to_owned()),
            "OPENAPI_FILE" => Some(path.clone()),
            _ => None,
        })?;
        let clients = Integrations::start(settings.integrations.clone(), tokio::runtime::Handle::current());
        let services = Services::new(&settings.service, clients);
        let metrics = Metrics::install(identity)?;
        let running = start_with(handlers, Launch { identity, settings, metrics, services }).await?;
        let address = running.http_address().ok_or("no address")?;
        let oracle = Oracle::new(&Document::from_yaml(&document)?)?;
        Ok(Self { running, address, oracle, document })
    }

    /// Sends a request and reads its answer.
    async fn ask(&self, method: &str, target: &str, fields: &str) -> Result<Received, Box<dyn Error>> {
        let mut socket = TcpStream::connect(self.address).await?;
        let request = format!("{method} {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}\r\n");
        socket.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        tokio::time::timeout(LIMIT, socket.read_to_string(&mut answer)).await??;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("no end of the head")?;
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or("no status")?.parse()?;
        let fields = lines.filter_map(|line| line.split_once(": "));
        let headers = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Received { status, headers, body: body.to_owned() })
    }

    /// As [`Self::ask`], of an operation: the answer must be as the document says, by its schemas.
    async fn call(&self, method: &str, target: &str, fields: &str) -> Result<Received, Box<dyn Error>> {
        let received = self.ask(method, target, fields).await?;
        let headers: Vec<(&str, &str)> =
            received.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let path = target.split('?').next().unwrap_or_default();
        let body = received.body.as_bytes();
        let answer = spec::Answer { method, path, status: received.status, headers: &headers, body };
        let faults = self.oracle.check(&answer);
        if faults.is_empty() { Ok(received) } else { Err(format!("{target}: {faults:?}").into()) }
    }

    async fn stop(self) -> TestResult {
        self.running.stop();
        Ok(self.running.wait().await?)
    }
}

impl Received {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_str(&self.body)
    }

    /// Where the faults of a 422 are, and what they are.
    fn faults(&self) -> Result<Vec<String>, serde_json::Error> {
        let body = self.json()?;
        let errors = body["details"]["validation_errors"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let faults = errors.iter().map(|error| {
            let (place, name) = (text(&error["loc"][0]), text(&error["loc"][1]));
            format!("{place} {name}: {}", text(&error["msg"]))
        });
        Ok(faults.collect())
    }
}

/// The document that was built in, with these replacements, each of which must find something.
fn edited(replacements: &[(&str, &str)]) -> String {
    replacements.iter().fold(BUILT_IN.to_owned(), |document, (from, to)| {
        assert!(document.contains(from), "the document has no {from:?}");
        document.replace(from, to)
    })
}

#[tokio::test]
async fn a_new_path_bound_and_parameter_are_followed_without_code() -> TestResult {
    let document = edited(&[
        ("\n  /examples/cache/{key}:\n", "\n  /examples/things/{key}/here:\n"),
        ("      maximum: 86400\n", "      maximum: 60\n"),
        (
            "        - $ref: '#/components/parameters/CacheTtl'\n",
            "        - $ref: '#/components/parameters/CacheTtl'\n        \
             - { name: owner, in: query, required: true, schema: { type: string, minLength: 2 } }\n",
        ),
    ]);
    let server = Server::start(HANDLERS, document).await?;

    let old = server.ask("POST", "/examples/cache/a?value=x&ttl=1&owner=me", "").await?;
    assert_eq!((old.status, old.json()?["error"].clone()), (404, json!("NotFound")));

    let new = "/examples/things/a/here";
    let faults = server.call("POST", &format!("{new}?value=x&ttl=61"), "").await?;
    assert_eq!(faults.status, 422);
    assert_eq!(
        faults.faults()?,
        ["query ttl: Input should be less than or equal to 60", "query owner: Field required"]
    );
    let faults = server.call("POST", "/examples/things/a%20b/here?value=x&owner=m", "").await?;
    assert_eq!(
        faults.faults()?,
        [
            "path key: String should match pattern '^[a-zA-Z0-9_:.-]+$'",
            "query owner: String should have at least 2 characters",
        ]
    );
    // All is in order, and the next to be asked is a backend, which is not there.
    let passed = server.call("POST", &format!("{new}?value=x&ttl=60&owner=me"), "").await?;
    assert_eq!((passed.status, passed.json()?["error"].clone()), (503, json!("VaultUnavailableError")));

    let page = server.call("GET", "/", "").await?;
    assert_eq!(page.json()?["examples"]["cache"], "/examples/things/{key}/here");
    let options = server.ask("OPTIONS", new, "").await?;
    assert_eq!((options.status, options.header("Allow")), (204, Some("DELETE, GET, HEAD, OPTIONS, POST")));
    let metrics = server.call("GET", "/metrics", "").await?;
    assert!(metrics.body.contains(r#"endpoint="/examples/things/{key}/here""#), "the template is the label");
    server.stop().await
}

#[tokio::test]
async fn a_parameter_that_moves_from_the_query_into_the_path_is_followed() -> TestResult {
    let document = edited(&[
        ("\n  /examples/messaging/publish:\n", "\n  /examples/messaging/{queue_name}/publish:\n"),
        ("parameters/QueueNameQuery'", "parameters/QueueNamePath'"),
    ]);
    let server = Server::start(HANDLERS, document).await?;
    let fields = "Content-Type: application/json\r\nContent-Length: 4\r\n\r\n{}";
    let faults = server.call("POST", "/examples/messaging/amq.a/publish", fields).await?;
    assert_eq!(
        faults.faults()?,
        [
            r"path queue_name: String should match pattern '^(?!amq\.)[a-zA-Z0-9_.-]+$'",
            "body : Object should have at least 1 property",
        ]
    );
    server.stop().await
}

#[tokio::test]
async fn the_text_that_is_answered_by_is_the_one_that_is_served() -> TestResult {
    let server = Server::start(HANDLERS, edited(&[("title: DevStack", "title: Another DevStack")])).await?;
    let yaml = server.ask("GET", "/openapi.yaml", "").await?;
    assert_eq!((yaml.header("Content-Type"), &yaml.body), (Some("application/yaml"), &server.document));
    let json = server.ask("GET", "/openapi.json", "").await?;
    assert_eq!(json.json()?, *Document::from_yaml(&server.document)?.value());
    server.stop().await
}

#[tokio::test]
async fn an_answer_that_the_document_does_not_list_is_not_sent() -> TestResult {
    let refusal = "Content-Length: 99999999\r\n";
    let server = Server::start(HANDLERS, BUILT_IN.to_owned()).await?;
    assert_eq!(server.call("GET", "/health/", refusal).await?.status, 413);
    server.stop().await?;

    let listed = "        '413': { $ref: '#/components/responses/PayloadTooLarge' }\n";
    let server = Server::start(HANDLERS, edited(&[(listed, "")])).await?;
    let answer = server.call("GET", "/health/", refusal).await?;
    assert_eq!((answer.status, answer.json()?["error"].clone()), (500, json!("InternalServerError")));
    assert!(answer.header("X-RateLimit-Limit").is_some(), "the request was counted");
    server.stop().await
}

#[tokio::test]
async fn a_panic_is_answered_as_any_fault_of_ours() -> TestResult {
    const PANICKING: &[Handler] = &[Handler {
        id: "get_health",
        parameters: &[],
        takes_message: false,
        run: |_| panic!("a handler that does not hold what it promises"),
    }];
    const LATER: &[Handler] = &[Handler {
        run: |_| Reply::Later(Box::pin(async { panic!("after a while, too") })),
        ..PANICKING[0]
    }];
    let document = "openapi: 3.1.1
paths:
  /health/:
    get:
      operationId: get_health
      responses:
        '500': { description: x, content: { application/json: { schema: { type: object } } } }
";
    for handlers in [PANICKING, LATER] {
        let server = Server::start(handlers, document.to_owned()).await?;
        for id in ["first", "the-server-lives-on"] {
            let answer = server.call("GET", "/health/", &format!("X-Request-ID: {id}\r\n")).await?;
            assert_eq!((answer.status, answer.header("X-Request-ID")), (500, Some(id)));
            assert_eq!(answer.json()?["error"], "InternalServerError");
            assert!(answer.header("X-RateLimit-Limit").is_some(), "the request was counted");
        }
        server.stop().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_document_that_cannot_be_answered_by_fails_the_start() -> TestResult {
    let refused = async |document: String| match Server::start(HANDLERS, document).await {
        Ok(_) => Err("it has started".to_owned()),
        Err(error) => match error.downcast_ref::<StartError>() {
            Some(StartError::Document(error)) => Ok(error.to_string()),
            _ => Err(error.to_string()),
        },
    };
    let format = "      minimum: 1\n      maximum: 86400\n";
    for (document, expected) in [
        (
            edited(&[("operationId: get_cache\n", "operationId: read_cache\n")]),
            r#"/paths/~1examples~1cache~1{key}/get: no handler is called "read_cache"; the operationId names the handler"#,
        ),
        (
            edited(&[(format, "      multipleOf: 2\n")]),
            "/paths/~1examples~1cache~1{key}/post/parameters/2/schema/multipleOf: multipleOf of a whole number is not supported",
        ),
        (
            "openapi: 3.1.1\npaths: {}\n".to_owned(),
            r#"/paths: no operation is called "get_root", for which there is a handler"#,
        ),
        (
            "openapi: 2.0.0\npaths: {}\n".to_owned(),
            "the OpenAPI document cannot be used; repair it, or unset OPENAPI_FILE to use the one that is built in",
        ),
    ] {
        assert_eq!(refused(document).await?, expected);
    }
    Ok(())
}
