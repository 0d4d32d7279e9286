//! The routes, and the document that they give.

use actix_web::body::BoxBody;
use actix_web::dev::{HttpServiceFactory, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error, HttpRequest, HttpResponse, web};
use contract::Problem;
use server::ServerIdentity;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::scope::scope;
use utoipa_actix_web::{AppExt as _, OpenApiFactory};
use wire_code::RootResponse;

use crate::errors::ApiError;
use crate::handlers::{cache, databases, documentation, health, messaging, metrics, redis, root, secrets};
use crate::middleware::admit::admit;
use crate::middleware::answer::answer;
use crate::state::AppState;

/// What the operations are registered with: a worker's routes, or those that the document is collected from.
trait Registry {
    fn service(&mut self, operation: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self;
}

impl Registry for web::ServiceConfig {
    fn service(&mut self, operation: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self {
        Self::service(self, operation)
    }
}

impl Registry for utoipa_actix_web::service_config::ServiceConfig<'_> {
    fn service(&mut self, operation: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self {
        Self::service(self, operation)
    }
}

/// Registers every operation. These very calls make the routes and the document, so that neither has one more.
///
/// What has parameters stands in a scope, which the router compares by bytes: the regular expression that finds the
/// parameters then has only the end of the path to search.
fn operations(registry: &mut impl Registry) {
    registry
        .service(root::get_root)
        .service(health::get_health_bare)
        .service(health::get_health)
        .service(health::get_health_ready)
        .service(health::get_health_vault)
        .service(health::get_health_postgres)
        .service(health::get_health_mysql)
        .service(health::get_health_mongodb)
        .service(health::get_health_redis)
        .service(health::get_health_rabbitmq)
        .service(health::get_health_all)
        .service(
            scope("/examples/vault/secret").service(secrets::get_secret).service(secrets::get_secret_key),
        )
        .service(databases::query_postgres)
        .service(databases::query_mysql)
        .service(databases::query_mongodb)
        .service(
            scope("/examples/cache")
                .service(cache::get_cache)
                .service(cache::set_cache)
                .service(cache::delete_cache),
        )
        .service(messaging::publish_message)
        .service(scope("/examples/messaging/queue").service(messaging::get_queue_info))
        .service(redis::get_redis_nodes)
        .service(redis::get_redis_slots)
        .service(redis::get_redis_info)
        .service(scope("/redis/nodes").service(redis::get_redis_node_info))
        .service(metrics::get_metrics)
        .service(documentation::get_openapi_json)
        .service(documentation::get_openapi_yaml)
        .service(documentation::get_docs)
        .service(documentation::get_redoc);
}

/// The application of one worker.
pub fn app(
    state: AppState,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(web::Data::new(state))
        .configure(operations)
        .service(documentation::get_docs_file)
        .service(documentation::get_redoc_file)
        .default_service(web::to(unrouted))
        .wrap(from_fn(admit))
        .wrap(from_fn(answer))
}

/// Answers what no route took: the handlers' macros guard the method, so a wrong method ends here too.
async fn unrouted(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    Err(ApiError::from(match crate::middleware::answer::endpoint(&request) {
        Some(template) => Problem::MethodNotAllowed { template },
        None => Problem::RouteNotFound,
    }))
}

/// What this server says of itself: the routes' own document, completed with what any route may answer.
pub fn openapi(identity: &ServerIdentity) -> OpenApi {
    let (_, mut document) =
        App::new().into_utoipa_app().configure(|registry| operations(registry)).split_for_parts();
    let root = RootResponse::new(identity.name, identity.version, identity.framework, identity.approach);
    wire_code::complete(&mut document, &root);
    document
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::sync::Arc;

    use actix_web::http::StatusCode;
    use actix_web::http::header::HeaderValue;
    use actix_web::test::{TestRequest, init_service};
    use contract::RequestId;
    use integrations::Integrations;
    use launch::ServerState;
    use server::Settings;
    use server::metrics::Metrics;
    use service::Services;
    use wire_code::ErrorEnvelope;

    use super::*;

    type TestResult = Result<(), Box<dyn Error>>;

    /// A state whose backends are not there.
    fn state() -> Result<AppState, Box<dyn Error>> {
        // That there is a provider already is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let identity = &ServerIdentity::ACTIX;
        let settings = Settings::load(identity, &|name| match name {
            "VAULT_ADDR" => Some("http://127.0.0.1:9".to_owned()),
            "VAULT_ROLE_ID_FILE" | "VAULT_SECRET_ID_FILE" => Some("nowhere".to_owned()),
            _ => None,
        })?;
        let runtime = tokio::runtime::Handle::current();
        let clients = Integrations::start(settings.integrations.clone(), runtime);
        let metrics = Metrics::install(identity)?;
        let server = ServerState::new(identity, &settings, metrics, || serde_json::Value::Null);
        Ok(AppState { services: Services::new(&settings.service, clients), server: Arc::new(server) })
    }

    #[actix_web::test]
    async fn a_panic_is_answered_as_any_fault_of_ours() -> TestResult {
        async fn panics() -> HttpResponse {
            panic!("a handler that does not hold what it promises")
        }
        let app = App::new()
            .app_data(web::Data::new(state()?))
            .route("/health/", web::get().to(panics))
            .wrap(from_fn(admit))
            .wrap(from_fn(answer));
        let app = init_service(app).await;
        for id in ["first", "the-server-lives-on"] {
            let peer = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
            let request =
                TestRequest::get().uri("/health/").peer_addr(peer).insert_header(("x-request-id", id));
            let answer = actix_web::dev::Service::call(&app, request.to_request()).await;
            let answer = match answer {
                Ok(answer) => answer.into_parts().1,
                // The framework's dispatcher does the same with what leaves the application as an error.
                Err(error) => error.error_response(),
            };
            assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert!(answer.headers().contains_key("x-ratelimit-limit"), "{answer:?}");
            assert_eq!(answer.headers().get("x-request-id").map(HeaderValue::as_bytes), Some(id.as_bytes()));
            let id = RequestId::from_header([id.as_bytes()]);
            let expected = serde_json::to_vec(&ErrorEnvelope::new(&Problem::Internal, &id))?;
            let body = actix_web::body::to_bytes(answer.into_body()).await.map_err(|_| "the body broke")?;
            assert_eq!(body, expected);
        }
        Ok(())
    }
}
