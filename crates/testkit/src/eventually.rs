//! Waiting for a condition, with a limit.

use std::fmt;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

/// The first pause between two looks; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(2);
/// Long enough not to load the backend under test, short enough not to slow a test.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// What was waited for did not come about in time.
#[derive(Debug, thiserror::Error)]
#[error("{what}: not within {limit:?} and {looks} looks; last seen: {last}")]
pub struct Unmet {
    what: String,
    limit: Duration,
    looks: u32,
    last: String,
}

/// Look again and again until `look` gives `Ok`, for at most `limit`, and return that value.
///
/// `look` gives `Err` with what it saw instead; the last of these is in the failure, so that a test that fails says
/// how far things had come. A look that hangs is ended by the same limit.
///
/// # Errors
/// [`Unmet`] when `limit` has passed.
///
/// ```
/// # use std::time::Duration;
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut looks = 0;
/// let seen = testkit::eventually(Duration::from_secs(5), "a third look", async || {
///     looks += 1;
///     if looks == 3 { Ok(looks) } else { Err(format!("look {looks}")) }
/// });
/// assert_eq!(seen.await.unwrap(), 3);
/// # });
/// ```
pub async fn eventually<T, E, F>(limit: Duration, what: &str, mut look: F) -> Result<T, Unmet>
where
    E: fmt::Debug,
    F: AsyncFnMut() -> Result<T, E>,
{
    let deadline = Instant::now() + limit;
    let mut pause = FIRST_PAUSE;
    let mut looks = 0;
    let mut last = "nothing: the first look did not return".to_owned();
    loop {
        match timeout_at(deadline, look()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(seen)) => {
                looks += 1;
                last = format!("{seen:?}");
            }
            Err(_) => break,
        }
        if Instant::now() + pause >= deadline {
            break;
        }
        sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
    Err(Unmet { what: what.to_owned(), limit, looks, last })
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_failure_tells_what_was_seen_last() {
        let mut looks = 0;
        let unmet = eventually(Duration::from_secs(1), "the tide", async || {
            looks += 1;
            Err::<(), _>(if looks > 3 { "low water" } else { "no water" })
        })
        .await
        .unwrap_err();
        let text = unmet.to_string();
        assert!(text.starts_with("the tide: not within 1s"), "{text}");
        assert!(text.ends_with("last seen: \"low water\""), "{text}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_hangs_is_ended_by_the_limit() {
        let unmet = eventually(Duration::from_secs(1), "nothing", async || pending::<Result<(), ()>>().await);
        assert!(unmet.await.unwrap_err().to_string().contains("the first look did not return"));
    }
}
