//! Texts for one value that is no container: within its schema, at its bounds, and just past them.

use std::ops::RangeInclusive;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::string::string_regex;
use regex::Regex;
use serde_json::Value;

/// A strategy, with the constraint that its values meet or break, such as `minimum/below`.
pub(super) type Named<T> = (String, BoxedStrategy<T>);

/// What the engine fills in for each target.
const NAMESPACE: &str = "{{ns}}";
/// How many characters that has once it is filled in.
const NAMESPACE_LENGTH: usize = 12;
/// A text of those characters, to see whether a pattern takes them.
const NAMESPACE_SAMPLE: &str = "0123456789abcdef";
/// The longest text that is made; a longer bound is left to written cases.
const LONGEST: usize = 20_000;
/// The most characters that a text has when nothing asks for more.
const USUAL: usize = 24;
/// Up to here a text may have characters of several bytes, so that a target stays below what servers take.
const WIDE: usize = 1_000;

/// What a schema says of one value, as far as texts can be made from it.
#[derive(Debug, Clone, Default)]
pub(super) struct Scalar {
    pub(super) types: Vec<String>,
    values: Option<Vec<String>>,
    lengths: (usize, Option<usize>),
    pattern: Option<Pattern>,
    forbidden: Option<Pattern>,
    least: Option<i128>,
    most: Option<i128>,
    is_float: bool,
    format: Option<String>,
}

/// A regular expression, and the class of its characters where it says no more than `^[class]+$`.
#[derive(Debug, Clone)]
struct Pattern {
    matcher: Regex,
    body: String,
    class: Option<String>,
}

impl Pattern {
    /// Nothing for what only other dialects understand.
    fn new(written: &str) -> Option<Self> {
        let matcher = Regex::new(written).ok()?;
        let body = written.strip_prefix('^').unwrap_or(written);
        let body = body.strip_suffix('$').unwrap_or(body).to_owned();
        let is_whole = written.starts_with('^') && written.ends_with('$');
        let class = body.strip_suffix(['+', '*']).filter(|class| {
            let inner = class.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            inner.is_some_and(|inner| !inner.contains(['[', ']']))
        });
        let class = class.filter(|_| is_whole).map(str::to_owned);
        Some(Self { matcher, body, class })
    }
}

impl Scalar {
    pub(super) fn read(schema: &Value) -> Self {
        let mut scalar = Self::default();
        scalar.add(schema);
        scalar
    }

    fn add(&mut self, schema: &Value) {
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.add(part);
        }
        let union = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
        // One alternative is enough to send something that is allowed.
        if let Some(first) = union.and_then(|union| union.iter().find(|one| one["type"] != "null")) {
            self.add(first);
        }
        match &schema["type"] {
            Value::String(name) => self.types = vec![name.clone()],
            Value::Array(names) => {
                self.types = names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect();
            }
            _ => {}
        }
        let constant = schema.get("const").map(|value| vec![value.clone()]);
        if let Some(values) = schema["enum"].as_array().cloned().or(constant) {
            self.values = Some(values.iter().map(text_of).collect());
        }
        let length = |name: &str| schema[name].as_u64().and_then(|length| usize::try_from(length).ok());
        self.lengths.0 = length("minLength").unwrap_or(self.lengths.0);
        self.lengths.1 = length("maxLength").or(self.lengths.1);
        if let Some(pattern) = schema["pattern"].as_str() {
            self.pattern = Pattern::new(pattern);
        }
        if let Some(pattern) = schema["not"]["pattern"].as_str() {
            self.forbidden = Pattern::new(pattern);
        }
        self.least = whole(&schema["minimum"])
            .or_else(|| whole(&schema["exclusiveMinimum"]).map(|bound| bound + 1))
            .or(self.least);
        self.most = whole(&schema["maximum"])
            .or_else(|| whole(&schema["exclusiveMaximum"]).map(|bound| bound - 1))
            .or(self.most);
        self.is_float = self.types.iter().any(|name| name == "number");
        self.format = schema["format"].as_str().map(str::to_owned).or_else(|| self.format.take());
    }

    fn is(&self, name: &str) -> bool {
        self.types.iter().any(|own| own == name)
    }

    fn is_text(&self) -> bool {
        self.types.is_empty() || self.is("string")
    }

    /// Whether the namespace of a target can begin its values, so that targets with one store do not meet in it.
    pub(super) fn holds_namespace(&self) -> bool {
        self.is_text()
            && self.values.is_none()
            && self.format.is_none()
            && self.lengths.1.is_none_or(|most| most > NAMESPACE_LENGTH)
            && self
                .pattern
                .as_ref()
                .is_none_or(|pattern| pattern.class.is_some() && pattern.matcher.is_match(NAMESPACE_SAMPLE))
    }

    /// Texts that the schema allows.
    pub(super) fn valid(&self, namespaced: bool) -> BoxedStrategy<String> {
        if let Some(values) = self.values.clone().filter(|values| !values.is_empty()) {
            return select(values).boxed();
        }
        if self.is("integer") || self.is("number") {
            let (least, most) = self.range();
            return (least..=most).prop_map(|number| number.to_string()).boxed();
        }
        if self.is("boolean") {
            return select(vec!["true".to_owned(), "false".to_owned()]).boxed();
        }
        if let Some(strategy) = self.format.as_deref().and_then(formatted) {
            return strategy;
        }
        let (least, most) = self.lengths;
        let most = most.unwrap_or(least + USUAL).min(least + USUAL);
        if namespaced && self.holds_namespace() {
            let least = least.saturating_sub(NAMESPACE_LENGTH);
            let room = self.lengths.1.map_or(most, |most| most.saturating_sub(NAMESPACE_LENGTH));
            let rest = self.text(least..=room.min(least + USUAL));
            return self.allowed(rest.prop_map(|rest| format!("{NAMESPACE}{rest}")).boxed());
        }
        self.allowed(self.text(least..=most))
    }

    fn range(&self) -> (i128, i128) {
        let least = self.least.unwrap_or_else(|| self.most.map_or(0, |most| most.min(0)));
        (least, self.most.unwrap_or(least.saturating_add(1_000_000)).max(least))
    }

    /// Texts of the pattern with so many characters.
    fn text(&self, lengths: RangeInclusive<usize>) -> BoxedStrategy<String> {
        let (least, most) = (*lengths.start(), *lengths.end());
        let class = match &self.pattern {
            Some(Pattern { class: Some(class), .. }) => class,
            Some(Pattern { body, .. }) => {
                let is_of_length = move |text: &String| lengths.contains(&text.chars().count());
                return match string_regex(body) {
                    Ok(texts) => texts.prop_filter("the length", is_of_length).boxed(),
                    Err(_) => Just(String::new()).boxed(),
                };
            }
            None if most > WIDE => "[a-z]",
            None => "[a-zA-Z0-9 _.:/%+&=?#é漢😀-]",
        };
        string_regex(&format!("{class}{{{least},{most}}}"))
            .map_or_else(|_| Just(String::new()).boxed(), Strategy::boxed)
    }

    fn allowed(&self, texts: BoxedStrategy<String>) -> BoxedStrategy<String> {
        match self.forbidden.clone() {
            Some(forbidden) => {
                texts.prop_filter("what is forbidden", move |text| !forbidden.matcher.is_match(text)).boxed()
            }
            None => texts,
        }
    }

    fn exactly(&self, length: usize, namespaced: bool) -> BoxedStrategy<String> {
        if namespaced && self.holds_namespace() && length >= NAMESPACE_LENGTH {
            let rest = length - NAMESPACE_LENGTH;
            return self.text(rest..=rest).prop_map(|rest| format!("{NAMESPACE}{rest}")).boxed();
        }
        self.text(length..=length)
    }

    /// For each constraint: texts that meet it at its bound, and texts that break it just past the bound.
    pub(super) fn probes(&self, namespaced: bool) -> Vec<Named<String>> {
        let mut probes: Vec<Named<String>> = Vec::new();
        let mut add = |name: &str, strategy: BoxedStrategy<String>| probes.push((name.to_owned(), strategy));
        if let Some(values) = &self.values {
            for value in values {
                add(&format!("enum/{value}"), Just(value.clone()).boxed());
            }
            let known = values.clone();
            let others =
                string_regex("[a-z]{1,9}").map_or_else(|_| Just("other".to_owned()).boxed(), Strategy::boxed);
            add("enum/other", others.prop_filter("a known value", move |text| !known.contains(text)).boxed());
            return probes;
        }
        if self.is("integer") || self.is("number") {
            self.number_probes(&mut add);
        } else if self.is("boolean") {
            for (name, text) in
                [("type/number", "2"), ("type/text", "maybe"), ("type/capitals", "TRUE"), ("type/empty", "")]
            {
                add(name, Just(text.to_owned()).boxed());
            }
        } else if self.is_text() {
            self.text_probes(namespaced, &mut add);
        }
        probes
    }

    fn number_probes(&self, add: &mut impl FnMut(&str, BoxedStrategy<String>)) {
        let mut bound = |name: &str, bound: i128, past: i128| {
            add(&format!("{name}/at"), Just(bound.to_string()).boxed());
            add(&format!("{name}/past"), Just((bound + past).to_string()).boxed());
            let beyond = (1..=1_000_000_i128).prop_map(move |by| (bound + past * by).to_string());
            add(&format!("{name}/far_past"), beyond.boxed());
        };
        if let Some(least) = self.least {
            bound("minimum", least, -1);
        }
        if let Some(most) = self.most {
            bound("maximum", most, 1);
        }
        let (least, most) = self.range();
        let inside = least.midpoint(most);
        let mut forms = vec![
            ("type/text", "abc".to_owned()),
            ("type/empty", String::new()),
            ("type/plus", format!("+{inside}")),
            ("type/leading_zero", format!("0{inside}")),
            ("type/space", format!(" {inside}")),
            ("type/junk_after", format!("{inside}x")),
            ("type/64_bits", "9223372036854775807".to_owned()),
            ("type/past_64_bits", "9223372036854775808".to_owned()),
            ("type/many_digits", "9".repeat(60)),
            ("type/hexadecimal", "0x10".to_owned()),
            ("type/other_digits", "１２".to_owned()),
            ("type/not_a_number", "NaN".to_owned()),
        ];
        if !self.is_float {
            forms.extend([
                ("type/fraction", format!("{inside}.5")),
                ("type/whole_fraction", format!("{inside}.0")),
                ("type/exponent", "1e1".to_owned()),
            ]);
        }
        for (name, text) in forms {
            add(name, Just(text).boxed());
        }
    }

    fn text_probes(&self, namespaced: bool, add: &mut impl FnMut(&str, BoxedStrategy<String>)) {
        let (least, most) = self.lengths;
        if least > 0 {
            add("minLength/at", self.allowed(self.exactly(least, namespaced)));
            add("minLength/past", self.exactly(least - 1, namespaced));
        }
        if let Some(most) = most.filter(|most| *most < LONGEST) {
            add("maxLength/at", self.allowed(self.exactly(most, namespaced)));
            add("maxLength/past", self.exactly(most + 1, namespaced));
        }
        if let Some(Pattern { matcher, .. }) = self.pattern.clone() {
            add("pattern/met", self.valid(namespaced));
            let intruders = [" ", "!", "é", "/", "\u{0}", "\n", "\u{202e}", "A", "a", "0", "-"];
            for (place, at_end) in [("at_begin", false), ("at_end", true)] {
                let (matcher, lengths) = (matcher.clone(), self.lengths);
                let texts = (self.valid(false), select(intruders.to_vec()))
                    .prop_map(
                        move |(text, intruder)| {
                            if at_end { text + intruder } else { format!("{intruder}{text}") }
                        },
                    )
                    .prop_filter("a match", move |text| {
                        let length = text.chars().count();
                        length >= lengths.0
                            && lengths.1.is_none_or(|most| length <= most)
                            && !matcher.is_match(text)
                    });
                add(&format!("pattern/broken_{place}"), texts.boxed());
            }
        }
        if let Some(forbidden) = &self.forbidden
            && let Ok(texts) = string_regex(&forbidden.body)
        {
            let rest = self.text(1..=8);
            add("not/pattern", (texts, rest).prop_map(|(text, rest)| text + &rest).boxed());
        }
        if self.format.as_deref().and_then(formatted).is_some() {
            add("format/met", self.valid(false));
            add("format/broken", Just("not-of-the-format".to_owned()).boxed());
        }
    }
}

/// Texts of the formats that are checked by most servers.
fn formatted(format: &str) -> Option<BoxedStrategy<String>> {
    let pattern = match format {
        "uuid" => "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
        "date" => "20[0-9]{2}-0[1-9]-[012][1-8]",
        "date-time" => "20[0-9]{2}-0[1-9]-[012][1-8]T[01][0-9]:[0-5][0-9]:[0-5][0-9]Z",
        "email" => "[a-z]{1,8}@example\\.org",
        "uri" => "https://example\\.org/[a-z]{0,8}",
        "ipv4" => "192\\.0\\.2\\.[1-9][0-9]",
        _ => return None,
    };
    string_regex(pattern).ok().map(Strategy::boxed)
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn whole(value: &Value) -> Option<i128> {
    let number = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
    // A bound with a fraction is met by the whole number below it; the half beside it is not worth a case.
    #[expect(clippy::cast_possible_truncation, reason = "bounds of documents are far below 2^127")]
    let of_float = |float: f64| float.floor() as i128;
    number.or_else(|| value.as_f64().map(of_float))
}
