//! A server whose backends are far away: a proxy before each of them holds everything back for a while.

use std::path::Path;
use std::time::Duration;

use devstack::Stack;
use testkit::Proxies;

use super::Point;
use crate::BoxError;
use crate::client::HttpCaller;
use crate::load::{self, Stretch};
use crate::operation::request;
use crate::server::Server;

/// Milliseconds, each way. A probe gives up after two seconds, and some take several round trips.
pub(super) const DELAYS: [u32; 5] = [0, 10, 50, 100, 200];
/// Connections that ask for the page.
const CONNECTIONS: u32 = 8;

/// Ask a server for the health of all, with no cache before it, at each of the delays.
///
/// # Errors
/// When the server or a proxy does not start.
pub(super) async fn points(
    stack: &Stack,
    name: &str,
    program: &Path,
    duration: Duration,
) -> Result<Vec<Point>, BoxError> {
    let proxies = Proxies::before(stack).await?;
    let mut variables = stack.environment(name);
    variables.extend(proxies.variables().map(|(name, value)| (name.to_owned(), value.to_owned())));
    for (variable, value) in [("HEALTH_CACHE_MS", "0"), ("RATE_LIMIT", "off")] {
        variables.insert(variable.to_owned(), value.to_owned());
    }
    let server = Server::start(name, program, &[], &variables).await?;
    server.answers("/health/ready").await?;
    let address = server.target.address;
    let page = request("GET", "/health/all", &address.to_string(), "");
    let mut points = Vec::new();
    for delay in DELAYS {
        proxies.delay(Duration::from_millis(u64::from(delay)));
        let stretch = Stretch::new(CONNECTIONS, duration)?;
        let caller = |_| HttpCaller::with(address, page.clone(), 200);
        points.push(Point::new(f64::from(delay), &load::saturate(&stretch, caller).await));
    }
    proxies.delay(Duration::ZERO);
    server.end().await?;
    Ok(points)
}
