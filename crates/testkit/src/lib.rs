//! For tests only: a namespace for each test, a TCP proxy that can cut, stall and restore, bounded waiting, and the test stack.
