//! A server between the engine and a target, which changes one answer when it is told to.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::mutation::{Kind, mutant};
use crate::config::JsonMode;
use crate::model::Answer;
use crate::wire::{Read, Reader};

/// What is to be done to one of the next answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    pub(super) kind: Kind,
    pub(super) pick: usize,
    /// How many answers go by before.
    pub(super) skip: usize,
    pub(super) mode: JsonMode,
    /// How long a late answer is kept back.
    pub(super) delay: Duration,
}

#[derive(Debug, Default)]
struct State {
    order: Option<Order>,
    /// Where the answer was changed; nothing when it could not be.
    done: Option<String>,
}

/// A proxy of one target; it ends when it is dropped.
#[derive(Debug)]
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub(super) async fn before(host: String, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (host, state) = (host.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    // A broken connection is what the engine is to see as one.
                    let _ = serve(client, &host, port, &state).await;
                });
            }
        });
        Ok(Self { address, state, task })
    }

    /// Orders a change.
    pub(super) fn order(&self, order: Order) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State { order: Some(order), done: None };
    }

    /// Where the ordered change was made; nothing is ordered any more.
    pub(super) fn done(&self) -> Option<String> {
        std::mem::take(&mut *self.state.lock().unwrap_or_else(PoisonError::into_inner)).done
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One connection: as many requests as come, though the engine sends one on each.
async fn serve(client: TcpStream, host: &str, port: u16, state: &Mutex<State>) -> io::Result<()> {
    let upstream = TcpStream::connect((host, port)).await?;
    upstream.set_nodelay(true)?;
    client.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (from_upstream, mut to_upstream) = upstream.into_split();
    let mut first = vec![0; 16 * 1024];
    let length = from_client.read(&mut first).await?;
    let Some(sent) = first.get(..length).filter(|sent| !sent.is_empty()) else { return Ok(()) };
    let word = sent.split(|byte| *byte == b' ').next().unwrap_or_default();
    let method = String::from_utf8_lossy(word).into_owned();
    to_upstream.write_all(sent).await?;
    let rest = async {
        let _ = tokio::io::copy(&mut from_client, &mut to_upstream).await;
        std::future::pending::<()>().await;
    };
    let answers = async {
        let mut reader = Reader { stream: from_upstream, buffer: Vec::new() };
        while let Ok(Read { answer, closes }) = reader.answer(&method).await {
            let bytes = changed(answer, &method, state).await;
            to_client.write_all(&bytes.0).await?;
            if closes || bytes.1 {
                return to_client.shutdown().await;
            }
        }
        // What is no answer goes on as it came.
        to_client.write_all(&reader.buffer).await?;
        to_client.shutdown().await
    };
    tokio::select! {
        () = rest => Ok(()),
        done = answers => done,
    }
}

/// The bytes of the answer, changed if that was ordered, and whether the connection is closed after them.
async fn changed(answer: Answer, method: &str, state: &Mutex<State>) -> (Vec<u8>, bool) {
    let order = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut state.order {
            Some(order) if order.skip > 0 => {
                order.skip -= 1;
                None
            }
            order => order.take(),
        }
    };
    let Some(order) = order else { return (bytes(&answer, method), false) };
    let Some(mutant) = mutant(order.kind, &answer, order.mode, order.pick) else {
        return (bytes(&answer, method), false);
    };
    state.lock().unwrap_or_else(PoisonError::into_inner).done = Some(mutant.place);
    let mut bytes = bytes(&mutant.answer, method);
    match order.kind {
        Kind::Truncated => {
            bytes.pop();
            (bytes, true)
        }
        Kind::Delayed => {
            sleep(order.delay).await;
            (bytes, false)
        }
        _ => (bytes, false),
    }
}

/// An answer with its frame: the length of its body is right again, and chunks are one.
fn bytes(answer: &Answer, method: &str) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {} Status\r\n", answer.status).into_bytes();
    let mut is_chunked = false;
    for header in &answer.headers {
        let is_length =
            header.is("content-length") && method != "HEAD" && !matches!(answer.status, 204 | 304);
        is_chunked |= header.is("transfer-encoding");
        let length = answer.body.len().to_string();
        let value = if is_length { length.as_bytes() } else { header.value.as_slice() };
        bytes.extend([header.name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    bytes.extend_from_slice(b"\r\n");
    if is_chunked && method != "HEAD" {
        if !answer.body.is_empty() {
            bytes.extend(format!("{:x}\r\n", answer.body.len()).into_bytes());
            bytes.extend_from_slice(answer.body.as_slice());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
    } else {
        bytes.extend_from_slice(answer.body.as_slice());
    }
    bytes
}
