//! Rate limits, on servers of their own.

use std::sync::Arc;

use parity::model::{Compare, Expectation, Request, Sending, Step};
use spec::Document;

use crate::cases::case;
use crate::fleet::{Fleet, config};
use crate::written::Main;
use crate::{BoxError, Outcome};

/// One per cent: 1 request for `/`, 10 for `/metrics`, 2 for health, 10 for the rest.
const LIMITS: &str = "1";

/// Every operation is refused alike once its bucket is empty.
pub(crate) async fn test(main: Arc<Main>) -> Outcome {
    let fleet = Fleet::start(testkit::stack().await?, &[("RATE_LIMIT", LIMITS)], None).await?;
    let engine = fleet.engine(config()?)?;
    let mut steps = Vec::new();
    // Each kind of route is asked as often as it may be; `/docs` needs no backend.
    for (target, times) in [("/", 1), ("/metrics", 10), ("/health/", 2), ("/docs", 10)] {
        let send = Sending { repeat: times, ..Sending::one(Request::new("GET", target)) };
        steps.push(Step { send, compare: Compare::Status, ..Step::new(Request::new("GET", target)) });
    }
    for (method, target) in operations()? {
        let refused = Expectation { status: Some(429), ..Expectation::default() };
        steps.push(Step { expect: Some(refused), ..Step::new(Request::new(method, target)) });
    }
    let case = case("limits::every_operation_can_be_refused", "RATE-1", steps);
    main.keep(engine.run_case(&case).await)
}

/// Method and a path of every operation of the contract.
pub(crate) fn operations() -> Result<Vec<(String, String)>, BoxError> {
    let document = Document::from_yaml(include_str!("../../../../openapi/openapi.yaml"))?;
    let operations = document.operations()?.into_iter();
    let plain = |path: String| {
        // Any value will do: what is asked for here is answered before parameters are looked at.
        let segments = path.split('/').map(|segment| if segment.starts_with('{') { "none" } else { segment });
        segments.collect::<Vec<_>>().join("/")
    };
    Ok(operations.map(|operation| (operation.method, plain(operation.path))).collect())
}
