//! `crates/contract/src/operations.rs`: the operation table.

use std::fmt::Write as _;

use spec::operations::Place;

use super::model::{Model, Operation};

pub(super) fn generate(model: &Model) -> String {
    let mut text = String::from(
        "use crate::operation::{Method, Operation};\n\n\
         /// Every operation of the API, in the order of the document.\n\
         pub const OPERATIONS: &[Operation] = &[\n",
    );
    for operation in &model.operations {
        let names = |place| {
            operation.parameters_in(place).map(|parameter| parameter.name.as_str()).collect::<Vec<_>>()
        };
        let statuses: Vec<_> = operation.answers.iter().map(|answer| answer.status.code).collect();
        let Operation { id, method, path, has_body, .. } = operation;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "Operation {{ id: {id:?}, method: Method::{}, path: {path:?}, path_parameters: &{:?}, \
             query_parameters: &{:?}, has_body: {has_body}, statuses: &{statuses:?} }},",
            super::rust::type_name(method),
            names(Place::Path),
            names(Place::Query),
        );
    }
    text + "];\n"
}
