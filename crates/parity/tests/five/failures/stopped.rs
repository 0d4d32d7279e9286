//! A backend whose servers are really stopped, as their operator stops them, and started again.

use std::sync::Arc;

use super::{broken, harmed};
use crate::Outcome;
use crate::written::Main;
use testkit::{Silent, services_of};

pub(super) async fn test(main: Arc<Main>, backend: &str) -> Outcome {
    let services = services_of(backend);
    let steps = broken(backend)?;
    harmed::harm(
        &main,
        backend,
        &format!("{backend}_is_stopped"),
        async |harmed| {
            // What a server says to its clients before it ends gets to them.
            harmed.stack().stop(&services, &Silent).await?;
            // And now the port that the clients know refuses connections, as the server's own does.
            harmed.behind.proxies.cut(backend).await?;
            harmed.behind.run(&format!("{backend}_is_stopped"), steps).await
        },
        async |harmed| {
            // Before the server is there, so that what it says while it is not yet ready gets to the clients too.
            harmed.behind.proxies.restore(backend).await?;
            Ok(harmed.stack().start(&services, &Silent).await?)
        },
    )
    .await
}
