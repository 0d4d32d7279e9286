//! Reports: each is written from the one [`RunResult`](crate::RunResult).

#[cfg(test)]
pub(crate) mod example;
pub mod html;
pub mod json;
pub mod junit;
pub mod terminal;
