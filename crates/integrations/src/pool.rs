//! A small pool of database connections.
//!
//! sqlx has one, which does not fit here for two reasons: to a server that refuses connections it goes back
//! again and again until the time limit, so that "refused at once" becomes "timed out after 2 s"; and each
//! connection is given back by a task that it spawns in the caller's runtime.
//! This one has no task of its own: a connection is opened by the call that needs it, and comes back only from
//! a call that ended well. One whose call was cancelled half way or broke is dropped.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::error::{Error, ErrorKind};

/// A pool of connections made with the options `O`. Cloning is cheap.
pub(crate) struct Pool<O: ConnectOptions<Connection: Sized>> {
    shared: Arc<Shared<O>>,
}

struct Shared<O: ConnectOptions<Connection: Sized>> {
    options: O,
    /// How long a call may go unanswered before its connection, and the idle ones of its age, count as dead.
    patience: Duration,
    /// One for each connection that may be open.
    permits: Semaphore,
    // A std mutex: it is held for a few instructions and never over an await.
    idle: Mutex<Vec<Idle<O::Connection>>>,
}

struct Idle<C> {
    connection: C,
    /// When the server was last heard of on it.
    heard_of: Instant,
}

/// A call on one connection.
pub(crate) type Call<C, T> = for<'c> fn(&'c mut C) -> BoxFuture<'c, Result<T, sqlx::Error>>;

/// A connection lent to one call.
struct Lease<'a, O: ConnectOptions<Connection: Sized>> {
    connection: O::Connection,
    /// When the server was last heard of on it.
    heard_of: Instant,
    /// Whether it was open before; then it may have died unnoticed.
    reused: bool,
    pool: &'a Shared<O>,
    // Lives as long as the connection, and is free again after it.
    _permit: SemaphorePermit<'a>,
}

/// A call that has not been answered yet. Dropped as such, because its time was over, it leaves doubt about the
/// connections that were idle meanwhile: on a network that swallows everything, each of them would cost another
/// call its time.
struct Unanswered<'a, O: ConnectOptions<Connection: Sized>> {
    pool: &'a Shared<O>,
    since: Instant,
}

impl<O: ConnectOptions<Connection: Sized>> Clone for Pool<O> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<O: ConnectOptions<Connection: Sized>> Pool<O> {
    /// A pool of at most `size` connections for calls that take at most `limit`.
    pub(crate) fn new(options: O, size: usize, limit: Duration) -> Self {
        let shared = Shared {
            options,
            patience: limit / 2,
            permits: Semaphore::new(size),
            idle: Mutex::new(Vec::with_capacity(size)),
        };
        Self { shared: Arc::new(shared) }
    }

    /// A connection: the one used last, or a new one. Waits while all are lent.
    async fn acquire(&self) -> Result<Lease<'_, O>, sqlx::Error> {
        self.acquire_if(|_| true).await
    }

    /// As [`Self::acquire`], but idle connections that are not `wanted` are dropped.
    async fn acquire_if(
        &self,
        wanted: impl Fn(&Idle<O::Connection>) -> bool,
    ) -> Result<Lease<'_, O>, sqlx::Error> {
        let shared = &*self.shared;
        let permit = shared.permits.acquire().await.map_err(|_closed| sqlx::Error::PoolClosed)?;
        let idle = {
            let mut idle = shared.idle();
            std::iter::from_fn(|| idle.pop()).find(wanted)
        };
        let (connection, heard_of, reused) = if let Some(Idle { connection, heard_of }) = idle {
            (connection, heard_of, true)
        } else {
            // Boxed: it is large and rare, and would be part of every call's future otherwise.
            (shared.options.connect().boxed().await?, Instant::now(), false)
        };
        Ok(Lease { connection, heard_of, reused, pool: shared, _permit: permit })
    }

    /// Make a call that only reads, so that it may be made twice.
    ///
    /// A connection that was idle may have died unnoticed, when the server was restarted or a proxy gave up.
    /// Asking each one before its use would cost every call a round trip; instead, a call that finds its
    /// connection dead is made once more on another, and the others of that age are dropped with it.
    pub(crate) async fn read<T>(
        &self,
        call: Call<O::Connection, T>,
        classify: fn(sqlx::Error) -> Error,
    ) -> Result<T, Error> {
        let began = Instant::now();
        let mut lease = self.acquire().await.map_err(classify)?;
        let reused = lease.reused;
        let unanswered = Unanswered { pool: &self.shared, since: Instant::now() };
        let outcome = call(&mut lease.connection).await.map_err(classify);
        unanswered.settle();
        match outcome {
            Ok(value) => {
                lease.heard_of = Instant::now();
                lease.give_back();
                return Ok(value);
            }
            Err(error) if !reused || error.kind() != ErrorKind::Unreachable => return Err(error),
            Err(_dead) => drop(lease),
        }
        self.shared.distrust(began);
        // Another may still have been lent when those were dropped.
        let mut lease = self.acquire_if(|idle| idle.heard_of > began).await.map_err(classify)?;
        let value = call(&mut lease.connection).await.map_err(classify)?;
        lease.heard_of = Instant::now();
        lease.give_back();
        Ok(value)
    }

    /// Open up to `count` connections, all at once, and keep them.
    pub(crate) async fn warm(&self, count: usize) -> Result<(), sqlx::Error> {
        let leases = futures_util::future::try_join_all((0..count).map(|_| self.acquire())).await?;
        leases.into_iter().for_each(Lease::give_back);
        Ok(())
    }

    /// Close: nothing is lent from now on, and what is idle says good-bye to the server.
    pub(crate) async fn close(&self) {
        self.shared.permits.close();
        let idle = std::mem::take(&mut *self.shared.idle());
        futures_util::future::join_all(idle.into_iter().map(|idle| idle.connection.close())).await;
    }
}

impl<O: ConnectOptions<Connection: Sized>> Shared<O> {
    fn idle(&self) -> MutexGuard<'_, Vec<Idle<O::Connection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drop the idle connections on which the server was not heard of since `when`: one of their age was found dead.
    fn distrust(&self, when: Instant) {
        self.idle().retain(|idle| idle.heard_of > when);
    }
}

impl<O: ConnectOptions<Connection: Sized>> Unanswered<'_, O> {
    fn settle(self) {
        std::mem::forget(self);
    }
}

impl<O: ConnectOptions<Connection: Sized>> Drop for Unanswered<'_, O> {
    fn drop(&mut self) {
        // A caller that gave up early says nothing of the connection.
        if self.since.elapsed() >= self.pool.patience {
            self.pool.distrust(self.since);
        }
    }
}

impl<O: ConnectOptions<Connection: Sized>> Lease<'_, O> {
    /// Give the connection back: it is in order, as far as it was heard of.
    fn give_back(self) {
        // After `close` there is nobody to give it to.
        if !self.pool.permits.is_closed() {
            self.pool.idle().push(Idle { connection: self.connection, heard_of: self.heard_of });
        }
    }
}
