//! Hides the values that may differ, after their form was checked.

use std::collections::{BTreeMap, BTreeSet};

use crate::compare::View;
use crate::form::{Surroundings, Value};
use crate::mask::{Mask, within_answer};
use crate::model::{Exchange, Masked};

/// The masks that concern one step, and what they did there.
#[derive(Debug)]
pub(crate) struct Masking<'a> {
    masks: Vec<&'a Mask>,
    used: BTreeSet<usize>,
    masked: BTreeSet<Masked>,
}

impl<'a> Masking<'a> {
    /// These masks, in the order in which they are tried at a place.
    pub(crate) const fn new(masks: Vec<&'a Mask>) -> Self {
        Self { masks, used: BTreeSet::new(), masked: BTreeSet::new() }
    }

    /// Hides what may differ in a target's view of an answer with this status.
    ///
    /// A value that has not the form of its mask stays as it is, with the form beside it, and so is a difference.
    pub(crate) fn apply(
        &mut self,
        view: &mut View,
        operation: Option<&str>,
        status: u16,
        surroundings: &Surroundings<'_>,
    ) {
        let mut kept = Vec::with_capacity(view.leaves.len());
        for mut leaf in view.leaves.drain(..) {
            let mask = self.masks.iter().enumerate();
            let mask = mask.filter(|(_, mask)| mask.concerns(operation, status));
            let Some((index, mask)) =
                mask.into_iter().find(|(_, mask)| mask.covers(within_answer(&leaf.place)))
            else {
                kept.push(leaf);
                continue;
            };
            self.used.insert(index);
            let value = if leaf.is_text { Value::Text(&leaf.value) } else { Value::Json(&leaf.value) };
            if !mask.form.has(value, surroundings) {
                leaf.key = format!("{} (not {})", leaf.value, mask.form);
                kept.push(leaf);
                continue;
            }
            let form = mask.form.to_string();
            self.masked.insert(Masked { place: leaf.place.clone(), form: form.clone(), why: mask.why() });
            if !mask.optional {
                leaf.key = form;
                leaf.is_text = false;
                kept.push(leaf);
            }
        }
        view.leaves = kept;
    }

    /// What was hidden.
    pub(crate) fn masked(&self) -> Vec<Masked> {
        self.masked.iter().cloned().collect()
    }

    /// The masks that met a value, by their places in the list.
    pub(crate) fn used(&self) -> &BTreeSet<usize> {
        &self.used
    }
}

/// What forms may have to know of an answer.
pub(crate) fn surroundings<'a>(
    exchange: &'a Exchange,
    method: &str,
    values: &'a BTreeMap<String, String>,
) -> Surroundings<'a> {
    let may_have_a_body = method != "HEAD";
    let answer = exchange.answer();
    Surroundings {
        at: exchange.ended,
        body_length: answer.filter(|_| may_have_a_body).map(|answer| answer.body.len()),
        request_id: answer.and_then(|answer| answer.header("X-Request-ID")),
        values,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Leaf;

    fn mask(at: &str, form: &str, optional: bool) -> Mask {
        Mask {
            at: at.to_owned(),
            form: form.parse().unwrap(),
            operations: Vec::new(),
            statuses: Vec::new(),
            optional,
            rule: None,
            reason: "why".to_owned(),
        }
    }

    #[test]
    fn a_value_is_hidden_only_when_it_has_the_form() {
        let masks = [mask("body /n", "<integer>", false), mask("body /db*", "<any>", true)];
        let mut masking = Masking::new(masks.iter().collect());
        let values = BTreeMap::new();
        let around =
            Surroundings { body_length: None, request_id: None, at: chrono::Utc::now(), values: &values };
        let mut keys = Vec::new();
        for number in ["1", "2.5"] {
            let leaves = vec![Leaf::json("body /n", number), Leaf::json("body /db0", "{}")];
            let mut view = View { leaves };
            masking.apply(&mut view, None, 200, &around);
            keys.push(view.leaves.into_iter().map(|leaf| leaf.key).collect::<Vec<_>>());
        }
        assert_eq!(keys, [["<integer>"], ["2.5 (not <integer>)"]]);
        assert_eq!(masking.used().len(), 2);
        let places: Vec<_> = masking.masked().into_iter().map(|masked| masked.place).collect();
        assert_eq!(places, ["body /db0", "body /n"]);
    }
}
