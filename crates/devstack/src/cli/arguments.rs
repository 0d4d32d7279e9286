//! What may be written on the command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::manifest::Service;

/// Brings the backing servers up on this machine, and says how they are.
#[derive(Debug, Parser)]
#[command(name = "devstack", version)]
pub(crate) struct Arguments {
    /// The folder that holds the stack's state [default: .devstack in the workspace].
    #[arg(long, global = true, env = "DEVSTACK_HOME")]
    pub home: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start what does not run, and wait until all is healthy.
    Up {
        /// Services; what they need comes with them. None means all.
        #[arg(value_parser = services)]
        services: Vec<Vec<Service>>,
        /// Add this to every port; remembered.
        #[arg(long)]
        port_offset: Option<u16>,
    },
    /// Stop.
    Down {
        /// Services; none means all.
        #[arg(value_parser = services)]
        services: Vec<Vec<Service>>,
    },
    /// How everything is.
    Status,
}

fn services(name: &str) -> Result<Vec<Service>, crate::manifest::UnknownService> {
    Service::named(name)
}
