//! The process's Prometheus registry.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use contract::metrics as names;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;

use crate::identity::ServerIdentity;

/// How often recorded durations are put into their buckets; until then each one takes 16 bytes.
const UPKEEP: Duration = Duration::from_secs(1);

/// The recorder can be installed once in a process; servers that share a process (tests) share it.
static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
static INSTALLING: Mutex<()> = Mutex::new(());

/// The registry behind `/metrics`. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Metrics {
    handle: PrometheusHandle,
    process: Collector,
}

impl Metrics {
    /// Installs the process's recorder, describes every metric of the contract and sets `app_info`.
    ///
    /// Call it before anything that makes metrics handles: `Integrations::start`, the services,
    /// [`HttpMetrics`](super::HttpMetrics). A second call in the same process gets the same registry.
    ///
    /// # Errors
    /// [`InstallError`] when something else has installed a recorder.
    pub fn install(identity: &ServerIdentity) -> Result<Self, InstallError> {
        let metrics = Self { handle: handle()?, process: Collector::default() };
        metrics.process.describe();
        gauge!(
            names::APP_INFO,
            "name" => identity.name,
            "version" => identity.version,
            "framework" => identity.framework,
            "approach" => identity.approach,
        )
        .set(1.0);
        Ok(metrics)
    }

    /// Everything, in Prometheus' text format 0.0.4.
    pub fn render(&self) -> String {
        self.process.collect();
        self.handle.render()
    }

    /// Keeps the registry small in the background, for as long as the runtime lives.
    pub fn keep_up(&self, runtime: &tokio::runtime::Handle) {
        let handle = self.handle.clone();
        runtime.spawn(async move {
            let mut ticks = tokio::time::interval(UPKEEP);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                handle.run_upkeep();
            }
        });
    }
}

fn handle() -> Result<PrometheusHandle, InstallError> {
    let _one_at_a_time = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let mut builder = PrometheusBuilder::new();
    for histogram in [names::HTTP_REQUEST_DURATION_SECONDS, names::BACKEND_OPERATION_DURATION_SECONDS] {
        builder = builder
            .set_buckets_for_metric(Matcher::Full(histogram.to_owned()), &names::DURATION_BUCKETS)
            .map_err(InstallError::Buckets)?;
    }
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_recorder| InstallError::Taken)?;
    describe();
    Ok(HANDLE.get_or_init(|| handle).clone())
}

fn describe() {
    describe_counter!(names::HTTP_REQUESTS_TOTAL, "Requests answered, by method, route template and status.");
    describe_histogram!(
        names::HTTP_REQUEST_DURATION_SECONDS,
        Unit::Seconds,
        "Time from the head of a request to the end of its handling, in seconds."
    );
    describe_gauge!(names::HTTP_REQUESTS_IN_PROGRESS, "Requests being handled at this moment.");
    describe_counter!(
        names::HTTP_ERRORS_TOTAL,
        "Error answers, by the name in the error envelope and the route template."
    );
    describe_histogram!(
        names::BACKEND_OPERATION_DURATION_SECONDS,
        Unit::Seconds,
        "Time of one call to a backend, waiting for a connection included, in seconds."
    );
    describe_gauge!(names::BACKEND_UP, "1 when the last call or probe reached the backend, else 0.");
    describe_gauge!(names::CIRCUIT_BREAKER_STATE, "0 when the breaker is closed, 1 half-open, 2 open.");
    describe_counter!(names::CACHE_HITS_TOTAL, "Answers taken from a cache.");
    describe_counter!(names::CACHE_MISSES_TOTAL, "Answers that a cache did not have.");
    describe_gauge!(names::APP_INFO, "Which server this is; always 1.");
}

/// Why the registry could not be installed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// Another recorder was there first.
    #[error("another metrics recorder is installed already")]
    Taken,
    /// The contract's buckets are refused.
    #[error("the histogram's buckets are refused")]
    Buckets(#[source] BuildError),
}
