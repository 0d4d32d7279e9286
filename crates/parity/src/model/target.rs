//! A server under test.

use std::collections::BTreeMap;
use std::path::PathBuf;

use url::{Host, Url};

/// A server that cases are sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The name that reports use, and that no other target of the run has.
    pub name: String,
    /// Where it is: `http://host:port` or `https://host:port`, with a path before all paths of cases if need be.
    pub url: Url,
    /// For `https`: a PEM file of certificates that may have signed the server's, in place of the system's.
    pub ca: Option<PathBuf>,
    /// Values that this target alone has, by name; `{{name}}` in cases and `<target name>` in forms.
    pub values: BTreeMap<String, String>,
}

/// Why a target cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// There is no name, or no `=` after it.
    #[error("{0:?} is not NAME=URL, such as first=http://127.0.0.1:8000")]
    Form(String),
    /// The name could not stand in a file name or a report.
    #[error("{0:?} is not a target's name: use letters, digits, `-`, `_` and `.`")]
    Name(String),
    /// The URL cannot be read.
    #[error("{url:?} is not a URL: {reason}")]
    Url {
        /// As given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Target {
    /// Reads `NAME=URL`.
    ///
    /// # Errors
    /// [`TargetError`] says what is wrong.
    ///
    /// ```
    /// let target = parity::Target::parse("first=http://127.0.0.1:8000")?;
    /// assert_eq!((target.name.as_str(), target.authority().as_str()), ("first", "127.0.0.1:8000"));
    /// # Ok::<(), parity::model::TargetError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let (name, url) = text.split_once('=').ok_or_else(|| TargetError::Form(text.to_owned()))?;
        let may_be_in_a_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || !name.chars().all(may_be_in_a_name) {
            return Err(TargetError::Name(name.to_owned()));
        }
        let fault = |reason: String| TargetError::Url { url: url.to_owned(), reason };
        let parsed = Url::parse(url).map_err(|error| fault(error.to_string()))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(fault("it is to begin with http:// or https://".to_owned()));
        }
        if parsed.query().is_some() || parsed.fragment().is_some() || !parsed.username().is_empty() {
            return Err(fault("it is to have no user, query or fragment".to_owned()));
        }
        Ok(Self { name: name.to_owned(), url: parsed, ca: None, values: BTreeMap::new() })
    }

    /// Whether it speaks TLS.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The host as it stands in the URL, without the brackets of an IPv6 address.
    pub fn host(&self) -> String {
        match self.url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(host) => host.to_string(),
            None => String::new(),
        }
    }

    /// The port, the scheme's own where the URL has none.
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(80)
    }

    /// Host and port, as `Host` says them.
    pub fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The path before all paths of cases; empty, or with a slash at its beginning and none at its end.
    pub fn prefix(&self) -> &str {
        self.url.path().trim_end_matches('/')
    }

    /// Whether it is this machine, by its address or by the name `localhost`.
    pub fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_name_and_a_url() {
        let target = Target::parse("a=https://[::1]:8443/v1/").unwrap();
        assert_eq!((target.host(), target.port()), ("::1".to_owned(), 8443));
        assert_eq!((target.authority(), target.prefix()), ("[::1]:8443".to_owned(), "/v1"));
        assert!(target.is_loopback() && target.is_https());
        assert_eq!(Target::parse("a=http://example.org").unwrap().authority(), "example.org");
    }

    #[test]
    fn what_is_no_target_is_refused_with_what_to_write() {
        for (text, message) in [
            ("http://h", r#""http://h" is not NAME=URL, such as first=http://127.0.0.1:8000"#),
            ("a b=http://h", r#""a b" is not a target's name: use letters, digits, `-`, `_` and `.`"#),
            ("a=ftp://h", r#""ftp://h" is not a URL: it is to begin with http:// or https://"#),
            ("a=h:80", r#""h:80" is not a URL: it is to begin with http:// or https://"#),
            ("a=http://h?b", r#""http://h?b" is not a URL: it is to have no user, query or fragment"#),
        ] {
            assert_eq!(Target::parse(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (url, is_loopback) in [
            ("http://127.0.0.1:1", true),
            ("http://127.8.0.1:1", true),
            ("http://LOCALHOST", true),
            ("http://localhost.example.org", false),
            ("http://10.0.0.1", false),
            ("http://127.0.0.1.example.org", false),
        ] {
            assert_eq!(Target::parse(&format!("a={url}")).unwrap().is_loopback(), is_loopback, "{url}");
        }
    }
}
