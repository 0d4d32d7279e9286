//! The runtime on which connections live, and the way there from another one.
//!
//! A socket belongs to the reactor of the runtime that opened it, and a task to the runtime that spawned it.
//! actix's workers are current-thread runtimes of their own: a connection opened or a driver's task spawned
//! there dies with the worker, and stands still while a handler computes.
//! So a future that may open a connection runs here, whoever awaits it.
//! A driver with a task of its own (MongoDB, RabbitMQ) is made here once; afterwards its handle is a channel to that
//! task and may be used from anywhere.
//! Redis answers faster than a thread wakes another, so each runtime that asks it has connections of its own:
//! [`KeptByRuntime`](crate::kept::KeptByRuntime).

use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// The runtime of connections.
#[derive(Debug, Clone)]
pub(crate) struct Home(Handle);

/// The runtime of all connections is being shut down.
#[derive(Debug, thiserror::Error)]
#[error("the runtime of the connections has ended")]
pub(crate) struct RuntimeEnded;

/// A task that ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Background<T = ()>(JoinHandle<T>);

impl Home {
    pub(crate) fn new(handle: Handle) -> Self {
        Self(handle)
    }

    /// Run `future` on this runtime and wait for it. It is dropped when the caller stops waiting.
    pub(crate) async fn run<F>(&self, future: F) -> Result<F::Output, RuntimeEnded>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        // A caller that is here already needs no task of its own and no hop between threads.
        if Handle::try_current().is_ok_and(|current| current.id() == self.0.id()) {
            return Ok(future.await);
        }
        self.spawn(future).await
    }

    /// Start `future` on this runtime.
    pub(crate) fn spawn<F>(&self, future: F) -> Background<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        Background(self.0.spawn(future))
    }

    /// Start `future` on this runtime and let it go: it bounds itself.
    pub(crate) fn detach(&self, future: impl Future<Output = ()> + Send + 'static) {
        drop(self.0.spawn(future));
    }
}

impl<T: Send + 'static> Background<T> {
    /// Start `future` on the runtime that this is called on.
    pub(crate) fn spawn(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self(tokio::spawn(future))
    }
}

impl<T> Background<T> {
    /// End the task now, though others still hold this.
    pub(crate) fn abort(&self) {
        self.0.abort();
    }

    /// Whether it has run to its end.
    pub(crate) fn has_ended(&self) -> bool {
        self.0.is_finished()
    }
}

impl<T> Future for Background<T> {
    type Output = Result<T, RuntimeEnded>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|outcome| {
            outcome.map_err(|error| match error.try_into_panic() {
                // A panic belongs to whoever asked, as if there had been no hop.
                Ok(panic) => resume_unwind(panic),
                Err(_cancelled) => RuntimeEnded,
            })
        })
    }
}

impl<T> Drop for Background<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A runtime like the one that a server makes for its connections, and one like an actix worker.
    fn runtimes() -> (tokio::runtime::Runtime, tokio::runtime::Runtime) {
        let home = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let worker = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be made");
        (home, worker)
    }

    #[test]
    fn a_call_from_a_worker_runs_at_home_and_one_from_home_stays_there() {
        let (runtime, worker) = runtimes();
        let home = Home::new(runtime.handle().clone());
        let here = async { Handle::current().id() };
        assert_eq!(worker.block_on(home.run(here)).expect("it runs"), runtime.handle().id());
        let here = async { Handle::current().id() };
        assert_eq!(runtime.block_on(home.run(here)).expect("it runs"), runtime.handle().id());
    }

    #[test]
    fn a_call_that_nobody_waits_for_is_dropped() {
        let (runtime, worker) = runtimes();
        let home = Home::new(runtime.handle().clone());
        let (alive, dropped) = tokio::sync::oneshot::channel::<()>();
        worker.block_on(async {
            let mut call = Box::pin(home.run(async move {
                std::future::pending::<()>().await;
                drop(alive);
            }));
            assert!(futures_util::poll!(&mut call).is_pending());
            drop(call);
            dropped.await.expect_err("the sender is dropped with the call");
        });
    }

    #[test]
    fn a_runtime_that_has_ended_gives_an_error() {
        let (runtime, worker) = runtimes();
        let home = Home::new(runtime.handle().clone());
        runtime.shutdown_background();
        worker.block_on(home.run(std::future::pending::<()>())).expect_err("nothing runs there any more");
    }
}
