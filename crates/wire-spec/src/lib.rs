//! Response types generated from the contract, for the spec-first servers.
