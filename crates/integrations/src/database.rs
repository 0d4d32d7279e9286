//! What PostgreSQL and MySQL have alike: a pool of connections, made anew when the password has changed, and calls
//! that only read.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use contract::Backend;
use futures_util::FutureExt as _;
use sqlx::ConnectOptions;
use sqlx::error::DatabaseError;

use crate::breaker::BreakerState;
use crate::config::{Address, PoolSettings};
use crate::context::Context;
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind};
use crate::guard::{Guard, Operation};
use crate::link::{Driver, Link};
use crate::pool::{Call, Pool};
use crate::probe::ProbeFailure;
use crate::runtime::Home;

/// What one of the databases has of its own.
pub(crate) trait Dialect: Send + Sync + 'static {
    const BACKEND: Backend;

    /// How a connection is opened.
    type Options: ConnectOptions<Connection: Sized>;

    /// How one is opened to the server at `address`.
    fn options(address: &Address, credentials: &Credentials) -> Result<Self::Options, Error>;

    /// What an error that the server has sent means.
    fn kind_of(error: &dyn DatabaseError) -> ErrorKind;
}

/// A connection of a dialect.
type Connection<D> = <<D as Dialect>::Options as ConnectOptions>::Connection;

/// A database. Cloning is cheap.
pub(crate) struct Database<D: Dialect> {
    link: Link<PoolDriver<D>>,
    guard: Arc<Guard>,
    home: Home,
}

struct PoolDriver<D> {
    address: Address,
    pool: PoolSettings,
    limit: Duration,
    dialect: PhantomData<fn() -> D>,
}

impl<D: Dialect> Clone for Database<D> {
    fn clone(&self) -> Self {
        Self { link: self.link.clone(), guard: Arc::clone(&self.guard), home: self.home.clone() }
    }
}

impl<D: Dialect> fmt::Debug for Database<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("link", &self.link)
            .field("guard", &self.guard)
            .finish_non_exhaustive()
    }
}

impl<D: Dialect> Database<D> {
    /// Begin to make the pool in the background. Its credentials are the secret with the backend's name.
    pub(crate) fn start(address: Address, context: &Context) -> Self {
        let guard = context.guard(D::BACKEND);
        let driver = PoolDriver { address, pool: context.pool, limit: context.limit, dialect: PhantomData };
        let credentials = context.credentials(D::BACKEND, D::BACKEND.as_str());
        let link = Link::start(driver, credentials, Arc::clone(&guard), &context.home);
        Self { link, guard, home: context.home.clone() }
    }

    /// The operation `name`, for [`call`](Self::call) and [`probe`](Self::probe).
    pub(crate) fn operation(&self, name: &'static str) -> Operation {
        self.guard.operation(name)
    }

    /// Ask for a request.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        operation: &Operation,
        query: Call<Connection<D>, T>,
    ) -> Result<T, Error> {
        self.guard.call(operation, self.read(query)).await
    }

    /// Ask for a health page.
    pub(crate) async fn probe<T: Send + 'static>(
        &self,
        operation: &Operation,
        query: Call<Connection<D>, T>,
    ) -> Result<T, ProbeFailure> {
        self.guard.probe(operation, self.read(query)).await
    }

    pub(crate) fn breaker(&self) -> BreakerState {
        self.guard.breaker_state()
    }

    pub(crate) async fn close(&self) {
        self.link.close().await;
    }

    async fn read<T: Send + 'static>(&self, query: Call<Connection<D>, T>) -> Result<T, Error> {
        let home = &self.home;
        self.link
            .with(|pool| async move {
                // Boxed: it is the largest part of a call, and would be moved from future to future otherwise.
                home.run(async move { pool.read(query, classify::<D>).await }.boxed())
                    .await
                    .unwrap_or_else(|ended| Err(Error::with_source(D::BACKEND, ErrorKind::Failed, ended)))
            })
            .await
    }
}

impl<D: Dialect> Driver for PoolDriver<D> {
    type Client = Pool<D::Options>;

    async fn connect(&self, credentials: &Credentials) -> Result<Self::Client, Error> {
        Ok(Pool::new(D::options(&self.address, credentials)?, self.pool.size, self.limit))
    }

    async fn warm(&self, pool: Self::Client) -> Result<(), Error> {
        pool.warm(self.pool.warm).await.map_err(classify::<D>)
    }

    async fn close(&self, pool: Self::Client) {
        pool.close().await;
    }
}

fn classify<D: Dialect>(error: sqlx::Error) -> Error {
    let kind = match &error {
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => ErrorKind::TimedOut,
        sqlx::Error::Io(_) => ErrorKind::Unreachable,
        sqlx::Error::Database(error) => D::kind_of(&**error),
        _ => ErrorKind::Failed,
    };
    Error::with_source(D::BACKEND, kind, error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres;

    #[test]
    fn a_broken_connection_is_unreachable_and_an_unexpected_answer_a_failure() {
        let kind_of = |error| classify::<postgres::Dialect>(error).kind();
        for (cause, kind) in [
            (std::io::ErrorKind::ConnectionRefused, ErrorKind::Unreachable),
            (std::io::ErrorKind::UnexpectedEof, ErrorKind::Unreachable),
            (std::io::ErrorKind::TimedOut, ErrorKind::TimedOut),
        ] {
            assert_eq!(kind_of(sqlx::Error::Io(cause.into())), kind, "{cause}");
        }
        assert_eq!(kind_of(sqlx::Error::RowNotFound), ErrorKind::Failed);
    }
}
