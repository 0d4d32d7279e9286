//! Where the variables come from: the process, and below it the dev stack when nobody says where Vault is.

use std::error::Error;

use server::ServerIdentity;
use server::settings::environment;

/// Looks a variable up.
pub(crate) type Lookup = Box<dyn Fn(&str) -> Option<String>>;

/// The process's variables; without `VAULT_ADDR` among them, the dev stack is brought up, and its variables
/// stand below the process's own.
#[cfg(feature = "devstack")]
pub(crate) async fn lookup(identity: &ServerIdentity) -> Result<Lookup, Box<dyn Error>> {
    if environment("VAULT_ADDR").is_some() {
        return Ok(Box::new(environment));
    }
    let options = devstack::UpOptions::new(devstack::default_home(&environment)?);
    let stack = devstack::up(&options, &*devstack::progress::to_stderr()).await?;
    let variables = stack.environment(identity.name);
    Ok(Box::new(move |name| environment(name).or_else(|| variables.get(name).cloned())))
}

/// The process's variables.
#[cfg(not(feature = "devstack"))]
#[expect(clippy::unused_async, reason = "it stands in for the lookup that waits for the dev stack")]
pub(crate) async fn lookup(_: &ServerIdentity) -> Result<Lookup, Box<dyn Error>> {
    Ok(Box::new(environment))
}
