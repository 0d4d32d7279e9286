//! The two certificate authorities and every certificate they issue.
//!
//! `pki` is the root (10 years) and signs only `pki_int` (5 years), which issues a certificate of a year to every
//! service and API server. What expires within 30 days is issued again; files are replaced by renaming, so that a
//! server that watches them never sees half of one.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::certificate;
use super::client::{Client, VaultError, text};
use crate::error::Error;
use crate::home::{self, Home};
use crate::manifest::{APIS, Service};

const ROOT_LIFE: &str = "87600h";
const INTERMEDIATE_LIFE: &str = "43800h";
const LEAF_LIFE: &str = "8760h";
/// A certificate that will not be valid for this long any more is issued again.
const RENEW_BEFORE: Duration = Duration::from_hours(30 * 24);

/// The files of one holder's certificate.
#[derive(Debug, Clone)]
pub(crate) struct CertificateFiles {
    /// Who holds it: a service or an API server.
    pub holder: &'static str,
    /// The certificate and the intermediate that issued it.
    pub certificate: PathBuf,
    /// The private key, PKCS #8.
    pub key: PathBuf,
    /// The root.
    pub authority: PathBuf,
}

impl CertificateFiles {
    pub(crate) fn of(home: &Home, holder: &'static str) -> Self {
        let folder = home.vault().join("certs").join(holder);
        Self {
            holder,
            certificate: folder.join("cert.pem"),
            key: folder.join("key.pem"),
            authority: folder.join("ca.pem"),
        }
    }
}

/// Everybody who holds a certificate: the services, then the API servers.
pub(crate) fn holders() -> impl Iterator<Item = &'static str> {
    Service::ALL.into_iter().map(Service::name).chain(APIS.iter().map(|api| api.name))
}

/// Where the root's certificate is.
pub(crate) fn root_file(home: &Home) -> PathBuf {
    home.vault().join("ca").join("ca.pem")
}

/// Make both authorities and a role for each holder, where they are not there yet.
///
/// # Errors
/// [`Error::Vault`], [`Error::Io`].
pub(crate) async fn set_up(home: &Home, client: &Client) -> Result<(), Error> {
    let root = if let Some(root) = authority(client, "pki").await? {
        root
    } else {
        let body = json!({
            "common_name": "DevStack Root CA", "ttl": ROOT_LIFE, "key_type": "ec", "key_bits": 256,
        });
        client.write_for("pki/root/generate/internal", &body, "certificate").await?
    };
    let intermediate = match authority(client, "pki_int").await? {
        Some(intermediate) => intermediate,
        None => sign_intermediate(client, &root).await?,
    };
    home::private_folder(&home.vault().join("ca"))?;
    home::write_private(&root_file(home), pem(&[&root]).as_bytes())?;
    home::write_private(&home.vault().join("ca/ca-chain.pem"), pem(&[&intermediate, &root]).as_bytes())?;
    try_join_all(holders().map(async |holder| {
        let body = json!({
            "allowed_domains": names(holder), "allow_bare_domains": true, "allow_localhost": true,
            "allow_ip_sans": true, "allow_subdomains": false, "allow_any_name": false, "enforce_hostnames": true,
            "key_type": "ec", "key_bits": 256, "max_ttl": LEAF_LIFE, "ttl": LEAF_LIFE,
        });
        client.write(&format!("pki_int/roles/{holder}"), &body).await
    }))
    .await?;
    Ok(())
}

async fn authority(client: &Client, mount: &str) -> Result<Option<String>, VaultError> {
    match client.read(&format!("{mount}/cert/ca")).await {
        Ok(answer) => Ok(answer.as_ref().and_then(|answer| text(answer, "certificate"))),
        // Without an authority the engine answers an error, which one depends on the version.
        Err(VaultError::Refused { status: 400 | 500, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn sign_intermediate(client: &Client, root: &str) -> Result<String, VaultError> {
    let name = "DevStack Intermediate CA";
    let request = client
        .write_for(
            "pki_int/intermediate/generate/internal",
            &json!({ "common_name": name, "key_type": "ec", "key_bits": 256 }),
            "csr",
        )
        .await?;
    let signed = client
        .write_for(
            "pki/root/sign-intermediate",
            &json!({ "csr": request, "common_name": name, "ttl": INTERMEDIATE_LIFE, "max_path_length": 0 }),
            "certificate",
        )
        .await?;
    client.write("pki_int/intermediate/set-signed", &json!({ "certificate": pem(&[&signed, root]) })).await?;
    Ok(signed)
}

/// The names in a holder's certificate, beside the loopback addresses.
fn names(holder: &str) -> Vec<&str> {
    if holder.starts_with("redis-") { vec![holder, "redis", "localhost"] } else { vec![holder, "localhost"] }
}

/// Issue the certificates that are missing, broken, or valid for less than 30 days. Returns to whom.
///
/// # Errors
/// [`Error::Vault`], [`Error::Io`].
pub(crate) async fn issue_what_is_due(home: &Home, client: &Client) -> Result<Vec<&'static str>, Error> {
    let due = due(home);
    try_join_all(due.iter().map(|holder| issue(home, client, holder))).await?;
    Ok(due)
}

/// Who has no certificate that is good for another 30 days.
pub(crate) fn due(home: &Home) -> Vec<&'static str> {
    holders()
        .filter(|holder| certificate::verify(&CertificateFiles::of(home, holder), RENEW_BEFORE).is_err())
        .collect()
}

async fn issue(home: &Home, client: &Client, holder: &'static str) -> Result<(), Error> {
    let path = format!("pki_int/issue/{holder}");
    let body = json!({
        "common_name": holder, "alt_names": names(holder).join(","), "ip_sans": "127.0.0.1,::1",
        "ttl": LEAF_LIFE, "private_key_format": "pkcs8",
    });
    let answer = client.write(&path, &body).await?;
    let member = |name: &'static str| {
        text(&answer, name)
            .ok_or_else(|| VaultError::Incomplete { asked: format!("POST {path}"), missing: name })
    };
    let (leaf, issuer, key) = (member("certificate")?, member("issuing_ca")?, member("private_key")?);
    let files = CertificateFiles::of(home, holder);
    home::private_folder(&home.vault().join("certs"))?;
    if let Some(folder) = files.certificate.parent() {
        home::private_folder(folder)?;
    }
    let root = fs::read(root_file(home)).map_err(|source| Error::io("read", &root_file(home), source))?;
    // A reader that sees the new key beside the old certificate finds that they do not fit, and looks again.
    home::write_private(&files.key, pem(&[&key]).as_bytes())?;
    home::write_private(&files.certificate, pem(&[&leaf, &issuer]).as_bytes())?;
    home::write_private(&files.authority, &root)
}

/// PEM blocks one after the other, each ending with one line break.
fn pem(blocks: &[&str]) -> String {
    blocks.iter().flat_map(|block| [block.trim(), "\n"]).collect()
}

/// Mount the secrets engines that are not mounted yet: `secret` (KV version 2), `pki`, `pki_int`.
///
/// # Errors
/// [`Error::Vault`].
pub(crate) async fn mount_engines(client: &Client) -> Result<(), Error> {
    let list: Value = client.read("sys/mounts").await?.unwrap_or_default();
    let engines = [
        ("secret", json!({ "type": "kv", "options": { "version": "2" } })),
        ("pki", json!({ "type": "pki", "config": { "max_lease_ttl": ROOT_LIFE } })),
        ("pki_int", json!({ "type": "pki", "config": { "max_lease_ttl": INTERMEDIATE_LIFE } })),
    ];
    for (path, body) in engines {
        if !super::logins::mounted(&list, &format!("{path}/")) {
            client.write(&format!("sys/mounts/{path}"), &body).await?;
        }
    }
    Ok(())
}
