//! Loads, resolves, normalises, compares and validates OpenAPI documents. Knows nothing of this project.
