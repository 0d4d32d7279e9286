//! Headers.

use super::Entry;
use crate::model::{Body, Bytes, Message, Request};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "host",
        about: "HTTP/1.1 asks for exactly one `Host`; servers answer 400, or do not look.",
        requests: |sample| {
            let plain = sample.plain()?;
            let without = Request { host: false, ..plain.clone() };
            Some(vec![
                ("missing", without.clone().into()),
                ("missing_in_http_1_0", Request { version: "HTTP/1.0".to_owned(), ..without.clone() }.into()),
                ("empty", without.clone().header("Host", "").into()),
                ("other", without.clone().header("Host", "example.org").into()),
                ("malformed", without.header("Host", "a b").into()),
                ("twice", plain.header("Host", "example.org").into()),
            ])
        },
    },
    Entry {
        name: "request_id",
        about: "`X-Request-ID` that is too long, empty, repeated, or would write into a log.",
        requests: |sample| {
            let with = |values: Vec<Bytes>| {
                let plain = sample.plain()?;
                Some(Message::from(
                    values.into_iter().fold(plain, |request, value| request.header("X-Request-ID", value)),
                ))
            };
            Some(vec![
                ("good", with(vec!["abc-123".into()])?),
                ("at_128", with(vec!["a".repeat(128).into()])?),
                ("at_129", with(vec!["a".repeat(129).into()])?),
                ("empty", with(vec!["".into()])?),
                ("space", with(vec!["a b".into()])?),
                ("quotes", with(vec!["a\"b\\".into()])?),
                ("markup", with(vec!["<b>".into()])?),
                ("not_ascii", with(vec!["é".into()])?),
                ("not_utf_8", with(vec![b"\xff"[..].into()])?),
                ("tab", with(vec!["a\tb".into()])?),
                ("twice", with(vec!["a".into(), "b".into()])?),
            ])
        },
    },
    Entry {
        name: "many_headers",
        about: "More headers, or longer ones, than a server has to take: 431, 400 or a closed connection.",
        requests: |sample| {
            let plain = sample.plain()?;
            let many = |count: usize| {
                (0..count)
                    .fold(plain.clone(), |request, number| request.header(format!("X-{number}"), "a"))
                    .into()
            };
            Some(vec![
                ("50", many(50)),
                ("200", many(200)),
                ("40_kb", plain.clone().header("X-Long", "a".repeat(40_000)).into()),
            ])
        },
    },
    Entry {
        name: "expect",
        about: "`Expect: 100-continue`, and an expectation that nobody knows.",
        requests: |sample| {
            let (request, body) = sample.json()?;
            let with = |value: &str| {
                request.clone().header("Expect", value).body(Body::Whole(body.as_str().into())).into()
            };
            Some(vec![("continue", with("100-continue")), ("unknown", with("nosuch"))])
        },
    },
    Entry {
        name: "accept",
        about: "What the client would rather have: most servers do not look.",
        requests: |sample| {
            let plain = sample.plain()?;
            let with = |name: &str, value: &str| plain.clone().header(name, value).into();
            Some(vec![
                ("other_type", with("Accept", "application/xml")),
                ("malformed", with("Accept", ";;;")),
                ("gzip", with("Accept-Encoding", "gzip")),
                ("no_identity", with("Accept-Encoding", "identity;q=0")),
                ("range", with("Range", "bytes=0-3")),
                ("if_none_match", with("If-None-Match", "*")),
                ("upgrade", plain.clone().header("Connection", "Upgrade").header("Upgrade", "h2c").into()),
                ("other_origin", with("Origin", "https://example.org")),
                ("method_override", with("X-HTTP-Method-Override", "DELETE")),
            ])
        },
    },
];
