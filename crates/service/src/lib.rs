//! The use cases behind the operations, on top of the integrations.
