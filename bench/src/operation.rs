//! What is asked: one request for each kind of work that the contract has.

/// An operation that load is put on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// Its name in results.
    pub name: &'static str,
    /// Its method.
    pub method: &'static str,
    /// `{n}` in it becomes the number of the connection.
    target: &'static str,
    /// Its body, JSON; empty where there is none.
    pub body: &'static str,
    /// The status of an answer as it should be.
    pub status: u16,
    /// What stands behind it.
    pub behind: Behind,
}

/// What an answer costs beside HTTP itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    /// Nothing: the bare server answers it as well as any.
    Nothing,
    /// A cache of the server's own; no backend is asked while it is fresh.
    Cache,
    /// One call of a backend's driver, which the drivers' process measures alone.
    Driver,
}

const fn get(name: &'static str, target: &'static str, behind: Behind) -> Operation {
    Operation { name, method: "GET", target, body: "", status: 200, behind }
}

const fn post(name: &'static str, target: &'static str, body: &'static str) -> Operation {
    Operation { name, method: "POST", target, body, status: 200, behind: Behind::Driver }
}

/// The key that `cache-get` reads.
pub(crate) const GET_KEY: &str = "bench:get";
/// The key that `cache-set` writes.
pub(crate) const SET_KEY: &str = "bench:set";
/// The value of both.
pub(crate) const VALUE: &str = "0123456789";
/// The seconds that what `cache-set` writes lives.
pub(crate) const TTL: u32 = 600;
/// The queue that `publish` publishes to.
pub(crate) const QUEUE: &str = "bench";
/// The message.
pub(crate) const MESSAGE: &str = r#"{"event":"measured","n":1}"#;

/// All of them, cheapest first.
pub const ALL: [Operation; 10] = [
    get("health", "/health/", Behind::Nothing),
    get("secret", "/examples/vault/secret/postgres", Behind::Cache),
    get("health-all", "/health/all", Behind::Cache),
    get("cache-get", "/examples/cache/bench:get", Behind::Driver),
    post("cache-set", "/examples/cache/bench:set?value=0123456789&ttl=600", ""),
    get("postgres", "/examples/database/postgres/query", Behind::Driver),
    get("mysql", "/examples/database/mysql/query", Behind::Driver),
    get("mongodb", "/examples/database/mongodb/query", Behind::Driver),
    post("publish", "/examples/messaging/publish?queue_name=bench", MESSAGE),
    // A secret that is not there is not cached, so that each of these is a read of Vault. Callers who ask for one name
    // at once share a read, so that each connection has a name of its own.
    Operation { status: 404, ..get("vault-read", "/examples/vault/secret/bench-nosuch-{n}", Behind::Driver) },
];

/// What has to be there before `cache-get` is asked.
pub const SET_UP: Operation = post("set up", "/examples/cache/bench:get?value=0123456789", "");

/// A request as it goes over the wire.
pub(crate) fn request(method: &str, target: &str, host: &str, body: &str) -> Vec<u8> {
    let head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n");
    if body.is_empty() {
        // A POST without a body says so, or a server would wait for one.
        let length = if method == "POST" { "Content-Length: 0\r\n" } else { "" };
        return format!("{head}{length}\r\n").into_bytes();
    }
    let kind = "Content-Type: application/json\r\n";
    format!("{head}{kind}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

impl Operation {
    /// The operation of a name.
    pub fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|operation| operation.name == name)
    }

    /// Whether each request leaves a message in [`QUEUE`].
    pub(crate) fn publishes(&self) -> bool {
        self.name == "publish"
    }

    /// The request of the connection of this number, as it goes over the wire.
    pub fn request(&self, host: &str, index: u32) -> Vec<u8> {
        request(self.method, &self.target(index), host, self.body)
    }

    /// Path and query that the connection of this number asks for.
    pub fn target(&self, index: u32) -> String {
        self.target.replace("{n}", &index.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drivers_are_told_the_same_as_the_servers() {
        let target = |name| Operation::named(name).unwrap().target;
        assert!(target("cache-get").ends_with(GET_KEY) && SET_UP.target.contains(GET_KEY));
        assert!(target("cache-set").ends_with(&format!("{SET_KEY}?value={VALUE}&ttl={TTL}")));
        assert!(target("publish").ends_with(&format!("={QUEUE}")));
    }

    #[test]
    fn a_request_says_how_long_its_body_is() {
        let publish = String::from_utf8(Operation::named("publish").unwrap().request("a:1", 3)).unwrap();
        assert!(
            publish
                .starts_with("POST /examples/messaging/publish?queue_name=bench HTTP/1.1\r\nHost: a:1\r\n")
        );
        assert!(publish.ends_with("Content-Length: 26\r\n\r\n{\"event\":\"measured\",\"n\":1}"), "{publish}");
        let unknown = String::from_utf8(Operation::named("vault-read").unwrap().request("a:1", 3)).unwrap();
        assert!(unknown.starts_with("GET /examples/vault/secret/bench-nosuch-3 HTTP/1.1\r\n"), "{unknown}");
        let set = String::from_utf8(SET_UP.request("a:1", 3)).unwrap();
        assert!(set.ends_with("\r\nContent-Length: 0\r\n\r\n"), "{set}");
    }
}
