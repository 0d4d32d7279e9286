//! Vault: file storage below its folder, plain HTTP on loopback.
//!
//! Its initialisation and unsealing are in `crate::vault`; here is only the process.

use super::Site;

use crate::error::Error;
use crate::install::{Kind, Program};
use crate::manifest::Service;
use crate::process::Launch;

pub(super) async fn prepare(site: &Site<'_>) -> Result<(), Error> {
    site.make_folder(Service::Vault, async |folder, account| account.private_folder(&folder.join("storage")))
        .await
}

pub(super) fn launch(site: &Site<'_>) -> Result<Launch, Error> {
    let folder = site.folder(Service::Vault);
    let storage = folder.join("storage").display().to_string();
    let address = site.address(Service::Vault).to_string();
    if site.tools.get(Program::Vault)?.kind == Kind::BuiltVault {
        let arguments = ["-listen", &address, "-storage", &storage, "-log-level", "warn"].map(str::to_owned);
        return site.launch(Service::Vault, Program::Vault, arguments);
    }
    let configuration = folder.join("vault.hcl");
    let text = format!(
        "storage \"file\" {{ path = {storage:?} }}\n\
         listener \"tcp\" {{ address = {address:?} tls_disable = true }}\n\
         api_addr = {:?}\n\
         disable_mlock = true\n\
         log_level = \"warn\"\n",
        format!("http://{address}")
    );
    crate::account::Account::of(Service::Vault)?.write_private(&configuration, &text)?;
    site.launch(
        Service::Vault,
        Program::Vault,
        ["server".to_owned(), format!("-config={}", configuration.display())],
    )
}
