//! `doctor`: look at everything that a stack leans on, and say for each thing that is wrong what to do next.
//!
//! It changes nothing. `machine` looks at the machine, `stack` at the stack in the home.

mod machine;
mod stack;

use std::path::Path;

use causes::Chain;
use serde::Serialize;

use crate::error::Error;
use crate::home::Home;
use crate::manifest::Service;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Fine,
    /// Worth knowing; nothing needs to be done.
    Remark,
    /// Something will not work until something is done.
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub subject: String,
    /// How it is.
    pub verdict: Verdict,
    /// What was found.
    pub text: String,
    /// What to do next, where something is to be done.
    pub next: Option<String>,
}

impl Finding {
    fn fine(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self { subject: subject.into(), verdict: Verdict::Fine, text: text.into(), next: None }
    }

    fn remark(subject: impl Into<String>, text: impl Into<String>, next: Option<String>) -> Self {
        Self { subject: subject.into(), verdict: Verdict::Remark, text: text.into(), next }
    }

    fn wrong(subject: impl Into<String>, text: impl Into<String>, next: impl Into<String>) -> Self {
        Self { subject: subject.into(), verdict: Verdict::Wrong, text: text.into(), next: Some(next.into()) }
    }
}

/// Look at the machine and at the stack in `home`, if there is one.
pub async fn examine(home: &Path) -> Vec<Finding> {
    let home = Home::at(home);
    let mut findings = machine::programs().await;
    findings.push(machine::umask());
    findings.push(machine::disk_space(&home));
    match home.settings() {
        Ok(Some(settings)) => findings.extend(stack::examine(&home, &settings).await),
        Ok(None) => {
            findings.push(Finding::remark(
                "stack",
                format!("there is none in {}", home.root().display()),
                Some("devstack up".into()),
            ));
            findings.extend(machine::ports(&home, &Service::ALL, 0));
        }
        Err(error) => findings.push(of_error("stack", &error)),
    }
    findings.extend(machine::abandoned_data());
    findings
}

fn of_error(subject: &str, error: &Error) -> Finding {
    let next = error.hint().unwrap_or_else(|| "devstack logs, then devstack up".to_owned());
    Finding::wrong(subject, Chain(error).to_string(), next)
}
