//! Backends that the network keeps away: they refuse connections, or hang.

use std::sync::Arc;

use tokio::sync::{Mutex, OnceCell};

use super::{Behind, broken, fine};
use crate::Outcome;
use crate::written::Main;

/// A breaker stays open for longer than it takes to ask every operation, of which some wait for a backend that hangs.
const SETTINGS: [(&str, &str); 6] = [
    ("RATE_LIMIT", "100000"),
    ("BACKEND_TIMEOUT_MS", "1000"),
    ("BREAKER_FAILURES", "3"),
    ("BREAKER_OPEN_MS", "10000"),
    ("HEALTH_CACHE_MS", "0"),
    ("SECRET_CACHE_MS", "0"),
];

/// How a backend fails.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// It refuses connections and has closed those there were.
    Refuses,
    /// It accepts everything and answers nothing.
    Hangs,
}

impl Fault {
    pub(super) const ALL: [Self; 2] = [Self::Refuses, Self::Hangs];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Refuses => "refuses",
            Self::Hangs => "hangs",
        }
    }
}

/// The servers that all these tests break the network of, one after another.
pub(crate) type Breakable = OnceCell<Mutex<Behind>>;

pub(super) async fn test(main: Arc<Main>, backend: &'static str, fault: Fault) -> Outcome {
    let behind = main
        .breakable
        .get_or_try_init(async || Behind::of(testkit::stack().await?, &SETTINGS).await.map(Mutex::new))
        .await?;
    let behind = behind.lock().await;
    let name = format!("{backend}_{}", fault.name());
    match fault {
        Fault::Refuses => behind.proxies.cut(backend).await?,
        Fault::Hangs => behind.proxies.stall(backend),
    }
    let broken = behind.run(&name, broken(backend)?).await;
    behind.proxies.restore(backend).await?;
    // Whatever came of it, the next test finds servers that are well.
    behind.until_well(backend).await?;
    main.keep(broken?)?;
    main.keep(behind.run(&format!("{name}_and_recovers"), fine(backend)).await?)
}
