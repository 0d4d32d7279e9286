//! The front page.

use std::borrow::Cow;

use contract::{Operation, texts};

use crate::types::{
    RootDatabaseExamples, RootDocs, RootExamples, RootMessagingExamples, RootRedisCluster, RootResponse,
    RootSecurity, RootVaultExamples,
};

impl RootResponse {
    /// The page of the server of this name; only these four members differ between servers.
    pub fn new(
        name: &'static str,
        version: &'static str,
        framework: &'static str,
        approach: &'static str,
    ) -> Self {
        let path = |id: &str| Operation::by_id(id).map_or("", |operation| operation.path);
        Self::with_paths(path, name, version, framework, approach)
    }

    /// As [`Self::new`], with the path that `path_of` gives for the id of an operation: for a server that learns the
    /// paths when it starts.
    pub fn with_paths(
        path_of: impl Fn(&str) -> &'static str,
        name: &'static str,
        version: &'static str,
        framework: &'static str,
        approach: &'static str,
    ) -> Self {
        let path = |id: &str| Cow::Borrowed(path_of(id));
        Self {
            name: name.into(),
            version: version.into(),
            description: texts::DESCRIPTION.into(),
            docs: RootDocs {
                swagger: path("get_docs"),
                redoc: path("get_redoc"),
                openapi: path("get_openapi_json"),
            },
            health: path("get_health"),
            metrics: path("get_metrics"),
            security: RootSecurity {
                cors: texts::SECURITY_CORS.into(),
                rate_limiting: texts::SECURITY_RATE_LIMITING.into(),
                request_validation: texts::SECURITY_REQUEST_VALIDATION.into(),
                circuit_breakers: texts::SECURITY_CIRCUIT_BREAKERS.into(),
            },
            redis_cluster: RootRedisCluster {
                nodes: path("get_redis_nodes"),
                slots: path("get_redis_slots"),
                info: path("get_redis_info"),
                node_info: path("get_redis_node_info"),
            },
            examples: RootExamples {
                vault: RootVaultExamples { secret: path("get_secret"), secret_key: path("get_secret_key") },
                databases: RootDatabaseExamples {
                    postgres: path("query_postgres"),
                    mysql: path("query_mysql"),
                    mongodb: path("query_mongodb"),
                },
                cache: path("get_cache"),
                messaging: RootMessagingExamples {
                    publish: path("publish_message"),
                    queue_info: path("get_queue_info"),
                },
            },
            framework: framework.into(),
            approach: approach.into(),
            note: texts::ROOT_NOTE.into(),
        }
    }
}
