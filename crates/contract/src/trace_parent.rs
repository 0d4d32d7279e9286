//! The trace that a request belongs to, as its caller says it: the header `traceparent` of W3C Trace Context.

use std::fmt;

/// The longest header that is looked at; version 00 has 55 bytes, and later versions may add to it.
const MAX_LENGTH: usize = 256;

/// A well-formed `traceparent`: the caller's trace, the caller's span in it, and whether the trace is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    trace_id: TraceId,
    parent_id: u64,
    is_sampled: bool,
}

/// The id of a trace; never zero. `Display` gives its 32 small hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceId(u128);

impl TraceParent {
    /// Takes over the caller's trace when there is exactly one well-formed value of `traceparent`.
    ///
    /// Anything else counts as no trace, as W3C Trace Context asks: it is never a reason to refuse a request.
    pub fn from_header<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Option<Self> {
        let mut values = values.into_iter();
        match (values.next(), values.next()) {
            (Some(value), None) => Self::parse(value),
            _ => None,
        }
    }

    /// `version-trace_id-parent_id-flags`, all in small hexadecimal digits.
    fn parse(value: &[u8]) -> Option<Self> {
        let value = std::str::from_utf8(value).ok().filter(|value| value.len() <= MAX_LENGTH)?;
        let mut parts = value.splitn(5, '-');
        let mut part = |length: usize| {
            parts.next().filter(|part| part.len() == length && part.bytes().all(is_small_hexadecimal))
        };
        let (version, trace_id, parent_id, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        // Version 00 ends here, later ones may go on, and ff is no version.
        let goes_on = parts.next().is_some();
        if version == "ff" || (version == "00" && goes_on) {
            return None;
        }
        let trace_id = u128::from_str_radix(trace_id, 16).ok().filter(|id| *id != 0)?;
        let parent_id = u64::from_str_radix(parent_id, 16).ok().filter(|id| *id != 0)?;
        let flags = u8::from_str_radix(flags, 16).ok()?;
        Some(Self { trace_id: TraceId(trace_id), parent_id, is_sampled: flags & 1 == 1 })
    }

    /// The caller's trace.
    pub fn trace_id(self) -> TraceId {
        self.trace_id
    }

    /// The caller's span, of which the request's is a child; never zero.
    pub fn parent_id(self) -> u64 {
        self.parent_id
    }

    /// Whether the caller records the trace; if not, neither do we.
    pub fn is_sampled(self) -> bool {
        self.is_sampled
    }
}

impl TraceId {
    /// The id as a number.
    pub fn get(self) -> u128 {
        self.0
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

fn is_small_hexadecimal(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn parse(value: &str) -> Option<TraceParent> {
        TraceParent::from_header([value.as_bytes()])
    }

    #[test]
    fn a_well_formed_value_gives_trace_span_and_flag() {
        let parent = parse(&format!("00-{TRACE}-{SPAN}-01")).expect("it is well-formed");
        assert_eq!(parent.trace_id().to_string(), TRACE);
        assert_eq!(parent.parent_id(), 0x00f0_67aa_0ba9_02b7);
        assert!(parent.is_sampled());
        for (flags, is_sampled) in [("00", false), ("02", false), ("03", true), ("ff", true)] {
            let parent = parse(&format!("00-{TRACE}-{SPAN}-{flags}")).expect(flags);
            assert_eq!(parent.is_sampled(), is_sampled, "{flags}");
        }
    }

    #[test]
    fn a_later_version_may_say_more() {
        for value in [format!("01-{TRACE}-{SPAN}-01"), format!("cc-{TRACE}-{SPAN}-01-what-ever")] {
            assert!(parse(&value).is_some(), "{value}");
        }
    }

    #[test]
    fn anything_else_is_no_trace() {
        for (value, why) in [
            (String::new(), "empty"),
            ("nonsense".to_owned(), "no parts"),
            (format!("00-{TRACE}-{SPAN}"), "no flags"),
            (format!("00-{TRACE}-{SPAN}-01-more"), "more than version 00 has"),
            (format!("00-{TRACE}-{SPAN}-01-"), "a dash at the end"),
            (format!("cc-{TRACE}-{SPAN}-01.what-ever"), "flags that go on"),
            (format!("ff-{TRACE}-{SPAN}-01"), "no version"),
            (format!("0-{TRACE}-{SPAN}-01"), "a short version"),
            (format!("00-{}-{SPAN}-01", TRACE.to_uppercase()), "capital letters"),
            (format!("00-{}-{SPAN}-01", "0".repeat(32)), "trace zero"),
            (format!("00-{TRACE}-{}-01", "0".repeat(16)), "span zero"),
            (format!("00-{}-{SPAN}-01", &TRACE[1..]), "a short trace"),
            (format!("00-{TRACE}-{SPAN}0-01"), "a long span"),
            (format!("00-+{}-{SPAN}-01", &TRACE[1..]), "a sign"),
            (format!(" 00-{TRACE}-{SPAN}-01"), "white space"),
            (format!("cc-{TRACE}-{SPAN}-01-{}", "x".repeat(256)), "endless"),
        ] {
            assert_eq!(parse(&value), None, "{why}: {value}");
        }
        let well_formed = format!("00-{TRACE}-{SPAN}-01");
        assert_eq!(TraceParent::from_header([well_formed.as_bytes(); 2]), None, "twice");
        assert_eq!(TraceParent::from_header([b"\xff".as_slice()]), None, "not UTF-8");
        assert_eq!(TraceParent::from_header([]), None, "none");
    }
}
