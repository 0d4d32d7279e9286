//! Brings the backing servers up on this machine, and says how they are.
