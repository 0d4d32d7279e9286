//! Cases that no file holds, because their steps are made here.

use std::collections::BTreeMap;

use parity::model::{Case, Origin, Step};

/// A case with these steps and one tag. What comes after `::` in its id is its name.
pub(crate) fn case(id: &str, tag: &str, steps: Vec<Step>) -> Case {
    let (_, name) = id.rsplit_once("::").unwrap_or(("", id));
    Case {
        id: id.to_owned(),
        name: name.replace('_', " "),
        tags: vec![tag.to_owned()],
        origin: Origin::Catalogue,
        variables: BTreeMap::new(),
        steps,
        hostile: false,
        alone: false,
        shared_namespace: false,
    }
}
