//! What servers tell beside their answers, line by line.

use std::collections::BTreeMap;

use crate::Outcome;

/// Fails unless all servers have told the same lines in the same order, and some at all.
pub(crate) fn alike(told: &BTreeMap<&str, Vec<String>>) -> Outcome {
    let mut servers = told.iter();
    let Some((first, expected)) = servers.next().filter(|(_, lines)| !lines.is_empty()) else {
        return Err("nothing was told".into());
    };
    let mut faults = Vec::new();
    for (server, found) in servers.filter(|(_, found)| *found != expected) {
        for (who, lines, others) in [(first, expected, found), (server, found, expected)] {
            let own: Vec<&str> =
                lines.iter().filter(|line| !others.contains(line)).map(String::as_str).collect();
            // None, where only the order or the number of equal lines differs.
            let own = if own.is_empty() { lines.iter().map(String::as_str).collect() } else { own };
            faults.push(format!("{who}, where it differs:\n  {}", own.join("\n  ")));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
}
