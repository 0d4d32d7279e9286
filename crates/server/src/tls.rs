//! TLS for the servers: one rustls configuration whose certificate is replaced while the server runs.
//!
//! Vault PKI issues the certificate, and whoever renews it replaces the two files by rename. [`Certificate`]
//! looks at them every second and gives each new handshake the pair that is there; connections that are open
//! keep what they have. A pair that cannot be used (half written, key of another certificate, expired) changes
//! nothing: the one in use stays, and the log says why, once per change of the files.
//!
//! Deliberately absent: listeners and accept loops, which are the frameworks' own, or [`crate::listener`].

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use causes::Chain;
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// How often the files are looked at.
const POLL: Duration = Duration::from_secs(1);

/// HTTP/2, as ALPN calls it.
pub const H2: &[u8] = b"h2";

/// Protocols offered on TLS ports, the preferred one first.
pub const ALPN: [&[u8]; 2] = [H2, b"http/1.1"];

/// Where a server's certificate chain and private key are, both as PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The leaf certificate first, then the intermediates (`TLS_CERT_FILE`).
    pub certificate: PathBuf,
    /// The leaf's private key (`TLS_KEY_FILE`).
    pub key: PathBuf,
}

/// A certificate with its key, followed through changes of its files.
#[derive(Debug)]
pub struct Certificate {
    files: CertificateFiles,
    current: RwLock<Arc<CertifiedKey>>,
    /// The [`fingerprint`] of the files at the last look.
    seen: Mutex<u64>,
}

impl Certificate {
    /// Reads the pair and checks that it can be served: readable, the key belongs to the certificate, and the
    /// certificate is valid now.
    ///
    /// # Errors
    /// A [`TlsError`] that names the variable and the file at fault.
    pub fn load(files: CertificateFiles) -> Result<Arc<Self>, TlsError> {
        let contents = read(&files)?;
        let pair = parse(&files, &contents)?;
        let seen = Mutex::new(fingerprint(Ok(&contents)));
        Ok(Arc::new(Self { files, current: RwLock::new(Arc::new(pair)), seen }))
    }

    /// A rustls configuration that serves this certificate, with ALPN for h2 and HTTP/1.1.
    ///
    /// # Errors
    /// [`TlsError::Provider`] when the ring provider supports none of the default protocol versions, which a
    /// build of this workspace rules out.
    pub fn server_config(self: &Arc<Self>) -> Result<ServerConfig, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let resolver: Arc<dyn ResolvesServerCert> = Arc::clone(self) as _;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Provider)?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = ALPN.map(<[u8]>::to_vec).to_vec();
        Ok(config)
    }

    /// Follows the files in the background until the certificate is dropped everywhere else.
    pub fn watch(self: &Arc<Self>, runtime: &tokio::runtime::Handle) {
        let certificate = Arc::downgrade(self);
        runtime.spawn(async move {
            let mut ticks = tokio::time::interval(POLL);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                // Files may be on a slow disk, and this thread may be one that answers requests.
                let looked = tokio::task::spawn_blocking({
                    let certificate = Weak::clone(&certificate);
                    move || certificate.upgrade().map(|certificate| certificate.look())
                });
                if !matches!(looked.await, Ok(Some(()))) {
                    return;
                }
            }
        });
    }

    /// Takes the pair over if the files have changed since the last look and can be served.
    fn look(&self) {
        match self.reload_if_changed() {
            Ok(false) => {}
            Ok(true) => {
                tracing::info!(file = %self.files.certificate.display(), "the new TLS certificate is in use");
            }
            Err(error) => tracing::error!(
                error = %Chain(&error),
                "the changed TLS certificate cannot be used, the old one stays in use"
            ),
        }
    }

    fn reload_if_changed(&self) -> Result<bool, TlsError> {
        let contents = read(&self.files);
        let fingerprint = fingerprint(contents.as_ref());
        let seen =
            std::mem::replace(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner), fingerprint);
        if seen == fingerprint {
            return Ok(false);
        }
        let pair = Arc::new(parse(&self.files, &contents?)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = pair;
        Ok(true)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// The bytes of both files, the certificate's first.
type Contents = (Vec<u8>, Vec<u8>);

fn read(files: &CertificateFiles) -> Result<Contents, TlsError> {
    let read = |variable, path: &Path| {
        fs::read(path).map_err(|source| TlsError::Unreadable { variable, path: path.to_owned(), source })
    };
    Ok((read(CERTIFICATE_VARIABLE, &files.certificate)?, read(KEY_VARIABLE, &files.key)?))
}

/// Tells changed files from unchanged ones. It goes by what is in them: times and lengths of two certificates
/// may be equal, and two small files a second cost nothing.
fn fingerprint(contents: Result<&Contents, &TlsError>) -> u64 {
    let mut hasher = DefaultHasher::new();
    match contents {
        Ok(contents) => contents.hash(&mut hasher),
        Err(error) => Chain(error).to_string().hash(&mut hasher),
    }
    hasher.finish()
}

fn parse(files: &CertificateFiles, (certificate, key): &Contents) -> Result<CertifiedKey, TlsError> {
    let chain = parse_chain(&files.certificate, certificate)?;
    check_validity(&files.certificate, &chain)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|source| TlsError::Pem {
        variable: KEY_VARIABLE,
        path: files.key.clone(),
        source,
    })?;
    let provider = rustls::crypto::ring::default_provider();
    CertifiedKey::from_der(chain, key, &provider).map_err(|source| match source {
        rustls::Error::InconsistentKeys(_) => {
            TlsError::Mismatch { certificate: files.certificate.clone(), key: files.key.clone() }
        }
        source => TlsError::Unsupported { key: files.key.clone(), source },
    })
}

fn parse_chain(path: &Path, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let fault = |source| TlsError::Pem { variable: CERTIFICATE_VARIABLE, path: path.to_owned(), source };
    let chain = CertificateDer::pem_slice_iter(text).collect::<Result<Vec<_>, _>>().map_err(fault)?;
    if chain.is_empty() { Err(fault(pem::Error::NoItemsFound)) } else { Ok(chain) }
}

/// rustls serves an expired certificate without a word and leaves it to each client to refuse it.
fn check_validity(path: &Path, chain: &[CertificateDer<'_>]) -> Result<(), TlsError> {
    for certificate in chain {
        let (_, parsed) = x509_parser::parse_x509_certificate(certificate)
            .map_err(|source| TlsError::Malformed { path: path.to_owned(), source: source.into() })?;
        let validity = parsed.validity();
        if !validity.is_valid() {
            return Err(TlsError::NotValidNow {
                path: path.to_owned(),
                subject: parsed.subject().to_string(),
                from: validity.not_before.to_string(),
                to: validity.not_after.to_string(),
            });
        }
    }
    Ok(())
}

const CERTIFICATE_VARIABLE: &str = crate::settings::variables::TLS_CERT_FILE.name;
const KEY_VARIABLE: &str = crate::settings::variables::TLS_KEY_FILE.name;

/// Why a certificate cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{variable}: {} cannot be read", path.display())]
    Unreadable {
        /// The variable that names the file.
        variable: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A file holds no PEM of the kind that is expected.
    #[error("{variable}: {} is not the PEM file that is expected", path.display())]
    Pem {
        /// The variable that names the file.
        variable: &'static str,
        /// The file.
        path: PathBuf,
        /// What the parser says.
        source: pem::Error,
    },
    /// The PEM holds something that is no X.509 certificate.
    #[error("{CERTIFICATE_VARIABLE}: {} holds something that is no X.509 certificate", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        source: x509_parser::error::X509Error,
    },
    /// A certificate of the chain has expired, or is not valid yet.
    #[error("{CERTIFICATE_VARIABLE}: {}: the certificate of {subject} is valid from {from} to {to}", path.display())]
    NotValidNow {
        /// The file.
        path: PathBuf,
        /// Whose certificate it is.
        subject: String,
        /// Start of its validity.
        from: String,
        /// End of its validity.
        to: String,
    },
    /// The key is not the one of the certificate.
    #[error(
        "{KEY_VARIABLE}: the key in {} does not belong to the certificate in {}",
        key.display(),
        certificate.display()
    )]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The key is of a kind that cannot sign handshakes.
    #[error("{KEY_VARIABLE}: the key in {} cannot be used", key.display())]
    Unsupported {
        /// The key's file.
        key: PathBuf,
        /// What rustls says.
        source: rustls::Error,
    },
    /// The cryptography provider lacks the protocol versions.
    #[error("the TLS provider does not support the protocol versions")]
    Provider(#[source] rustls::Error),
}

#[cfg(test)]
mod tests;
