//! Exact bytes: what no client library sends.

use super::Entry;
use crate::model::{Bytes, Message};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "request_line",
        about: "A first line that is not one of HTTP/1.1.",
        requests: |sample| {
            let path = sample.plain()?.target;
            let head =
                |line: String| exact(format!("{line}\r\nHost: {{{{host}}}}\r\nConnection: close\r\n\r\n"));
            Some(vec![
                ("no_version", head(format!("GET {path}"))),
                ("other_version", head(format!("GET {path} HTTP/1.2"))),
                ("version_of_three", head(format!("GET {path} HTTP/3.0"))),
                ("lower_case_version", head(format!("GET {path} http/1.1"))),
                ("no_path", head("GET  HTTP/1.1".to_owned())),
                ("no_slash", head(format!("GET {} HTTP/1.1", path.trim_start_matches('/')))),
                ("two_spaces", head(format!("GET  {path} HTTP/1.1"))),
                ("space_in_the_path", head(format!("GET {path} a HTTP/1.1"))),
                ("method_of_odd_characters", head(format!("G<T {path} HTTP/1.1"))),
                ("empty_line_first", head(format!("\r\nGET {path} HTTP/1.1"))),
                ("not_http", exact("nonsense\r\n\r\n")),
                ("tls", exact(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n\r\n".to_vec())),
            ])
        },
    },
    Entry {
        name: "bytes_in_target",
        about: "Bytes of a target that are not ASCII, or that end lines elsewhere.",
        requests: |sample| {
            let path = sample.plain()?.target;
            let with = |bytes: &[u8]| {
                let tail = b" HTTP/1.1\r\nHost: {{host}}\r\nConnection: close\r\n\r\n";
                exact([b"GET ", path.as_bytes(), b"?a=", bytes, tail].concat())
            };
            Some(vec![
                ("utf_8", with("é".as_bytes())),
                ("not_utf_8", with(b"\xff")),
                ("nul", with(b"\0")),
                ("tab", with(b"\t")),
                ("quote", with(b"\"")),
                ("angle", with(b"<>")),
                ("caret", with(b"^|`{}")),
            ])
        },
    },
    Entry {
        name: "malformed_headers",
        about: "Header lines that RFC 9112 forbids; who takes them can be tricked by who does not.",
        requests: |sample| {
            let path = sample.plain()?.target;
            let with = |lines: &[u8]| {
                let head = format!("GET {path} HTTP/1.1\r\nHost: {{{{host}}}}\r\nConnection: close\r\n");
                exact([head.as_bytes(), lines, b"\r\n\r\n"].concat())
            };
            Some(vec![
                ("space_before_colon", with(b"X-A : b")),
                ("no_colon", with(b"X-A")),
                ("no_name", with(b": b")),
                ("folded", with(b"X-A: b\r\n c")),
                ("nul_in_value", with(b"X-A: b\0c")),
                ("bare_carriage_return", with(b"X-A: b\rc")),
                ("not_utf_8", with(b"X-A: \xff")),
                ("space_in_name", with(b"X A: b")),
            ])
        },
    },
    Entry {
        name: "lengths",
        about: "A body whose length is said in two ways, or wrongly: the seed of request smuggling.",
        requests: |sample| {
            let (request, body) = sample.json()?;
            let with = |headers: &str, body: &str| {
                exact(format!(
                    "{} {} HTTP/1.1\r\nHost: {{{{host}}}}\r\nConnection: close\r\nContent-Type: application/json\r\n{headers}\r\n\r\n{body}",
                    request.method, request.target
                ))
            };
            let chunk = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
            let length = body.len();
            Some(vec![
                ("two_lengths", with(&format!("Content-Length: {length}\r\nContent-Length: 1"), &body)),
                (
                    "same_length_twice",
                    with(&format!("Content-Length: {length}\r\nContent-Length: {length}"), &body),
                ),
                ("length_and_chunks", with("Content-Length: 3\r\nTransfer-Encoding: chunked", &chunk)),
                ("negative", with("Content-Length: -1", &body)),
                ("plus", with(&format!("Content-Length: +{length}"), &body)),
                ("text", with("Content-Length: many", &body)),
                ("too_large_for_64_bits", with("Content-Length: 99999999999999999999", &body)),
                ("broken_chunk", with("Transfer-Encoding: chunked", "zz\r\n{}\r\n0\r\n\r\n")),
                ("chunk_too_large", with("Transfer-Encoding: chunked", "fffffffffffffffff\r\n{}\r\n")),
                (
                    "chunk_extension",
                    with("Transfer-Encoding: chunked", &chunk.replacen("\r\n", ";a=b\r\n", 1)),
                ),
                (
                    "trailer",
                    with("Transfer-Encoding: chunked", &chunk.replace("0\r\n\r\n", "0\r\nX-A: b\r\n\r\n")),
                ),
                ("unknown_coding", with("Transfer-Encoding: nosuch", &body)),
                ("chunked_twice", with("Transfer-Encoding: chunked, chunked", &chunk)),
            ])
        },
    },
    Entry {
        name: "pipelining",
        about: "Two requests before the first answer, and one after it on the same connection.",
        requests: |sample| {
            let path = sample.plain()?.target;
            let one = format!("GET {path} HTTP/1.1\r\nHost: {{{{host}}}}\r\n");
            let two = format!("{one}\r\n{one}Connection: close\r\n\r\n");
            Some(vec![("two", Message::Exact { bytes: two.into(), answers: 2 })])
        },
    },
    Entry {
        name: "http_1_0",
        about: "The older protocol, which closes after its answer unless it is asked to stay.",
        requests: |sample| {
            let path = sample.plain()?.target;
            Some(vec![
                ("plain", exact(format!("GET {path} HTTP/1.0\r\nHost: {{{{host}}}}\r\n\r\n"))),
                (
                    "keep_alive",
                    exact(format!(
                        "GET {path} HTTP/1.0\r\nHost: {{{{host}}}}\r\nConnection: keep-alive\r\n\r\n"
                    )),
                ),
            ])
        },
    },
];

fn exact(bytes: impl Into<Bytes>) -> Message {
    Message::Exact { bytes: bytes.into(), answers: 1 }
}
