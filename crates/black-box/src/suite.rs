//! What all cases share, and how they are run.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use causes::Chain;
use libtest_mimic::{Arguments, Failed, Trial};
use secrecy::ExposeSecret as _;
use testkit::{Service, Stack};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::judge::Judge;
use crate::server::{Launch, Server};
use crate::{BoxError, Outcome, Target};

/// The longest that a case may take; most take milliseconds.
const CASE_LIMIT: Duration = Duration::from_mins(2);

/// Most cases wait for a server most of the time, so that more of them run at once than there are cores.
const AT_ONCE: usize = 8;

/// Multiplies the limits of the server that the cases share, in per cent.
const SHARED_LIMITS: &str = "100000";

/// One case.
pub(crate) struct Case {
    pub(crate) name: String,
    run: fn(Arc<Suite>) -> Running,
}

type Running = Pin<Box<dyn Future<Output = Outcome>>>;

impl Case {
    pub(crate) fn new(module: &str, name: &str, run: fn(Arc<Suite>) -> Running) -> Self {
        // The module's own path begins with that of this crate and its folder of cases.
        let subject = module.rsplit("::").next().unwrap_or(module);
        Self { name: format!("{subject}::{name}"), run }
    }

    /// The case as the harness takes it.
    pub(crate) fn trial(self, suite: &Arc<SharedSuite>, runtime: &Handle) -> Trial {
        let (suite, runtime, run) = (Arc::clone(suite), runtime.clone(), self.run);
        Trial::test(self.name, move || {
            runtime.block_on(async {
                // Not part of the case's time: on a fresh machine the servers are installed and built first.
                let suite = suite.get().await.map_err(|error| Chain(error.as_ref()).to_string())?;
                match timeout(CASE_LIMIT, run(suite)).await {
                    Ok(outcome) => outcome.map_err(|error| Failed::from(Chain(error.as_ref()).to_string())),
                    Err(_elapsed) => Err(Failed::from(format!("not done within {CASE_LIMIT:?}"))),
                }
            })
        })
    }
}

/// Makes a list of cases of functions of this module.
macro_rules! cases {
    ($($name:ident),+ $(,)?) => {
        pub(crate) fn cases() -> Vec<$crate::suite::Case> {
            vec![$($crate::suite::Case::new(
                module_path!(),
                stringify!($name),
                |suite| Box::pin($name(suite)),
            )),+]
        }
    };
}
pub(crate) use cases;

/// The command line of the harness, with our own number of threads where none is given.
pub(crate) fn arguments() -> Arguments {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    arguments
}

/// The suite, made by the first case that needs it: listing the cases brings no stack up.
pub(crate) struct SharedSuite {
    target: Target,
    suite: OnceCell<Arc<Suite>>,
}

impl SharedSuite {
    pub(crate) fn new(target: Target) -> Self {
        Self { target, suite: OnceCell::new() }
    }

    async fn get(&self) -> Result<Arc<Suite>, BoxError> {
        let made = self.suite.get_or_try_init(async || Suite::new(self.target).await.map(Arc::new)).await?;
        Ok(Arc::clone(made))
    }

    /// Stops what the cases shared, and looks through all that it has said.
    ///
    /// `must_cover` says that all cases ran and passed, so that no answer of the contract may be left out.
    pub(crate) async fn close(self, must_cover: bool) -> Outcome {
        let Some(suite) = self.suite.into_inner().and_then(Arc::into_inner) else { return Ok(()) };
        if let Some(server) = suite.shared.into_inner().and_then(Arc::into_inner) {
            server.stop().await?;
        }
        let unseen = suite.judge.coverage.unseen();
        if must_cover && !unseen.is_empty() {
            return Err(format!("no case has these answers of the contract: {}", unseen.join(", ")).into());
        }
        Ok(())
    }
}

/// What all cases share.
pub(crate) struct Suite {
    pub(crate) target: Target,
    pub(crate) stack: &'static Stack,
    judge: Arc<Judge>,
    shared: OnceCell<Arc<Server>>,
}

impl Suite {
    async fn new(target: Target) -> Result<Self, BoxError> {
        let stack = testkit::stack().await?;
        let judge = Arc::new(Judge::new(secrets(stack, target.name).await?)?);
        Ok(Self { target, stack, judge, shared: OnceCell::new() })
    }

    /// The server for every case that needs no settings of its own.
    ///
    /// Its limits are so far away that no number of cases gets there.
    pub(crate) async fn server(&self) -> Result<Arc<Server>, BoxError> {
        let launch = || self.launch().set("RATE_LIMIT", SHARED_LIMITS);
        let server = self.shared.get_or_try_init(async || launch().ready().await.map(Arc::new)).await?;
        Ok(Arc::clone(server))
    }

    /// A server of one case, on the shared stack and free ports, with default settings.
    pub(crate) fn launch(&self) -> Launch {
        let launch = Launch::new(
            self.target.binary,
            self.stack.environment(self.target.name),
            Arc::clone(&self.judge),
        );
        launch.set("HTTP_ADDR", "127.0.0.1:0").set("HTTPS_ADDR", "127.0.0.1:0")
    }
}

/// What must never leave a server: every password of the stack, and how the server itself logs in.
async fn secrets(stack: &Stack, server: &str) -> Result<Vec<(String, String)>, BoxError> {
    let mut secrets = Vec::new();
    for service in Service::ALL.into_iter().filter(|service| *service != Service::Vault) {
        let password = stack.credentials(service).await?.password;
        secrets.push((format!("the password of {service}"), password.expose_secret().to_owned()));
    }
    secrets.push(("Vault's root token".to_owned(), stack.root_token()?));
    let environment = stack.environment(server);
    for name in ["VAULT_ROLE_ID_FILE", "VAULT_SECRET_ID_FILE"] {
        let file = environment.get(name).ok_or_else(|| format!("the stack gives no {name}"))?;
        let text = tokio::fs::read_to_string(Path::new(file)).await?;
        secrets.push((format!("what is in {name}"), text.trim().to_owned()));
    }
    Ok(secrets)
}
