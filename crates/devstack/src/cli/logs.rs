//! `logs`: the end of a log, and what comes after it.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::Duration;

use crate::error::Error;
use crate::output::{data, raw_data};
use crate::{Stack, logs};

const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// The most that is read at once.
const PORTION: u64 = 1024 * 1024;

pub(super) async fn show(
    stack: &Stack,
    process: &str,
    lines: usize,
    follow: bool,
    as_json: bool,
) -> Result<(), Error> {
    let log = stack.layout().log_file(process);
    let (text, end) = logs::tail(&log, lines)?;
    if as_json {
        super::json(&text.lines().collect::<Vec<_>>());
        return Ok(());
    }
    if !text.is_empty() {
        data(text);
    }
    if !follow {
        return Ok(());
    }
    tokio::select! {
        ended = go_on(&log, end) => ended,
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

async fn go_on(log: &Path, mut from: u64) -> Result<(), Error> {
    let failed = |source| Error::io("read", log, source);
    loop {
        let size = std::fs::metadata(log).map_or(0, |metadata| metadata.len());
        if size < from {
            // It was rotated, and begins anew.
            from = 0;
        }
        if size > from {
            let mut file = File::open(log).map_err(failed)?;
            file.seek(SeekFrom::Start(from)).map_err(failed)?;
            let mut bytes = Vec::new();
            from += u64::try_from(file.take(PORTION).read_to_end(&mut bytes).map_err(failed)?).unwrap_or(0);
            raw_data(String::from_utf8_lossy(&bytes));
        } else {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}
