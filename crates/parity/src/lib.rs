//! Sends the same requests to several servers of one API, and shows every difference between their answers.
//!
//! A [`Case`] is a list of steps; an [`Engine`] sends it to every [`Target`], each with a namespace of its own, and
//! judges what came back three times: is it what the document promises, is it what the others answered, is it what
//! the case expects? All that is known afterwards is one [`RunResult`], from which every report is written.
//!
//! Deliberately absent: knowledge of any one API, of the language or the framework that a server is written in, and
//! an HTTP client. Clients repair requests and tidy answers, and both would hide what is compared here.

pub mod case_file;
pub mod catalogue;
pub mod cli;
pub mod compare;
pub mod config;
pub mod coverage;
pub mod engine;
pub mod export;
pub mod form;
pub mod generate;
mod judge;
pub mod mask;
pub mod model;
pub mod noise;
pub mod redact;
pub mod report;
pub mod selftest;
pub mod variables;
pub mod wire;

pub use config::Config;
pub use engine::{Engine, EngineError};
pub use model::{
    Agreement, Answer, Body, Bytes, Case, CaseResult, Ending, Exchange, Header, Message, Outcome, Request,
    RunResult, Sending, Step, StepResult, Target,
};
