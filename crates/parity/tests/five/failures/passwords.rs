//! A backend that gets another password: the servers read it from Vault, or are refused until it is there.
//!
//! The stack keeps the new password, as a stack does whose passwords were rotated.

use std::sync::Arc;

use secrecy::ExposeSecret as _;

use super::harmed;
use super::operator::{self, Vault};
use super::{broken, everything, fine, ok};
use crate::Outcome;
use crate::written::Main;
use testkit::{Namespace, services_of};

/// The password was changed at the backend and in Vault: the servers read the secret again, once, and no request fails.
pub(super) async fn rotated(main: Arc<Main>, backend: &str) -> Outcome {
    let name = format!("{backend}_has_a_new_password");
    let steps = everything(&ok())?;
    harmed::harm(
        &main,
        backend,
        &name,
        async |harmed| {
            let proxies = &harmed.behind.proxies;
            operator::change_password(harmed.stack(), backend, &another()).await?;
            // A password is asked for at the start of a connection only.
            proxies.disconnect(backend).await?;
            let result = harmed.behind.run(&name, steps).await?;
            let before = proxies.bytes_to("vault");
            main.keep(harmed.behind.run(&format!("{name}_and_keeps_it"), fine(backend)).await?)?;
            match proxies.bytes_to("vault") - before {
                0 => Ok(result),
                bytes => Err(format!("{bytes} bytes went to Vault when the password was known").into()),
            }
        },
        async |_| Ok(()),
    )
    .await
}

/// The password was changed at the backend alone: all are refused alike, and go on as soon as Vault has it too.
pub(super) async fn unknown(main: Arc<Main>, backend: &str) -> Outcome {
    let name = format!("{backend}_has_a_password_that_vault_does_not_know");
    let steps = broken(backend)?;
    let password = another();
    harmed::harm(
        &main,
        backend,
        &name,
        async |harmed| {
            let (stack, proxies) = (harmed.stack(), &harmed.behind.proxies);
            let vault = Vault::of(stack)?;
            let mut old = Vec::new();
            for service in services_of(backend) {
                old.push((service, stack.credentials(service).await?.password));
            }
            // Meanwhile nobody gets there, and so nobody reads what Vault knows for a moment.
            proxies.cut(backend).await?;
            operator::change_password(stack, backend, &password).await?;
            for (service, old) in old {
                vault.set_password(service, old.expose_secret()).await?;
            }
            proxies.restore(backend).await?;
            harmed.behind.run(&name, steps).await
        },
        async |harmed| {
            harmed.behind.proxies.restore(backend).await?;
            let vault = Vault::of(harmed.stack())?;
            for service in services_of(backend) {
                vault.set_password(service, &password).await?;
            }
            Ok(())
        },
    )
    .await
}

fn another() -> String {
    format!("rotated{}", Namespace::new().token())
}
