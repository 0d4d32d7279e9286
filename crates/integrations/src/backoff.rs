//! Trying in the background until it succeeds, at growing distances.

use std::future::Future;
use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// The distances between attempts: doubling, with a bound that keeps the way back short.
#[derive(Debug)]
pub(crate) struct Backoff(Duration);

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);

impl Backoff {
    pub(crate) fn new() -> Self {
        Self(FIRST)
    }

    /// Wait until the next attempt is due.
    pub(crate) async fn wait(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 2).min(LONGEST);
    }
}

/// Attempt until it succeeds, and say in the log when it begins to fail, fails in another way, and succeeds.
pub(crate) async fn persist<T, F>(what: &str, mut attempt: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<T, Error>>,
{
    let mut backoff = Backoff::new();
    let mut last: Option<ErrorKind> = None;
    loop {
        match attempt().await {
            Ok(done) => {
                if last.is_some() {
                    tracing::info!(what, "succeeded after all");
                }
                return done;
            }
            Err(error) => {
                if last != Some(error.kind()) {
                    tracing::warn!(what, cause = %error.chain(), "failed, will be tried again");
                }
                last = Some(error.kind());
            }
        }
        backoff.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use contract::Backend;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_distances_double_up_to_a_second() {
        let began = Instant::now();
        let mut attempts = Vec::new();
        persist("counting", || {
            attempts.push(began.elapsed().as_millis());
            let enough = attempts.len() == 8;
            async move { if enough { Ok(()) } else { Err(Error::new(Backend::Vault, ErrorKind::Unreachable)) } }
        })
        .await;
        assert_eq!(attempts, [0, 50, 150, 350, 750, 1550, 2550, 3550]);
    }
}
