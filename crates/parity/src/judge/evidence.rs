//! What a report shows of an exchange.

use std::fmt::Write as _;

use crate::model::{Answer, Evidence, Exchange, Message, Target};
use crate::redact;
use crate::wire::curl;

/// The longest body that is kept of an answer.
const SHOWN: usize = 8 * 1024;

/// The exchange as a report may show it: cut short, and without secrets.
pub(crate) fn evidence(message: &Message, target: &Target, exchange: &Exchange) -> Evidence {
    let mut answers: Vec<String> =
        exchange.answers.iter().map(|answer| redact::text(&shown(answer))).collect();
    if exchange.answers.is_empty() && !exchange.rest.is_empty() {
        answers.push(redact::text(&cut(&exchange.rest.lossy())));
    }
    Evidence {
        curl: redact::text(&curl(message, target)),
        answers,
        statuses: exchange.answers.iter().map(|answer| answer.status).collect(),
        ending: exchange.ending.to_string(),
        elapsed_ms: u64::try_from(exchange.elapsed.as_millis()).unwrap_or(u64::MAX),
    }
}

/// What the targets of a group answered, in a few words.
pub(crate) fn summary(exchanges: &[Exchange]) -> String {
    let mut words: Vec<String> = Vec::new();
    for exchange in exchanges {
        words.extend(exchange.answers.iter().map(|answer| answer.status.to_string()));
        if !exchange.ending.is_complete() {
            words.push(exchange.ending.to_string());
        }
    }
    // Many of the same, as races have them, are one word.
    words.dedup();
    words.join(", ")
}

fn shown(answer: &Answer) -> String {
    let mut text = format!("{}\n", answer.status);
    for header in &answer.headers {
        let _ = writeln!(text, "{}: {}", header.name, header.value.lossy());
    }
    if !answer.body.is_empty() {
        text.push('\n');
        text.push_str(&cut(&answer.body.lossy()));
    }
    text
}

fn cut(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() { format!("{shown}…\n({} bytes in all)", text.len()) } else { shown }
}
