//! The request line up to the query.

use super::{Entry, at};
use crate::model::{Message, Request};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "unknown_path",
        about: "A path that no operation has: every framework has a body of its own for it.",
        requests: |sample| {
            let plain = sample.plain()?;
            let below = format!("{}/nosuch", plain.target.trim_end_matches('/'));
            Some(vec![
                ("at_the_top", at(&plain, "/nosuch")),
                ("below_a_known_one", at(&plain, below)),
                ("in_capitals", at(&plain, capitals(&plain.target))),
                ("dot_segments", at(&plain, format!("/nosuch/..{}", plain.target))),
                ("dot_segment", at(&plain, format!("/.{}", plain.target))),
                ("encoded_letter", at(&plain, first_letter_encoded(&plain.target))),
                ("path_parameter", at(&plain, format!("{};a=b", plain.target))),
                ("favicon", at(&plain, "/favicon.ico")),
            ])
        },
    },
    Entry {
        name: "wrong_method",
        about: "A method that the path does not have: 404 or 405, with `Allow` or without.",
        requests: |sample| {
            let plain = sample.plain()?;
            let methods = [
                ("post", "POST"),
                ("put", "PUT"),
                ("patch", "PATCH"),
                ("delete", "DELETE"),
                ("trace", "TRACE"),
                ("propfind", "PROPFIND"),
                ("made_up", "BREW"),
                ("with_a_token_mark", "M-SEARCH"),
            ];
            Some(methods.into_iter().map(|(name, method)| (name, with_method(&plain, method))).collect())
        },
    },
    Entry {
        name: "lower_case_method",
        about: "`get` is not `GET`; some servers take it for one, some close the connection.",
        requests: |sample| {
            let plain = sample.plain()?;
            Some(vec![("get", with_method(&plain, "get")), ("mixed", with_method(&plain, "Get"))])
        },
    },
    Entry {
        name: "head",
        about: "`HEAD` has the headers of `GET` and no body; some routers answer 404 or 405.",
        requests: |sample| {
            let plain = sample.plain()?;
            let mut requests = vec![
                ("plain", with_method(&plain, "HEAD")),
                ("unknown_path", with_method(&Request { target: "/nosuch".to_owned(), ..plain }, "HEAD")),
            ];
            if let Some((named, _)) = sample.named() {
                requests.push(("with_a_parameter", with_method(&named, "HEAD")));
            }
            Some(requests)
        },
    },
    Entry {
        name: "options",
        about: "`OPTIONS`: 200, 204, 404 or 405, with `Allow` or without; and of `*`.",
        requests: |sample| {
            let plain = sample.plain()?;
            let preflight = |method: &str| {
                Request { method: "OPTIONS".to_owned(), ..plain.clone() }
                    .header("Origin", "https://example.org")
                    .header("Access-Control-Request-Method", method)
            };
            Some(vec![
                ("plain", with_method(&plain, "OPTIONS")),
                (
                    "unknown_path",
                    with_method(&Request { target: "/nosuch".to_owned(), ..plain.clone() }, "OPTIONS"),
                ),
                ("of_everything", Request::new("OPTIONS", "*").into()),
                ("preflight", preflight("GET").into()),
                ("preflight_of_a_wrong_method", preflight("BREW").into()),
            ])
        },
    },
    Entry {
        name: "slashes",
        about: "A slash at the end, or two in a row: another path, the same path, or a redirect.",
        requests: |sample| {
            let plain = sample.plain()?;
            Some(vec![
                ("trailing", at(&plain, format!("{}/", plain.target))),
                (
                    "without_trailing",
                    at(
                        &plain,
                        plain
                            .target
                            .strip_suffix('/')
                            .filter(|rest| !rest.is_empty())
                            .unwrap_or(&plain.target),
                    ),
                ),
                ("double_at_the_front", at(&plain, format!("/{}", plain.target))),
                ("double_at_the_end", at(&plain, format!("{}//", plain.target))),
                ("backslash", at(&plain, plain.target.replacen('/', "\\", 1))),
            ])
        },
    },
    Entry {
        name: "empty_segment",
        about: "Nothing where a parameter of the path is to be.",
        requests: |sample| {
            let (named, segment) = sample.named()?;
            Some(vec![
                ("empty", in_segment(&named, &segment, "")),
                ("space", in_segment(&named, &segment, "%20")),
            ])
        },
    },
    Entry {
        name: "encoded_slash",
        about: "`%2F` in a segment: part of the value, or the end of the segment; and what climbs out of a folder.",
        requests: |sample| {
            let (named, segment) = sample.named()?;
            Some(vec![
                ("upper_case", in_segment(&named, &segment, "a%2Fb")),
                ("lower_case", in_segment(&named, &segment, "a%2fb")),
                ("climbing", in_segment(&named, &segment, "..%2F..%2Fa")),
                ("encoded_dots", in_segment(&named, &segment, "%2e%2e")),
                ("encoded_twice", in_segment(&named, &segment, "a%252Fb")),
                ("backslash", in_segment(&named, &segment, "a%5Cb")),
            ])
        },
    },
    Entry {
        name: "broken_encoding",
        about: "A segment that cannot be decoded, or is not UTF-8: 400, or U+FFFD in the answer.",
        requests: |sample| {
            let (named, segment) = sample.named()?;
            Some(vec![
                ("not_utf_8", in_segment(&named, &segment, "%FF")),
                ("surrogate", in_segment(&named, &segment, "%ED%A0%80")),
                ("overlong", in_segment(&named, &segment, "%C0%AF")),
                ("no_digits", in_segment(&named, &segment, "a%zz")),
                ("cut_short", in_segment(&named, &segment, "a%2")),
                ("alone", in_segment(&named, &segment, "%")),
                ("nul", in_segment(&named, &segment, "a%00b")),
                ("line_end", in_segment(&named, &segment, "a%0D%0Ab")),
            ])
        },
    },
    Entry {
        name: "odd_segment",
        about: "Characters that mean something elsewhere: a plus sign, a star, a right-to-left mark, an emoji.",
        requests: |sample| {
            let (named, segment) = sample.named()?;
            Some(vec![
                ("plus", in_segment(&named, &segment, "a+b")),
                ("star", in_segment(&named, &segment, "*")),
                ("colon", in_segment(&named, &segment, "a:b")),
                ("quote", in_segment(&named, &segment, "a'%22b")),
                ("emoji", in_segment(&named, &segment, "%F0%9F%98%80")),
                ("direction", in_segment(&named, &segment, "a%E2%80%AEb")),
                ("braces", in_segment(&named, &segment, "%7Ba%7D")),
                ("parameter_of_a_segment", in_segment(&named, &segment, "a;b=c")),
            ])
        },
    },
    Entry {
        name: "long_target",
        about: "A target that no server should have to read: 414, 400, 431 or a closed connection.",
        requests: |sample| {
            let plain = sample.plain()?;
            let long = |length: usize| at(&plain, format!("{}?a={}", plain.target, "a".repeat(length)));
            Some(vec![("8_kib", long(8 * 1024)), ("100_kb", long(100_000))])
        },
    },
    Entry {
        name: "absolute_form",
        about: "`GET http://host/path`: legal for every server, and rarely tested.",
        requests: |sample| {
            let plain = sample.plain()?;
            Some(vec![
                ("own_host", at(&plain, format!("http://{{{{host}}}}{}", plain.target))),
                ("other_host", at(&plain, format!("http://example.org{}", plain.target))),
                ("fragment", at(&plain, format!("{}#a", plain.target))),
            ])
        },
    },
];

fn with_method(request: &Request, method: &str) -> Message {
    Request { method: method.to_owned(), ..request.clone() }.into()
}

fn in_segment(request: &Request, segment: &str, text: &str) -> Message {
    at(request, request.target.replacen(segment, text, 1))
}

fn capitals(target: &str) -> String {
    target.to_ascii_uppercase()
}

fn first_letter_encoded(target: &str) -> String {
    match target.as_bytes() {
        [b'/', first, ..] if first.is_ascii_alphanumeric() => format!("/%{first:02x}{}", &target[2..]),
        _ => format!("/%2E{target}"),
    }
}
