//! What is asked: one request for each kind of work that the contract has.

/// An operation that load is put on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operation {
    /// Its name in results.
    pub(crate) name: &'static str,
    method: &'static str,
    target: &'static str,
    body: &'static str,
    /// Whether the bare server answers it as well as any: what touches no backend.
    pub(crate) has_floor: bool,
}

const fn get(name: &'static str, target: &'static str) -> Operation {
    Operation { name, method: "GET", target, body: "", has_floor: false }
}

const fn post(name: &'static str, target: &'static str, body: &'static str) -> Operation {
    Operation { name, method: "POST", target, body, has_floor: false }
}

/// All of them, cheapest first.
pub(crate) const ALL: [Operation; 9] = [
    Operation { has_floor: true, ..get("health", "/health/") },
    get("secret", "/examples/vault/secret/postgres"),
    get("cache-get", "/examples/cache/bench:get"),
    post("cache-set", "/examples/cache/bench:set?value=0123456789&ttl=600", ""),
    get("postgres", "/examples/database/postgres/query"),
    get("mysql", "/examples/database/mysql/query"),
    get("mongodb", "/examples/database/mongodb/query"),
    post("publish", "/examples/messaging/publish?queue_name=bench", r#"{"event":"measured","n":1}"#),
    get("health-all", "/health/all"),
];

/// What has to be there before `cache-get` is asked.
pub(crate) const SET_UP: Operation = post("set up", "/examples/cache/bench:get?value=0123456789", "");

impl Operation {
    pub(crate) fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|operation| operation.name == name)
    }

    /// The request as it goes over the wire.
    pub(crate) fn request(&self, host: &str) -> Vec<u8> {
        let Self { method, target, body, .. } = self;
        let head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n");
        if body.is_empty() {
            // A POST without a body says so, or a server would wait for one.
            let length = if *method == "POST" { "Content-Length: 0\r\n" } else { "" };
            return format!("{head}{length}\r\n").into_bytes();
        }
        let kind = "Content-Type: application/json\r\n";
        format!("{head}{kind}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_how_long_its_body_is() {
        let publish = String::from_utf8(Operation::named("publish").unwrap().request("a:1")).unwrap();
        assert!(
            publish
                .starts_with("POST /examples/messaging/publish?queue_name=bench HTTP/1.1\r\nHost: a:1\r\n")
        );
        assert!(publish.ends_with("Content-Length: 26\r\n\r\n{\"event\":\"measured\",\"n\":1}"), "{publish}");
        let set = String::from_utf8(SET_UP.request("a:1")).unwrap();
        assert!(set.ends_with("\r\nContent-Length: 0\r\n\r\n"), "{set}");
    }
}
