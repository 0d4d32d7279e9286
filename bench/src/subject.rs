//! What load is put on: a server, the bare server, or the drivers alone.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::BoxError;
use crate::client::{Client, HttpCaller, described};
use crate::drivers::{self, Drivers};
use crate::load::{self, Stretch, Summary};
use crate::operation::{self, Behind, Operation};
use crate::process::Usage;
use crate::target::Target;

/// One of them. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) enum Subject {
    /// A server, by HTTP.
    Server(Target),
    /// The calls behind the operations.
    Drivers(Arc<Drivers>),
}

/// How many series there are: one for each operation and each subject that does what it stands for.
pub(crate) fn pairs(subjects: &[Subject], operations: &[Operation]) -> usize {
    let served = |operation| subjects.iter().filter(|subject| subject.serves(operation)).count();
    operations.iter().map(served).sum()
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(target) => target.fmt(f),
            Self::Drivers(_) => f.write_str("the drivers alone"),
        }
    }
}

impl Subject {
    /// Its name in results.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Server(target) => &target.name,
            Self::Drivers(_) => drivers::NAME,
        }
    }

    /// Whether it does what the operation stands for. The bare server has no backends: to hold what it does against a
    /// database's answer would say nothing.
    pub(crate) fn serves(&self, operation: &Operation) -> bool {
        match self {
            Self::Server(target) => !target.is_floor || operation.behind == Behind::Nothing,
            Self::Drivers(_) => Drivers::serve(operation),
        }
    }

    /// Whether it is a server of the contract.
    pub(crate) fn is_a_server(&self) -> bool {
        matches!(self, Self::Server(target) if !target.is_floor)
    }

    /// Have what the operations need, and ask each once: what is refused now would be refused thousands of times.
    ///
    /// # Errors
    /// When an answer is not as it should be, with what to look at.
    pub(crate) async fn prepare(&self, operations: &[Operation]) -> Result<(), BoxError> {
        let Self::Server(target) = self else { return Ok(()) };
        if target.is_floor {
            return Ok(());
        }
        let host = target.address.to_string();
        let mut client = Client::new(target.address);
        // When it fails, the request that reads it says so.
        let _ = client.ask(&operation::SET_UP.request(&host, 0)).await;
        for operation in operations {
            let name = operation.name;
            let answer = client
                .ask(&operation.request(&host, 0))
                .await
                .map_err(|error| format!("{target} does not answer {name} ({error})"))?;
            if answer.status != operation.status {
                return Err(format!(
                    "{target} answers {} to {name}, so that measuring it would say nothing; \\
                     look at `devstack status` and at GET /health/all of the server",
                    described(answer.status, &answer.body)
                )
                .into());
            }
        }
        Ok(())
    }

    /// Put load on it: at `rate` a second, or else saturated.
    ///
    /// # Errors
    /// When the drivers' process has ended. What a server does not answer is counted.
    pub(crate) async fn load(
        &self,
        operation: &Operation,
        stretch: &Stretch,
        rate: Option<f64>,
    ) -> Result<Summary, BoxError> {
        match self {
            Self::Drivers(drivers) => {
                drivers.load(operation, stretch.connections, stretch.duration, rate).await
            }
            Self::Server(target) => {
                let caller = |index| HttpCaller::new(target.address, operation, index);
                Ok(match rate {
                    None => load::saturate(stretch, caller).await,
                    Some(rate) => load::pace(stretch, rate, caller).await,
                })
            }
        }
    }

    /// Warm it up.
    ///
    /// # Errors
    /// As [`Subject::load`].
    pub(crate) async fn warm_up(
        &self,
        operation: &Operation,
        connections: u32,
        duration: Duration,
    ) -> Result<(), BoxError> {
        if !duration.is_zero() {
            self.load(operation, &Stretch::new(connections, duration)?, None).await?;
        }
        Ok(())
    }

    /// What its process has used so far.
    pub(crate) async fn usage(&self) -> Usage {
        match self {
            Self::Server(target) => target.usage().await,
            Self::Drivers(drivers) => drivers.usage(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor::Floor;

    #[tokio::test]
    async fn a_server_that_answers_otherwise_is_not_measured() {
        let floor = Floor::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let target = Target { name: "peer".to_owned(), address: floor.address(), pid: None, is_floor: false };
        let subject = Subject::Server(target);
        subject.prepare(&[operation::ALL[0]]).await.unwrap();
        // It answers 200 to everything, and this one is to be a 404.
        let unknown = Operation::named("vault-read").unwrap();
        let error = subject.prepare(&[operation::ALL[0], unknown]).await.unwrap_err().to_string();
        assert!(error.contains("answers 200 to vault-read") && error.contains("devstack status"), "{error}");
    }

    #[test]
    fn the_bare_server_is_asked_for_nothing_that_has_a_backend() {
        let address = "127.0.0.1:1".parse().unwrap();
        let floor =
            Subject::Server(Target { name: "floor".to_owned(), address, pid: Some(1), is_floor: true });
        let serves = operation::ALL.iter().filter(|operation| floor.serves(operation));
        assert_eq!(serves.map(|operation| operation.name).collect::<Vec<_>>(), ["health"]);
    }
}
