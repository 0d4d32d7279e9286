//! Reads the document and serves by it.

use std::borrow::Cow;
use std::sync::LazyLock;

use launch::{Launch, ServerState};
use serde_json::Value;
use server::Running;
use server::document::{Asset, LazyAsset};

use crate::DocumentError;
use crate::app::{App, HANDLERS};
use crate::interpreter::{Handler, Source, Table};
use crate::serve::serve;
use crate::state::AppState;

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
/// Requests are answered on the runtime that this is called on.
///
/// # Errors
/// [`StartError`] when the document, an address or the certificate cannot be used.
pub async fn start(launch: Launch) -> Result<Running, StartError> {
    start_with(HANDLERS, launch).await
}

/// As [`start`], with the operations answered by `handlers`.
pub(crate) async fn start_with(handlers: &'static [Handler], launch: Launch) -> Result<Running, StartError> {
    let Launch { identity, settings, metrics, services } = launch;
    let source = Source::read(settings.openapi_file.as_deref())?;
    let table = Table::new(&source.document()?, handlers)?;
    let yaml = source.yaml();
    // Made again when somebody asks for it; that it can be read was seen above.
    let document = move || source.document().map_or(Value::Null, |document| document.value().clone());
    let mut server = ServerState::with_operations(table.operations(), identity, &settings, metrics, document);
    if let Some(yaml) = yaml {
        server.documents.yaml = as_it_is(yaml);
    }
    let app = App::new(AppState::new(services, server, table));
    Ok(launch::listen(settings.listen, move |connection| serve(connection, app.clone())).await?)
}

/// The very text that this server answers by.
fn as_it_is(yaml: Cow<'static, str>) -> LazyAsset {
    LazyLock::new(Box::new(move || Asset {
        content_type: contract::headers::YAML.into(),
        bytes: match yaml {
            Cow::Borrowed(text) => text.as_bytes().into(),
            Cow::Owned(text) => text.into_bytes().into(),
        },
    }))
}
