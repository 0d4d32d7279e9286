//! Bodies: what is said of them, and what is in them.

use super::{Entry, Sample, Variants};
use crate::model::{Body, Bytes, Header, Message, Request};

/// Three million bytes: over the usual limits of frameworks, which lie between 100 KB and 2 MiB.
const LARGE: u32 = 3_000_000;
/// Deeper than the usual limits of parsers, which lie at 128 or are not there.
const DEEP: usize = 20_000;

/// `{"a":1}` as gzip writes it.
const GZIP: &[u8] = &[
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xff, 0xab, 0x56, 0x4a, 0x54, 0xb2, 0x32, 0xac,
    0x05, 0x00, 0x52, 0x19, 0xdc, 0x1d, 0x07, 0x00, 0x00, 0x00,
];

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "content_type",
        about: "JSON under another name, under none, or under two: 415, 400 or taken all the same.",
        requests: |sample| {
            let (request, body) = sample.json()?;
            let with = |types: &[&str]| {
                let request =
                    types.iter().fold(bare(&request), |request, name| request.header("Content-Type", *name));
                request.body(Body::Whole(body.as_str().into())).into()
            };
            Some(vec![
                ("missing", with(&[])),
                ("text", with(&["text/plain"])),
                ("form", with(&["application/x-www-form-urlencoded"])),
                ("other_case", with(&["Application/JSON"])),
                ("charset", with(&["application/json; charset=utf-8"])),
                ("other_charset", with(&["application/json; charset=iso-8859-1"])),
                ("vendor", with(&["application/vnd.example+json"])),
                ("empty", with(&[""])),
                ("malformed", with(&["json"])),
                ("twice", with(&["application/json", "application/json"])),
                ("two_kinds", with(&["application/json", "text/plain"])),
            ])
        },
    },
    Entry {
        name: "not_json",
        about: "A body that is empty, cut short, or followed by more.",
        requests: |sample| {
            let (_, body) = sample.json()?;
            let cut = body.get(..body.len().saturating_sub(1))?.to_owned();
            let bodies: Vec<(&'static str, Bytes)> = vec![
                ("empty", "".into()),
                ("white_space", " \n".into()),
                ("cut_short", cut.into()),
                ("junk_after", format!("{body} x").into()),
                ("two_values", format!("{body}{body}").into()),
                ("word", "nonsense".into()),
                ("single_quotes", "{'a':1}".into()),
                ("trailing_comma", r#"{"a":1,}"#.into()),
                ("comment", r#"{"a":1 /* b */}"#.into()),
                ("unquoted_name", "{a:1}".into()),
                ("not_utf_8", b"{\"a\":\"\xff\"}"[..].into()),
                ("utf_16", b"{\0\"\0a\0\"\0:\x001\0}\0"[..].into()),
                ("byte_order_mark", format!("\u{feff}{body}").into()),
                ("nul_after", format!("{body}\0").into()),
                ("nul_inside", b"{\"a\":\"\0\"}"[..].into()),
                ("line_end_in_text", "{\"a\":\"\n\"}".into()),
            ];
            all(sample, bodies)
        },
    },
    Entry {
        name: "odd_json",
        about: "JSON by its grammar, that parsers read in different ways or not at all.",
        requests: |sample| {
            let deep = format!("{{\"a\":{}1{}}}", "[".repeat(DEEP), "]".repeat(DEEP));
            let nested = format!("{{\"a\":{}1{}}}", "[".repeat(120), "]".repeat(120));
            let bodies: Vec<(&'static str, Bytes)> = vec![
                ("repeated_name", r#"{"a":1,"a":2}"#.into()),
                ("number_too_large", r#"{"a":1e400}"#.into()),
                ("number_too_small", r#"{"a":1e-400}"#.into()),
                ("two_to_the_63", r#"{"a":9223372036854775808}"#.into()),
                ("two_to_the_53_and_one", r#"{"a":9007199254740993}"#.into()),
                ("many_digits", r#"{"a":1234567890123456789012345678901234567890}"#.into()),
                ("minus_zero", r#"{"a":-0}"#.into()),
                ("zero_fraction", r#"{"a":1.0}"#.into()),
                ("exponent", r#"{"a":1E+2}"#.into()),
                ("leading_zero", r#"{"a":01}"#.into()),
                ("not_a_number", r#"{"a":NaN}"#.into()),
                ("lone_surrogate", r#"{"a":"\ud800"}"#.into()),
                ("surrogates_reversed", r#"{"a":"\udc00\ud800"}"#.into()),
                ("escaped_nul", r#"{"a":"\u0000"}"#.into()),
                ("escaped_slash", r#"{"a":"\/"}"#.into()),
                ("empty_name", r#"{"":1}"#.into()),
                ("odd_names", r#"{"__proto__":1,"constructor":2}"#.into()),
                ("white_space", " \t\r\n{ \"a\" :\n1 } \n".into()),
                ("nested", nested.into()),
                ("nested_deep", deep.into()),
            ];
            all(sample, bodies)
        },
    },
    Entry {
        name: "wrong_type",
        about: "JSON of another type than the operation takes: 400 or 422.",
        requests: |sample| {
            let bodies = vec![
                ("array", "[1]".into()),
                ("text", "\"a\"".into()),
                ("number", "1".into()),
                ("null", "null".into()),
                ("truth", "true".into()),
                ("empty_object", "{}".into()),
                ("empty_array", "[]".into()),
                ("unknown_member", r#"{"nosuch_member":1}"#.into()),
            ];
            all(sample, bodies)
        },
    },
    Entry {
        name: "large_body",
        about: "Three million bytes: 413, 400, taken, or a closed connection.",
        requests: |sample| {
            let (request, _) = sample.json()?;
            let filled = |before: &str, after: &str| Body::Fill {
                before: before.to_owned(),
                text: "a".to_owned(),
                times: LARGE,
                after: after.to_owned(),
            };
            Some(vec![
                ("json", Request { body: filled("{\"a\":\"", "\"}"), ..request.clone() }.into()),
                ("text", bare(&request).header("Content-Type", "text/plain").body(filled("", "")).into()),
                ("chunked", Request { body: in_chunks(LARGE), ..request.clone() }.into()),
                (
                    "to_an_operation_without_body",
                    sample.plain()?.header("Content-Type", "text/plain").body(filled("", "")).into(),
                ),
            ])
        },
    },
    Entry {
        name: "unasked_body",
        about: "A body for an operation that declares none.",
        requests: |sample| {
            let plain = sample.plain()?;
            Some(vec![
                (
                    "json",
                    plain
                        .clone()
                        .header("Content-Type", "application/json")
                        .body(Body::Whole("{}".into()))
                        .into(),
                ),
                (
                    "broken_json",
                    plain
                        .clone()
                        .header("Content-Type", "application/json")
                        .body(Body::Whole("{".into()))
                        .into(),
                ),
                ("chunked", plain.body(Body::Chunked { pieces: vec!["a".into()], complete: true }).into()),
            ])
        },
    },
    Entry {
        name: "content_encoding",
        about: "A body that says it is compressed: unpacked, refused with 415, or read as it is.",
        requests: |sample| {
            let (request, body) = sample.json()?;
            let with = |coding: &str, bytes: Bytes| {
                request.clone().header("Content-Encoding", coding).body(Body::Whole(bytes)).into()
            };
            Some(vec![
                ("gzip", with("gzip", GZIP.into())),
                ("gzip_that_is_none", with("gzip", body.as_str().into())),
                ("identity", with("identity", body.as_str().into())),
                ("unknown", with("nosuch", body.as_str().into())),
            ])
        },
    },
    Entry {
        name: "chunked",
        about: "A body in chunks: whole, empty, and of many pieces.",
        requests: |sample| {
            let (request, body) = sample.json()?;
            let with = |pieces: Vec<Bytes>| {
                Request { body: Body::Chunked { pieces, complete: true }, ..request.clone() }.into()
            };
            let single: Vec<Bytes> = body.bytes().map(|byte| vec![byte].into()).collect();
            Some(vec![
                ("one", with(vec![body.as_str().into()])),
                ("none", with(Vec::new())),
                ("many", with(single)),
            ])
        },
    },
];

/// The request without what it says of its body.
fn bare(request: &Request) -> Request {
    let headers: Vec<Header> =
        request.headers.iter().filter(|header| !header.is("content-type")).cloned().collect();
    Request { headers, body: Body::None, ..request.clone() }
}

fn all(sample: &Sample, bodies: Vec<(&'static str, Bytes)>) -> Option<Variants> {
    let (request, _) = sample.json()?;
    let message =
        |(name, bytes)| (name, Message::from(Request { body: Body::Whole(bytes), ..request.clone() }));
    Some(bodies.into_iter().map(message).collect())
}

/// So many bytes, in chunks.
fn in_chunks(length: u32) -> Body {
    const PIECE: u32 = 100_000;
    let piece = "a".repeat(PIECE as usize);
    Body::Chunked { pieces: (0..length / PIECE).map(|_| piece.as_str().into()).collect(), complete: true }
}
