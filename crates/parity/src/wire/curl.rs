//! A message as a line for a shell.

use std::fmt::Write as _;

use super::encode::content;
use crate::model::{Body, Message, Request, Target};

/// The longest body or target that a line shows.
const SHOWN: usize = 400;

/// The message as a curl line, or as near to it as curl can come; exact bytes go through `nc` or `openssl`.
pub fn curl(message: &Message, target: &Target) -> String {
    match message {
        Message::Request(request) => curl_request(request, target),
        Message::Exact { bytes, .. } => {
            let shown = &bytes.as_slice()[..bytes.len().min(SHOWN)];
            let more = if shown.len() < bytes.len() { "…" } else { "" };
            let program = if target.is_https() {
                format!("openssl s_client -quiet -connect {}:{}", target.host(), target.port())
            } else {
                format!("nc {} {}", target.host(), target.port())
            };
            format!("printf '%b' {} | {program}", quoted(&format!("{}{more}", printf(shown))))
        }
    }
}

fn curl_request(request: &Request, target: &Target) -> String {
    let mut line = if request.method == "HEAD" {
        "curl -i --path-as-is --head".to_owned()
    } else {
        format!("curl -i --path-as-is -X {}", quoted_if_needed(&request.method))
    };
    if let Some(ca) = &target.ca {
        let _ = write!(line, " --cacert {}", quoted(&ca.display().to_string()));
    }
    let _ = write!(line, " {}", url(request, target));
    if request.version == "HTTP/1.0" {
        line.push_str(" --http1.0");
    }
    if !request.host {
        line.push_str(" -H 'Host;'");
    }
    for header in &request.headers {
        let _ = write!(line, " -H {}", quoted(&format!("{}: {}", header.name, header.value.lossy())));
    }
    let note = match &request.body {
        Body::None => return line,
        Body::Whole(_) | Body::Fill { .. } => "",
        Body::Verbatim(_) => "; sent as it is",
        Body::Chunked { complete, .. } => {
            line.push_str(" -H 'Transfer-Encoding: chunked'");
            if *complete { "" } else { "; its end is never sent" }
        }
    };
    let body = content(&request.body);
    match std::str::from_utf8(&body) {
        Ok(text) if body.len() <= SHOWN && note.is_empty() => {
            let _ = write!(line, " --data-binary {}", quoted(text));
        }
        _ => {
            let shown = printf(&body[..body.len().min(SHOWN)]);
            let _ = write!(line, " --data-binary @-   # {} bytes{note}: {shown}", body.len());
        }
    }
    line
}

/// The words of the line that say where the request goes.
fn url(request: &Request, target: &Target) -> String {
    let shown: String = request.target.chars().take(SHOWN).collect();
    let more = if shown.len() < request.target.len() { "…" } else { "" };
    let server = format!("{}://{}", target.url.scheme(), target.authority());
    if request.target.starts_with('/') {
        quoted(&format!("{server}{}{shown}{more}", target.prefix()))
    } else {
        // Absolute form, or no form at all: curl can send it by this option only.
        format!("{} --request-target {}", quoted(&server), quoted(&format!("{shown}{more}")))
    }
}

/// Bytes as `printf '%b'` reads them.
fn printf(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        match byte {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => {
                let _ = write!(text, "\\0{byte:03o}");
            }
        }
        text
    })
}

fn quoted_if_needed(word: &str) -> String {
    if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        word.to_owned()
    } else {
        quoted(word)
    }
}

/// Text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_can_be_pasted() {
        let target = Target::parse("a=http://h:1").unwrap();
        let json = Body::Whole(r#"{"c":1}"#.into());
        let request = Request::new("POST", "/a?b='").header("Content-Type", "application/json").body(json);
        assert_eq!(
            curl(&request.into(), &target),
            r#"curl -i --path-as-is -X POST 'http://h:1/a?b='\''' -H 'Content-Type: application/json' --data-binary '{"c":1}'"#
        );
        let message = Message::Exact { bytes: b"GET /%\\ HTTP/1.1\r\n\r\n\xff"[..].into(), answers: 1 };
        assert_eq!(curl(&message, &target), r"printf '%b' 'GET /%\\ HTTP/1.1\r\n\r\n\0377' | nc h 1");
        assert_eq!(
            curl(&Request::new("OPTIONS", "*").into(), &target),
            "curl -i --path-as-is -X OPTIONS 'http://h:1' --request-target '*'"
        );
    }
}
