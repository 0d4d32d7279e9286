//! The front page.

use contract::texts;
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema;

/// The front page: what this server is and where its parts are.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RootResponse {
    /// The server's own name.
    #[schema(schema_with = schema::text)]
    name: &'static str,
    /// Version of the workspace.
    #[schema(schema_with = schema::text)]
    version: &'static str,
    #[schema(schema_with = schema::text)]
    description: &'static str,
    docs: RootDocs,
    /// Path.
    #[schema(schema_with = schema::text)]
    health: &'static str,
    /// Path.
    #[schema(schema_with = schema::text)]
    metrics: &'static str,
    security: RootSecurity,
    redis_cluster: RootRedisCluster,
    examples: RootExamples,
    /// The web framework that this server is built on.
    #[schema(schema_with = schema::text)]
    framework: &'static str,
    /// How the server comes by its contract.
    #[schema(schema_with = schema::text)]
    approach: &'static str,
    #[schema(schema_with = schema::text)]
    note: &'static str,
}

/// Defines a struct whose members are all fixed texts, with its one value.
macro_rules! fixed_texts {
    ($(#[$meta:meta])* $name:ident { $($member:ident: $text:expr,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Serialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        struct $name {
            $(#[schema(schema_with = schema::text)] $member: &'static str,)+
        }

        impl $name {
            const FIXED: Self = Self { $($member: $text,)+ };
        }
    };
}

fixed_texts! {
    /// Where the descriptions of this server are.
    RootDocs { swagger: "/docs", redoc: "/redoc", openapi: "/openapi.json", }
}

fixed_texts! {
    /// What protects the server, in words.
    RootSecurity {
        cors: texts::SECURITY_CORS,
        rate_limiting: texts::SECURITY_RATE_LIMITING,
        request_validation: texts::SECURITY_REQUEST_VALIDATION,
        circuit_breakers: texts::SECURITY_CIRCUIT_BREAKERS,
    }
}

fixed_texts! {
    /// Paths of the Redis operations.
    RootRedisCluster {
        nodes: "/redis/cluster/nodes",
        slots: "/redis/cluster/slots",
        info: "/redis/cluster/info",
        node_info: "/redis/nodes/{node_name}/info",
    }
}

fixed_texts! {
    /// Paths of the Vault operations.
    RootVaultExamples {
        secret: "/examples/vault/secret/{service_name}",
        secret_key: "/examples/vault/secret/{service_name}/{key}",
    }
}

fixed_texts! {
    /// Paths of the database operations.
    RootDatabaseExamples {
        postgres: "/examples/database/postgres/query",
        mysql: "/examples/database/mysql/query",
        mongodb: "/examples/database/mongodb/query",
    }
}

fixed_texts! {
    /// Paths of the messaging operations.
    RootMessagingExamples {
        publish: "/examples/messaging/publish",
        queue_info: "/examples/messaging/queue/{queue_name}/info",
    }
}

/// Paths of the example operations.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RootExamples {
    vault: RootVaultExamples,
    databases: RootDatabaseExamples,
    #[schema(schema_with = schema::text)]
    cache: &'static str,
    messaging: RootMessagingExamples,
}

impl RootResponse {
    /// The page of the server of this name; only these four members differ between servers.
    pub const fn new(
        name: &'static str,
        version: &'static str,
        framework: &'static str,
        approach: &'static str,
    ) -> Self {
        Self {
            name,
            version,
            description: texts::DESCRIPTION,
            docs: RootDocs::FIXED,
            health: "/health/",
            metrics: "/metrics",
            security: RootSecurity::FIXED,
            redis_cluster: RootRedisCluster::FIXED,
            examples: RootExamples {
                vault: RootVaultExamples::FIXED,
                databases: RootDatabaseExamples::FIXED,
                cache: "/examples/cache/{key}",
                messaging: RootMessagingExamples::FIXED,
            },
            framework,
            approach,
            note: texts::ROOT_NOTE,
        }
    }

    /// The server's own name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The version of the workspace.
    pub const fn version(&self) -> &'static str {
        self.version
    }
}
