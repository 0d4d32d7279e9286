//! For tests only: a namespace for each test, a TCP proxy that can cut, stall and restore, a receiver of traces,
//! bounded waiting, and the test stack.
//!
//! Nothing here stands in for a backing server: the tests run against the real ones.
//! What a test breaks, it breaks on the wire, with a [`Proxy`], or on a stack of its own.
//!
//! Everything that outlives a single call runs on one runtime of the process, not on the runtime of the test that
//! happened to make it: `#[tokio::test]` ends its runtime, and all tasks on it, with its test.

mod collector;
mod eventually;
mod namespace;
mod proxies;
mod proxy;
mod reservation;
mod runtime;
mod stack;

pub use collector::{Collector, Span, SpanKind};
pub use devstack::{Service, Silent, Stack, cargo, environment_variable};
pub use eventually::{Unmet, eventually};
pub use namespace::Namespace;
pub use proxies::{BACKENDS, Proxies, services_of};
pub use proxy::Proxy;
pub use reservation::NoneLeft;
pub use stack::{
    HOME_VARIABLE, OFFSET_VARIABLE, PORT_OFFSET, PrivateStack, StackError, private_stack, stack,
};
