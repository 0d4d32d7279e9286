//! The way of spans out of the process: batches of OTLP, as protobuf over HTTP.
//!
//! A request only puts its span into a queue, and one that finds the queue full is dropped. A thread of the library
//! takes batches out; they are posted on the shared runtime, where every connection of the process is.
//!
//! Deliberately absent: gRPC, which would bring a second HTTP stack for the same bytes.

use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use causes::Chain;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider};
use reqwest::{Client, Url};
use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterFn, LevelFilter};
use tracing_subscriber::registry::LookupSpan;

use crate::identity::ServerIdentity;

/// Where the protocol has its traces, below the endpoint.
const PATH: &str = "v1/traces";
/// How long a batch may take to be posted.
const POST_LIMIT: Duration = Duration::from_secs(5);
/// How long the end of the process waits for spans that are not posted yet.
const LAST_POST: Duration = Duration::from_secs(2);
/// A span waits at most so long for others to go with.
const DELAY: Duration = Duration::from_secs(1);
/// How many spans may wait; about 1 MiB.
const QUEUE: usize = 2048;
/// How often failures are told in the log.
const TELL_EVERY: Duration = Duration::from_mins(1);
/// The longest answer that is read; a receiver answers with a few bytes.
const ANSWER_LIMIT: usize = 64 * 1024;

/// Sends the spans of this process to a collector.
#[derive(Debug)]
pub struct Exporter {
    provider: SdkTracerProvider,
}

/// Why spans cannot be exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The endpoint cannot be extended by the protocol's path.
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT: {PATH} cannot be put below it")]
    Endpoint(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no client for the endpoint, for want of the system's authorities for example.
    #[error("no HTTP client for OTEL_EXPORTER_OTLP_ENDPOINT can be made")]
    Client(#[from] reqwest::Error),
    /// The exporter refuses its settings, such as another `OTEL_EXPORTER_OTLP_*` variable of the process.
    #[error("the exporter of traces cannot be made")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
}

impl Exporter {
    /// Begins to export to `endpoint`, on `runtime`; nothing is connected before the first span.
    ///
    /// # Errors
    /// [`ExportError`] when the settings make no exporter. A collector that is away is no error: its failures are
    /// logged, and the spans are lost.
    pub fn start(endpoint: &Url, identity: &ServerIdentity, runtime: Handle) -> Result<Self, ExportError> {
        let url = endpoint.join(PATH).map_err(|error| ExportError::Endpoint(error.into()))?;
        let client = client(endpoint)?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(url.as_str())
            // Whatever other variable of the process asks for gRPC.
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(POST_LIMIT)
            .with_http_client(Post { client, runtime, told: Mutex::default() })
            .build()?;
        let batches =
            BatchConfigBuilder::default().with_max_queue_size(QUEUE).with_scheduled_delay(DELAY).build();
        let resource = Resource::builder_empty()
            .with_service_name(identity.name)
            .with_attribute(opentelemetry::KeyValue::new("service.version", identity.version))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            // A caller that does not record its trace gets no span of it from us either.
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
            .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(batches).build())
            .build();
        Ok(Self { provider })
    }

    /// What the process's subscriber needs to see spans: those that say their kind, and nothing else.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    {
        let ours =
            FilterFn::new(|metadata| metadata.is_span() && metadata.fields().field("otel.kind").is_some());
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(env!("CARGO_PKG_NAME")))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(ours.with_max_level_hint(LevelFilter::DEBUG))
    }

    /// Posts what still waits, for two seconds at most, and ends.
    pub async fn close(self) {
        // It blocks, and what it waits for runs on this runtime.
        let closing = tokio::task::spawn_blocking(move || self.provider.shutdown_with_timeout(LAST_POST));
        if !matches!(closing.await, Ok(Ok(()))) {
            tracing::warn!("the last traces could not be exported within {LAST_POST:?}");
        }
    }
}

/// Posts batches on the shared runtime, and tells now and then of those that are lost.
struct Post {
    client: Client,
    runtime: Handle,
    /// When a failure was last told.
    told: Mutex<Option<Instant>>,
}

impl fmt::Debug for Post {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Post").finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpClient for Post {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request = request.try_into()?;
        let posted = self.runtime.spawn(post(self.client.clone(), request)).await?;
        match &posted {
            Ok(response) if response.status().is_success() => {}
            Ok(response) => self.tell(&format_args!("the collector answered {}", response.status())),
            Err(error) => self.tell(&Chain(error)),
        }
        Ok(posted?)
    }
}

impl Post {
    /// Says that traces are lost, once in a while.
    fn tell(&self, error: &dyn fmt::Display) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
            *told = Some(Instant::now());
            tracing::warn!(%error, "traces could not be exported; the next failures of this minute are not logged");
        }
    }
}

/// As the one for Vault, it goes where it was told to and nowhere else.
fn client(endpoint: &Url) -> reqwest::Result<Client> {
    let mut builder =
        Client::builder().timeout(POST_LIMIT).no_proxy().redirect(reqwest::redirect::Policy::none());
    if endpoint.scheme() == "http" {
        // The system's authorities need not be loaded then.
        builder = builder.tls_certs_only([]);
    }
    builder.build()
}

async fn post(client: Client, request: reqwest::Request) -> Result<Response<Bytes>, reqwest::Error> {
    let mut answer = client.execute(request).await?;
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await? {
        if body.len() + piece.len() > ANSWER_LIMIT {
            break;
        }
        body.extend_from_slice(&piece);
    }
    let mut response = Response::new(body.into());
    *response.status_mut() = answer.status();
    Ok(response)
}
