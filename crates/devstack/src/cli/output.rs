//! The one place that writes to the standard streams: data to stdout, everything else to stderr.

use std::io::Write as _;

/// Write data. A reader that went away is no reason to fail.
pub(crate) fn data(text: impl std::fmt::Display) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

/// Say something about the work.
pub(crate) fn say(text: impl std::fmt::Display) {
    let _ = writeln!(anstream::stderr(), "{text}");
}
