//! One page for people: it holds all that it shows, and asks nobody for anything.

use std::collections::BTreeMap;

use crate::model::RunResult;

const PAGE: &str = include_str!("page.html");
const PLACE: &str = "/*DATA*/";

/// The result as one page of HTML, without resources from anywhere else.
///
/// Of a case that agreed, the answers of the first target alone are in it: the others are the same but for what was
/// masked. Everything else is shown, with a curl line for each target.
///
/// # Errors
/// None that can happen: every part of a result can be written.
pub fn text(result: &RunResult) -> Result<String, serde_json::Error> {
    let mut shown = result.clone();
    for case in shown.cases.iter_mut().filter(|case| case.is_good()) {
        for step in &mut case.steps {
            keep_first_answers(
                &mut step.evidence,
                &result.targets.iter().map(|target| target.name.as_str()).collect::<Vec<_>>(),
            );
        }
    }
    // `<` occurs in JSON inside of text alone; as an escape it can neither end the script nor begin a comment.
    let data = serde_json::to_string(&shown)?.replace('<', "\\u003c");
    Ok(PAGE.replacen(PLACE, &data, 1))
}

fn keep_first_answers(evidence: &mut BTreeMap<String, Vec<crate::model::Evidence>>, order: &[&str]) {
    let Some(first) = order.iter().find(|name| evidence.contains_key(**name)) else { return };
    for (_, evidence) in evidence.iter_mut().filter(|(name, _)| name.as_str() != *first) {
        for one in evidence {
            one.answers.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example::result;

    #[test]
    fn the_page_asks_nobody_for_anything() {
        let page = text(&result()).unwrap();
        for outside in ["src=", "<link", "@import", "url(", "fetch(", "XMLHttpRequest"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn what_a_server_answers_cannot_end_the_data() {
        let page = text(&result()).unwrap();
        let data = page.split(r#"id="data">"#).nth(1).unwrap().split("</script>").next().unwrap();
        let read: RunResult = serde_json::from_str(data).unwrap();
        assert_eq!(read.cases.len(), result().cases.len());
        let answers = &read.cases[1].steps[0].evidence["old"][0].answers;
        assert!(answers[0].contains("</script><b>"), "{answers:?}");
    }

    #[test]
    fn answers_that_agreed_are_shown_once_and_those_that_differed_all() {
        let page = text(&result()).unwrap();
        let data = page.split(r#"id="data">"#).nth(1).unwrap().split("</script>").next().unwrap();
        let read: RunResult = serde_json::from_str(data).unwrap();
        let shown = |case: usize| {
            let evidence = &read.cases[case].steps[0].evidence;
            evidence.values().flatten().filter(|one| !one.answers.is_empty()).count()
        };
        assert_eq!((shown(0), shown(1)), (1, 3));
    }
}
