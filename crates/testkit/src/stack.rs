//! The real servers that the tests run against: one stack that all share, and stacks of one test alone.

use std::fmt;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use devstack::reset::Deletion;
use devstack::{Progress, Service, Stack, UpOptions};
use tokio::sync::OnceCell;
use tokio::task::JoinError;
use tokio::time::timeout;

use crate::reservation::{NoneLeft, Reservation};
use crate::runtime;

/// Added to the ports of the shared stack.
///
/// So chosen that every port lies below 32768, where Linux begins to hand out ports to outgoing connections:
/// above, a client's port can be the very port that a server is about to listen on.
pub const PORT_OFFSET: u16 = 5000;

/// The variable that names another home for the shared stack.
pub const HOME_VARIABLE: &str = "DEVSTACK_TEST_HOME";

/// The variable that gives the shared stack another offset than [`PORT_OFFSET`]: for the tests of two checkouts at once.
pub const OFFSET_VARIABLE: &str = "DEVSTACK_TEST_PORT_OFFSET";

/// Installing everything on a fresh machine is the longest that `up` can take; building Vault alone takes minutes.
const UP_LIMIT: Duration = Duration::from_mins(45);
const DOWN_LIMIT: Duration = Duration::from_mins(1);

/// The test's stack could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StackError {
    /// `devstack` could not bring it up or take it down.
    #[error("the test stack failed{}", hint(.0))]
    Devstack(#[source] devstack::Error),
    /// It took too long.
    #[error("the test stack was not {what} within {limit:?}")]
    TimedOut {
        /// What it was to be: "up" or "down".
        what: &'static str,
        /// How long was waited.
        limit: Duration,
    },
    /// Every port offset that private stacks may have is in use.
    #[error("no ports for a private stack")]
    NoPorts(#[from] NoneLeft),
    /// A folder, a lock file or the runtime could not be made.
    #[error("the test stack has no place")]
    Io(#[from] io::Error),
    /// [`OFFSET_VARIABLE`] is not a number of ports.
    #[error("{OFFSET_VARIABLE} is not a whole number from 0 to {}", u16::MAX)]
    Offset(#[from] std::num::ParseIntError),
    /// A task panicked.
    #[error("a task of the test stack ended early")]
    Ended(#[from] JoinError),
}

/// What to do next, where `devstack` knows it.
fn hint(error: &devstack::Error) -> String {
    error.hint().map_or_else(String::new, |hint| format!(" ({hint})"))
}

/// The stack that all tests of this workspace share: brought up by the first that asks, and left running.
///
/// It lives in `.devstack-test` of the workspace ([`HOME_VARIABLE`] names another place) at ports of its own, so that
/// a developer's stack is neither needed nor touched. A test leaves it as it was: whoever stops, kills, seals or
/// reconfigures a server takes a [`private_stack`], and whoever only needs a server to seem away takes a
/// [`Proxy`](crate::Proxy).
///
/// # Errors
/// [`StackError`] when it does not come up. Nothing is skipped silently: without its stack a test fails.
pub async fn stack() -> Result<&'static Stack, StackError> {
    static SHARED: OnceCell<Stack> = OnceCell::const_new();
    SHARED
        .get_or_try_init(async || {
            let home = shared_home()?;
            let options = UpOptions { port_offset: shared_offset()?, ..UpOptions::new(&home) };
            let stack = up(options).await?;
            say(format_args!(
                "the test stack is left running; to stop it: DEVSTACK_HOME={} cargo run -p devstack -- down",
                home.display()
            ));
            Ok(stack)
        })
        .await
}

/// A stack of `services` and what they need, for one test that harms it.
///
/// It has a home and ports of its own, and is taken down, data and all, by [`PrivateStack::close`] or when it is
/// dropped. What a killed test run left behind is taken down by the next private stack.
///
/// # Errors
/// [`StackError`] when it does not come up.
pub async fn private_stack(services: &[Service]) -> Result<PrivateStack, StackError> {
    for (_reservation, home) in tokio::task::spawn_blocking(Reservation::left_behind).await?? {
        if let Err(error) = take_down(home.clone()).await {
            // Another user's, perhaps. Its ports are not free then, and will not be taken.
            say(format_args!("what a killed run left in {} was not taken down: {error}", home.display()));
        }
    }
    let reservation = tokio::task::spawn_blocking(Reservation::take).await??;
    let home = reservation.make_home()?;
    let options =
        UpOptions { port_offset: reservation.offset(), services: services.to_vec(), ..UpOptions::new(&home) };
    match up(options).await {
        Ok(stack) => Ok(PrivateStack { stack, home, closed: false, _reservation: reservation }),
        Err(error) => {
            // The first failure is the one to report; what could not be taken down now is the next run's to sweep.
            let _ = take_down(home).await;
            Err(error)
        }
    }
}

/// A stack that one test may harm as it likes.
#[derive(Debug)]
pub struct PrivateStack {
    stack: Stack,
    home: PathBuf,
    closed: bool,
    /// Keeps other tests off these ports.
    _reservation: Reservation,
}

impl PrivateStack {
    /// The stack, to stop, kill and start its services.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Stop all its servers and delete its data.
    ///
    /// # Errors
    /// [`StackError`] when a server could not be stopped or a file not deleted.
    pub async fn close(mut self) -> Result<(), StackError> {
        self.closed = true;
        take_down(self.home.clone()).await
    }
}

impl Drop for PrivateStack {
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        let home = self.home.clone();
        // A thread of its own, because blocking is not allowed in the test's runtime. The test does wait for it:
        // otherwise the process could end first.
        let taken_down = std::thread::spawn(move || match runtime::handle() {
            Ok(handle) => handle.block_on(take_down(home)),
            Err(error) => Err(error.into()),
        })
        .join();
        if !matches!(taken_down, Ok(Ok(()))) {
            say(format_args!(
                "the private stack in {} was not taken down: {taken_down:?}",
                self.home.display()
            ));
        }
    }
}

async fn up(options: UpOptions) -> Result<Stack, StackError> {
    let task = runtime::handle()?.spawn(async move { devstack::up(&options, &Lines).await });
    match timeout(UP_LIMIT, task).await {
        Ok(joined) => joined?.map_err(StackError::Devstack),
        Err(_) => Err(StackError::TimedOut { what: "up", limit: UP_LIMIT }),
    }
}

/// Stop whatever runs in `home`, and delete it.
async fn take_down(home: PathBuf) -> Result<(), StackError> {
    let task = runtime::handle()?.spawn(async move {
        match Deletion::of(&home) {
            Ok(deletion) => deletion.carry_out(&Lines).await.map_err(StackError::Devstack)?,
            // It was killed before it had written anything.
            Err(devstack::Error::NoStack { .. }) => {}
            Err(error) => return Err(StackError::Devstack(error)),
        }
        match tokio::fs::remove_dir_all(&home).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    });
    match timeout(DOWN_LIMIT, task).await {
        Ok(joined) => joined?,
        Err(_) => Err(StackError::TimedOut { what: "down", limit: DOWN_LIMIT }),
    }
}

fn shared_offset() -> Result<u16, StackError> {
    match devstack::environment_variable(OFFSET_VARIABLE).filter(|offset| !offset.is_empty()) {
        Some(offset) => Ok(offset.parse()?),
        None => Ok(PORT_OFFSET),
    }
}

fn shared_home() -> Result<PathBuf, StackError> {
    if let Some(home) = devstack::environment_variable(HOME_VARIABLE).filter(|home| !home.is_empty()) {
        return Ok(std::path::absolute(home)?);
    }
    // Beside the developer's stack, and looked up when the test runs: the folder of this package when it was compiled can
    // be that of another checkout, with which the target folder is shared.
    let developers = devstack::default_home(&|_| None).map_err(StackError::Devstack)?;
    Ok(developers.with_file_name(".devstack-test"))
}

/// Shows what `devstack` does as plain lines.
#[derive(Debug)]
struct Lines;

impl Progress for Lines {
    fn event(&self, event: &devstack::Event) {
        use devstack::Event;
        match event {
            Event::Started { step, what } => say(format_args!("{step}: {what}")),
            Event::Waiting { step, on } => say(format_args!("{step}: waiting: {on}")),
            Event::Done { step, what, elapsed } => say(format_args!("{step}: {what} after {elapsed:.1?}")),
            Event::Failed { step, why } => say(format_args!("{step}: failed: {why}")),
            Event::Note(text) => say(format_args!("{text}")),
            // New kinds of events are no reason for the tests not to build.
            _ => {}
        }
    }
}

/// A line on standard error, past the test harness, which would keep it until the test has failed: bringing a stack up
/// takes long enough that somebody who waits wants to see why.
fn say(line: fmt::Arguments<'_>) {
    // Nobody reads it when it cannot be written.
    let _ = writeln!(io::stderr().lock(), "testkit: {line}");
}
