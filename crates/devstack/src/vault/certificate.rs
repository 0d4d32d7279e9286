//! Verifying a certificate as a client would: chain to the root, names, validity, and that the key belongs to it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;

use super::pki::CertificateFiles;

/// What is wrong with a certificate on disk.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    #[error("{file} cannot be read")]
    Unreadable {
        file: String,
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    #[error("{0} holds no certificate")]
    Empty(String),
    #[error("it is not valid for {name}, or not for {days} more days")]
    Invalid {
        name: String,
        days: u64,
        #[source]
        source: rustls::Error,
    },
    #[error("its key does not belong to it")]
    OtherKey(#[source] rustls::Error),
    #[error("its root cannot be trusted")]
    Root(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Verify that the certificate chains to its root, is valid for its holder, `localhost` and 127.0.0.1 now and `from_now`
/// later, and fits its key.
pub(crate) fn verify(files: &CertificateFiles, from_now: Duration) -> Result<(), CertificateError> {
    let chain = certificates(&files.certificate)?;
    let (leaf, intermediates) = chain
        .split_first()
        .ok_or_else(|| CertificateError::Empty(files.certificate.display().to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots(&files.authority)?), provider.clone())
            .build()
            .map_err(|source| CertificateError::Root(Box::new(source)))?;
    let today = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    for name in [files.holder, "localhost", "127.0.0.1"] {
        let server = ServerName::try_from(name.to_owned())
            .map_err(|source| CertificateError::Root(Box::new(source)))?;
        for (days, when) in [(0, today), (from_now.as_secs() / 86_400, today + from_now)] {
            verifier
                .verify_server_cert(leaf, intermediates, &server, &[], UnixTime::since_unix_epoch(when))
                .map_err(|source| CertificateError::Invalid { name: name.to_owned(), days, source })?;
        }
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(unreadable(&files.key))?;
    CertifiedKey::from_der(chain, key, &provider).map(drop).map_err(CertificateError::OtherKey)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unreadable(file))
}

fn roots(file: &Path) -> Result<RootCertStore, CertificateError> {
    let mut store = RootCertStore::empty();
    for root in certificates(file)? {
        store.add(root).map_err(|source| CertificateError::Root(Box::new(source)))?;
    }
    Ok(store)
}

fn unreadable(file: &Path) -> impl FnOnce(rustls::pki_types::pem::Error) -> CertificateError {
    let file = file.display().to_string();
    |source| CertificateError::Unreadable { file, source }
}
