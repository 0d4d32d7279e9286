//! All servers end well when they are told to.

use crate::Outcome;
use crate::fleet::Fleet;

pub(crate) async fn test() -> Outcome {
    let mut fleet = Fleet::ready(testkit::stack().await?, &[], None).await?;
    for server in &mut fleet.servers {
        server.terminate()?;
        let status = server.end().await?;
        if !status.success() {
            return Err(format!("{} ended with {status}: {}", server.name, server.said()).into());
        }
    }
    Ok(())
}
