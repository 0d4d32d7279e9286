//! Vault over TLS: a listener with Vault's own certificate ends TLS before the real server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use contract::SecretName;
use integrations::{Config, ErrorKind, Integrations, ProbeFailure};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use testkit::Service;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio_rustls::TlsAcceptor;

use crate::setup::{BoxError, config};

/// Listen with the certificate in `folder` and pass what is inside TLS on to `target`; ends with the test.
async fn terminate(folder: &Path, target: SocketAddr) -> Result<SocketAddr, BoxError> {
    let chain = CertificateDer::pem_file_iter(folder.join("cert.pem"))?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem"))?;
    let settings = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    let acceptor = TlsAcceptor::from(Arc::new(settings));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust the certificate goes away here.
                if let (Ok(mut client), Ok(mut server)) =
                    (acceptor.accept(client).await, TcpStream::connect(target).await)
                {
                    drop(copy_bidirectional(&mut client, &mut server).await);
                }
            });
        }
    });
    Ok(address)
}

async fn config_over_tls(ca_cert: Option<PathBuf>) -> Result<Config, BoxError> {
    let stack = testkit::stack().await?;
    // Before the listener is made, because it installs the provider.
    let mut config = config().await?;
    let folder = stack.home().join("vault/certs/vault");
    let address = terminate(&folder, stack.address(Service::Vault)).await?;
    config.vault.address = format!("https://{address}").parse()?;
    config.vault.ca_cert = ca_cert;
    Ok(config)
}

#[tokio::test]
async fn a_certificate_of_the_given_authority_is_trusted() -> Result<(), BoxError> {
    let authority = testkit::stack().await?.home().join("vault/ca/ca.pem");
    let integrations = Integrations::start(config_over_tls(Some(authority)).await?, Handle::current());
    let name = SecretName::parse("postgres").map_err(contract::FieldFault::message)?;
    assert!(integrations.vault.read_secret(&name).await?.is_some());
    assert_eq!(integrations.vault.probe().await.failure, None);
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_a_failure_and_not_a_vault_that_is_away() -> Result<(), BoxError>
{
    let integrations = Integrations::start(config_over_tls(None).await?, Handle::current());
    let name = SecretName::parse("postgres").map_err(contract::FieldFault::message)?;
    let error =
        integrations.vault.read_secret(&name).await.expect_err("an authority that the system does not know");
    assert_eq!(error.kind(), ErrorKind::Failed, "{}", error.chain());
    assert_eq!(integrations.vault.probe().await.failure, Some(ProbeFailure::Failed));
    integrations.close().await;
    Ok(())
}

#[tokio::test]
async fn a_file_that_holds_no_certificate_fails_each_call_and_says_why() -> Result<(), BoxError> {
    let mut config = config().await?;
    config.vault.ca_cert = Some("/nonexistent/ca.pem".into());
    let integrations = Integrations::start(config, Handle::current());
    assert_eq!(integrations.vault.probe().await.failure, Some(ProbeFailure::Failed));
    integrations.close().await;
    Ok(())
}
