//! One node of the Redis Cluster as its operator has it, in Redis's own protocol.

use std::fmt::Write as _;

use secrecy::ExposeSecret as _;
use testkit::{Service, Stack};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::BoxError;
use crate::fleet::LIMIT;

/// A connection that is logged in.
pub(crate) struct RedisNode(BufReader<TcpStream>);

impl RedisNode {
    pub(crate) async fn of(stack: &Stack, service: Service) -> Result<Self, BoxError> {
        let login = stack.credentials(service).await?;
        let mut node = Self(BufReader::new(TcpStream::connect(stack.address(service)).await?));
        let logged_in = node.ask(&["AUTH", &login.user, login.password.expose_secret()]).await?;
        if logged_in.starts_with('+') {
            Ok(node)
        } else {
            Err(format!("{service} does not take the stack's password: {logged_in}").into())
        }
    }

    /// Sends a command, and gives the line that is answered: `+OK`, `:1`, or `-` and an error.
    pub(crate) async fn ask(&mut self, words: &[&str]) -> Result<String, BoxError> {
        let mut command = format!("*{}\r\n", words.len());
        for word in words {
            write!(command, "${}\r\n{word}\r\n", word.len())?;
        }
        let mut line = String::new();
        timeout(LIMIT, async {
            self.0.get_mut().write_all(command.as_bytes()).await?;
            self.0.read_line(&mut line).await
        })
        .await??;
        Ok(line.trim_end().to_owned())
    }
}
