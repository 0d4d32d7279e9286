//! A task that lets the others have their turn before it takes its own.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The task of a connection that many calls share.
///
/// A task that is woken by another runs right after it, so that each call would have its command written by a system
/// call of its own. Going to the end of the queue first lets the calls that are ready now hand over theirs, and all of
/// them go out together. When nothing else is ready, it costs one more poll.
pub(super) struct Gathering<F> {
    task: Pin<Box<F>>,
    has_waited: bool,
}

impl<F: Future> Gathering<F> {
    pub(super) fn new(task: F) -> Self {
        Self { task: Box::pin(task), has_waited: false }
    }
}

impl<F: Future> Future for Gathering<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.has_waited = !self.has_waited;
        if self.has_waited {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.task.as_mut().poll(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    /// One worker, on which a task that is woken by another runs right after it.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn what_is_ready_at_the_same_time_is_taken_together() {
        let (sender, mut receiver) = mpsc::channel(10);
        let (batches, mut taken) = mpsc::channel(10);
        tokio::spawn(Gathering::new(async move {
            let mut batch = Vec::new();
            while receiver.recv_many(&mut batch, 100).await > 0 {
                let _ = batches.send(std::mem::take(&mut batch)).await;
            }
        }));
        // From a task, so that all of them wait for the worker when the first one runs.
        let second = tokio::spawn(async move {
            let _ = sender.send(0).await;
            // The task has taken it, and waits for the next.
            assert_eq!(taken.recv().await, Some(vec![0]));
            // The worker lets only so many tasks run right after the one that woke them: begin a new row.
            tokio::task::yield_now().await;
            for number in 1..=3 {
                let sender = sender.clone();
                tokio::spawn(async move { sender.send(number).await });
            }
            taken.recv().await
        });
        let mut second = second.await.expect("no panic").expect("a batch");
        second.sort_unstable();
        assert_eq!(second, [1, 2, 3]);
    }
}
