//! RabbitMQ: the opening of an AMQP 0-9-1 connection with login and virtual host, and a proper end.
//!
//! By hand, because no client crate tells the version that the broker names in `connection.start`. The methods and
//! their fields are those of the AMQP 0-9-1 reference, class `connection`.

use std::io;
use std::net::SocketAddr;

use secrecy::ExposeSecret as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{ProbeError, Report};
use crate::vault::logins::Credentials;

const CONNECTION: u16 = 10;
const START: u16 = 10;
const START_OK: u16 = 11;
const TUNE: u16 = 30;
const TUNE_OK: u16 = 31;
const OPEN: u16 = 40;
const OPEN_OK: u16 = 41;
const CLOSE: u16 = 50;
const CLOSE_OK: u16 = 51;

const METHOD_FRAME: u8 = 1;
const FRAME_END: u8 = 0xCE;
/// The largest frame that is believed before tuning; RabbitMQ's greeting has about 500 bytes.
const LARGEST_FRAME: u32 = 64 * 1024;

pub(super) async fn ask(address: SocketAddr, login: &Credentials) -> Result<Report, ProbeError> {
    converse(address, login).await.map_err(|error| match error {
        Failure::Io(error) => ProbeError::refused(error),
        Failure::Said(text) => ProbeError::Unhealthy(text),
    })
}

enum Failure {
    Io(io::Error),
    Said(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

async fn converse(address: SocketAddr, login: &Credentials) -> Result<Report, Failure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"AMQP\0\0\x09\x01").await?;
    let greeting = expect(&mut stream, START).await?;
    let version = version(&greeting).unwrap_or_else(|| "?".to_owned());

    let mut answer = table(&[("authentication_failure_close", true)]);
    answer.extend(short_text("PLAIN"));
    answer.extend(long_text(format!("\0{}\0{}", login.user, login.password.expose_secret()).as_bytes()));
    answer.extend(short_text("en_US"));
    send(&mut stream, START_OK, &answer).await?;

    let limits = expect(&mut stream, TUNE).await?;
    send(&mut stream, TUNE_OK, &limits).await?;
    let mut open = short_text(login.vhost.as_deref().unwrap_or("/"));
    open.extend([0, 0]);
    send(&mut stream, OPEN, &open).await?;
    expect(&mut stream, OPEN_OK).await?;
    let mut close = 200_u16.to_be_bytes().to_vec();
    close.extend(short_text("done"));
    close.extend([0, 0, 0, 0]);
    send(&mut stream, CLOSE, &close).await?;
    expect(&mut stream, CLOSE_OK).await?;
    Ok(Report { version })
}

async fn send(stream: &mut TcpStream, method: u16, arguments: &[u8]) -> io::Result<()> {
    let mut payload = CONNECTION.to_be_bytes().to_vec();
    payload.extend(method.to_be_bytes());
    payload.extend(arguments);
    let mut frame = vec![METHOD_FRAME, 0, 0];
    frame.extend(length(payload.len()));
    frame.extend(payload);
    frame.push(FRAME_END);
    stream.write_all(&frame).await
}

/// Read the next frame, which must be this method of class `connection`, and give its arguments.
async fn expect(stream: &mut TcpStream, method: u16) -> Result<Vec<u8>, Failure> {
    let mut head = [0; 7];
    stream.read_exact(&mut head).await?;
    let [kind, _, _, size @ ..] = head;
    let size = u32::from_be_bytes(size);
    if kind != METHOD_FRAME || size > LARGEST_FRAME {
        return Err(Failure::Said("it does not speak AMQP 0-9-1".into()));
    }
    let mut payload = vec![0; usize::try_from(size).unwrap_or(0) + 1];
    stream.read_exact(&mut payload).await?;
    payload.pop();
    let identity = payload.get(..4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()).unwrap_or_default();
    let arguments = payload.split_off(payload.len().min(4));
    match identity {
        [0, 10, 0, id] if u16::from(id) == method => Ok(arguments),
        [0, 10, 0, id] if u16::from(id) == CLOSE => {
            let text = arguments
                .get(2)
                .and_then(|size| arguments.get(3..3 + usize::from(*size)))
                .unwrap_or_default();
            Err(Failure::Said(String::from_utf8_lossy(text).into_owned()))
        }
        other => Err(Failure::Said(format!("an unexpected answer {other:?}"))),
    }
}

/// The member `version` of the server's properties: two version bytes, then a table of name, type `S`, text.
///
/// The table is searched rather than parsed: the bytes of the name and type can stand nowhere before it.
fn version(greeting: &[u8]) -> Option<String> {
    const NAME: &[u8] = b"\x07versionS";
    let at = greeting.windows(NAME.len()).position(|window| window == NAME)? + NAME.len();
    let size = u32::from_be_bytes(greeting.get(at..at + 4)?.try_into().ok()?);
    let text = greeting.get(at + 4..at + 4 + usize::try_from(size).ok()?)?;
    String::from_utf8(text.to_vec()).ok()
}

/// A text of at most 255 bytes, after its length.
fn short_text(text: &str) -> Vec<u8> {
    let bytes: Vec<u8> = text.bytes().take(255).collect();
    let mut short = vec![u8::try_from(bytes.len()).unwrap_or(u8::MAX)];
    short.extend(bytes);
    short
}

fn long_text(text: &[u8]) -> Vec<u8> {
    let mut long = length(text.len()).to_vec();
    long.extend(text);
    long
}

/// Client properties with a table `capabilities` of booleans.
fn table(capabilities: &[(&str, bool)]) -> Vec<u8> {
    let mut inner = Vec::new();
    for (name, value) in capabilities {
        inner.extend(short_text(name));
        inner.extend([b't', u8::from(*value)]);
    }
    let mut outer = short_text("capabilities");
    outer.push(b'F');
    outer.extend(long_text(&inner));
    long_text(&outer)
}

fn length(size: usize) -> [u8; 4] {
    u32::try_from(size).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_in_a_greeting() {
        let greeting = b"\0\x09\0\0\0\x20\x07productS\0\0\0\x08RabbitMQ\x07versionS\0\0\0\x073.10.8\x20rest";
        assert_eq!(version(greeting).as_deref(), Some("3.10.8 "));
        assert_eq!(version(b"\x07versionS\0\0\xFF\xFF"), None, "a length beyond the end");
    }

    #[test]
    fn texts_carry_their_length() {
        assert_eq!(short_text("PLAIN"), b"\x05PLAIN");
        assert_eq!(short_text(&"x".repeat(300)).len(), 256);
        assert_eq!(long_text(b"ab"), b"\0\0\0\x02ab");
    }
}
