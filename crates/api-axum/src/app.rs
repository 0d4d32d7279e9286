//! The routes, and the document that they give.

use std::any::Any;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use contract::Problem;
use server::ServerIdentity;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::errors::ApiError;
use crate::handlers::{
    cache, databases, documentation, health, messaging, metrics, redis, root, secrets, unrouted,
};
use crate::middleware::{admit, answer, request_line};
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
    let paths_with_body: [UtoipaMethodRouter<AppState>; _] = [routes!(messaging::publish_message)];
    let router = paths.into_iter().fold(OpenApiRouter::new(), |router, (schemas, paths, methods)| {
        router.routes((schemas, paths, bodiless(methods)))
    });
    paths_with_body
        .into_iter()
        .fold(router, |router, (schemas, paths, methods)| router.routes((schemas, paths, with_body(methods))))
}

/// The application.
///
/// A request goes through the layers from the outside in: what every request meets, then the choice of the path's
/// method, then what only a request with a handler meets.
pub fn app(state: AppState) -> Router {
    let limit = from_fn_with_state(state.clone(), admit::limit);
    let catch_panic = CatchPanicLayer::custom(answer_panic);
    let with_body = ServiceBuilder::new().layer(limit.clone()).layer(catch_panic);
    let bodiless = ServiceBuilder::new().layer(limit).layer(from_fn(admit::leave_body)).layer(catch_panic);
    // A layer of a route holds for the methods that are there; OPTIONS, which comes after it, counts against no limit.
    let bodiless = |methods: Methods| methods.route_layer(bodiless.clone()).options(unrouted::options);
    let with_body = |methods: Methods| methods.route_layer(with_body.clone()).options(unrouted::options);
    let (operations, _) = operations(bodiless, with_body).split_for_parts();
    operations
        .route("/docs/{file}", bodiless(get(documentation::get_docs_file)))
        .route("/redoc/{file}", bodiless(get(documentation::get_redoc_file)))
        .fallback(unrouted::unknown_path)
        .method_not_allowed_fallback(unrouted::other_method)
        .layer(
            ServiceBuilder::new()
                .layer(from_fn(request_line::check))
                .layer(from_fn_with_state(state.clone(), answer::answer))
                .layer(from_fn(admit::check_size)),
        )
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
    wire_code::complete(&mut document, identity.name, identity.version);
    document
}
