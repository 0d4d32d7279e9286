//! Tests of this module against the real server.
