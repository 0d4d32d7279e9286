//! Real handshakes, in memory, against certificates that are replaced.

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConnection};
use tempfile::TempDir;

use super::*;

/// A folder with the two files.
struct Folder {
    folder: TempDir,
}

struct Issued {
    certificate: CertificateDer<'static>,
    certificate_pem: String,
    key_pem: String,
}

fn issue(change: impl FnOnce(&mut CertificateParams)) -> Issued {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    change(&mut params);
    let certificate = params.self_signed(&key).expect("a certificate");
    Issued {
        certificate: certificate.der().clone(),
        certificate_pem: certificate.pem(),
        key_pem: key.serialize_pem(),
    }
}

impl Folder {
    fn with(issued: &Issued) -> Self {
        let folder = Self { folder: tempfile::tempdir().expect("a folder") };
        folder.replace(&issued.certificate_pem, &issued.key_pem);
        folder
    }

    fn files(&self) -> CertificateFiles {
        CertificateFiles {
            certificate: self.folder.path().join("cert.pem"),
            key: self.folder.path().join("key.pem"),
        }
    }

    /// As whoever renews a certificate does it: written aside, then renamed.
    fn replace(&self, certificate: &str, key: &str) {
        let CertificateFiles { certificate: certificate_path, key: key_path } = self.files();
        for (path, text) in [(certificate_path, certificate), (key_path, key)] {
            let aside = path.with_extension("new");
            fs::write(&aside, text).expect("written");
            fs::rename(&aside, &path).expect("renamed");
        }
    }
}

/// What one client sees: the certificate, and the protocol agreed on.
fn handshake(
    server: &Arc<ServerConfig>,
    trusted: &[&Issued],
    alpn: &[&[u8]],
) -> (CertificateDer<'static>, Vec<u8>) {
    let mut roots = RootCertStore::empty();
    for issued in trusted {
        roots.add(issued.certificate.clone()).expect("a root");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    let name = ServerName::try_from("localhost").expect("a name");
    let mut client = ClientConnection::new(Arc::new(config), name).expect("a client");
    let mut server = ServerConnection::new(Arc::clone(server)).expect("a server");
    let mut rounds = 0;
    while client.is_handshaking() || server.is_handshaking() {
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).expect("memory");
        server.read_tls(&mut bytes.as_slice()).expect("memory");
        server.process_new_packets().expect("the server takes the client's word");
        let mut bytes = Vec::new();
        server.write_tls(&mut bytes).expect("memory");
        client.read_tls(&mut bytes.as_slice()).expect("memory");
        client.process_new_packets().expect("the client takes the server's word");
        rounds += 1;
        assert!(rounds < 10, "the handshake does not end");
    }
    let certificate = client.peer_certificates().expect("a certificate")[0].clone().into_owned();
    (certificate, server.alpn_protocol().unwrap_or_default().to_vec())
}

fn server_config(certificate: &Arc<Certificate>) -> Arc<ServerConfig> {
    Arc::new(certificate.server_config().expect("a configuration"))
}

#[test]
fn h2_is_preferred_and_http_1_1_is_spoken_too() {
    let issued = issue(|_| {});
    let folder = Folder::with(&issued);
    let config = server_config(&Certificate::load(folder.files()).expect("a pair"));
    for (offered, agreed) in
        [(&[&b"http/1.1"[..], b"h2"][..], &b"h2"[..]), (&[b"http/1.1"], b"http/1.1"), (&[], b"")]
    {
        let (certificate, protocol) = handshake(&config, &[&issued], offered);
        assert_eq!(certificate, issued.certificate);
        assert_eq!(protocol, agreed);
    }
}

#[test]
fn new_handshakes_see_the_certificate_that_replaced_the_old_one() {
    let [old, new] = [issue(|_| {}), issue(|_| {})];
    let folder = Folder::with(&old);
    let certificate = Certificate::load(folder.files()).expect("a pair");
    let config = server_config(&certificate);
    assert_eq!(handshake(&config, &[&old, &new], &[]).0, old.certificate);
    assert!(!certificate.reload_if_changed().expect("a pair"), "nothing has changed");

    folder.replace(&new.certificate_pem, &new.key_pem);
    assert!(certificate.reload_if_changed().expect("a pair"));
    assert_eq!(handshake(&config, &[&old, &new], &[]).0, new.certificate);
    assert!(!certificate.reload_if_changed().expect("a pair"), "nothing has changed since");
}

#[tokio::test(start_paused = true)]
async fn the_files_are_followed_in_the_background() {
    let [old, new] = [issue(|_| {}), issue(|_| {})];
    let folder = Folder::with(&old);
    let certificate = Certificate::load(folder.files()).expect("a pair");
    certificate.watch(&tokio::runtime::Handle::current());
    let config = server_config(&certificate);
    folder.replace(&new.certificate_pem, &new.key_pem);

    let mut ticks = tokio::time::interval(POLL / 2);
    let replaced = tokio::time::timeout(Duration::from_mins(1), async {
        while handshake(&config, &[&old, &new], &[]).0 != new.certificate {
            ticks.tick().await;
        }
    });
    replaced.await.expect("the new certificate within a minute of the test's clock");
}

#[test]
fn a_pair_that_cannot_be_used_leaves_the_old_one_in_use_and_is_reported_once() {
    let [old, other] = [issue(|_| {}), issue(|_| {})];
    let expired = issue(|params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
    let unusable = [
        ("key of another certificate", old.certificate_pem.clone(), other.key_pem.clone()),
        ("not PEM", "certificate".to_owned(), old.key_pem.clone()),
        ("half written", other.certificate_pem[..200].to_owned(), other.key_pem.clone()),
        ("empty", String::new(), String::new()),
        ("expired", expired.certificate_pem, expired.key_pem),
    ];
    for (reason, certificate_pem, key_pem) in unusable {
        let folder = Folder::with(&old);
        let certificate = Certificate::load(folder.files()).expect("a pair");
        let config = server_config(&certificate);
        folder.replace(&certificate_pem, &key_pem);
        certificate.reload_if_changed().expect_err(reason);
        assert!(!certificate.reload_if_changed().expect(reason), "{reason}: it is not reported again");
        assert_eq!(handshake(&config, &[&old], &[]).0, old.certificate, "{reason}");

        folder.replace(&other.certificate_pem, &other.key_pem);
        assert!(certificate.reload_if_changed().expect("a pair"), "{reason}: the next good pair is taken");
        assert_eq!(handshake(&config, &[&other], &[]).0, other.certificate, "{reason}");
    }
}

#[test]
fn files_that_vanish_leave_the_old_pair_in_use() {
    let issued = issue(|_| {});
    let folder = Folder::with(&issued);
    let certificate = Certificate::load(folder.files()).expect("a pair");
    fs::remove_file(folder.files().key).expect("removed");
    certificate.reload_if_changed().expect_err("no key");
    assert!(!certificate.reload_if_changed().expect("reported already"));
    assert_eq!(handshake(&server_config(&certificate), &[&issued], &[]).0, issued.certificate);
}

#[test]
fn what_is_wrong_at_the_start_is_named_with_its_variable() {
    let [good, other] = [issue(|_| {}), issue(|_| {})];
    let expired = issue(|params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
    let early = issue(|params| params.not_before = rcgen::date_time_ymd(3000, 1, 1));
    for (certificate, key, expected) in [
        (&good.certificate_pem, &other.key_pem, "TLS_KEY_FILE: the key in"),
        (&good.certificate_pem, &good.certificate_pem, "TLS_KEY_FILE: "),
        (&good.key_pem, &good.key_pem, "TLS_CERT_FILE: "),
        (&expired.certificate_pem, &expired.key_pem, "is valid from"),
        (&early.certificate_pem, &early.key_pem, "TLS_CERT_FILE: "),
    ] {
        let folder = Folder::with(&good);
        folder.replace(certificate, key);
        let error = Certificate::load(folder.files()).expect_err(expected);
        assert!(error.to_string().contains(expected), "{error}");
    }

    let missing =
        CertificateFiles { certificate: PathBuf::from("nowhere/cert.pem"), key: "nowhere/key.pem".into() };
    let error = Certificate::load(missing).expect_err("no such file");
    assert_eq!(error.to_string(), "TLS_CERT_FILE: nowhere/cert.pem cannot be read");
    assert!(Chain(&error).to_string().len() > error.to_string().len(), "the cause follows in the chain");
}
