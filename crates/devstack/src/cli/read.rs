//! The commands that only read: status, health, findings, variables, token, password, certificate.

use std::process::ExitCode;

use comfy_table::{ContentArrangement, Table, TableStyle};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::UNHEALTHY;
use crate::doctor::{Finding, Verdict};
use crate::error::Error;
use crate::manifest::{APIS, Service};
use crate::output::{data, raw_data, say};
use crate::serve::{ApiHealth, Figures};
use crate::vault::pki;
use crate::{ServiceHealth, Stack, process};

fn table<const N: usize>(head: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_content_arrangement(ContentArrangement::Dynamic).set_header(head);
    table
}

fn code(health: &[ServiceHealth]) -> ExitCode {
    if health.iter().all(|service| service.healthy) { ExitCode::SUCCESS } else { ExitCode::from(UNHEALTHY) }
}

fn state(service: &ServiceHealth) -> &'static str {
    match (service.healthy, service.pid) {
        (true, _) => "healthy",
        (false, Some(_)) => "unhealthy",
        (false, None) => "stopped",
    }
}

/// Each server's process, address and health. Rotates logs on the way.
pub(super) async fn status(stack: &Stack, as_json: bool) -> Result<ExitCode, Error> {
    for service in stack.services() {
        crate::logs::rotate(&stack.layout().log_file(service.name()), stack.pid(*service).is_some())?;
    }
    for api in &APIS {
        crate::logs::rotate(&stack.layout().log_file(api.name), true)?;
    }
    let (health, apis) = tokio::join!(stack.health(), stack.apis());
    let code =
        if apis.iter().any(|api| api.error.is_some()) { ExitCode::from(UNHEALTHY) } else { code(&health) };
    if as_json {
        super::json(&json!({
            "home": stack.home(), "port_offset": stack.port_offset(), "services": health, "apis": apis,
        }));
        return Ok(code);
    }
    let ages = process::ages(&health.iter().filter_map(|service| service.pid).collect::<Vec<_>>());
    let mut table = table(["SERVICE", "STATE", "ADDRESS", "PID", "RUNNING FOR", "VERSION OR REASON"]);
    for service in &health {
        table.add_row([
            service.service.name().to_owned(),
            state(service).to_owned(),
            service.address.to_string(),
            service.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string()),
            service.pid.and_then(|pid| ages.get(&pid).cloned()).unwrap_or_else(|| "-".to_owned()),
            service.version.clone().or_else(|| service.error.clone()).unwrap_or_default(),
        ]);
    }
    data(table);
    if !apis.is_empty() {
        data(api_table(&apis));
    }
    if health.iter().any(|service| !service.healthy) {
        say(
            "hint: `devstack up` starts what is stopped; `devstack logs SERVICE` shows why something is unhealthy",
        );
    }
    Ok(code)
}

/// The API servers that run, with what they say of themselves.
pub(super) fn api_table(apis: &[ApiHealth]) -> Table {
    let mut table = table([
        "SERVER",
        "HTTP",
        "HTTPS",
        "FRAMEWORK",
        "APPROACH",
        "PID",
        "RSS",
        "REQUESTS",
        "4XX",
        "5XX",
        "STATE",
    ]);
    for api in apis {
        let figure = |show: fn(&Figures) -> String| api.figures.as_ref().map_or_else(|| "-".to_owned(), show);
        table.add_row([
            api.name.to_owned(),
            api.http_address.port().to_string(),
            api.https_address.port().to_string(),
            api.framework.to_owned(),
            api.approach.to_owned(),
            api.pid.to_string(),
            figure(Figures::rss),
            figure(|figures| figures.requests.to_string()),
            figure(|figures| figures.client_errors.to_string()),
            figure(|figures| figures.server_errors.to_string()),
            api.error.clone().unwrap_or_else(|| "serving".to_owned()),
        ]);
    }
    table
}

/// What each server answers to a login.
pub(super) async fn health(stack: &Stack, services: &[Service], as_json: bool) -> Result<ExitCode, Error> {
    let health = stack.health_of(services).await;
    if as_json {
        super::json(&health);
        return Ok(code(&health));
    }
    let mut table = table(["SERVICE", "HEALTH", "AFTER", "VERSION OR REASON"]);
    for service in &health {
        table.add_row([
            service.service.name().to_owned(),
            state(service).to_owned(),
            format!("{} ms", service.elapsed_ms),
            service.version.clone().or_else(|| service.error.clone()).unwrap_or_default(),
        ]);
    }
    data(table);
    Ok(code(&health))
}

/// What the doctor found.
pub(super) fn findings(findings: &[Finding], as_json: bool) -> ExitCode {
    let fine = findings.iter().all(|finding| finding.verdict != Verdict::Wrong);
    if as_json {
        super::json(&findings);
    } else {
        for finding in findings {
            let word = match finding.verdict {
                Verdict::Fine => "ok     ",
                Verdict::Remark => "note   ",
                Verdict::Wrong => "WRONG  ",
            };
            data(format_args!("{word} {}: {}", finding.subject, finding.text));
            if let Some(next) = &finding.next {
                data(format_args!("        next: {next}"));
            }
        }
    }
    if fine { ExitCode::SUCCESS } else { ExitCode::from(UNHEALTHY) }
}

/// The variables of an API server.
pub(super) fn environment(stack: &Stack, api: Option<&str>, as_json: bool) {
    let variables = stack.environment(api.unwrap_or_default());
    if as_json {
        super::json(&variables);
        return;
    }
    for (name, value) in variables {
        data(format_args!("export {name}={}", quoted(&value)));
    }
}

/// A value as a POSIX shell reads it back, quoted only where it must be.
pub(super) fn quoted(value: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:,@%+=".contains(letter);
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

/// Vault's root token.
pub(super) fn token(stack: &Stack, as_json: bool) -> Result<(), Error> {
    let token = stack.root_token()?;
    if as_json {
        super::json(&json!({ "root_token": token }));
    } else {
        data(token);
    }
    Ok(())
}

/// A service's password.
pub(super) async fn password(stack: &Stack, service: Service, as_json: bool) -> Result<(), Error> {
    let login = stack.credentials(service).await?;
    let password = login.password.expose_secret();
    if as_json {
        super::json(&json!({
            "service": service, "user": login.user, "password": password,
            "database": login.database, "vhost": login.vhost,
        }));
    } else {
        data(password);
    }
    Ok(())
}

/// The root authority's certificate.
pub(super) fn authority(stack: &Stack, as_json: bool) -> Result<(), Error> {
    let path = pki::root_file(stack.layout());
    let certificate = std::fs::read_to_string(&path).map_err(|source| Error::io("read", &path, source))?;
    if as_json {
        super::json(&json!({ "path": path, "certificate": certificate }));
    } else {
        raw_data(certificate);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn only_what_a_shell_would_take_apart_is_quoted() {
        assert_eq!(quoted("127.0.0.1:6379,127.0.0.1:6380"), "127.0.0.1:6379,127.0.0.1:6380");
        assert_eq!(quoted("/home/ann lee/.devstack"), "'/home/ann lee/.devstack'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
