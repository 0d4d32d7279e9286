//! What a server says of itself in `/metrics`: memory, requests, errors.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Serialize;

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(2);

/// A few of a server's metrics, summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Figures {
    /// Resident memory, in bytes.
    pub rss_bytes: u64,
    /// Answers so far, without those to `/metrics` and to `/health/`, which are our own questions.
    pub requests: u64,
    /// Those of them with a status from 400 to 499.
    pub client_errors: u64,
    /// Those of them with a status from 500 on.
    pub server_errors: u64,
}

/// A client for servers of this machine. Its error is one line for a person.
pub(super) fn client() -> Result<reqwest::Client, String> {
    // The first caller in the process installs it; a second is told that it is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // The system's authorities are not loaded, as nothing here is asked over TLS: it takes a debug build 20 ms of a
    // core, and `serve` asks every two seconds, beside servers whose latency may just be measured.
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).timeout(LIMIT).build();
    client.map_err(|error| error.to_string())
}

impl Figures {
    /// Ask the server at `address`. The error is one line for a person.
    pub(super) async fn of(client: &reqwest::Client, address: SocketAddr) -> Result<Self, String> {
        let failed = |error: reqwest::Error| {
            if error.is_timeout() {
                format!("no answer within {} s", LIMIT.as_secs())
            } else {
                "no answer".to_owned()
            }
        };
        let answer = client.get(format!("http://{address}/metrics")).send().await.map_err(failed)?;
        if !answer.status().is_success() {
            return Err(format!("{} to GET /metrics", answer.status()));
        }
        Ok(Self::read(&answer.text().await.map_err(failed)?))
    }

    /// Sum up Prometheus text.
    fn read(text: &str) -> Self {
        let mut figures = Self::default();
        for line in text.lines() {
            // Most lines are buckets of histograms.
            if !["process_", "http_requests_total{"].iter().any(|start| line.starts_with(start)) {
                continue;
            }
            let Some((name, value)) = line.rsplit_once(' ') else { continue };
            if name == "process_resident_memory_bytes" {
                figures.rss_bytes = whole(value);
            } else if let Some(labels) = name.strip_prefix("http_requests_total{") {
                let has = |label: &str| labels.contains(label);
                if has(r#"endpoint="/metrics""#) || has(r#"endpoint="/health/""#) {
                    continue;
                }
                let value = whole(value);
                figures.requests += value;
                if has(r#"status="4"#) {
                    figures.client_errors += value;
                } else if has(r#"status="5"#) {
                    figures.server_errors += value;
                }
            }
        }
        figures
    }

    /// Resident memory in MiB with one decimal.
    pub fn rss(&self) -> String {
        let tenths = self.rss_bytes * 10 / (1 << 20);
        format!("{}.{} MiB", tenths / 10, tenths % 10)
    }
}

/// A whole number, also where it is written as a fraction (`1048576.0`, `1e6`); anything else counts as nothing.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and a sum for a table may"
)]
fn whole(text: &str) -> u64 {
    text.parse().or_else(|_| text.parse::<f64>().map(|value| value as u64)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_summed_by_their_status_and_our_own_questions_are_left_out() {
        let text = "# TYPE http_requests_total counter\n\
            http_requests_total{method=\"GET\",endpoint=\"/examples/cache/{key}\",status=\"200\"} 5\n\
            http_requests_total{method=\"GET\",endpoint=\"/examples/cache/{key}\",status=\"422\"} 2\n\
            http_requests_total{method=\"GET\",endpoint=\"/health/all\",status=\"200\"} 1\n\
            http_requests_total{method=\"GET\",endpoint=\"/health/vault\",status=\"503\"} 3\n\
            http_requests_total{method=\"GET\",endpoint=\"/health/\",status=\"200\"} 100\n\
            http_requests_total{method=\"GET\",endpoint=\"/metrics\",status=\"200\"} 100\n\
            http_requests_total_of_another{status=\"500\"} 100\n\
            process_resident_memory_bytes 26345472\n";
        assert_eq!(
            Figures::read(text),
            Figures { rss_bytes: 26_345_472, requests: 11, client_errors: 2, server_errors: 3 }
        );
    }

    #[test]
    fn memory_is_shown_in_mebibytes() {
        let figures = Figures { rss_bytes: 26_345_472, ..Figures::default() };
        assert_eq!(figures.rss(), "25.1 MiB");
    }

    #[test]
    fn a_number_with_a_fraction_or_an_exponent_is_read_and_nonsense_is_nothing() {
        assert_eq!(whole("1048576.0"), 1_048_576);
        assert_eq!(whole("1e3"), 1000);
        assert_eq!(whole("NaN"), 0);
    }
}
