//! Every path of the contract, for the cases that hold for all of them.

pub(super) const READ: &str = "GET, HEAD, OPTIONS";
const WRITE: &str = "OPTIONS, POST";
const CACHE: &str = "DELETE, GET, HEAD, OPTIONS, POST";

/// Every path of the contract, with a value for each parameter, and its methods as `Allow` lists them.
pub(super) const PATHS: [(&str, &str); 31] = [
    ("/", READ),
    ("/health", READ),
    ("/health/", READ),
    ("/health/ready", READ),
    ("/health/vault", READ),
    ("/health/postgres", READ),
    ("/health/mysql", READ),
    ("/health/mongodb", READ),
    ("/health/redis", READ),
    ("/health/rabbitmq", READ),
    ("/health/all", READ),
    ("/examples/vault/secret/postgres", READ),
    ("/examples/vault/secret/postgres/user", READ),
    ("/examples/database/postgres/query", READ),
    ("/examples/database/mysql/query", READ),
    ("/examples/database/mongodb/query", READ),
    ("/examples/cache/a", CACHE),
    ("/examples/messaging/publish", WRITE),
    ("/examples/messaging/queue/a/info", READ),
    ("/redis/cluster/nodes", READ),
    ("/redis/cluster/slots", READ),
    ("/redis/cluster/info", READ),
    ("/redis/nodes/redis-1/info", READ),
    ("/metrics", READ),
    ("/openapi.json", READ),
    ("/openapi.yaml", READ),
    ("/docs", READ),
    ("/redoc", READ),
    // Files of the pages; which there are is looked at elsewhere.
    ("/docs/swagger-ui.css", READ),
    ("/redoc/redoc.standalone.js", READ),
    // A path is known even where its parameter is not.
    ("/redis/nodes/nosuch/info", READ),
];

/// Every operation, as its method and path, and the files of the pages.
pub(super) fn operations() -> impl Iterator<Item = (&'static str, &'static str)> {
    PATHS.into_iter().flat_map(|(path, allow)| {
        let methods = allow.split(", ").filter(|method| !matches!(*method, "HEAD" | "OPTIONS"));
        methods.map(move |method| (method, path))
    })
}
