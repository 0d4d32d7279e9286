//! The routes, and the document that they give.

use std::any::Any;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, any, get};
use contract::Problem;
use server::ServerIdentity;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;
use wire_code::RootResponse;

use crate::errors::ApiError;
use crate::handlers::{
    cache, databases, documentation, health, messaging, metrics, redis, root, secrets, unrouted,
};
use crate::middleware::{admit, answer};
use crate::state::AppState;

/// The methods of one path.
type Methods = MethodRouter<AppState>;

/// Registers every operation; the document is collected from these very calls.
///
/// `bodiless` and `with_body` put around a path's methods what comes before their handlers.
fn operations(
    bodiless: impl Fn(Methods) -> Methods,
    with_body: impl Fn(Methods) -> Methods,
) -> OpenApiRouter<AppState> {
    let paths: [UtoipaMethodRouter<AppState>; _] = [
        routes!(root::get_root),
        routes!(health::get_health_bare),
        routes!(health::get_health),
        routes!(health::get_health_ready),
        routes!(health::get_health_vault),
        routes!(health::get_health_postgres),
        routes!(health::get_health_mysql),
        routes!(health::get_health_mongodb),
        routes!(health::get_health_redis),
        routes!(health::get_health_rabbitmq),
        routes!(health::get_health_all),
        routes!(secrets::get_secret),
        routes!(secrets::get_secret_key),
        routes!(databases::query_postgres),
        routes!(databases::query_mysql),
        routes!(databases::query_mongodb),
        routes!(cache::get_cache, cache::set_cache, cache::delete_cache),
        routes!(messaging::get_queue_info),
        routes!(redis::get_redis_nodes),
        routes!(redis::get_redis_slots),
        routes!(redis::get_redis_info),
        routes!(redis::get_redis_node_info),
        routes!(metrics::get_metrics),
        routes!(documentation::get_openapi_json),
        routes!(documentation::get_openapi_yaml),
        routes!(documentation::get_docs),
        routes!(documentation::get_redoc),
    ];
    let router = paths.into_iter().fold(OpenApiRouter::new(), |router, (schemas, paths, methods)| {
        router.routes((schemas, paths, bodiless(methods)))
    });
    let (schemas, paths, methods) = routes!(messaging::publish_message);
    router.routes((schemas, paths, with_body(methods)))
}

/// The application.
///
/// A request goes through the layers from the outside in: what every request meets, then the choice of the path's
/// method, then what only a request with a handler meets. Each place has one layer whose function calls the others,
/// because a layer made of a function costs a request two allocations and a copy of all that it goes around.
pub fn app(state: AppState) -> Router {
    let (bodiless, with_body) = around_methods(state.clone());
    let (operations, _) = operations(&bodiless, with_body).split_for_parts();
    let routes = operations
        .route("/docs/{file}", bodiless(get(documentation::get_docs_file)))
        .route("/redoc/{file}", bodiless(get(documentation::get_redoc_file)));
    around_routes(routes, state)
}

/// What stands around the methods of a path, for those that take no body and those that do.
fn around_methods(state: AppState) -> (impl Fn(Methods) -> Methods, impl Fn(Methods) -> Methods) {
    let catch_panic = CatchPanicLayer::custom(answer_panic);
    let bodiless = ServiceBuilder::new()
        .layer(from_fn_with_state(state.clone(), admit::limit_without_body))
        .layer(catch_panic);
    let with_body = ServiceBuilder::new().layer(from_fn_with_state(state, admit::limit)).layer(catch_panic);
    // A layer of a route holds for the methods that are there, so that what comes after it counts against no limit.
    // `any` also keeps axum from adding an `Allow` of its own, which it would do to any answer, and in its own order.
    let others = any(unrouted::other_method).options(unrouted::options);
    let others_too = others.clone();
    (
        move |methods| methods.route_layer(bodiless.clone()).merge(others.clone()),
        move |methods| methods.route_layer(with_body.clone()).merge(others_too.clone()),
    )
}

/// What stands around all routes, and around the answer to a path that has none.
fn around_routes(routes: Router<AppState>, state: AppState) -> Router {
    routes
        .fallback(unrouted::unknown_path)
        .layer(from_fn_with_state(state.clone(), answer::answer))
        .with_state(state)
}

/// Turns a panic, which the log has from its hook, into an answer.
fn answer_panic(_panic: Box<dyn Any + Send>) -> Response {
    ApiError::from(Problem::Internal).into_response()
}

/// What this server says of itself: the routes' own document, completed with what any route may answer.
pub fn openapi(identity: &ServerIdentity) -> OpenApi {
    let as_it_is = |methods| methods;
    let mut document = operations(as_it_is, as_it_is).into_openapi();
    let root = RootResponse::new(identity.name, identity.version, identity.framework, identity.approach);
    wire_code::complete(&mut document, &root);
    document
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::net::SocketAddr;

    use axum::body::Body;
    use axum::extract::connect_info::MockConnectInfo;
    use axum::http::{Request, StatusCode, header};
    use contract::RequestId;
    use http_body_util::BodyExt as _;
    use integrations::Integrations;
    use launch::ServerState;
    use server::Settings;
    use server::metrics::Metrics;
    use service::Services;
    use tower::ServiceExt as _;
    use wire_code::ErrorEnvelope;

    use super::*;

    type TestResult = Result<(), Box<dyn Error>>;

    /// A state whose backends are not there.
    fn state() -> Result<AppState, Box<dyn Error>> {
        // That there is a provider already is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let identity = &ServerIdentity::AXUM;
        let settings = Settings::load(identity, &|name| match name {
            "VAULT_ADDR" => Some("http://127.0.0.1:9".to_owned()),
            "VAULT_ROLE_ID_FILE" | "VAULT_SECRET_ID_FILE" => Some("nowhere".to_owned()),
            _ => None,
        })?;
        let runtime = tokio::runtime::Handle::current();
        let clients = Integrations::start(settings.integrations.clone(), runtime);
        let metrics = Metrics::install(identity)?;
        let server = ServerState::new(identity, &settings, metrics, || serde_json::Value::Null);
        Ok(AppState::new(Services::new(&settings.service, clients), server))
    }

    #[tokio::test]
    async fn a_panic_is_answered_as_any_fault_of_ours() -> TestResult {
        async fn panics() {
            panic!("a handler that does not hold what it promises")
        }
        let state = state()?;
        let (bodiless, _) = around_methods(state.clone());
        let routes = Router::new().route("/health/", bodiless(get(panics)));
        let peer = MockConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1)));
        let app = around_routes(routes, state).layer(peer);
        for id in ["first", "the-server-lives-on"] {
            let request = Request::get("/health/").header(header::HOST, "a").header("x-request-id", id);
            let answer = app.clone().oneshot(request.body(Body::empty())?).await?;
            assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert!(answer.headers().contains_key("x-ratelimit-limit"), "{answer:?}");
            let id = RequestId::from_header([id.as_bytes()]);
            let expected = serde_json::to_vec(&ErrorEnvelope::new(&Problem::Internal, &id))?;
            assert_eq!(answer.into_body().collect().await?.to_bytes(), expected);
        }
        Ok(())
    }
}
