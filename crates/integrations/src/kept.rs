//! A connection that many calls share: opened by the first that needs it, kept while it is of use, opened anew
//! when it has broken.
//!
//! A [`Link`](crate::link::Link) makes a backend's client anew when its credentials change; this is for the
//! connection inside such a client, which breaks more often than passwords change.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use contract::Backend;
use tokio::runtime::{self, Handle};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::error::{Error, ErrorKind};
use crate::runtime::Home;

/// A connection that can tell whether it is still of use.
pub(crate) trait Connection: Send + Sync + 'static {
    /// Whether a call may be tried on it. What has broken unnoticed is `true` as well.
    fn is_open(&self) -> bool;
}

/// The place of one connection.
pub(crate) struct Kept<C> {
    backend: Backend,
    home: Home,
    // A std lock: it is held for a few instructions and never over an await.
    current: RwLock<Option<Arc<C>>>,
    /// Held while a connection is opened, so that one attempt serves all who wait for it.
    opening: Mutex<()>,
}

impl<C> fmt::Debug for Kept<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("backend", &self.backend).finish_non_exhaustive()
    }
}

impl<C: Connection> Kept<C> {
    pub(crate) fn new(backend: Backend, home: Home) -> Self {
        Self { backend, home, current: RwLock::new(None), opening: Mutex::new(()) }
    }

    /// The connection; `open`, run on the home runtime, makes one where there is none. The caller bounds the time.
    pub(crate) async fn get<F>(&self, open: impl FnOnce() -> F) -> Result<Arc<C>, Error>
    where
        F: Future<Output = Result<C, Error>> + Send + 'static,
    {
        match self.current() {
            Some(connection) => Ok(connection),
            // Boxed: it is rare, and would be part of every call's future otherwise.
            None => Box::pin(self.open(open)).await,
        }
    }

    async fn open<F>(&self, open: impl FnOnce() -> F) -> Result<Arc<C>, Error>
    where
        F: Future<Output = Result<C, Error>> + Send + 'static,
    {
        let _one_at_a_time = self.opening.lock().await;
        if let Some(connection) = self.current() {
            return Ok(connection);
        }
        let opened = self
            .home
            .run(open())
            .await
            .map_err(|ended| Error::with_source(self.backend, ErrorKind::Failed, ended))??;
        let opened = Arc::new(opened);
        self.replace(Some(Arc::clone(&opened)));
        Ok(opened)
    }

    /// Let `broken` go, so that the next call opens another; nothing when that has happened already.
    pub(crate) fn discard(&self, broken: &Arc<C>) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|connection| Arc::ptr_eq(connection, broken)) {
            *current = None;
        }
    }

    /// Take the connection out, to close it.
    pub(crate) fn take(&self) -> Option<Arc<C>> {
        self.replace(None)
    }

    /// Watch over a call on `connection` that its caller may give up at its time limit.
    pub(crate) fn watch<'a>(&'a self, connection: &'a Arc<C>, limit: Duration) -> Watch<'a, C> {
        Watch { kept: self, connection, began: Instant::now(), patience: limit / 4 * 3, answered: false }
    }

    fn current(&self) -> Option<Arc<C>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().filter(|connection| connection.is_open()).map(Arc::clone)
    }

    fn replace(&self, with: Option<Arc<C>>) -> Option<Arc<C>> {
        std::mem::replace(&mut *self.current.write().unwrap_or_else(PoisonError::into_inner), with)
    }
}

/// A place for each runtime that calls are made on, so that a call and its connection need not meet across threads.
///
/// For connections that cost little to have and much to go to: what is asked of one here is written and read by the
/// very thread that asks, and the commands of all requests that it has at hand leave in one write.
/// A connection ends with its runtime.
pub(crate) struct KeptByRuntime<C> {
    backend: Backend,
    // A std lock: it is held for a few instructions and never over an await.
    places: RwLock<Vec<(runtime::Id, Arc<Kept<C>>)>>,
}

impl<C: Connection> KeptByRuntime<C> {
    pub(crate) fn new(backend: Backend) -> Self {
        Self { backend, places: RwLock::default() }
    }

    /// The place of the runtime that this is called on.
    pub(crate) fn here(&self) -> Arc<Kept<C>> {
        let here = Handle::current();
        let find = |places: &[(runtime::Id, Arc<Kept<C>>)]| {
            places.iter().find(|(id, _)| *id == here.id()).map(|(_, kept)| Arc::clone(kept))
        };
        let found = find(&self.places.read().unwrap_or_else(PoisonError::into_inner));
        found.unwrap_or_else(|| {
            let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
            find(&places).unwrap_or_else(|| {
                // What runtimes that have ended leave behind; a place that somebody holds is in use.
                places.retain(|(_, kept)| Arc::strong_count(kept) > 1 || kept.current().is_some());
                let kept = Arc::new(Kept::new(self.backend, Home::new(here.clone())));
                places.push((here.id(), Arc::clone(&kept)));
                kept
            })
        })
    }

    /// Take all connections out, to close them.
    pub(crate) fn take(&self) {
        for (_, kept) in self.places.write().unwrap_or_else(PoisonError::into_inner).drain(..) {
            drop(kept.take());
        }
    }
}

/// Discards a connection on which a call got no answer.
///
/// When the other side has vanished without a word, a connection stays open and silent; without this, every call to
/// come would wait for it in vain.
/// A call that is given up early says nothing of the connection: its caller went away.
pub(crate) struct Watch<'a, C: Connection> {
    kept: &'a Kept<C>,
    connection: &'a Arc<C>,
    began: Instant,
    patience: Duration,
    answered: bool,
}

impl<C: Connection> Watch<'_, C> {
    /// The call has ended by itself.
    pub(crate) fn answered(mut self) {
        self.answered = true;
    }
}

impl<C: Connection> Drop for Watch<'_, C> {
    fn drop(&mut self) {
        if !self.answered && self.began.elapsed() >= self.patience {
            self.kept.discard(self.connection);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use tokio::runtime::Handle;
    use tokio::time::advance;

    use super::*;

    #[derive(Debug)]
    struct Numbered {
        number: usize,
        open: AtomicBool,
    }

    impl Connection for Numbered {
        fn is_open(&self) -> bool {
            self.open.load(Ordering::Relaxed)
        }
    }

    struct Opened(Arc<AtomicUsize>, Kept<Numbered>);

    impl Opened {
        fn new() -> Self {
            Self(Arc::default(), Kept::new(Backend::Redis, Home::new(Handle::current())))
        }

        async fn get(&self) -> Arc<Numbered> {
            let count = Arc::clone(&self.0);
            let open = || async move {
                tokio::task::yield_now().await;
                Ok(new(count.fetch_add(1, Ordering::Relaxed)))
            };
            self.1.get(open).await.expect("it opens")
        }
    }

    /// A runtime like an actix worker's.
    fn worker() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be made")
    }

    fn new(number: usize) -> Numbered {
        Numbered { number, open: AtomicBool::new(true) }
    }

    #[test]
    fn each_runtime_has_a_connection_of_its_own_that_ends_with_it() {
        let kept = KeptByRuntime::new(Backend::Redis);
        let on = |worker: &tokio::runtime::Runtime, number| {
            let get = async { kept.here().get(|| async move { Ok(new(number)) }).await };
            worker.block_on(get).expect("it opens")
        };
        let (one, other) = (worker(), worker());
        assert_eq!([on(&one, 1).number, on(&other, 2).number], [1, 2]);
        assert_eq!([on(&one, 3).number, on(&other, 4).number], [1, 2]);
        on(&one, 5).open.store(false, Ordering::Relaxed);
        assert_eq!(on(&worker(), 6).number, 6);
        assert_eq!(kept.places.read().expect("no panic").len(), 2, "the place of the first is not kept");
        kept.take();
        assert_eq!(on(&other, 7).number, 7);
    }

    #[tokio::test]
    async fn one_attempt_serves_all_who_wait_for_it() {
        let opened = Opened::new();
        let (one, other) = tokio::join!(opened.get(), opened.get());
        assert_eq!((one.number, other.number), (0, 0));
    }

    #[tokio::test]
    async fn a_connection_that_has_broken_is_opened_anew() {
        let opened = Opened::new();
        opened.get().await.open.store(false, Ordering::Relaxed);
        assert_eq!(opened.get().await.number, 1);
    }

    #[tokio::test]
    async fn only_the_connection_that_is_named_is_discarded() {
        let opened = Opened::new();
        let broken = opened.get().await;
        opened.1.discard(&broken);
        assert_eq!(opened.get().await.number, 1);
        opened.1.discard(&broken);
        assert_eq!(opened.get().await.number, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_without_an_answer_discards_its_connection_and_one_given_up_early_does_not() {
        let opened = Opened::new();
        let connection = opened.get().await;
        let limit = Duration::from_secs(2);
        drop(opened.1.watch(&connection, limit));
        assert_eq!(opened.get().await.number, 0);
        let answered = opened.1.watch(&connection, limit);
        advance(limit).await;
        answered.answered();
        assert_eq!(opened.get().await.number, 0);
        let given_up = opened.1.watch(&connection, limit);
        advance(limit).await;
        drop(given_up);
        assert_eq!(opened.get().await.number, 1);
    }
}
