//! Makes the router and serves it.

use launch::{Launch, ServerState, StartError};
use server::Running;

use crate::app::{app, contract_as_json};
use crate::serve::serve;
use crate::state::AppState;

/// Binds the addresses of `settings` (port 0 allowed) and serves until the returned handle is stopped.
///
/// Requests are answered on threads of their own.
///
/// # Errors
/// [`StartError`] when an address or the certificate cannot be used.
pub async fn start(launch: Launch) -> Result<Running, StartError> {
    let Launch { identity, settings, metrics, services } = launch;
    let server = ServerState::new(identity, &settings, metrics, contract_as_json);
    let router = app(AppState::new(services, server));
    launch::listen(settings.listen, move |connection| serve(connection, router.clone())).await
}
