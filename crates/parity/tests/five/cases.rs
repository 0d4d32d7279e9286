//! Cases and requests that no file holds, because they are made here.

use std::collections::BTreeMap;

use parity::model::{Body, Case, Origin, Request, Step};
use testkit::Namespace;

use crate::BoxError;
use crate::failures::whole;
use crate::limits::operations;

/// Requests that are no operation, or that none understands.
const ODD: [(&str, &str); 8] = [
    ("GET", "/nosuch"),
    ("DELETE", "/health/"),
    ("BREW", "/health/"),
    ("HEAD", "/examples/cache/none"),
    ("OPTIONS", "/examples/cache/none"),
    ("GET", "/examples/cache/a%20b"),
    ("GET", "/examples/cache/%FF"),
    ("GET", "/redis/nodes/none/info"),
];

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

/// Every operation of the contract, once as it is to be, and [`ODD`]. They leave an entry of the cache for a minute, and
/// the queue `away` of the namespace.
pub(crate) fn one_of_each(namespace: &Namespace) -> Result<Vec<Request>, BoxError> {
    let operations = operations()?.into_iter().map(|(method, path)| {
        let mut request = whole(&method, &path);
        request.target = request.target.replace("{{ns}}", namespace.token());
        request
    });
    let odd = ODD.map(|(method, path)| Request::new(method, path));
    let unread = Request::new("POST", "/examples/messaging/publish?queue_name=a")
        .header("Content-Type", "application/json")
        .body(Body::Whole("no JSON".into()));
    Ok(operations.chain(odd).chain([unread]).collect())
}
