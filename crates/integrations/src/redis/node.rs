//! One node of the cluster, and the multiplexed connection that all calls to it from one runtime share.

use std::sync::Arc;
use std::time::Duration;

use contract::Backend;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Cmd, ErrorKind as RedisKind, Pipeline, RedisConnectionInfo, RedisError,
    ServerErrorKind, Value,
};
use secrecy::ExposeSecret;
use tokio::net::TcpStream;

use super::gathering::Gathering;
use crate::config::Address;
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind};
use crate::kept::{Connection, Kept, KeptByRuntime};
use crate::link::Driver;
use crate::runtime::Background;

/// Commands that go to one node in one round trip.
#[derive(Debug)]
pub(super) struct Request {
    pipeline: Pipeline,
    /// Whether doing it twice is as good as doing it once.
    repeatable: bool,
}

impl Request {
    /// Commands that may be sent again when the connection broke before they were answered.
    pub(super) fn repeatable(commands: impl IntoIterator<Item = Cmd>) -> Self {
        Self { pipeline: pipeline(commands), repeatable: true }
    }

    /// A command whose answer tells whether it was the first.
    pub(super) fn once(command: Cmd) -> Self {
        Self { pipeline: pipeline([command]), repeatable: false }
    }

    /// The same with `ASKING` before each command, for a slot that is on its way to the node.
    fn asking(&self) -> Pipeline {
        pipeline(self.pipeline.cmd_iter().flat_map(|command| [redis::cmd("ASKING"), command.clone()]))
    }
}

fn pipeline(commands: impl IntoIterator<Item = Cmd>) -> Pipeline {
    let commands = commands.into_iter();
    let mut pipeline = Pipeline::with_capacity(commands.size_hint().0);
    for command in commands {
        pipeline.add_command(command);
    }
    pipeline
}

/// What a node answers.
#[derive(Debug)]
pub(super) enum Answer {
    /// One value for each command; none of them is an error.
    Values(Vec<Value>),
    /// The slot is served by the node at this announced address.
    Moved(String),
    /// The slot is on its way to the node at this announced address, and the key is there already.
    Ask(String),
}

/// How the client of a node is made.
pub(super) struct NodeDriver {
    pub(super) address: Address,
    pub(super) limit: Duration,
}

impl Driver for NodeDriver {
    type Client = Arc<Node>;

    async fn connect(&self, credentials: &Credentials) -> Result<Self::Client, Error> {
        Ok(Arc::new(Node {
            address: self.address.clone(),
            login: RedisConnectionInfo::default()
                .set_username(&credentials.user)
                .set_password(credentials.password.expose_secret()),
            limit: self.limit,
            kept: KeptByRuntime::new(Backend::Redis),
        }))
    }

    async fn warm(&self, node: Self::Client) -> Result<(), Error> {
        node.connection(&node.kept.here()).await.map(drop)
    }

    async fn close(&self, node: Self::Client) {
        // The connection closes when the last call on it has ended.
        node.kept.take();
    }
}

/// The client of one node, with one user and password.
pub(super) struct Node {
    address: Address,
    login: RedisConnectionInfo,
    limit: Duration,
    kept: KeptByRuntime<Multiplexed>,
}

struct Multiplexed {
    handle: MultiplexedConnection,
    /// Reads and writes the socket; ends when the connection does.
    driver: Background,
}

impl Connection for Multiplexed {
    fn is_open(&self) -> bool {
        !self.driver.has_ended()
    }
}

impl Node {
    /// Send the commands of `request`, each preceded by `ASKING` if so wanted.
    pub(super) async fn send(&self, request: &Request, asking: bool) -> Result<Answer, Error> {
        let mut may_repeat = request.repeatable;
        let kept = self.kept.here();
        loop {
            let connection = self.connection(&kept).await?;
            match self.send_on(&kept, &connection, request, asking).await {
                // The node was restarted, and is back perhaps.
                Err(error) if error.is_connection_dropped() && may_repeat => may_repeat = false,
                Err(error) => return redirect(&error).ok_or_else(|| classify(error)),
                Ok(values) => return read(values, asking),
            }
        }
    }

    async fn send_on(
        &self,
        kept: &Kept<Multiplexed>,
        connection: &Arc<Multiplexed>,
        request: &Request,
        asking: bool,
    ) -> Result<Vec<Value>, RedisError> {
        let watch = kept.watch(connection, self.limit);
        let mut handle = connection.handle.clone();
        let outcome = if asking {
            let pipeline = request.asking();
            handle.send_packed_commands(&pipeline, 0, pipeline.len()).await
        } else {
            handle.send_packed_commands(&request.pipeline, 0, request.pipeline.len()).await
        };
        watch.answered();
        if outcome.as_ref().is_err_and(RedisError::is_connection_dropped) {
            kept.discard(connection);
        }
        outcome
    }

    async fn connection(&self, kept: &Kept<Multiplexed>) -> Result<Arc<Multiplexed>, Error> {
        kept.get(|| open(self.address.clone(), self.login.clone())).await
    }
}

/// Connect and log in, on the runtime that this runs on.
///
/// The socket and the task that drives it are ours, so that a connection which has ended is known to have, and the next
/// call opens another instead of failing on it.
async fn open(address: Address, login: RedisConnectionInfo) -> Result<Multiplexed, Error> {
    let unreachable = |error| Error::with_source(Backend::Redis, ErrorKind::Unreachable, error);
    let stream = TcpStream::connect((address.host(), address.port())).await.map_err(unreachable)?;
    stream.set_nodelay(true).map_err(unreachable)?;
    // The caller bounds a call; a second clock here would only race with it.
    let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
    let (handle, driver) =
        MultiplexedConnection::new_with_config(&login, stream, config).await.map_err(classify)?;
    Ok(Multiplexed { handle, driver: Background::spawn(Gathering::new(driver)) })
}

/// Tell the values from the errors among them.
fn read(values: Vec<Value>, asking: bool) -> Result<Answer, Error> {
    let mut wanted = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        let value = match value {
            Value::ServerError(error) => {
                let error = RedisError::from(error);
                return redirect(&error).ok_or_else(|| classify(error));
            }
            value => value,
        };
        // Every other value answers an ASKING.
        if !asking || index % 2 == 1 {
            wanted.push(value);
        }
    }
    Ok(Answer::Values(wanted))
}

fn redirect(error: &RedisError) -> Option<Answer> {
    let (address, _slot) = error.redirect_node()?;
    let address = address.to_owned();
    Some(if error.kind() == ServerErrorKind::Ask.into() {
        Answer::Ask(address)
    } else {
        Answer::Moved(address)
    })
}

pub(super) fn classify(error: RedisError) -> Error {
    let kind = match (error.kind(), error.code()) {
        (RedisKind::AuthenticationFailed, _) | (_, Some("NOAUTH" | "WRONGPASS")) => {
            ErrorKind::RefusedCredentials
        }
        (_, Some("WRONGTYPE")) => ErrorKind::NotText,
        (RedisKind::Io, _) if error.is_timeout() => ErrorKind::TimedOut,
        // What answers thus is there, but serves nothing: the cluster lacks a node, or the node still reads its data.
        (
            RedisKind::Io
            | RedisKind::Server(
                ServerErrorKind::ClusterDown
                | ServerErrorKind::MasterDown
                | ServerErrorKind::BusyLoading
                | ServerErrorKind::TryAgain,
            ),
            _,
        ) => ErrorKind::Unreachable,
        _ => ErrorKind::Failed,
    };
    Error::with_source(Backend::Redis, kind, error)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// What a server says, as the driver reads it.
    fn server_error(line: &str) -> Value {
        redis::parse_redis_value(format!("-{line}\r\n").as_bytes()).expect("well formed")
    }

    #[test]
    fn each_error_is_told_by_what_can_be_done_about_it() {
        for (line, kind) in [
            ("WRONGPASS invalid username-password pair or user is disabled.", ErrorKind::RefusedCredentials),
            ("NOAUTH Authentication required.", ErrorKind::RefusedCredentials),
            ("WRONGTYPE Operation against a key holding the wrong kind of value", ErrorKind::NotText),
            ("CLUSTERDOWN The cluster is down", ErrorKind::Unreachable),
            ("CLUSTERDOWN Hash slot not served", ErrorKind::Unreachable),
            ("LOADING Redis is loading the dataset in memory", ErrorKind::Unreachable),
            ("TRYAGAIN Multiple keys request during rehashing of slot", ErrorKind::Unreachable),
            ("NOPERM this user has no permissions to run the 'get' command", ErrorKind::Failed),
            ("OOM command not allowed when used memory > 'maxmemory'.", ErrorKind::Failed),
            ("ERR unknown command", ErrorKind::Failed),
        ] {
            let error = read(vec![server_error(line)], false).expect_err(line);
            assert_eq!(error.kind(), kind, "{line}");
        }
        for (io, kind) in [
            (io::ErrorKind::ConnectionRefused, ErrorKind::Unreachable),
            (io::ErrorKind::BrokenPipe, ErrorKind::Unreachable),
            (io::ErrorKind::TimedOut, ErrorKind::TimedOut),
        ] {
            assert_eq!(classify(io::Error::from(io).into()).kind(), kind, "{io}");
        }
    }

    #[test]
    fn a_redirection_names_where_to_go() {
        let moved = read(vec![server_error("MOVED 3999 127.0.0.1:6381")], false);
        assert!(matches!(moved, Ok(Answer::Moved(to)) if to == "127.0.0.1:6381"));
        let ask = read(vec![server_error("ASK 3999 127.0.0.1:6381")], false);
        assert!(matches!(ask, Ok(Answer::Ask(to)) if to == "127.0.0.1:6381"));
    }

    #[test]
    fn the_answers_to_asking_are_left_out() {
        let values = vec![Value::Okay, Value::Int(1), Value::Okay, Value::Int(2)];
        let Ok(Answer::Values(values)) = read(values, true) else {
            unreachable!("no errors are among them");
        };
        assert_eq!(values, [Value::Int(1), Value::Int(2)]);
    }
}
