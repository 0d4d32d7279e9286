//! Vault that is there and of no use: sealed, or it has forgotten who the servers are.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::harmed;
use super::operator::Vault;
use super::{FAILURES, error_of, everything, ok, refused};
use crate::written::Main;
use crate::{Outcome, SERVERS};
use parity::model::Expectation;

/// What needs Vault is refused, the breaker stays closed because Vault answers, and all else goes on.
pub(super) async fn sealed(main: Arc<Main>) -> Outcome {
    let mut steps = refused("vault", error_of("vault"), FAILURES + 1);
    steps.extend(everything(&Expectation::default())?);
    harmed::harm(
        &main,
        "vault",
        "vault_is_sealed",
        async |harmed| {
            Vault::of(harmed.stack())?.seal().await?;
            harmed.behind.run("vault_is_sealed", steps).await
        },
        async |harmed| Vault::of(harmed.stack())?.unseal().await,
    )
    .await
}

/// No request fails: each server logs in again, once.
pub(super) async fn tokens_revoked(main: Arc<Main>) -> Outcome {
    let steps = everything(&ok())?;
    harmed::harm(
        &main,
        "vault",
        "vault_revokes_the_tokens",
        async |harmed| {
            let vault = Vault::of(harmed.stack())?;
            let before = vault.tokens_of(&SERVERS).await?;
            for token in &before {
                vault.revoke(token).await?;
            }
            let result = harmed.behind.run("vault_revokes_the_tokens", steps).await?;
            let after = vault.tokens_of(&SERVERS).await?;
            let roles: BTreeSet<&str> = after.iter().map(|token| token.role.as_str()).collect();
            if before.len() < SERVERS.len() || roles.len() < SERVERS.len() || after.len() > SERVERS.len() {
                return Err(format!("the logins were {before:?} and are {after:?}").into());
            }
            Ok(result)
        },
        async |_| Ok(()),
    )
    .await
}
