//! Who answered like whom, and where they differ.

use std::collections::{BTreeMap, BTreeSet};

use super::view::View;
use crate::model::{Agreement, Difference, Group};

/// The longest value that a difference shows.
const SHOWN: usize = 4000;

/// Compares what the targets answered to one step: of each its name, its summary, and a view of each exchange.
///
/// Values that differ only in a declared mask have the same keys by now.
pub fn agreement(answers: &[(String, String, Vec<View>)]) -> Agreement {
    if answers.len() < 2 {
        return Agreement::NotCompared;
    }
    let mut groups: Vec<(Vec<String>, Group)> = Vec::new();
    for (target, summary, views) in answers {
        let key: Vec<String> = views.iter().map(View::key).collect();
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, group)) => group.targets.push(target.clone()),
            None => {
                groups.push((key, Group { targets: vec![target.clone()], summary: summary.clone() }));
            }
        }
    }
    if groups.len() == 1 {
        return Agreement::Same;
    }
    let mut groups: Vec<Group> = groups.into_iter().map(|(_, group)| group).collect();
    // Stable, so that groups of one size stay in the order of the targets.
    groups.sort_by_key(|group| std::cmp::Reverse(group.targets.len()));
    let has_majority = groups[0].targets.len() > groups[1].targets.len();
    Agreement::Split { groups, has_majority, differences: differences(answers) }
}

fn differences(answers: &[(String, String, Vec<View>)]) -> Vec<Difference> {
    let exchanges = answers.iter().map(|(_, _, views)| views.len()).max().unwrap_or_default();
    let mut differences = Vec::new();
    for exchange in 0..exchanges {
        let before = if exchanges == 1 { String::new() } else { format!("message {} ", exchange + 1) };
        let views: Vec<(&str, Option<&View>)> =
            answers.iter().map(|(target, _, views)| (target.as_str(), views.get(exchange))).collect();
        let found = differences_of(&views);
        if found.is_empty() {
            differences.extend(order(&views, &before));
        }
        differences.extend(
            found.into_iter().map(|found| Difference { place: format!("{before}{}", found.place), ..found }),
        );
    }
    differences
}

fn differences_of(views: &[(&str, Option<&View>)]) -> Vec<Difference> {
    let mut seen = BTreeSet::new();
    let mut places = Vec::new();
    for leaf in views.iter().filter_map(|(_, view)| *view).flat_map(|view| &view.leaves) {
        if seen.insert(leaf.place.as_str()) {
            places.push(leaf.place.as_str());
        }
    }
    let at = |view: Option<&View>, place: &str| {
        view.and_then(|view| view.leaves.iter().find(|leaf| leaf.place == place)).cloned()
    };
    let differing = places.into_iter().filter_map(|place| {
        let leaves: Vec<_> = views.iter().map(|(target, view)| (*target, at(*view, place))).collect();
        let key =
            |leaf: &Option<super::json::Leaf>| leaf.as_ref().map(|leaf| (leaf.key.clone(), leaf.is_text));
        if leaves.windows(2).all(|pair| key(&pair[0].1) == key(&pair[1].1)) {
            return None;
        }
        let values: BTreeMap<String, Option<String>> = leaves
            .into_iter()
            .map(|(target, leaf)| (target.to_owned(), leaf.map(|leaf| shown(&leaf))))
            .collect();
        Some(Difference { place: place.to_owned(), values })
    });
    differing.collect()
}

/// Where the same values came in another order.
fn order(views: &[(&str, Option<&View>)], before: &str) -> Option<Difference> {
    let places = |view: Option<&View>| -> Vec<String> {
        view.map(|view| view.leaves.iter().map(|leaf| leaf.place.clone()).collect()).unwrap_or_default()
    };
    let all: Vec<(&str, Vec<String>)> = views.iter().map(|(target, view)| (*target, places(*view))).collect();
    let first =
        (0..all[0].1.len()).find(|at| all.iter().any(|(_, places)| places.get(*at) != all[0].1.get(*at)))?;
    let values =
        all.into_iter().map(|(target, places)| (target.to_owned(), places.get(first).cloned())).collect();
    Some(Difference { place: format!("{before}body (order of members)"), values })
}

/// The places where two views of the same target differ, with both values; none where nothing is.
pub fn differing_places(first: &View, second: &View) -> Vec<(String, Option<String>, Option<String>)> {
    differences_of(&[("1", Some(first)), ("2", Some(second))])
        .into_iter()
        .map(|mut difference| {
            let mut take = |name: &str| difference.values.remove(name).flatten();
            let (first, second) = (take("1"), take("2"));
            (difference.place, first, second)
        })
        .collect()
}

fn shown(leaf: &super::json::Leaf) -> String {
    // The key says more than the value where a mask was not met, or text is compared as it was written.
    let text = if leaf.is_text && leaf.key != leaf.value { &leaf.key } else { &leaf.value };
    let shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() { format!("{shown}…") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::json::Leaf;

    fn answers(statuses: &[(&str, &str)]) -> Vec<(String, String, Vec<View>)> {
        let view = |status: &str| View { leaves: vec![Leaf::json("status", status)] };
        statuses
            .iter()
            .map(|(name, status)| (name.to_string(), status.to_string(), vec![view(status)]))
            .collect()
    }

    #[test]
    fn the_outlier_is_named_where_there_is_a_majority() {
        let agreement = agreement(&answers(&[("a", "400"), ("b", "422"), ("c", "422")]));
        assert_eq!(agreement.outliers(), ["a"]);
        let Agreement::Split { differences, .. } = agreement else { panic!("{agreement:?}") };
        assert_eq!(differences[0].place, "status");
        assert_eq!(differences[0].values["a"].as_deref(), Some("400"));
    }

    #[test]
    fn nobody_is_an_outlier_in_a_tie() {
        let split = agreement(&answers(&[("a", "400"), ("b", "422")]));
        assert!(matches!(split, Agreement::Split { has_majority: false, .. }), "{split:?}");
        assert_eq!(split.outliers(), [""; 0]);
        assert_eq!(agreement(&answers(&[("a", "400"), ("b", "400")])), Agreement::Same);
    }

    #[test]
    fn the_same_values_in_another_order_are_a_difference() {
        let view = |places: [&str; 2]| View { leaves: places.map(|place| Leaf::json(place, "1")).to_vec() };
        let of = |name: &str, view: View| (name.to_owned(), String::new(), vec![view]);
        let split =
            agreement(&[of("a", view(["body /x", "body /y"])), of("b", view(["body /y", "body /x"]))]);
        let Agreement::Split { differences, .. } = split else { panic!("{split:?}") };
        assert_eq!(differences[0].place, "body (order of members)");
    }
}
