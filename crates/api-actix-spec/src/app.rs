//! The application of one worker: the generated routes, and what stands around them.

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error, web};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};

use crate::errors::no_route;
use crate::generated::routes;
use crate::handlers::documentation;
use crate::middleware::admit::admit;
use crate::middleware::answer::answer;
use crate::state::AppState;

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
        .configure(routes::configure)
        .configure(documentation::configure)
        .default_service(web::to(no_route))
        .wrap(from_fn(admit))
        .wrap(from_fn(answer))
}

/// What this server says of itself: the document that its routes, parameters and answers are generated from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnDocument;

impl Serialize for OwnDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let document = spec::Document::from_yaml(include_str!("../../../openapi/openapi.yaml"));
        document.map_err(S::Error::custom)?.value().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::sync::Arc;

    use actix_web::HttpResponse;
    use actix_web::http::StatusCode;
    use actix_web::http::header::HeaderValue;
    use actix_web::test::{TestRequest, init_service};
    use contract::{Problem, RequestId};
    use integrations::Integrations;
    use launch::ServerState;
    use server::metrics::Metrics;
    use server::{ServerIdentity, Settings};
    use service::Services;
    use wire_spec::ErrorEnvelope;

    use super::*;

    type TestResult = Result<(), Box<dyn Error>>;

    /// A state whose backends are not there.
    fn state() -> Result<AppState, Box<dyn Error>> {
        // That there is a provider already is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let identity = &ServerIdentity::ACTIX_SPEC;
        let settings = Settings::load(identity, &|name| match name {
            "VAULT_ADDR" => Some("http://127.0.0.1:9".to_owned()),
            "VAULT_ROLE_ID_FILE" | "VAULT_SECRET_ID_FILE" => Some("nowhere".to_owned()),
            _ => None,
        })?;
        let runtime = tokio::runtime::Handle::current();
        let clients = Integrations::start(settings.integrations.clone(), runtime);
        let metrics = Metrics::install(identity)?;
        let server = ServerState::new(identity, &settings, metrics, || OwnDocument);
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
    #[test]
    fn the_document_is_served_as_it_was_written() -> TestResult {
        let served = serde_json::to_value(OwnDocument)?;
        assert_eq!(served["paths"]["/examples/cache/{key}"]["post"]["operationId"], "set_cache");
        Ok(())
    }
}
