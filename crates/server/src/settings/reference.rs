//! The reference page of the variables, `docs/configuration.md`, as text.

use std::fmt::Write;

use super::variables::{DefaultValue, Section, VARIABLES, Variable};
use crate::identity::ServerIdentity;

/// The whole page, as Markdown with a newline at its end.
pub fn page() -> String {
    let mut page = String::from(
        "# Configuration\n\
         \n\
         <!-- Generated from crates/server/src/settings/variables.rs; do not edit, but run:\n\
         cargo run -p server --example configuration > docs/configuration.md -->\n\
         \n\
         The servers read these environment variables when they start, and refuse to start with a list of all \
         faults if any value is wrong.\n\
         An empty value counts as unset.\n\
         No password is among them: the servers read those from Vault.\n\
         `devstack env <server>` prints the values for the stack on this machine.\n",
    );
    for section in Section::ALL {
        page.push_str("\n## ");
        page.push_str(section.title());
        page.push_str("\n\n| variable | form | default | meaning |\n| --- | --- | --- | --- |\n");
        for variable in VARIABLES.iter().filter(|variable| variable.section == section) {
            row(&mut page, variable);
        }
    }
    page.push_str("\n## Ports\n\n| server | HTTP | TLS |\n| --- | --- | --- |\n");
    for server in ServerIdentity::ALL {
        // Writing to a String does not fail.
        let _ = writeln!(page, "| `{}` | {} | {} |", server.name, server.http_port, server.https_port);
    }
    page
}

fn row(page: &mut String, variable: &Variable) {
    let default = match variable.default {
        DefaultValue::Text(text) => format!("`{text}`"),
        DefaultValue::HttpPort => "`127.0.0.1` and the server's HTTP port".to_owned(),
        DefaultValue::HttpsPort => "`127.0.0.1` and the server's TLS port".to_owned(),
        DefaultValue::Cores => "the machine's cores".to_owned(),
        DefaultValue::Unset(meaning) => format!("unset: {meaning}"),
        DefaultValue::Required => "none, must be set".to_owned(),
    };
    let _ = writeln!(page, "| `{}` | {} | {default} | {} |", variable.name, variable.form, variable.meaning);
}
