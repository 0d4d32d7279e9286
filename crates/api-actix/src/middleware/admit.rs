//! What is decided before a handler runs, in the contract's order: sizes, route, preflight, rate limit, body.

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpResponse, web};
use contract::cors::CorsPolicy;
use contract::{Problem, RateLimitClass, limits, operation, request};
use server::limits::Decision;

use super::answer::{self, endpoint};
use super::body;
use crate::errors::ApiError;
use crate::extract::declared_length;
use crate::state::AppState;

/// Refuses or answers what no handler should see, and counts the rest against the client's limit.
pub(crate) async fn admit(
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match decide(&request) {
        Ok(Admission::Pass) => {
            if !takes_body(&request) {
                body::discard(request.version(), request.take_payload());
            }
            next.call(request).await
        }
        Ok(Admission::Answer(response)) => Ok(request.into_response(response)),
        Err(problem) => {
            body::discard(request.version(), request.take_payload());
            Ok(request.error_response(ApiError::from(problem)))
        }
    }
}

enum Admission {
    Pass,
    Answer(HttpResponse),
}

fn decide(request: &ServiceRequest) -> Result<Admission, Problem> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let fields = request.headers().iter().map(|(name, value)| (name.as_str().len(), value.len()));
    request::check_size(target, fields)?;

    // Routing itself comes later and answers 404 and 405; neither counts against the limit.
    let Some(template) = endpoint(request.request()) else { return Ok(Admission::Pass) };
    if request.method() == Method::OPTIONS {
        return Ok(Admission::Answer(options(request, template)));
    }
    if !operation::answers(template, request.method().as_str()) {
        return Ok(Admission::Pass);
    }
    if let Some(decision) = count(request, template) {
        answer::note(request.request(), decision);
        if let Some(retry_after) = decision.retry_after {
            return Err(Problem::RateLimited { retry_after });
        }
    }
    if !takes_body(request) {
        request::check_declared_length(declared_length(request.request()), limits::MAX_OTHER_BODY_BYTES)?;
    }
    Ok(Admission::Pass)
}

/// Takes one request out of the client's bucket; `None` when limits are off or the peer is not known.
fn count(request: &ServiceRequest, template: &str) -> Option<Decision> {
    let state = request.app_data::<web::Data<AppState>>()?;
    let client = request.peer_addr()?.ip();
    state.server.rate_limiter.check(RateLimitClass::of(template), client)
}

/// Answers OPTIONS on a known path: a preflight by the origin, any other with `Allow`.
fn options(request: &ServiceRequest, template: &str) -> HttpResponse {
    let allow = operation::allow(template);
    let headers = request.headers();
    let origin = headers.get(header::ORIGIN);
    let mut response = HttpResponse::NoContent();
    if CorsPolicy::is_preflight(origin.is_some(), headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD))
    {
        let origin = origin.and_then(|origin| origin.to_str().ok()).unwrap_or_default();
        if let Some(state) = request.app_data::<web::Data<AppState>>() {
            for header in state.server.cors.preflight_headers(origin, &allow) {
                response.insert_header(header);
            }
        }
    } else {
        response.insert_header((header::ALLOW, allow));
    }
    response.finish()
}

fn takes_body(request: &ServiceRequest) -> bool {
    let Some(template) = endpoint(request.request()) else { return false };
    operation::Operation::of_path(template)
        .any(|operation| operation.has_body && operation.method.as_str() == request.method().as_str())
}
