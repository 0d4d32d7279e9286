//! The data: what is sent to whom, what came back, and what was made of it.

mod bytes;
mod case;
mod exchange;
mod expectation;
mod message;
mod result;
mod target;

pub use bytes::Bytes;
pub use case::{Capture, Case, Compare, Origin, Sending, Step};
pub use exchange::{Answer, Ending, Exchange};
pub use expectation::Expectation;
pub use message::{Body, Header, Message, Request};
pub use result::{
    Agreement, AnswerCoverage, CaseResult, ConstraintCoverage, ContractFault, Coverage, Difference, Evidence,
    ExpectationFault, Group, Masked, Outcome, Reached, RunResult, StepResult, Tally, TargetInfo,
};
pub use target::{Target, TargetError};
