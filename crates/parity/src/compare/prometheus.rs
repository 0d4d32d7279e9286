//! Prometheus text as places: the type and help of each family, and each sample under its name and labels.

use std::collections::BTreeMap;

use super::json::{Leaf, Leaves, escaped};

/// The media type, as far as it says what the text is.
pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4";

/// Takes the text apart: `body /FAMILY/type`, `body /FAMILY/help`, `body /FAMILY/samples/NAME{LABELS}`.
///
/// Samples belong to the family of the last `# TYPE` line that their names begin with, as those of histograms do.
/// A line that is none of these forms is a place of its own.
pub(super) fn leaves(text: &str) -> Leaves {
    let mut places: BTreeMap<String, Leaf> = BTreeMap::new();
    let mut family = String::new();
    let mut add = |leaf: Leaf| {
        let mut place = leaf.place.clone();
        while places.contains_key(&place) {
            place.push_str(" (again)");
        }
        places.insert(place.clone(), Leaf { place, ..leaf });
    };
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if let Some((name, kind)) = comment(line, "# TYPE ") {
            name.clone_into(&mut family);
            add(Leaf::text(format!("body /{}/type", escaped(name)), kind));
        } else if let Some((name, help)) = comment(line, "# HELP ") {
            add(Leaf::text(format!("body /{}/help", escaped(name)), help));
        } else if line.starts_with('#') {
            // A comment says nothing to whoever reads the text.
        } else if let Some((sample, value)) = sample(line) {
            let name = sample.split('{').next().unwrap_or(&sample);
            let owner = if !family.is_empty() && name.starts_with(&family) { &family } else { name };
            add(Leaf::json(format!("body /{}/samples/{}", escaped(owner), escaped(&sample)), value));
        } else {
            add(Leaf::text("body (not understood)", line));
        }
    }
    places.into_values().collect()
}

/// The samples of a text by place, as numbers: for what has grown between two texts.
pub(super) fn samples(text: &str) -> BTreeMap<String, f64> {
    let samples = leaves(text).into_iter().filter(|leaf| leaf.place.contains("/samples/"));
    samples.filter_map(|leaf| Some((leaf.place, leaf.value.parse().ok()?))).collect()
}

fn comment<'a>(line: &'a str, begin: &str) -> Option<(&'a str, &'a str)> {
    let rest = line.strip_prefix(begin)?;
    Some(rest.split_once(' ').unwrap_or((rest, "")))
}

/// Name and labels, the labels in the order of their names, and the value without a time.
fn sample(line: &str) -> Option<(String, &str)> {
    let Some(open) = line.find('{') else {
        let mut words = line.split_ascii_whitespace();
        return Some((words.next()?.to_owned(), words.next()?));
    };
    let (labels, rest) = labels(&line[open + 1..])?;
    let name = format!("{}{{{}}}", &line[..open], labels.join(","));
    Some((name, rest.split_ascii_whitespace().next()?))
}

/// The labels up to the closing brace, sorted, and what follows it.
fn labels(text: &str) -> Option<(Vec<&str>, &str)> {
    let (mut labels, mut start) = (Vec::new(), 0);
    let (mut in_text, mut is_escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b',' | b'}' if !in_text => {
                let label = text[start..at].trim();
                if !label.is_empty() {
                    labels.push(label);
                }
                start = at + 1;
                if byte == b'}' {
                    labels.sort_unstable();
                    return Some((labels, &text[start..]));
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_taken_apart_by_family_and_labels() {
        let text = "# HELP a_total What it counts.\n# TYPE a_total counter\na_total{x=\"1\",b=\"}, /\\\"\"} 3\n\
                    # TYPE h histogram\nh_bucket{le=\"+Inf\"} 1 1700000000\nh_sum 0.5\nh_count 1\n\
                    # TYPE g gauge\nother 1\n";
        let found: Vec<String> =
            leaves(text).into_iter().map(|leaf| format!("{}={}", leaf.place, leaf.value)).collect();
        assert_eq!(
            found,
            [
                "body /a_total/help=What it counts.",
                "body /a_total/samples/a_total{b=\"}, ~1\\\"\",x=\"1\"}=3",
                "body /a_total/type=counter",
                "body /g/type=gauge",
                "body /h/samples/h_bucket{le=\"+Inf\"}=1",
                "body /h/samples/h_count=1",
                "body /h/samples/h_sum=0.5",
                "body /h/type=histogram",
                "body /other/samples/other=1",
            ]
        );
    }
}
