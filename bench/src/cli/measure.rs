//! Measuring: look around, carry the plan out, write the results.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

use super::arguments::{self, Common};
use super::{data, say, targets};
use crate::machine::Machine;
use crate::result::{Figures, Measured, Rounds};
use crate::stillness::Stillness;
use crate::{BoxError, footprint, growth, instructions, operation, report, run, soak};

/// The circumstances of a run.
struct Surroundings {
    begun: DateTime<Utc>,
    machine: Machine,
    doubts: Vec<String>,
    out: Option<PathBuf>,
}

impl Surroundings {
    /// Look around.
    ///
    /// # Errors
    /// When this is a debug build that was not asked for.
    fn look(common: &Common) -> Result<Self, BoxError> {
        if cfg!(debug_assertions) && !common.allow_debug {
            return Err(
                "this is a debug build, whose figures mean nothing; run it with `cargo run -p bench --release`, \
                        or with --allow-debug for a look"
                    .into(),
            );
        }
        let mut machine = Machine::here();
        machine.stillness = Some(Stillness::here());
        let mut doubts = machine.doubts();
        if cfg!(debug_assertions) {
            doubts.push("measured with a debug build".to_owned());
        }
        Ok(Self { begun: Utc::now(), machine, doubts, out: common.out.clone() })
    }

    /// Say what speaks against measuring, and how long it takes.
    fn announce(&self, takes: Duration) {
        for doubt in &self.doubts {
            say(format_args!("careful: {doubt}"));
        }
        say(format_args!("this takes {} s; the machine should do nothing else meanwhile", takes.as_secs()));
    }

    /// Write the figures, and the report of all that is in the folder.
    fn write<T: Figures>(self, figures: T) -> Result<Measured<T>, BoxError> {
        let Self { begun, machine, doubts, out } = self;
        let folder = out.unwrap_or_else(|| {
            PathBuf::from(format!("bench/results/{}-{}", begun.format("%Y-%m-%d"), machine.short_name()))
        });
        let command = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
        let measured = Measured {
            begun: begun.to_rfc3339_opts(SecondsFormat::Secs, true),
            command: format!("cargo run -p bench --release -- {command}"),
            machine,
            doubts,
            figures,
        };
        data(measured.write(&folder)?.display());
        for path in report::write(&folder)? {
            data(path.display());
        }
        Ok(measured)
    }
}

/// The exit code for a run with these faults, of which each is told.
fn code(faults: &[String]) -> ExitCode {
    if faults.is_empty() {
        return ExitCode::SUCCESS;
    }
    for fault in faults {
        say(format_args!("refused or lost: {fault}"));
    }
    ExitCode::from(3)
}

pub(super) async fn load(arguments: arguments::Load) -> Result<ExitCode, BoxError> {
    let mut surroundings = Surroundings::look(&arguments.common)?;
    let found = targets::find(&arguments.targets, arguments.common.home.as_deref()).await?;
    surroundings.doubts.extend(found.doubts.iter().cloned());
    let plan = run::Plan {
        subjects: found.subjects.clone(),
        operations: arguments::chosen(&arguments.operations),
        connections: arguments.connections,
        rounds: arguments.rounds,
        duration: arguments.seconds,
        warm_up: arguments.warm_up,
        pace: f64::from(arguments.pace) / 100.0,
    };
    if !plan.operations.contains(&operation::ALL[0]) {
        say(
            "without --operation health there is no H to hold the others against, and no aims are judged by it",
        );
    }
    surroundings.announce(plan.duration());
    let measured = surroundings.write(Rounds { series: plan.carry_out(say).await? })?;
    let faulty = measured.figures.series.iter().filter(|series| series.faults() > 0).map(|series| {
        let (count, kinds) = (series.faults(), series.kinds_of_faults());
        format!("{} {} at {}: {count} ({kinds})", series.target, series.operation, series.connections)
    });
    Ok(code(&faulty.collect::<Vec<_>>()))
}

pub(super) async fn footprint(arguments: arguments::Footprint) -> Result<ExitCode, BoxError> {
    let surroundings = Surroundings::look(&arguments.common)?;
    let stack = targets::stack(&targets::home(arguments.common.home.as_deref())?).await?;
    let arguments::Programs { servers, programs } = arguments.programs;
    let plan = footprint::Plan {
        servers: footprint::programs(&servers, programs.as_deref())?,
        starts: arguments.starts,
        idle: Duration::from_secs(arguments.idle),
    };
    let starts = arguments.starts * u32::try_from(plan.servers.len())?;
    surroundings.announce((plan.idle + Duration::from_secs(1)) * starts);
    surroundings.write(plan.carry_out(&stack, say).await?)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn growth(arguments: arguments::Growth) -> Result<ExitCode, BoxError> {
    let mut surroundings = Surroundings::look(&arguments.common)?;
    let home = targets::home(arguments.common.home.as_deref())?;
    let found = targets::find(&arguments.targets, Some(&home)).await?;
    surroundings.doubts.extend(found.doubts.iter().cloned());
    let (stack, servers) = if arguments.without_slow_backends {
        (None, Vec::new())
    } else {
        let arguments::Programs { servers, programs } = arguments.programs;
        let servers = footprint::programs(&servers, programs.as_deref())?;
        (Some(targets::stack(&home).await?), servers)
    };
    let plan = growth::Plan {
        subjects: found.subjects.clone(),
        operations: arguments::chosen(&arguments.operations),
        connections: arguments.connections,
        duration: Duration::from_secs(arguments.seconds),
        servers,
    };
    surroundings.announce(plan.duration());
    let measured = surroundings.write(plan.carry_out(stack.as_ref(), say).await?)?;
    let faulty = measured.figures.curves.iter().flat_map(|curve| {
        curve.points.iter().filter(|point| point.faults > 0).map(|point| {
            let (over, at) = (curve.over.label(), point.at);
            format!("{} {} at {at} {over}: {}", curve.target, curve.operation, point.faults)
        })
    });
    Ok(code(&faulty.collect::<Vec<_>>()))
}

pub(super) async fn soak(mut arguments: arguments::Soak) -> Result<ExitCode, BoxError> {
    let mut surroundings = Surroundings::look(&arguments.common)?;
    let mut found = targets::find(&arguments.targets, arguments.common.home.as_deref()).await?;
    surroundings.doubts.append(&mut found.doubts);
    arguments.operations.dedup();
    let plan = soak::Plan {
        // The bare server and the drivers have nothing that could grow.
        subjects: found.subjects.iter().filter(|subject| subject.is_a_server()).cloned().collect(),
        operations: arguments::chosen(&arguments.operations),
        connections: arguments.connections,
        duration: Duration::from_mins(arguments.minutes),
        pace: f64::from(arguments.pace) / 100.0,
    };
    if plan.subjects.is_empty() {
        return Err("only servers of the contract are soaked, and none was found".into());
    }
    surroundings.announce(plan.duration);
    let measured = surroundings.write(plan.carry_out(say).await?)?;
    let soaks = &measured.figures.soaks;
    for soak in soaks.iter().filter(|soak| soak.is_steady() == Some(false)) {
        let growth = (soak.growth().unwrap_or(1.0) - 1.0) * 100.0;
        say(format_args!("careful: the memory of {} grew by {growth:.0} %", soak.target));
    }
    let faulty = soaks
        .iter()
        .filter(|soak| soak.faults() > 0)
        .map(|soak| format!("{}: {}", soak.target, soak.faults()));
    Ok(code(&faulty.collect::<Vec<_>>()))
}

pub(super) async fn instructions(save: bool) -> Result<ExitCode, BoxError> {
    if let Some(missing) = instructions::missing().await {
        say(format_args!("no instructions are counted here: {missing}"));
        return Ok(ExitCode::SUCCESS);
    }
    let machine = Machine::here();
    let architecture = std::env::consts::ARCH.to_owned();
    let counts = instructions::count(architecture, machine.rustc).await?;
    let file = Path::new(instructions::FILE);
    let stored = instructions::Counts::stored(file)?;
    match &stored {
        None => {
            say(format_args!("there are no stored figures in {}; store these with --save", file.display()));
        }
        Some(stored) => {
            let changes = counts.changes_since(stored);
            if changes.is_empty() {
                let number = counts.instructions.len();
                data(format_args!("{number} parts, none of which changed by more than 2 %"));
            }
            changes.iter().for_each(data);
        }
    }
    if save {
        counts.store(file)?;
        data(file.display());
    }
    Ok(ExitCode::SUCCESS)
}
