//! Response types written by hand, for the code-first servers.
