//! The one table from an operation to its handler, and the application that is made of it and the document.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::LazyLock;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response};
use launch::{Launch, ServerState};
use serde_json::Value;
use server::document::{Asset, LazyAsset};

use crate::extract::{
    CacheKeyInput, Input, NodeNameInput, QueueInput, SecretKeyInput, SecretNameInput, SetCacheInput,
};
use crate::handlers::{cache, databases, documentation, health, messaging, metrics, redis, root, secrets};
use crate::interpreter::{DocumentError, Handler, Reply, Source, Table};
use crate::middleware::body::RequestBody;
use crate::middleware::request_line;
use crate::state::AppState;

/// A handler that answers at once.
macro_rules! at_once {
    ($module:ident::$handler:ident) => {
        Handler {
            id: stringify!($handler),
            parameters: <() as Input>::PARAMETERS,
            takes_message: false,
            run: |call| Reply::Now(call.input().and_then(|input| $module::$handler(call.state, input))),
        }
    };
}

/// A handler that waits for a backend.
macro_rules! waiting {
    ($module:ident::$handler:ident($input:ty)) => {
        Handler {
            id: stringify!($handler),
            parameters: <$input as Input>::PARAMETERS,
            takes_message: false,
            run: |call| match call.input::<$input>() {
                Ok(input) => Reply::Later(Box::pin($module::$handler(call.state, input))),
                Err(refused) => Reply::Now(Err(refused)),
            },
        }
    };
}

/// A handler that waits for the body, and then for a backend.
macro_rules! with_message {
    ($module:ident::$handler:ident($input:ty)) => {
        Handler {
            id: stringify!($handler),
            parameters: <$input as Input>::PARAMETERS,
            takes_message: true,
            run: |mut call| {
                Reply::Later(Box::pin(async move {
                    let input = call.input_and_message::<$input>().await?;
                    $module::$handler(call.state, input).await
                }))
            },
        }
    };
}

/// Every handler. Its name is the `operationId` of the operation that it answers; the document says the rest.
pub(crate) const HANDLERS: &[Handler] = &[
    at_once!(root::get_root),
    at_once!(health::get_health_bare),
    at_once!(health::get_health),
    waiting!(health::get_health_ready(())),
    waiting!(health::get_health_vault(())),
    waiting!(health::get_health_postgres(())),
    waiting!(health::get_health_mysql(())),
    waiting!(health::get_health_mongodb(())),
    waiting!(health::get_health_redis(())),
    waiting!(health::get_health_rabbitmq(())),
    waiting!(health::get_health_all(())),
    waiting!(secrets::get_secret(SecretNameInput)),
    waiting!(secrets::get_secret_key(SecretKeyInput)),
    waiting!(databases::query_postgres(())),
    waiting!(databases::query_mysql(())),
    waiting!(databases::query_mongodb(())),
    waiting!(cache::get_cache(CacheKeyInput)),
    waiting!(cache::set_cache(SetCacheInput)),
    waiting!(cache::delete_cache(CacheKeyInput)),
    with_message!(messaging::publish_message(QueueInput)),
    waiting!(messaging::get_queue_info(QueueInput)),
    waiting!(redis::get_redis_nodes(())),
    waiting!(redis::get_redis_slots(())),
    waiting!(redis::get_redis_info(())),
    waiting!(redis::get_redis_node_info(NodeNameInput)),
    at_once!(metrics::get_metrics),
    at_once!(documentation::get_openapi_json),
    at_once!(documentation::get_openapi_yaml),
    at_once!(documentation::get_docs),
    at_once!(documentation::get_redoc),
];

/// The application: what a connection asks for each request.
#[derive(Debug, Clone)]
pub struct App(AppState);

impl App {
    /// Reads the document that the settings name, and answers by it.
    ///
    /// # Errors
    /// [`DocumentError`] when it cannot be answered by.
    pub fn new(launch: &Launch) -> Result<Self, DocumentError> {
        Self::with(HANDLERS, launch)
    }

    /// As [`Self::new`], with the operations answered by `handlers`.
    pub(crate) fn with(handlers: &'static [Handler], launch: &Launch) -> Result<Self, DocumentError> {
        let Launch { identity, settings, metrics, services } = launch;
        let source = Source::read(settings.openapi_file.as_deref())?;
        let table = Table::new(&source.document()?, handlers)?;
        let yaml = source.yaml();
        // Made again when somebody asks for it; that it can be read was seen above.
        let document = move || source.document().map_or(Value::Null, |document| document.value().clone());
        let operations = table.operations();
        let mut server =
            ServerState::with_operations(operations, identity, settings, metrics.clone(), document);
        if let Some(yaml) = yaml {
            server.documents.yaml = as_it_is(yaml);
        }
        Ok(Self(AppState::new(services.clone(), server, table)))
    }

    /// Answers a request of `peer`.
    pub async fn answer(self, peer: SocketAddr, request: Request<RequestBody>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        request_line::check(&self.0, peer, &head, body).await
    }
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
