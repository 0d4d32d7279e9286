//! The TLS port: who it says it is, what it speaks, and that its certificate can be replaced while it serves.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use testkit::{Stack, eventually};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::messaging::publish;
use crate::expected::Expected;
use crate::problem::{Fault, Problem, query};
use crate::rows::Rows;
use crate::server::Server;
use crate::suite::{Suite, cases};
use crate::wire::{Answer, Connection, Request};
use crate::{BoxError, LIMIT, Outcome};

cases![
    the_certificate_is_verified_up_to_the_stack_s_authority,
    alpn_decides_between_h2_and_http_1_1,
    h2_is_answered_as_http_1_1_is,
    a_replaced_certificate_is_served_without_a_restart,
    a_client_without_tls_is_no_harm,
];

fn authority(stack: &Stack) -> PathBuf {
    stack.home().join("vault/ca/ca.pem")
}

/// Shakes hands, trusting the stack's authority alone.
async fn handshake(
    suite: &Suite,
    server: &Server,
    name: &str,
    protocols: &[&str],
) -> Result<TlsStream<TcpStream>, BoxError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(authority(suite.stack))? {
        roots.add(certificate?)?;
    }
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let address = server.https.ok_or("the server has no TLS port")?;
    let name = ServerName::try_from(name.to_owned())?;
    let connect = async {
        TlsConnector::from(Arc::new(config)).connect(name, TcpStream::connect(address).await?).await
    };
    Ok(tokio::time::timeout(LIMIT, connect).await??)
}

fn served(stream: &TlsStream<TcpStream>) -> Vec<CertificateDer<'static>> {
    stream
        .get_ref()
        .1
        .peer_certificates()
        .unwrap_or_default()
        .iter()
        .map(|found| found.clone().into_owned())
        .collect()
}

fn in_file(file: &Path) -> Result<Vec<CertificateDer<'static>>, BoxError> {
    Ok(CertificateDer::pem_file_iter(file)?.collect::<Result<_, _>>()?)
}

/// The certificate and key that the stack has issued to an API server.
fn files(stack: &Stack, server: &str) -> Result<[PathBuf; 2], BoxError> {
    let environment = stack.environment(server);
    let file = |name: &str| {
        environment.get(name).map(PathBuf::from).ok_or_else(|| format!("the stack gives no {name}"))
    };
    Ok([file("TLS_CERT_FILE")?, file("TLS_KEY_FILE")?])
}

async fn the_certificate_is_verified_up_to_the_stack_s_authority(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let [certificate, _] = files(suite.stack, suite.target.name)?;
    for name in ["localhost", "127.0.0.1"] {
        let stream = handshake(&suite, &server, name, &["http/1.1"]).await?;
        if served(&stream) != in_file(&certificate)? {
            return Err(format!("for {name} it serves another chain than {}", certificate.display()).into());
        }
    }
    match handshake(&suite, &server, "example.com", &[]).await {
        Err(_refused) => Ok(()),
        Ok(_) => Err("its certificate is good for example.com".into()),
    }
}

async fn alpn_decides_between_h2_and_http_1_1(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    for (offered, chosen) in [
        (["h2", "http/1.1"].as_slice(), Some("h2")),
        (&["http/1.1"], Some("http/1.1")),
        (&["http/1.1", "h2"], Some("h2")),
        (&[], None),
    ] {
        let stream = handshake(&suite, &server, "localhost", offered).await?;
        let found =
            stream.get_ref().1.alpn_protocol().map(|protocol| String::from_utf8_lossy(protocol).into_owned());
        if found.as_deref() != chosen {
            return Err(format!("of {offered:?} it chose {found:?}").into());
        }
        if chosen != Some("h2") {
            let request = Request::get("/health/");
            let answer = Connection::over(stream, "localhost".to_owned()).exchange(&request).await?;
            server.check(&request, &Expected::json(r#"{"status":"ok"}"#), &answer)?;
        }
    }
    Ok(())
}

async fn h2_is_answered_as_http_1_1_is(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let address = server.https.ok_or("the server has no TLS port")?;
    let authority = reqwest::Certificate::from_pem(&std::fs::read(authority(suite.stack))?)?;
    let client = reqwest::Client::builder()
        .tls_certs_only([authority])
        .no_proxy()
        .timeout(LIMIT)
        .resolve("localhost", address)
        .build()?;
    let mut rows = Rows::new(&server);
    let fault = Fault::missing(query("queue_name"));
    let bare = Request::post("/examples/messaging/publish");
    for (why, request, body, expected) in [
        ("a page", Request::get("/health/"), None, Expected::json(r#"{"status":"ok"}"#)),
        (
            "an id",
            Request::get("/health").header("x-request-id", "h2-1"),
            None,
            Expected::json(r#"{"status":"ok"}"#),
        ),
        ("HEAD", Request::head("/health/"), None, Expected::json(r#"{"status":"ok"}"#).withheld()),
        ("an unknown path", Request::get("/nosuch"), None, Problem::no_route().into()),
        (
            "a wrong method",
            Request::delete("/health/"),
            None,
            Expected::from(Problem::method_not_allowed()).header("Allow", "GET, HEAD, OPTIONS"),
        ),
        (
            "a backend",
            Request::get("/examples/cache/nosuch"),
            None,
            Expected::json(r#"{"key":"nosuch","value":null,"exists":false,"ttl":null}"#),
        ),
        (
            "a message",
            bare.header("content-type", "application/json"),
            Some(r#"{"a":1}"#.to_owned()),
            Problem::invalid(&[fault]).into(),
        ),
        (
            "a message without a type",
            publish("a"),
            Some(r#"{"a":1}"#.to_owned()),
            Problem::media_type().into(),
        ),
        (
            "a message that is too large",
            publish("a").header("content-type", "application/json"),
            Some("x".repeat(1024 * 1024 + 1)),
            Problem::body_too_large().into(),
        ),
        (
            "a body that nobody reads",
            Request::get("/health/"),
            Some("x".repeat(3 * 1024 * 1024)),
            Expected::json(r#"{"status":"ok"}"#),
        ),
    ] {
        let outcome = over_h2(&client, address.port(), &request, body).await;
        rows.note(why, outcome.and_then(|answer| server.check(&request, &expected, &answer)));
    }
    rows.outcome()
}

async fn over_h2(
    client: &reqwest::Client,
    port: u16,
    request: &Request,
    body: Option<String>,
) -> Result<Answer, BoxError> {
    let mut sent =
        client.request(request.method.parse()?, format!("https://localhost:{port}{}", request.target));
    for name in ["x-request-id", "content-type"] {
        for value in request.header_values(name) {
            sent = sent.header(name, value);
        }
    }
    if let Some(body) = body {
        sent = sent.body(body);
    }
    let answer = sent.send().await?;
    if answer.version() != reqwest::Version::HTTP_2 {
        return Err(format!("it was answered in {:?}", answer.version()).into());
    }
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    Ok(Answer {
        status: answer.status().as_u16(),
        headers: answer
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
            .collect(),
        body: answer.bytes().await?.to_vec(),
    })
}

async fn a_replaced_certificate_is_served_without_a_restart(suite: Arc<Suite>) -> Outcome {
    let folder = tempfile::tempdir()?;
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let [first, first_key] = files(suite.stack, suite.target.name)?;
    let other =
        ["api-axum", "api-hyper"].into_iter().find(|name| *name != suite.target.name).unwrap_or_default();
    let [second, second_key] = files(suite.stack, other)?;
    std::fs::copy(&first, &certificate)?;
    std::fs::copy(&first_key, &key)?;
    let launch = suite.launch().set("TLS_CERT_FILE", certificate.display().to_string());
    let server = launch.set("TLS_KEY_FILE", key.display().to_string()).start().await?;
    let is_served = async |expected: &Path| {
        let stream = handshake(&suite, &server, "localhost", &[]).await?;
        if served(&stream) == in_file(expected)? {
            Ok(())
        } else {
            Err(BoxError::from("another certificate"))
        }
    };
    is_served(&first).await?;
    // A connection that is open stays as it is.
    let open = handshake(&suite, &server, "localhost", &["http/1.1"]).await?;
    let mut open = Connection::over(open, "localhost".to_owned());
    // As a rotation does it: each file is written beside its place and renamed into it.
    let replace = |from: &Path, to: &Path| {
        let beside = to.with_extension("new");
        std::fs::copy(from, &beside).and_then(|_| std::fs::rename(&beside, to))
    };
    replace(&second, &certificate)?;
    // Until the key is there too, the pair does not fit, and the old one is served on.
    is_served(&first).await?;
    replace(&second_key, &key)?;
    eventually(LIMIT, "the second certificate", async || is_served(&second).await).await?;
    // Files that make no sense change nothing. That they were seen is in the log.
    let seen = server.output().lines().len();
    std::fs::write(&certificate, "nonsense")?;
    eventually(LIMIT, "a line in the log about the bad file", async || {
        let lines = server.output().lines();
        let said = lines.iter().skip(seen).any(|line| line.to_lowercase().contains("certificate"));
        if said { Ok(()) } else { Err(lines.last().cloned()) }
    })
    .await?;
    is_served(&second).await?;
    let request = Request::get("/health/");
    let answer = open.exchange(&request).await?;
    server.check(&request, &Expected::json(r#"{"status":"ok"}"#), &answer)?;
    drop(open);
    server.stop().await
}

async fn a_client_without_tls_is_no_harm(suite: Arc<Suite>) -> Outcome {
    let server = suite.server().await?;
    let address = server.https.ok_or("the server has no TLS port")?;
    let mut connection = Connection::open(address).await?;
    connection.send(b"GET /health/ HTTP/1.1\r\nHost: a\r\n\r\n").await?;
    let rest = connection.rest().await?;
    if rest.starts_with(b"HTTP/1.1 200") {
        return Err("the TLS port answers without TLS".into());
    }
    handshake(&suite, &server, "localhost", &[]).await.map(drop)
}
