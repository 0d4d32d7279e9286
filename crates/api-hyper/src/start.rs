//! Reads the document and serves by it.

use launch::Launch;
use server::Running;

use crate::DocumentError;
use crate::app::{App, HANDLERS};
use crate::interpreter::Handler;
use crate::serve::serve;

/// Why this server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The document cannot be answered by.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// As every server.
    #[error(transparent)]
    Launch(#[from] launch::StartError),
}

/// Binds the addresses of `settings` (port 0 allowed) and serves until the returned handle is stopped.
///
/// Requests are answered on threads of their own.
///
/// # Errors
/// [`StartError`] when the document, an address or the certificate cannot be used.
pub async fn start(launch: Launch) -> Result<Running, StartError> {
    start_with(HANDLERS, launch).await
}

/// As [`start`], with the operations answered by `handlers`.
pub(crate) async fn start_with(handlers: &'static [Handler], launch: Launch) -> Result<Running, StartError> {
    let app = App::with(handlers, &launch)?;
    Ok(launch::listen(launch.settings.listen, move |connection| serve(connection, app.clone())).await?)
}
