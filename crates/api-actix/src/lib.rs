//! The reference server: actix-web, code-first.
