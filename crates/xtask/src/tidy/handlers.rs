//! The servers' routers: each operation is registered by itself.
//!
//! Five servers over one dispatcher would agree without showing anything. So each has a handler of its own for
//! each operation, and no route that catches whatever comes.
//!
//! `api-hyper` has no router of a framework: it makes one of the document when it starts, which is the one exception.
//! Its handlers are its own like the others', and it does not start unless each has its operation and each operation
//! its handler.

use std::collections::BTreeSet;

use spec::Document;

use super::TextFile;
use crate::tree;

/// The ids of all operations of the contract.
pub(super) fn operation_ids() -> Result<Vec<String>, String> {
    let document = Document::read(&tree::root().join("openapi/openapi.yaml"));
    let operations = document.and_then(|document| document.operations());
    let operations =
        operations.map_err(|error| format!("openapi/openapi.yaml: {}", causes::Chain(&error)))?;
    Ok(operations.into_iter().filter_map(|operation| operation.id).collect())
}

/// The name of the server that a source file belongs to.
fn server_of(file: &TextFile) -> Option<&str> {
    let (name, path) = file.path.strip_prefix("crates/")?.split_once('/')?;
    (name.starts_with("api-") && path.starts_with("src/") && file.has_extension("rs")).then_some(name)
}

/// Every server has a function of the name of each operation.
///
/// A server that has none at all is not begun yet.
pub(super) fn each_operation(files: &[TextFile], operations: &[String]) -> Vec<String> {
    let servers: BTreeSet<&str> = files.iter().filter_map(server_of).collect();
    let mut breaches = Vec::new();
    for server in servers {
        let sources = || files.iter().filter(|file| server_of(file) == Some(server));
        let has = |id: &&String| sources().any(|file| file.text.contains(&format!("fn {id}(")));
        let missing: Vec<_> = operations.iter().filter(|id| !has(id)).collect();
        if missing.len() < operations.len() {
            let breach = |id: &String| format!("crates/{server}: no handler is called {id}");
            breaches.extend(missing.into_iter().map(breach));
        }
    }
    breaches
}

/// Ways in which the frameworks write a segment that matches anything to the end of the path.
const CATCH_ALL: [&str; 5] = [":.*}", ":.+}", "/{*", "<path..>", "/*}"];

/// No route of a server catches whatever comes.
pub(super) fn catch_all(file: &TextFile) -> Vec<String> {
    if server_of(file).is_none() {
        return Vec::new();
    }
    let is_route = |line: &str| line.contains("\"/") && CATCH_ALL.iter().any(|form| line.contains(form));
    let lines = file.text.lines().enumerate().filter(|(_, line)| is_route(line));
    lines.map(|(index, _)| format!("{}:{}: this route catches all", file.path, index + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::file;
    use super::*;

    #[test]
    fn an_operation_without_a_handler_is_named() {
        let operations = ["get_a".to_owned(), "get_b".to_owned()];
        let files = [
            file("crates/api-one/src/a.rs", "async fn get_a() {}"),
            file("crates/api-two/src/a.rs", "async fn get_a() {}\nasync fn get_b() {}"),
            file("crates/api-three/src/main.rs", "fn main() {}"),
            file("crates/service/src/a.rs", "fn get_b() {}"),
        ];
        assert_eq!(each_operation(&files, &operations), ["crates/api-one: no handler is called get_b"]);
    }

    #[test]
    fn a_route_that_catches_all_is_named() {
        let text = "fn a() {}\n.route(\"/{tail:.*}\", web::get())\n";
        assert_eq!(
            catch_all(&file("crates/api-one/src/router.rs", text)),
            ["crates/api-one/src/router.rs:2: this route catches all"]
        );
        assert_eq!(catch_all(&file("crates/api-one/src/router.rs", "get(\"/docs/{file}\")")), [""; 0]);
        assert_eq!(catch_all(&file("crates/server/src/a.rs", text)), [""; 0]);
    }
}
