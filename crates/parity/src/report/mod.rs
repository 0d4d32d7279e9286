//! Reports: each is written from the one [`RunResult`](crate::RunResult).

pub mod json;
pub mod terminal;
