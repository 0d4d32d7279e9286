//! `parity selftest`.

use spec::Document;

use super::arguments::{Access, Selftest};
use super::{Failure, output, run as running};
use crate::selftest::{self, Options};

pub(super) fn run(arguments: &Selftest) -> Result<u8, Failure> {
    let config = running::config(arguments.config.as_deref())?;
    let document = Document::read(&arguments.spec).map_err(Failure::usage)?;
    let cases = running::cases(&arguments.cases, &arguments.made, &config, Some(&document))?;
    // Answers are changed on this machine alone.
    let nowhere_else = Access { ca: None, allow_remote: false, allow_writes: false };
    running::allowed(&arguments.targets, &cases, &nowhere_else)?;
    let options = Options {
        mutations: arguments.mutations,
        clean_runs: arguments.clean_runs,
        cases: arguments.most_cases,
    };
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::not_run)?;
    let done = selftest::run(&arguments.targets, &config, Some(&document), &cases, options, &|_| {});
    let test = runtime.block_on(done).map_err(Failure::not_run)?;
    output::line(&test.text());
    Ok(u8::from(!test.is_good()))
}
