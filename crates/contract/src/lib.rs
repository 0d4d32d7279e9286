//! The API contract as types and tables: what is accepted, what is refused, and by which name. No I/O.
