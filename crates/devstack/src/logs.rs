//! Log files: their last lines, and keeping them small.
//!
//! A server's output is appended to its log by the server itself, so a log is rotated in two ways. Before a start it is
//! renamed to `.1` (`.1` to `.2`, and so on). While the server runs, `up`, `status` and `serve` copy its end to `.1` and
//! empty it: what arrives between the two is lost, which is better than a full disk. Rotating takes some 10 ms of a core,
//! and a server under load writes 10 MiB in less than a second: it is done late, so that a benchmark sees little of it.

use std::fs;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// A log is rotated before a start when it is larger than this, in bytes, and of one in use no more is set aside.
pub const LARGEST: u64 = 10 * 1024 * 1024;
/// A log in use is rotated when it is larger than this, in bytes.
pub const LARGEST_IN_USE: u64 = 64 * 1024 * 1024;
/// How many old logs are kept.
pub const KEPT: u32 = 3;

fn numbered(log: &Path, number: u32) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

/// Rotate a log that has grown too large.
///
/// # Errors
/// [`Error::Io`].
pub(crate) fn rotate(log: &Path, in_use: bool) -> Result<(), Error> {
    let size = fs::metadata(log).map_or(0, |metadata| metadata.len());
    let largest = if in_use { LARGEST_IN_USE } else { LARGEST };
    if size <= largest {
        return Ok(());
    }
    let failed = |source| Error::io("rotate", log, source);
    for number in (1..KEPT).rev() {
        let from = numbered(log, number);
        if from.exists() {
            fs::rename(&from, numbered(log, number + 1)).map_err(failed)?;
        }
    }
    if in_use {
        copy_end(log, size, &numbered(log, 1)).map_err(failed)?;
        // The server appends, so its next line goes to the new end.
        fs::OpenOptions::new().write(true).truncate(true).open(log).map(drop).map_err(failed)
    } else {
        fs::rename(log, numbered(log, 1)).map_err(failed)
    }
}

/// Copy the last [`LARGEST`] bytes of a log: to copy all of it would take as long from a core as it is large.
fn copy_end(log: &Path, size: u64, to: &Path) -> io::Result<()> {
    let mut from = fs::File::open(log)?;
    from.seek(SeekFrom::Start(size.saturating_sub(LARGEST)))?;
    // Not to append, which Linux would copy in small pieces through this process.
    let mut to = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(to)?;
    io::copy(&mut from.take(LARGEST), &mut to).map(drop)
}

/// The last `count` lines of a log, and where it ended; nothing for a log that does not exist.
///
/// Looks at the last mebibyte only.
///
/// # Errors
/// [`Error::Io`].
pub(crate) fn tail(log: &Path, count: usize) -> Result<(String, u64), Error> {
    const LOOKED_AT: u64 = 1024 * 1024;
    let failed = |source| Error::io("read", log, source);
    let mut file = match fs::File::open(log) {
        Ok(file) => file,
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok((String::new(), 0)),
        Err(source) => return Err(failed(source)),
    };
    let end = file.seek(SeekFrom::End(0)).map_err(failed)?;
    file.seek(SeekFrom::Start(end.saturating_sub(LOOKED_AT))).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(LOOKED_AT).read_to_end(&mut bytes).map_err(failed)?;
    Ok((last_lines(&String::from_utf8_lossy(&bytes), count), end))
}

/// The last `count` lines of a text, without the white space around it.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.trim().lines().collect();
    lines.get(lines.len().saturating_sub(count)..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_of_a_short_text_are_all_of_it() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("a\n", 5), "a");
        assert_eq!(last_lines("", 5), "");
    }

    #[test]
    fn a_large_log_is_set_aside_and_a_writer_goes_on_in_the_emptied_one() {
        use std::io::Write as _;
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("server.log");
        let mut server = fs::OpenOptions::new().append(true).create(true).open(&log).unwrap();
        for round in 1..=5 {
            server.set_len(LARGEST_IN_USE + round).unwrap();
            writeln!(server, "\nthe end of round {round}").unwrap();
            rotate(&log, true).unwrap();
            assert_eq!(fs::metadata(&log).unwrap().len(), 0);
            let aside = numbered(&log, 1);
            assert_eq!(fs::metadata(&aside).unwrap().len(), LARGEST, "its end alone");
            let last = tail(&aside, 1).unwrap().0;
            assert!(last == format!("the end of round {round}"), "the last line has {} bytes", last.len());
            assert_eq!(fs::metadata(&aside).unwrap().permissions().mode() & 0o077, 0, "nobody else reads it");
        }
        assert!(numbered(&log, 3).exists() && !numbered(&log, 4).exists(), "three are kept");
        server.write_all(b"on it goes\n").unwrap();
        assert_eq!(tail(&log, 1).unwrap().0, "on it goes");
    }

    #[test]
    fn a_log_in_use_may_grow_larger_than_one_that_a_start_finds() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("server.log");
        fs::File::create(&log).unwrap().set_len(LARGEST_IN_USE).unwrap();
        rotate(&log, true).unwrap();
        assert_eq!(fs::metadata(&log).unwrap().len(), LARGEST_IN_USE);
        rotate(&log, false).unwrap();
        assert!(!log.exists() && numbered(&log, 1).exists());
    }

    #[test]
    fn a_small_log_stays_and_a_missing_one_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("server.log");
        assert_eq!(tail(&log, 3).unwrap(), (String::new(), 0));
        fs::write(&log, "one\ntwo\n").unwrap();
        rotate(&log, false).unwrap();
        assert_eq!(tail(&log, 3).unwrap(), ("one\ntwo".into(), 8));
    }
}
