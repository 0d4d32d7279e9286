//! A stack of these tests' own, which they may harm, and servers that run against it.

use parity::model::CaseResult;
use tokio::sync::Mutex;

use super::{Behind, fine};
use crate::fleet::LIMIT;
use crate::written::Main;
use crate::{BoxError, Outcome};
use testkit::{BACKENDS, PrivateStack, Service, Stack, eventually, services_of};

/// Nothing hangs in these tests, so that the time limits stay as they are.
const SETTINGS: [(&str, &str); 5] = [
    ("RATE_LIMIT", "100000"),
    ("BREAKER_FAILURES", "3"),
    ("BREAKER_OPEN_MS", "6000"),
    ("HEALTH_CACHE_MS", "0"),
    ("SECRET_CACHE_MS", "0"),
];

/// Where the stack is once the first test has needed it; one test has it at a time.
pub(crate) type Place = Mutex<Option<Harmed>>;

/// The stack and its servers.
pub(crate) struct Harmed {
    pub(super) behind: Behind,
    stack: PrivateStack,
}

impl Harmed {
    async fn up() -> Result<Self, BoxError> {
        let services: Vec<Service> = BACKENDS.into_iter().flat_map(services_of).collect();
        let stack = testkit::private_stack(&services).await?;
        let behind = Behind::of(stack.stack(), &SETTINGS).await?;
        Ok(Self { behind, stack })
    }

    pub(super) fn stack(&self) -> &Stack {
        self.stack.stack()
    }

    /// Waits until every service of the stack is healthy, all servers are ready, and the backend's breaker is closed.
    async fn until_well(&self, backend: &str) -> Outcome {
        eventually(LIMIT, "a stack that is healthy", async || {
            let services = self.stack().health().await;
            let sick: Vec<_> = services.into_iter().filter(|service| !service.healthy).collect();
            if sick.is_empty() { Ok(()) } else { Err(sick) }
        })
        .await?;
        self.behind.until_well(backend).await
    }

    /// Stops its servers, and takes it down with its data.
    pub(crate) async fn close(self) -> Outcome {
        drop(self.behind);
        Ok(self.stack.close().await?)
    }
}

/// Does harm to the stack and asks the servers meanwhile, repairs it whatever came of that, and asks them again: the
/// stack is then as well as before, and all servers have recovered.
///
/// A stack that cannot be repaired is thrown away, and the next test gets another.
pub(super) async fn harm(
    main: &Main,
    backend: &str,
    name: &str,
    harm: impl AsyncFnOnce(&Harmed) -> Result<CaseResult, BoxError>,
    repair: impl AsyncFnOnce(&Harmed) -> Outcome,
) -> Outcome {
    let mut place = main.harmed.lock().await;
    let harmed = match &mut *place {
        Some(harmed) => harmed,
        empty => empty.insert(Harmed::up().await?),
    };
    let asked = harm(harmed).await;
    let repaired = match repair(harmed).await {
        Ok(()) => harmed.until_well(backend).await,
        failed => failed,
    };
    let recovered = match repaired {
        Ok(()) => harmed.behind.run(&format!("{name}_and_recovers"), fine(backend)).await?,
        Err(error) => {
            if let Some(harmed) = place.take() {
                harmed.close().await?;
            }
            let asked = asked.and_then(|result| main.keep(result));
            return Err(match asked {
                Ok(()) => format!("the stack could not be repaired: {error}"),
                Err(first) => format!("{first}\nand then the stack could not be repaired: {error}"),
            }
            .into());
        }
    };
    drop(place);
    main.keep(asked?)?;
    main.keep(recovered)
}
