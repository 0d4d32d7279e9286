//! The runtime for whatever outlives one test: proxies and the shared stack.

use std::io;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};

/// The process-wide runtime's handle; the runtime is made by the first call and never ends.
pub(crate) fn handle() -> io::Result<Handle> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime.handle().clone());
    }
    let made = Builder::new_multi_thread().worker_threads(2).thread_name("testkit").enable_all().build()?;
    // Of two tests that get here at once one loses, and its runtime, which nothing uses yet, must not be dropped
    // inside the runtime of that test: dropping blocks.
    if let Err(surplus) = RUNTIME.set(made) {
        surplus.shutdown_background();
    }
    RUNTIME.get().map(|runtime| runtime.handle().clone()).ok_or_else(|| io::Error::other("no runtime"))
}
