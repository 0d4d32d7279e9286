//! The table of routes that a document becomes.

use std::fmt;

use contract::operation::{self, FILE_ROUTES};
use contract::{Method, RateLimitClass};
use hyper::header::HeaderValue;
use server::document::{Asset, redoc_file, swagger_file};
use spec::Document;

use super::operation::{Handler, Operation};
use super::tree::{Tree, is_parameter};
use super::{DocumentError, child};

/// Every route of a document, with its operations bound to their handlers.
#[derive(Debug)]
pub(crate) struct Table {
    tree: Tree<Route>,
    operations: Vec<contract::Operation>,
}

/// A path of the document, with what answers each of its methods.
#[derive(Debug)]
pub(crate) struct Route {
    template: &'static str,
    class: RateLimitClass,
    allow: HeaderValue,
    targets: Vec<(Method, Target)>,
}

/// What answers a request.
pub(crate) enum Target {
    /// An operation of the document.
    Operation(Box<Operation>),
    /// A file of a documentation page, which belongs to the page and is no operation.
    File(FileByName),
}

/// Gives the file of that name, if there is one.
pub(crate) type FileByName = fn(&str) -> Option<Asset>;

/// The files of the documentation pages, each by its route.
const FILES: [(&str, FileByName); 2] = [(FILE_ROUTES[0], swagger_file), (FILE_ROUTES[1], redoc_file)];

/// What the table has for a method and a path.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Found<'a> {
    /// What answers the request.
    Target(&'a Route, &'a Target),
    /// The path is known, and the method is `OPTIONS`.
    Options(&'a Route),
    /// The path is known and has other methods.
    OtherMethod(&'a Route),
    /// The path is not known.
    Nothing,
}

impl Table {
    /// Binds every operation of a document to the one of `handlers` that has its id.
    ///
    /// # Errors
    /// [`DocumentError`] for an operation without a handler, a handler without an operation, and everything that is not
    /// understood.
    pub(crate) fn new(document: &Document, handlers: &'static [Handler]) -> Result<Self, DocumentError> {
        let mut table = Self { tree: Tree::default(), operations: Vec::new() };
        document.visit_operations(|read| {
            let operation = Operation::new(&read, handlers)?;
            let listed = operation.listed;
            if table.operations.iter().any(|other| other.id == listed.id) {
                let clash = format!("{:?} is the operationId of another operation, too", listed.id);
                return Err(DocumentError::Clash { pointer: read.pointer, clash });
            }
            table.operations.push(listed);
            table.add(listed.path, listed.method, Target::Operation(Box::new(operation)), &read.pointer)
        })?;
        for handler in handlers {
            if !table.operations.iter().any(|operation| operation.id == handler.id) {
                return Err(DocumentError::NoOperation { id: handler.id });
            }
        }
        for (template, file) in FILES {
            table.add(template, Method::Get, Target::File(file), "/paths")?;
        }
        Ok(table)
    }

    /// The operations as the shared crates know them, in the order of the document.
    pub(crate) fn operations(&self) -> &[contract::Operation] {
        &self.operations
    }

    /// The path of an operation; every handler has one.
    pub(crate) fn path_of(&self, id: &str) -> &'static str {
        self.operations.iter().find(|operation| operation.id == id).map_or("", |operation| operation.path)
    }

    /// What answers a request.
    pub(crate) fn find(&self, method: &hyper::Method, path: &str) -> Found<'_> {
        let Some(route) = self.tree.find(path) else { return Found::Nothing };
        if *method == hyper::Method::OPTIONS {
            return Found::Options(route);
        }
        let method = if *method == hyper::Method::HEAD { Method::Get.as_str() } else { method.as_str() };
        let target = route.targets.iter().find(|(answered, _)| answered.as_str() == method);
        target.map_or(Found::OtherMethod(route), |(_, target)| Found::Target(route, target))
    }

    fn add(
        &mut self,
        template: &'static str,
        method: Method,
        target: Target,
        pointer: &str,
    ) -> Result<(), DocumentError> {
        let is_odd = |segment: &str| segment.contains(['{', '}']) && !is_parameter(segment);
        if !template.starts_with('/') || template.split('/').any(is_odd) {
            let construct =
                "a path that does not begin with a slash, or a parameter that is not a whole segment,";
            return Err(DocumentError::unsupported(pointer, construct));
        }
        let route = self.tree.place(template).get_or_insert_with(|| Route::new(template));
        if route.template != template || route.targets.iter().any(|(answered, _)| *answered == method) {
            let clash = format!("{method} {template} answers the same requests as {}", route.template);
            return Err(DocumentError::Clash { pointer: pointer.to_owned(), clash });
        }
        route.targets.push((method, target));
        let allow = operation::answered(route.targets.iter().map(|(method, _)| *method)).join(", ");
        // The names of methods can stand in a header.
        route.allow = HeaderValue::try_from(allow).map_err(|_| {
            DocumentError::unsupported(child(pointer, method.as_str()), "a method that no header can name")
        })?;
        Ok(())
    }
}

impl Route {
    fn new(template: &'static str) -> Self {
        let class = RateLimitClass::of(template);
        Self { template, class, allow: HeaderValue::from_static(""), targets: Vec::new() }
    }

    /// The template of its path.
    pub(crate) fn template(&self) -> &'static str {
        self.template
    }

    /// The rate limit that it falls under.
    pub(crate) fn class(&self) -> RateLimitClass {
        self.class
    }

    /// The value of `Allow`.
    pub(crate) fn allow(&self) -> &HeaderValue {
        &self.allow
    }
}

impl Target {
    /// Whether the body is read as a message.
    pub(crate) fn takes_message(&self) -> bool {
        matches!(self, Self::Operation(operation) if operation.takes_message())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operation(operation) => operation.fmt(formatter),
            Self::File(_) => formatter.write_str("File"),
        }
    }
}

impl Found<'_> {
    /// The template of the path, if it is known.
    pub(crate) fn template(&self) -> Option<&'static str> {
        match self {
            Self::Target(route, _) | Self::Options(route) | Self::OtherMethod(route) => {
                Some(route.template())
            }
            Self::Nothing => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use contract::OPERATIONS;

    use super::*;
    use crate::app::HANDLERS;
    use crate::interpreter::{Reply, Source, Wanted};

    const GET_A: Handler = Handler {
        id: "get_a",
        parameters: &[Wanted { name: "b", is_optional: false }],
        takes_message: false,
        run: |_| Reply::Now(Err(contract::Problem::Internal.into())),
    };

    fn refusal(operations: &str, handlers: &'static [Handler]) -> String {
        let document = Document::from_yaml(&format!("openapi: 3.1.1\npaths:\n{operations}")).expect("YAML");
        Table::new(&document, handlers).expect_err("a refusal").to_string()
    }

    /// An operation of a path with these parameters.
    fn get_a(path: &str, parameters: &str) -> String {
        format!(
            "  {path}: {{ get: {{ operationId: get_a, parameters: [{parameters}], \
             responses: {{ '200': {{ description: x }} }} }} }}\n"
        )
    }

    const B: &str = "{ name: b, in: path, required: true, schema: { type: string } }";

    #[test]
    fn the_document_that_is_built_in_becomes_what_is_generated_from_it() {
        let document = Source::read(None).and_then(|source| source.document()).expect("the document");
        let table = Table::new(&document, HANDLERS).expect("a table");
        assert_eq!(table.operations(), OPERATIONS);
        for listed in OPERATIONS {
            let path = listed.path.replace(['{', '}'], "");
            let Found::Target(route, Target::Operation(operation)) = table.find(
                &hyper::Method::from_bytes(listed.method.as_str().as_bytes()).expect("a method"),
                &path,
            ) else {
                panic!("{path} is not found");
            };
            assert_eq!((operation.id(), route.template()), (listed.id, listed.path));
            assert_eq!(route.allow().to_str().ok(), Some(&*operation::allow(listed.path)));
            assert_eq!(route.class(), listed.rate_limit_class());
        }
    }

    #[test]
    fn methods_are_found_as_they_are_written() {
        let document = Source::read(None).and_then(|source| source.document()).expect("the document");
        let table = Table::new(&document, HANDLERS).expect("a table");
        let find =
            |method: &[u8], path| table.find(&hyper::Method::from_bytes(method).expect("a method"), path);
        assert!(matches!(find(b"HEAD", "/metrics"), Found::Target(..)));
        assert!(matches!(find(b"HEAD", "/docs/a"), Found::Target(_, Target::File(_))));
        assert!(matches!(find(b"OPTIONS", "/metrics"), Found::Options(_)));
        assert!(matches!(find(b"get", "/metrics"), Found::OtherMethod(_)));
        assert!(matches!(find(b"HEAD", "/examples/messaging/publish"), Found::OtherMethod(_)));
        assert!(matches!(find(b"OPTIONS", "/nosuch"), Found::Nothing));
    }

    #[test]
    fn what_cannot_be_a_table_is_refused_with_its_place() {
        const HANDLER: &[Handler] = &[GET_A];
        const READER: &[Handler] = &[Handler { takes_message: true, ..GET_A }];
        let at = "/paths/~1a~1{b}/get";
        for (operations, handlers, expected) in [
            (get_a("/a/{b}", B), READER, format!("{at}: there must be a requestBody, which its handler get_a needs")),
            (
                get_a("/a", ""),
                HANDLER,
                "/paths/~1a/get: there must be a required parameter \"b\", which its handler get_a needs".to_owned(),
            ),
            (
                get_a("/a", "{ name: b, in: query, schema: { type: string } }"),
                HANDLER,
                "/paths/~1a/get: there must be a required parameter \"b\", which its handler get_a needs".to_owned(),
            ),
            (
                get_a("/a/{b}", "{ name: b, in: header, required: true, schema: { type: string } }"),
                HANDLER,
                format!("{at}/parameters/0/in: a header parameter is not supported"),
            ),
            (
                get_a("/a/{c}", B),
                HANDLER,
                "/paths/~1a~1{c}/get/parameters/0: a path parameter that is not one segment {b} of the path is not \
                 supported"
                    .to_owned(),
            ),
            (
                get_a("/a/{b}", &format!("{B}, {{ name: b, in: query, schema: {{ type: string }} }}")),
                HANDLER,
                format!("{at}/parameters/1: there are two parameters \"b\""),
            ),
            (
                get_a("/a/{b}", B) + &get_a("/c/{b}", B),
                HANDLER,
                "/paths/~1c~1{b}/get: \"get_a\" is the operationId of another operation, too".to_owned(),
            ),
            (
                get_a("/a/{b}/{c}", B),
                HANDLER,
                "/paths/~1a~1{b}~1{c}/get: a path with {c}, for which there is no parameter, is not supported".to_owned(),
            ),
            (
                get_a("/docs/{b}", B),
                HANDLER,
                "/paths: GET /docs/{file} answers the same requests as /docs/{b}".to_owned(),
            ),
            (
                get_a("/a/x{d}/{b}", B),
                HANDLER,
                "/paths/~1a~1x{d}~1{b}/get: a path that does not begin with a slash, or a parameter that is not a whole \
                 segment, is not supported"
                    .to_owned(),
            ),
        ] {
            assert_eq!(refusal(&operations, handlers), expected);
        }
    }
}
