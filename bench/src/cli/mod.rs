//! The command line: what can be asked for, and what is said while it is done.

mod arguments;
mod measure;
mod targets;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;
use tokio::runtime::Builder;

use crate::result::{Measured, Run};
use crate::{BoxError, compare, drivers, floor};
use arguments::{Arguments, What};

/// Parse the arguments, do what they say, and give the exit code.
pub fn run() -> ExitCode {
    // reqwest and rustls look for a provider of the process; an error means that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Arguments { command, workers } = Arguments::parse();
    let mut runtime = Builder::new_multi_thread();
    if let Some(workers) = workers {
        runtime.worker_threads(workers.into());
    }
    let outcome = runtime.enable_all().build().map_err(BoxError::from);
    outcome.and_then(|runtime| runtime.block_on(carry_out(command))).unwrap_or_else(|error| {
        say(format_args!("error: {}", causes::Chain(error.as_ref())));
        ExitCode::FAILURE
    })
}

async fn carry_out(command: What) -> Result<ExitCode, BoxError> {
    match command {
        What::Load(load) => measure::load(load).await,
        What::Footprint(footprint) => measure::footprint(footprint).await,
        What::Growth(growth) => measure::growth(growth).await,
        What::Soak(soak) => measure::soak(soak).await,
        What::Instructions { save } => measure::instructions(save).await,
        What::Compare { old, new } => comparison(&old, &new),
        What::Floor { address } => serve_floor(address).await,
        What::Drivers { home } => drivers::serve(home).await.map(|()| ExitCode::SUCCESS),
    }
}

/// A reader that went away is no reason to fail.
fn say(text: impl std::fmt::Display) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

fn data(text: impl std::fmt::Display) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

fn comparison(old: &Path, new: &Path) -> Result<ExitCode, BoxError> {
    let mut text = compare::runs(&Run::read(old)?, &Run::read(new)?);
    if old.is_dir() && new.is_dir() {
        let footprints = (Measured::read_if_there(old)?, Measured::read_if_there(new)?);
        if let (Some(old), Some(new)) = &footprints {
            text.push_str(&compare::footprints(&old.figures, &new.figures));
        }
    }
    data(text.trim_end());
    Ok(ExitCode::SUCCESS)
}

async fn serve_floor(address: SocketAddr) -> Result<ExitCode, BoxError> {
    let floor =
        floor::Floor::start(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    data(floor.address());
    floor.serve().await;
    Ok(ExitCode::SUCCESS)
}
