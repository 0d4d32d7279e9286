//! The one place that writes to the standard streams: data to stdout, everything else to stderr.

use std::fmt::Display;
use std::io::Write as _;

/// Write data. A reader that went away is no reason to fail.
pub(crate) fn data(text: impl Display) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

/// Write data that brings its own line breaks.
pub(crate) fn raw_data(text: impl Display) {
    let mut stdout = anstream::stdout();
    let _ = write!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// Say something about the work.
pub(crate) fn say(text: impl Display) {
    let _ = writeln!(anstream::stderr(), "{text}");
}
