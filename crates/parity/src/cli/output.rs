//! All that is printed: data on stdout, words about it on stderr.

use std::io::Write as _;

/// A line of data; nobody reads it when it cannot be written.
pub(super) fn line(text: &str) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

/// A line about the work.
pub(super) fn note(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Why nothing was done.
pub(super) fn error(text: &str) {
    let _ = writeln!(anstream::stderr(), "parity: {text}");
}
