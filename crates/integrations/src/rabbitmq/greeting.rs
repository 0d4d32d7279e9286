//! Who answers at the broker's address: the first step of AMQP's handshake, by hand.
//!
//! The driver does not tell what the broker says of itself there; and its own handshake has a thread of its own and no
//! time limit, so that it had better not begin with a broker that hangs.

use std::io;

use amq_protocol::frame::{AMQPFrame, parse_frame};
use amq_protocol::protocol::{AMQPClass, connection};
use amq_protocol::types::AMQPValue;
use contract::Backend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::config::Address;
use crate::error::{Error, ErrorKind};

/// AMQP 0-9-1, section 4.2.2.
const PROTOCOL_HEADER: &[u8] = b"AMQP\x00\x00\x09\x01";
/// Type, channel and size (section 4.2.3).
const FRAME_HEADER: usize = 7;
/// Far more than a broker says of itself.
const LARGEST_GREETING: u32 = 64 * 1024;

/// What is wrong with a greeting.
#[derive(Debug, thiserror::Error)]
enum Strange {
    #[error("what answers does not speak AMQP 0-9-1")]
    NotAmqp,
    #[error("the broker does not tell its version")]
    NoVersion,
}

/// Connect, let the broker introduce itself, and give its version. The caller bounds the time.
pub(super) async fn version(address: &Address) -> Result<String, Error> {
    let frame = exchange(address).await.map_err(|error| {
        let kind = match error.kind() {
            io::ErrorKind::TimedOut => ErrorKind::TimedOut,
            _ => ErrorKind::Unreachable,
        };
        Error::with_source(Backend::Rabbitmq, kind, error)
    })?;
    parse(&frame).map_err(|strange| Error::with_source(Backend::Rabbitmq, ErrorKind::Failed, strange))
}

/// The first frame; only its header when that is of no use.
async fn exchange(address: &Address) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect((address.host(), address.port())).await?;
    stream.write_all(PROTOCOL_HEADER).await?;
    let mut frame = vec![0; FRAME_HEADER];
    stream.read_exact(&mut frame).await?;
    let size = u32::from_be_bytes([frame[3], frame[4], frame[5], frame[6]]);
    if size <= LARGEST_GREETING {
        // The payload, and the octet that ends a frame.
        let mut rest = stream.take(u64::from(size) + 1);
        rest.read_to_end(&mut frame).await?;
    }
    Ok(frame)
}

fn parse(frame: &[u8]) -> Result<String, Strange> {
    let Ok((_, AMQPFrame::Method(0, AMQPClass::Connection(connection::AMQPMethod::Start(start))))) =
        parse_frame(frame)
    else {
        return Err(Strange::NotAmqp);
    };
    match start.server_properties.inner().get("version") {
        Some(AMQPValue::LongString(version)) => Ok(version.to_string()),
        _ => Err(Strange::NoVersion),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `connection.start` with one server property, as RabbitMQ writes it.
    fn start(name: &str, value: &str) -> Vec<u8> {
        let mut table = vec![u8::try_from(name.len()).unwrap()];
        table.extend(name.as_bytes());
        table.push(b'S');
        table.extend(u32::try_from(value.len()).unwrap().to_be_bytes());
        table.extend(value.as_bytes());
        let mut payload = vec![0, 10, 0, 10, 0, 9];
        payload.extend(u32::try_from(table.len()).unwrap().to_be_bytes());
        payload.extend(table);
        payload.extend(b"\x00\x00\x00\x05PLAIN\x00\x00\x00\x05en_US");
        let mut frame = vec![1, 0, 0];
        frame.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
        frame.extend(payload);
        frame.push(0xCE);
        frame
    }

    #[test]
    fn the_version_is_read_from_the_greeting() {
        assert_eq!(parse(&start("version", "3.10.8")).expect("a greeting"), "3.10.8");
    }

    #[test]
    fn a_greeting_without_a_version_and_one_of_another_protocol_are_told_apart() {
        assert!(matches!(parse(&start("product", "RabbitMQ")), Err(Strange::NoVersion)));
        // How a broker answers to a version of the protocol that it does not speak.
        assert!(matches!(parse(PROTOCOL_HEADER), Err(Strange::NotAmqp)));
        assert!(matches!(parse(b"HTTP/1.1 400 Bad Request\r\n"), Err(Strange::NotAmqp)));
        assert!(matches!(parse(b""), Err(Strange::NotAmqp)));
    }
}
