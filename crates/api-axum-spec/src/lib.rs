//! axum, spec-first: routes, parameters and responses are generated from the contract.
