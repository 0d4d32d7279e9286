//! Everything that talks to the backing servers: Vault, PostgreSQL, MySQL, MongoDB, Redis Cluster, RabbitMQ.
