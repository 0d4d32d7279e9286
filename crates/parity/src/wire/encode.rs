//! A message as the bytes that are sent.

use crate::model::{Body, Message, Request, Target};

/// The bytes of a message to a target; nothing is repaired.
///
/// The target's path prefix goes before a path, and `Host` says the target's host and port.
pub fn encode(message: &Message, target: &Target) -> Vec<u8> {
    match message {
        Message::Exact { bytes, .. } => bytes.as_slice().to_vec(),
        Message::Request(request) => encode_request(request, target),
    }
}

fn encode_request(request: &Request, target: &Target) -> Vec<u8> {
    let prefix = if request.target.starts_with('/') { target.prefix() } else { "" };
    let mut bytes =
        format!("{} {prefix}{} {}\r\n", request.method, request.target, request.version).into_bytes();
    let mut field = |name: &str, value: &[u8]| {
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    };
    if request.host {
        field("Host", target.authority().as_bytes());
    }
    for header in &request.headers {
        field(&header.name, header.value.as_slice());
    }
    match &request.body {
        Body::None | Body::Verbatim(_) => {}
        Body::Whole(_) | Body::Fill { .. } => {
            field("Content-Length", content(&request.body).len().to_string().as_bytes());
        }
        Body::Chunked { .. } => field("Transfer-Encoding", b"chunked"),
    }
    bytes.extend_from_slice(b"\r\n");
    if let Body::Chunked { pieces, complete } = &request.body {
        for piece in pieces {
            bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            bytes.extend_from_slice(piece.as_slice());
            bytes.extend_from_slice(b"\r\n");
        }
        if *complete {
            bytes.extend_from_slice(b"0\r\n\r\n");
        }
    } else {
        bytes.extend_from_slice(&content(&request.body));
    }
    bytes
}

/// What a body consists of, without its chunks.
pub(super) fn content(body: &Body) -> Vec<u8> {
    match body {
        Body::None => Vec::new(),
        Body::Whole(bytes) | Body::Verbatim(bytes) => bytes.as_slice().to_vec(),
        Body::Fill { before, text, times, after } => {
            let times = usize::try_from(*times).unwrap_or(usize::MAX);
            [before.as_bytes(), text.repeat(times).as_bytes(), after.as_bytes()].concat()
        }
        Body::Chunked { pieces, .. } => pieces.iter().flat_map(|piece| piece.as_slice().to_vec()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_sent_as_it_was_written() {
        let target = Target::parse("a=http://h:1/v1").unwrap();
        let body = Body::Chunked { pieces: vec!["12345".into(), "6".into()], complete: true };
        let request = Request::new("POST", "/a%2Fb?c=%zz").header("X-A", "b").body(body);
        assert_eq!(
            String::from_utf8(encode(&request.into(), &target)).unwrap(),
            "POST /v1/a%2Fb?c=%zz HTTP/1.1\r\nHost: h:1\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n\
             5\r\n12345\r\n1\r\n6\r\n0\r\n\r\n"
        );
    }

    #[test]
    fn a_filled_body_declares_its_length() {
        let target = Target::parse("a=http://h").unwrap();
        let body =
            Body::Fill { before: "<".to_owned(), text: "ab".to_owned(), times: 2, after: ">".to_owned() };
        let bytes = encode(&Request::new("PUT", "/").body(body).into(), &target);
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n<abab>"
        );
    }
}
