//! A case as lines for other tools: curl, or a file for Hurl.

use std::fmt::Write as _;

use crate::model::{Body, Case, Message, Request, Target};
use crate::variables::{HOST, NAMESPACE, Variables, fill_message};
use crate::wire;

/// What stands for the namespace in lines that have no variables.
const OWN: &str = "parity";

/// A line of curl for each message of the case, with a comment before each step.
///
/// Captured values are not known here, so that their variables stay as they are.
pub fn curl(case: &Case, target: &Target) -> String {
    let mut variables: Variables = case.variables.clone().into_iter().chain(target.values.clone()).collect();
    variables.insert(NAMESPACE.to_owned(), OWN.to_owned());
    variables.insert(HOST.to_owned(), target.authority());
    let mut text = format!("# {}\n", case.id);
    for (index, step) in case.steps.iter().enumerate() {
        let _ = writeln!(text, "# step {}", index + 1);
        for message in &step.send.messages {
            let _ = writeln!(text, "{}", wire::curl(&fill_message(message, &variables), target));
        }
    }
    text
}

/// The case as a file for Hurl, in which variables stay variables: `hurl --variable ns=a case.hurl`.
///
/// What Hurl cannot send, such as exact bytes, is a comment.
pub fn hurl(case: &Case, target: &Target) -> String {
    let mut text = format!("# {}\n", case.id);
    for step in &case.steps {
        for message in &step.send.messages {
            text.push('\n');
            match message {
                Message::Request(request) if is_sendable(request) => entry(request, target, &mut text),
                _ => {
                    let _ = writeln!(text, "# Hurl cannot send this: {}", wire::curl(message, target));
                    continue;
                }
            }
            if let Some(status) = step.expect.as_ref().and_then(|expect| expect.status) {
                let _ = writeln!(text, "HTTP {status}");
            }
        }
    }
    text
}

fn is_sendable(request: &Request) -> bool {
    let is_method = request.method.bytes().all(|byte| byte.is_ascii_uppercase());
    is_method && request.target.starts_with('/') && request.version == "HTTP/1.1" && request.host
}

fn entry(request: &Request, target: &Target, text: &mut String) {
    let server = format!("{}://{}{}", target.url.scheme(), target.authority(), target.prefix());
    let _ = writeln!(text, "{} {server}{}", request.method, request.target.replace('#', "\\#"));
    for header in &request.headers {
        let value = header.value.lossy().replace('\\', "\\\\").replace('#', "\\#");
        let _ = writeln!(text, "{}: {value}", header.name);
    }
    let bytes = match &request.body {
        Body::None => return,
        Body::Whole(bytes) | Body::Verbatim(bytes) => bytes.as_slice().to_vec(),
        Body::Chunked { pieces, .. } => pieces.iter().flat_map(|piece| piece.as_slice().to_vec()).collect(),
        Body::Fill { before, text, times, after } => {
            let times = usize::try_from(*times).unwrap_or(usize::MAX);
            format!("{before}{}{after}", text.repeat(times)).into_bytes()
        }
    };
    let plain = std::str::from_utf8(&bytes).ok().filter(|body| !body.contains(['`', '\\', '\n', '\r', '#']));
    if let Some(body) = plain {
        let _ = writeln!(text, "`{body}`");
    } else {
        let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let _ = writeln!(text, "hex,{hex};");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Expectation;
    use crate::report::example;

    fn case(message: impl Into<Message>) -> Case {
        let mut case = example::result().cases.remove(0).case;
        case.steps[0].send.messages = vec![message.into()];
        case.steps[0].expect = Some(Expectation { status: Some(404), ..Expectation::default() });
        case
    }

    #[test]
    fn a_case_is_a_line_of_curl_with_its_variables_filled_in() {
        let target = Target::parse("a=http://h:1").unwrap();
        let text = curl(&case(Request::new("GET", "/things/{{ns}}")), &target);
        assert_eq!(
            text,
            "# things::agree\n# step 1\ncurl -i --path-as-is -X GET 'http://h:1/things/parity'\n"
        );
    }

    #[test]
    fn a_case_is_a_file_for_hurl_with_its_variables_left() {
        let target = Target::parse("a=http://h:1").unwrap();
        let json = Request::new("POST", "/a/{{ns}}").header("Content-Type", "application/json");
        let text = hurl(&case(json.clone().body(Body::Whole("{}".into()))), &target);
        let head = "# things::agree\n\nPOST http://h:1/a/{{ns}}\nContent-Type: application/json\n";
        assert_eq!(text, format!("{head}`{{}}`\nHTTP 404\n"));
        let text = hurl(&case(json.body(Body::Whole(b"\xff\n"[..].into()))), &target);
        assert_eq!(text, format!("{head}hex,ff0a;\nHTTP 404\n"));
    }

    #[test]
    fn what_hurl_cannot_send_is_a_comment() {
        let target = Target::parse("a=http://h:1").unwrap();
        for message in [Request::new("get", "/a").into(), Message::Exact { bytes: "x".into(), answers: 1 }] {
            let text = hurl(&case(message), &target);
            assert!(text.lines().skip(2).all(|line| line.starts_with("# Hurl cannot")), "{text}");
        }
    }
}
