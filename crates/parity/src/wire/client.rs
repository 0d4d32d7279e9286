//! Sends one message on a connection of its own.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::encode::encode;
use super::reader::{Read, Reader};
use crate::config::Limits;
use crate::model::{Answer, Ending, Exchange, Message, Target};

/// The pieces in which a message is handed to the system, so that it is known how much of it the server took.
const PIECE: usize = 64 * 1024;

/// How long a server that says that it closes has for it.
const CLOSING: Duration = Duration::from_secs(2);

/// What bytes go through: TCP, or TLS over it.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Sends messages to one target.
#[derive(Clone)]
pub struct Client {
    target: Target,
    limits: Limits,
    tls: Option<TlsConnector>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("target", &self.target).finish_non_exhaustive()
    }
}

/// Why nothing can be sent to a target.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// A target with `https` and no file of certificates.
    #[error("{target} speaks TLS: say with --ca which certificates may have signed its own")]
    NoCertificates {
        /// The target's name.
        target: String,
    },
    /// The file of certificates cannot be read, or holds none.
    #[error("the certificates for {target} cannot be used: {reason}")]
    Certificates {
        /// The target's name.
        target: String,
        /// What is wrong.
        reason: String,
    },
}

impl Client {
    /// A client of one target.
    ///
    /// # Errors
    /// [`ClientError`] when the target speaks TLS and its certificates cannot be judged.
    pub fn new(target: &Target, limits: Limits) -> Result<Self, ClientError> {
        let tls = if target.is_https() { Some(connector(target)?) } else { None };
        Ok(Self { target: target.clone(), limits, tls })
    }

    /// The target.
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// Sends a message and reads its answers; whatever goes wrong is part of the result.
    ///
    /// `awaits_close` says whether the server is to be watched closing the connection.
    pub async fn exchange(&self, message: &Message, awaits_close: bool) -> Exchange {
        let began = Instant::now();
        let bytes = encode(message, &self.target);
        let mut exchange = Exchange {
            sent: Vec::new().into(),
            answers: Vec::new(),
            rest: Vec::new().into(),
            ending: Ending::TimedOut,
            elapsed: Duration::ZERO,
            ended: Utc::now(),
        };
        match timeout(self.limits.connect(), self.open()).await {
            Err(_) => {
                exchange.ending = Ending::NoConnection(format!("none within {:?}", self.limits.connect()));
            }
            Ok(Err(error)) => exchange.ending = Ending::NoConnection(error.to_string()),
            Ok(Ok(stream)) => self.converse(stream, message, bytes, awaits_close, &mut exchange).await,
        }
        exchange.elapsed = began.elapsed();
        exchange.ended = Utc::now();
        exchange
    }

    async fn open(&self) -> io::Result<Box<dyn Stream>> {
        let host = self.target.host();
        let stream = TcpStream::connect((host.as_str(), self.target.port())).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => Ok(Box::new(stream)),
            Some(tls) => {
                let name = ServerName::try_from(host).map_err(io::Error::other)?;
                Ok(Box::new(tls.connect(name, stream).await?))
            }
        }
    }

    async fn converse(
        &self,
        stream: Box<dyn Stream>,
        message: &Message,
        bytes: Vec<u8>,
        awaits_close: bool,
        exchange: &mut Exchange,
    ) {
        let (reading, mut writing) = tokio::io::split(stream);
        let mut reader = Reader { stream: reading, buffer: Vec::new() };
        let taken = AtomicUsize::new(0);
        let send = async {
            for piece in bytes.chunks(PIECE) {
                // A server that has answered may close; the answer tells what became of the message.
                if writing.write_all(piece).await.is_err() || writing.flush().await.is_err() {
                    break;
                }
                taken.fetch_add(piece.len(), Ordering::Relaxed);
            }
        };
        let answers = &mut exchange.answers;
        let read = read(&mut reader, message, awaits_close, answers);
        // A server may answer before it has read all, so that the answer is awaited while sending.
        let both = async {
            let (mut send, mut read) = (std::pin::pin!(send), std::pin::pin!(read));
            tokio::select! {
                ending = &mut read => ending,
                () = &mut send => read.await,
            }
        };
        exchange.ending = timeout(self.limits.answer(), both).await.unwrap_or(Ending::TimedOut);
        exchange.rest = reader.buffer.into();
        let mut bytes = bytes;
        bytes.truncate(taken.into_inner());
        exchange.sent = bytes.into();
    }
}

async fn read<S: AsyncRead + Unpin>(
    reader: &mut Reader<S>,
    message: &Message,
    awaits_close: bool,
    answers: &mut Vec<Answer>,
) -> Ending {
    let awaited = match message {
        Message::Request(_) => 1,
        Message::Exact { answers, .. } => *answers,
    };
    let mut closes = false;
    for _ in 0..awaited {
        match reader.answer(message.method()).await {
            Ok(Read { answer, closes: is_last }) => {
                answers.push(answer);
                closes = is_last;
            }
            Err(ending) => return ending,
        }
    }
    if !closes && !awaits_close {
        return Ending::Open;
    }
    match timeout(CLOSING, reader.is_closed()).await {
        Ok(true) => Ending::Closed,
        _ => Ending::Open,
    }
}

fn connector(target: &Target) -> Result<TlsConnector, ClientError> {
    let Some(file) = &target.ca else {
        return Err(ClientError::NoCertificates { target: target.name.clone() });
    };
    let fault = |reason: String| ClientError::Certificates { target: target.name.clone(), reason };
    let mut roots = rustls::RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(file).map_err(|error| fault(format!("{}: {error}", file.display())))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| fault(format!("{}: {error}", file.display())))?;
        roots.add(certificate).map_err(|error| fault(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(fault(format!("{} holds none", file.display())));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| fault(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
