//! What the drivers alone can do: the calls behind the operations, with the servers' drivers and sizes of pools, and no
//! HTTP around them.
//!
//! They run in a process of their own, `bench drivers`, so that what they cost is not the generator's, and are put under
//! load by the same code. The generator writes an [`Order`] as a line of JSON and reads a [`Report`] as another.
//!
//! Deliberately absent: everything that `integrations` puts around a driver, such as breakers, time limits and metrics.
//! What these cost is part of what the comparison shows.

mod calls;
mod databases;
mod queue;
mod redis;
mod vault;

use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use devstack::Stack;
use serde::{Deserialize, Serialize};
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::BoxError;
use crate::load::{self, Stretch, Summary};
use crate::operation::{Behind, Operation, QUEUE};
use crate::process::{self, Usage};

pub(crate) use calls::Driver;
use queue::Queue;

/// The name of the drivers' series in results.
pub(crate) const NAME: &str = "drivers";

/// Connections of a pool, as `integrations` has by default.
const POOL: usize = 16;

/// How much longer than it is to last an order may take: connecting, and the last answers.
const PATIENCE: Duration = Duration::from_mins(1);

/// What is to be done.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    Load(Load),
    EmptyQueue,
}

/// Put load on the call behind an operation.
#[derive(Debug, Serialize, Deserialize)]
struct Load {
    operation: String,
    connections: u32,
    seconds: f64,
    /// Requests a second; saturated when there is none.
    rate: Option<f64>,
}

/// What came of it: the figures, or why there are none.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Report {
    Done(Summary),
    /// So many messages were thrown away.
    Emptied(u32),
    Failed(String),
}

/// The drivers' process. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Drivers {
    pid: Option<u32>,
    pipes: Mutex<Pipes>,
    _child: Child,
}

#[derive(Debug)]
struct Pipes {
    orders: ChildStdin,
    reports: Lines<BufReader<ChildStdout>>,
}

impl Drivers {
    /// Start the process for the stack in this folder.
    ///
    /// # Errors
    /// When this program cannot be started once more.
    pub(crate) fn start(home: &Path) -> Result<Self, BoxError> {
        let mut child = process::this_program()?
            .arg("drivers")
            .arg("--home")
            .arg(home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let orders = child.stdin.take().ok_or("the drivers' process has no input")?;
        let reports = child.stdout.take().ok_or("the drivers' process has no output")?;
        let reports = BufReader::new(reports).lines();
        Ok(Self { pid: child.id(), pipes: Mutex::new(Pipes { orders, reports }), _child: child })
    }

    /// Whether there is a driver's call behind an operation.
    pub(crate) fn serve(operation: &Operation) -> bool {
        operation.behind == Behind::Driver
    }

    /// Put load on the call behind an operation: at `rate` a second, or else saturated.
    ///
    /// # Errors
    /// When the process has ended, or cannot reach the backend.
    pub(crate) async fn load(
        &self,
        operation: &Operation,
        connections: u32,
        duration: Duration,
        rate: Option<f64>,
    ) -> Result<Summary, BoxError> {
        let name = operation.name.to_owned();
        let order = Order::Load(Load { operation: name, connections, seconds: duration.as_secs_f64(), rate });
        match self.ask(&order, duration + PATIENCE).await? {
            Report::Done(summary) => Ok(summary),
            Report::Emptied(_) => Err("the drivers' process answered another order".into()),
            Report::Failed(why) => Err(format!("the driver alone, {}: {why}", operation.name).into()),
        }
    }

    /// Throw away what was published so far.
    ///
    /// # Errors
    /// When the process has ended, or cannot reach the broker.
    pub(crate) async fn empty_queue(&self) -> Result<(), BoxError> {
        match self.ask(&Order::EmptyQueue, PATIENCE).await? {
            Report::Emptied(_) => Ok(()),
            Report::Done(_) => Err("the drivers' process answered another order".into()),
            Report::Failed(why) => Err(format!("the queue {QUEUE} cannot be emptied: {why}").into()),
        }
    }

    async fn ask(&self, order: &Order, limit: Duration) -> Result<Report, BoxError> {
        let mut pipes = self.pipes.lock().await;
        timeout(limit, pipes.ask(order)).await.map_err(|_| "the drivers' process did not report in time")?
    }

    /// What it has used so far.
    pub(crate) fn usage(&self) -> Usage {
        self.pid.and_then(Usage::of).unwrap_or_default()
    }
}

impl Pipes {
    async fn ask(&mut self, order: &Order) -> Result<Report, BoxError> {
        write_line(&mut self.orders, order).await?;
        let line = self.reports.next_line().await?.ok_or("the drivers' process has ended")?;
        Ok(serde_json::from_str(&line)?)
    }
}

/// Be the drivers' process: carry out orders until there are no more.
///
/// # Errors
/// When there is no stack in the folder, or the pipes break.
pub(crate) async fn serve(home: PathBuf) -> Result<(), BoxError> {
    let stack = Stack::open(&home).await?.ok_or_else(|| {
        format!("there is no stack in {}; bring one up with `cargo run -p devstack -- up`", home.display())
    })?;
    let file = |end: std::io::Result<std::os::fd::OwnedFd>| Ok::<_, BoxError>(File::from_std(end?.into()));
    let orders = file(std::io::stdin().as_fd().try_clone_to_owned())?;
    let reports = file(std::io::stdout().as_fd().try_clone_to_owned())?;
    carry_out_orders(&stack, orders, reports).await
}

async fn carry_out_orders(
    stack: &Stack,
    orders: impl AsyncRead + Unpin,
    mut reports: impl AsyncWrite + Unpin,
) -> Result<(), BoxError> {
    let mut orders = BufReader::new(orders).lines();
    // The last one is kept: warm-up and both parts of a round ask for the same.
    let mut kept: Option<(String, Driver)> = None;
    while let Some(line) = orders.next_line().await? {
        let outcome = match serde_json::from_str(&line)? {
            Order::Load(order) => load_driver(stack, &order, &mut kept).await.map(Report::Done),
            Order::EmptyQueue => Queue::empty(stack).await.map(Report::Emptied),
        };
        let report =
            outcome.unwrap_or_else(|error| Report::Failed(causes::Chain(error.as_ref()).to_string()));
        write_line(&mut reports, &report).await?;
    }
    Ok(())
}

async fn load_driver(
    stack: &Stack,
    order: &Load,
    kept: &mut Option<(String, Driver)>,
) -> Result<Summary, BoxError> {
    if kept.as_ref().is_none_or(|(operation, _)| *operation != order.operation) {
        *kept = None;
    }
    let stretch = Stretch::new(order.connections, Duration::from_secs_f64(order.seconds))?;
    let driver = if let Some((_, driver)) = kept {
        driver
    } else {
        let operation = Operation::named(&order.operation).ok_or("there is no such operation")?;
        let driver = Driver::connect(stack, &operation).await?;
        &mut kept.insert((order.operation.clone(), driver)).1
    };
    driver.prepare(order.connections).await?;
    Ok(match order.rate {
        None => load::saturate(&stretch, |index| driver.caller(index)).await,
        Some(rate) => load::pace(&stretch, rate, |index| driver.caller(index)).await,
    })
}

async fn write_line(to: &mut (impl AsyncWrite + Unpin), what: &impl Serialize) -> Result<(), BoxError> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    to.write_all(&line).await?;
    Ok(to.flush().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_driver_answers_alone() {
        // What `cli::run` does; an error means that another test was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let stack = testkit::stack().await.unwrap();
        let orders: Vec<String> = crate::operation::ALL
            .iter()
            .filter(|operation| Drivers::serve(operation))
            .flat_map(|operation| {
                [None, Some(50.0)].map(|rate| {
                    let operation = operation.name.to_owned();
                    let order = Order::Load(Load { operation, connections: 3, seconds: 0.05, rate });
                    serde_json::to_string(&order).unwrap()
                })
            })
            .collect();
        let mut reports = Vec::new();
        carry_out_orders(stack, orders.join("\n").as_bytes(), &mut reports).await.unwrap();
        let reports = String::from_utf8(reports).unwrap();
        assert_eq!(reports.lines().count(), orders.len());
        for (order, report) in orders.iter().zip(reports.lines()) {
            let Report::Done(found) = serde_json::from_str(report).unwrap() else {
                panic!("{order}: {report}");
            };
            assert!(found.answered > 0 && found.faults.is_empty(), "{order}: {report}");
        }
    }

    #[tokio::test]
    async fn the_queue_is_emptied_between_publishes() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let stack = testkit::stack().await.unwrap();
        let publish =
            Order::Load(Load { operation: "publish".to_owned(), connections: 1, seconds: 0.01, rate: None });
        let orders = [publish, Order::EmptyQueue].map(|order| serde_json::to_string(&order).unwrap());
        let mut reports = Vec::new();
        carry_out_orders(stack, orders.join("\n").as_bytes(), &mut reports).await.unwrap();
        let reports = String::from_utf8(reports).unwrap();
        let published: Report = serde_json::from_str(reports.lines().next().unwrap()).unwrap();
        let emptied: Report = serde_json::from_str(reports.lines().last().unwrap()).unwrap();
        let (Report::Done(published), Report::Emptied(thrown_away)) = (published, emptied) else {
            panic!("{reports}");
        };
        // Another test may have published as well.
        assert!(published.answered > 0 && u64::from(thrown_away) >= published.answered, "{reports}");
    }

    #[tokio::test]
    async fn what_no_driver_does_is_reported_and_ends_nothing() {
        let stack = testkit::stack().await.unwrap();
        let order = r#"{"load":{"operation":"health","connections":1,"seconds":0.01,"rate":null}}"#;
        let mut reports = Vec::new();
        carry_out_orders(stack, format!("{order}\n{order}\n").as_bytes(), &mut reports).await.unwrap();
        let reports = String::from_utf8(reports).unwrap();
        assert_eq!(reports.matches("no driver's call stands behind health").count(), 2, "{reports}");
    }
}
