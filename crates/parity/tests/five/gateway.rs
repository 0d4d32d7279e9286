//! Lets a client of HTTP/1.1 ask a server over h2: requests and answers are passed on, and nothing is added to them.
//!
//! So what is answered over h2 is compared by the same means as all else.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{CONNECTION, HOST, HeaderName, TRANSFER_ENCODING};
use hyper::service::service_fn;
use hyper::{Request, Response, Uri, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use crate::BoxError;

/// What HTTP/1.1 alone has: h2 says the host as `:authority`, and frames bodies itself.
const OF_HTTP_1: [HeaderName; 3] = [HOST, CONNECTION, TRANSFER_ENCODING];

/// The name that the certificates of all servers are good for.
const NAME: &str = "localhost";

/// A way to one server; it is gone when it is dropped.
pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    _connections: JoinSet<()>,
}

impl Gateway {
    /// Opens a way to the TLS port of a server whose certificate was issued by one of those in `authority`.
    pub(crate) async fn to(server: SocketAddr, authority: &Path) -> Result<Self, BoxError> {
        let tls = connector(authority)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let tls = tls.clone();
                let pass = service_fn(move |request| pass(request, server, tls.clone()));
                let connection = hyper::server::conn::http1::Builder::new()
                    .auto_date_header(false)
                    .serve_connection(TokioIo::new(client), pass);
                // What fails the client sees as a connection that ends without an answer.
                open.spawn(async move { drop(connection.await) });
            }
        });
        Ok(Self { address, _connections: connections })
    }
}

/// Asks the server over a connection of the request's own.
async fn pass(
    request: Request<Incoming>,
    server: SocketAddr,
    tls: TlsConnector,
) -> Result<Response<Incoming>, BoxError> {
    let stream = tls.connect(ServerName::try_from(NAME)?, TcpStream::connect(server).await?).await?;
    if stream.get_ref().1.alpn_protocol() != Some(b"h2".as_slice()) {
        return Err("the server does not choose h2".into());
    }
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    // It ends when the answer has been read.
    tokio::spawn(connection);
    let (mut head, body) = request.into_parts();
    for name in OF_HTTP_1 {
        head.headers.remove(name);
    }
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    head.uri = Uri::try_from(format!("https://{NAME}:{}{path}", server.port()))?;
    head.version = Version::HTTP_2;
    let mut answer = sender.send_request(Request::from_parts(head, body)).await?;
    *answer.version_mut() = Version::HTTP_11;
    Ok(answer)
}

fn connector(authority: &Path) -> Result<TlsConnector, BoxError> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(authority)? {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}
