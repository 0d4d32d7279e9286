//! One query on each database.

use chrono::{DateTime, Utc};
use integrations::{Integrations, Mongodb, Mysql, Postgres};

use crate::Error;

/// Asks each database one question.
#[derive(Debug, Clone)]
pub struct DatabaseService {
    postgres: Postgres,
    mysql: Mysql,
    mongodb: Mongodb,
}

impl DatabaseService {
    pub(crate) fn new(integrations: &Integrations) -> Self {
        Self {
            postgres: integrations.postgres.clone(),
            mysql: integrations.mysql.clone(),
            mongodb: integrations.mongodb.clone(),
        }
    }

    /// Reads PostgreSQL's clock.
    ///
    /// # Errors
    /// [`Error::Backend`].
    pub async fn postgres_time(&self) -> Result<DateTime<Utc>, Error> {
        Ok(self.postgres.current_timestamp().await?)
    }

    /// Reads MySQL's clock.
    ///
    /// # Errors
    /// [`Error::Backend`].
    pub async fn mysql_time(&self) -> Result<DateTime<Utc>, Error> {
        Ok(self.mysql.now().await?)
    }

    /// Lists the names of MongoDB's collections, sorted.
    ///
    /// # Errors
    /// [`Error::Backend`].
    pub async fn mongodb_collections(&self) -> Result<Vec<String>, Error> {
        Ok(self.mongodb.collection_names().await?)
    }
}
