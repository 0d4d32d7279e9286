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
        let (missing, more) = (without(expected, found), without(found, expected));
        faults.extend(missing.iter().map(|line| format!("{first} and not {server}: {line}")));
        faults.extend(more.iter().map(|line| format!("{server} and not {first}: {line}")));
        if missing.is_empty() && more.is_empty() {
            faults.push(format!("{server} in another order or number than {first}:\n{}", found.join("\n")));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
}

/// The lines that are not among the others.
fn without<'a>(lines: &'a [String], others: &[String]) -> Vec<&'a String> {
    lines.iter().filter(|line| !others.contains(line)).collect()
}
