//! Rules about a request as a whole, before any route is looked for: sizes, media type, declared length.

use crate::limits;
use crate::problem::Problem;

/// Refuses a request whose target or header fields are too large.
///
/// `target` is the request target as it was sent; `headers` are all fields as (name, value) lengths in bytes.
///
/// # Errors
/// [`Problem::UriTooLong`], then [`Problem::HeadersTooLarge`].
pub fn check_size(target: usize, headers: impl IntoIterator<Item = (usize, usize)>) -> Result<(), Problem> {
    if target > limits::MAX_TARGET_BYTES {
        return Err(Problem::UriTooLong);
    }
    let (fields, bytes) =
        headers.into_iter().fold((0, 0), |(fields, bytes), (name, value)| (fields + 1, bytes + name + value));
    if fields > limits::MAX_HEADER_FIELDS || bytes > limits::MAX_HEADER_BYTES {
        return Err(Problem::HeadersTooLarge);
    }
    Ok(())
}

/// Refuses a message body that is not declared as plain JSON.
///
/// There must be one `Content-Type`, `application/json` in any case, its parameters ignored, and no
/// `Content-Encoding` but `identity`. An empty body makes no difference.
///
/// # Errors
/// [`Problem::UnsupportedMediaType`].
pub fn check_media_type<'a>(
    content_types: impl IntoIterator<Item = &'a [u8]>,
    content_encodings: impl IntoIterator<Item = &'a [u8]>,
) -> Result<(), Problem> {
    let mut content_types = content_types.into_iter();
    let is_json = match (content_types.next(), content_types.next()) {
        (Some(value), None) => {
            let essence = value.split(|byte| *byte == b';').next().unwrap_or_default();
            essence.trim_ascii().eq_ignore_ascii_case(b"application/json")
        }
        _ => false,
    };
    let is_plain = content_encodings
        .into_iter()
        .all(|value| value.trim_ascii().eq_ignore_ascii_case(b"identity") || value.trim_ascii().is_empty());
    if is_json && is_plain { Ok(()) } else { Err(Problem::UnsupportedMediaType) }
}

/// Refuses a body by its declared length, before any of it is read.
///
/// `limit` is [`limits::MAX_MESSAGE_BYTES`] or [`limits::MAX_OTHER_BODY_BYTES`].
///
/// # Errors
/// [`Problem::PayloadTooLarge`].
pub fn check_declared_length(declared: Option<u64>, limit: u64) -> Result<(), Problem> {
    if declared.is_some_and(|length| length > limit) { Err(Problem::PayloadTooLarge) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_refused_just_past_their_limits() {
        let fields = |count: usize, value: usize| std::iter::repeat_n((4, value), count);
        assert_eq!(check_size(64_000, fields(64, 508)), Ok(()));
        assert_eq!(check_size(64_001, fields(65, 0)), Err(Problem::UriTooLong));
        assert_eq!(check_size(1, fields(65, 0)), Err(Problem::HeadersTooLarge));
        assert_eq!(check_size(1, [(1, 32_768)]), Err(Problem::HeadersTooLarge));
    }

    #[test]
    fn only_one_plain_json_type_is_taken() {
        let check = |types: &[&'static str], encodings: &[&'static str]| {
            check_media_type(
                types.iter().map(|value| value.as_bytes()),
                encodings.iter().map(|value| value.as_bytes()),
            )
            .is_ok()
        };
        assert!(check(&["application/json"], &[]));
        assert!(check(&["Application/JSON ; charset=latin1"], &["Identity"]));
        for types in
            [&[][..], &["text/json"], &["application/json", "application/json"], &["application/jsonx"]]
        {
            assert!(!check(types, &[]), "{types:?}");
        }
        assert!(!check(&["application/json"], &["gzip"]));
        assert!(!check(&["application/json"], &["identity, gzip"]));
    }
}
