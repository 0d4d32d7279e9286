//! What handlers and middleware share, built once and handed to every connection.

use std::sync::Arc;

use launch::ServerState;
use service::Services;

use crate::interpreter::Table;

/// Everything that requests need. Cloning is cheap, and every connection gets a clone.
#[derive(Debug, Clone)]
pub(crate) struct AppState(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    services: Services,
    server: ServerState,
    table: Table,
}

impl AppState {
    /// Puts the use cases, the server's own parts and what the document says together.
    pub(crate) fn new(services: Services, server: ServerState, table: Table) -> Self {
        Self(Arc::new(Parts { services, server, table }))
    }

    /// The use cases.
    pub(crate) fn services(&self) -> &Services {
        &self.0.services
    }

    /// The server's own parts.
    pub(crate) fn server(&self) -> &ServerState {
        &self.0.server
    }

    /// The routes and rules of the document.
    pub(crate) fn table(&self) -> &Table {
        &self.0.table
    }
}
