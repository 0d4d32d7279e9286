//! Who a server is: the table of the five, as data.
//!
//! These are the only values by which two servers' answers, metrics and logs may differ by design.

/// One server's name, make and standard ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerIdentity {
    /// The binary's name, such as `api-actix`; also `service` in every log line.
    pub name: &'static str,
    /// The web framework by its own name, such as `actix-web`; `none` where there is none.
    pub framework: &'static str,
    /// How routes and the served document come about: `code-first`, `spec-first` or `spec-driven`.
    pub approach: &'static str,
    /// The version of the workspace that built it.
    pub version: &'static str,
    /// The port for plain HTTP/1.1 when nothing else is set.
    pub http_port: u16,
    /// The port for TLS when nothing else is set.
    pub https_port: u16,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

impl ServerIdentity {
    /// axum, code-first.
    pub const AXUM: Self = Self {
        name: "api-axum",
        framework: "axum",
        approach: "code-first",
        version: VERSION,
        http_port: 8000,
        https_port: 8443,
    };

    /// axum, generated from `openapi/openapi.yaml`.
    pub const AXUM_SPEC: Self = Self {
        name: "api-axum-spec",
        framework: "axum",
        approach: "spec-first",
        version: VERSION,
        http_port: 8001,
        https_port: 8444,
    };

    /// No framework: `openapi/openapi.yaml` is interpreted when the server starts.
    pub const HYPER: Self = Self {
        name: "api-hyper",
        framework: "none",
        approach: "spec-driven",
        version: VERSION,
        http_port: 8002,
        https_port: 8445,
    };

    /// actix-web, generated from `openapi/openapi.yaml`.
    pub const ACTIX_SPEC: Self = Self {
        name: "api-actix-spec",
        framework: "actix-web",
        approach: "spec-first",
        version: VERSION,
        http_port: 8003,
        https_port: 8446,
    };

    /// actix-web, code-first: the reference server.
    pub const ACTIX: Self = Self {
        name: "api-actix",
        framework: "actix-web",
        approach: "code-first",
        version: VERSION,
        http_port: 8004,
        https_port: 8447,
    };

    /// All five, by port.
    pub const ALL: [Self; 5] = [Self::AXUM, Self::AXUM_SPEC, Self::HYPER, Self::ACTIX_SPEC, Self::ACTIX];
}

#[cfg(test)]
mod tests {
    use super::ServerIdentity;

    #[test]
    fn the_five_have_names_and_ports_of_their_own() {
        let mut names: Vec<_> = ServerIdentity::ALL.iter().map(|server| server.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 5);
        for (index, server) in (0_u16..).zip(ServerIdentity::ALL) {
            assert_eq!(
                (server.http_port, server.https_port),
                (8000 + index, 8443 + index),
                "{}",
                server.name
            );
        }
    }
}
