//! `serve`: the API servers in the foreground, with a table on a terminal and plain lines elsewhere.

use std::future::Future;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;

use causes::Chain;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::read;
use crate::error::Error;
use crate::manifest::Api;
use crate::output::{data, say};
use crate::serve::{self, Fleet, Workspace};
use crate::{Stack, UpOptions, progress};

/// How often the table is made anew, and the logs are looked at.
const REFRESH: Duration = Duration::from_secs(2);

/// What `serve` was asked for.
pub(super) struct Request {
    /// Names of servers; none, or `all` among them, means all that are there.
    pub apis: Vec<String>,
    pub options: UpOptions,
    pub profile: String,
    pub json: bool,
}

/// Bring the stack up, build, serve until a signal or until no server is left.
pub(super) async fn run(request: Request) -> Result<ExitCode, Error> {
    let workspace = Workspace::find().await?;
    let names: Vec<&str> = request.apis.iter().map(String::as_str).filter(|name| *name != "all").collect();
    let all = names.len() < request.apis.len();
    let apis = workspace.choose(if all { &[] } else { &names })?;
    // Before anything is begun, as `up` does it.
    serve::refuse_taken_ports(&apis, request.options.port_offset)?;
    let stack = {
        let progress = progress::to_stderr();
        crate::up(&request.options, &*progress).await?
    };
    let listed = apis.iter().map(|api| api.name).collect::<Vec<_>>().join(", ");
    say(format_args!("building {listed} with the profile {}", request.profile));
    let programs = serve::build(&workspace, &apis, &request.profile).await?;
    // From here on a signal stops servers instead of leaving them behind.
    let mut told_to_stop = Box::pin(stop_signal()?);
    let fleet = {
        let progress = progress::to_stderr();
        Fleet::start(&stack, &apis, &programs, &*progress).await?
    };
    if request.json {
        data(document(&stack, &apis, &fleet));
    }
    say(format_args!(
        "logs: devstack logs {}; Ctrl-C stops all",
        apis.first().map_or("NAME", |api| api.name)
    ));
    watch(fleet, &mut told_to_stop).await
}

/// Ctrl-C, SIGTERM, or the end of the terminal.
fn stop_signal() -> Result<impl Future<Output = ()>, Error> {
    let listen = |kind: SignalKind| {
        signal(kind).map_err(|source| Error::io("listen for the signal", "to stop".as_ref(), source))
    };
    let (mut interrupt, mut terminate, mut hangup) =
        (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?, listen(SignalKind::hangup())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

/// Show how the servers are until a signal comes or none is left; then stop what is left.
async fn watch(
    mut fleet: Fleet,
    told_to_stop: &mut (impl Future<Output = ()> + Unpin),
) -> Result<ExitCode, Error> {
    let view = View::new();
    let mut one_died = false;
    let mut ticks = tokio::time::interval(REFRESH);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !fleet.is_empty() {
        tokio::select! {
            () = &mut *told_to_stop => break,
            ended = fleet.next_end() => {
                let ended = ended?;
                one_died |= !ended.well;
                if ended.well {
                    view.say(&format!("{} ended", ended.name));
                } else {
                    view.say(&format!("error: {}", Chain(&ended.error)));
                }
            }
            _ = ticks.tick() => {
                fleet.rotate_logs()?;
                view.show(&fleet).await;
            }
        }
    }
    view.end();
    let stopped = fleet.stop(&*progress::to_stderr()).await;
    stopped.map(|()| if one_died { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The table that is drawn over itself, on a terminal alone.
struct View(Option<ProgressBar>);

impl View {
    fn new() -> Self {
        let drawn = std::io::stderr().is_terminal().then(|| {
            let table = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{msg}") {
                table.set_style(style);
            }
            table
        });
        Self(drawn)
    }

    /// Ask the servers only if somebody sees what they say: each question takes some milliseconds from a core that a
    /// benchmark may be measuring.
    async fn show(&self, fleet: &Fleet) {
        if let Some(table) = &self.0 {
            table.set_message(read::api_table(&fleet.health().await).to_string());
        }
    }

    /// A line that stays, above the table.
    fn say(&self, text: &str) {
        match &self.0 {
            Some(table) => table.println(text),
            None => say(text),
        }
    }

    /// Leave the last table where it is.
    fn end(&self) {
        if let Some(table) = &self.0 {
            table.abandon();
        }
    }
}

/// One line for scripts, written when every server has answered.
fn document(stack: &Stack, apis: &[&'static Api], fleet: &Fleet) -> serde_json::Value {
    let servers: Vec<serde_json::Value> = apis
        .iter()
        .zip(fleet.starts())
        .map(|(api, (name, log, first_answer_ms))| {
            json!({
                "name": name,
                "http_address": api.http_address(stack.port_offset()),
                "https_address": api.https_address(stack.port_offset()),
                "framework": api.framework,
                "approach": api.approach,
                "log": log,
                "first_answer_ms": first_answer_ms,
            })
        })
        .collect();
    json!({ "home": stack.home(), "port_offset": stack.port_offset(), "servers": servers })
}
