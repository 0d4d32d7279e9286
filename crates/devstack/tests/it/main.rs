//! The real thing: stacks in folders of their own, with ports of their own, brought up by the real command.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test cannot set up is a failed test")]

mod command_line;
mod interruptions;
mod refusals;
mod running_stack;
mod secrets;
mod serve;
mod support;
