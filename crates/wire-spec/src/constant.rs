//! A number that can be but one.

use serde::{Serialize, Serializer};

/// A member whose value the document fixes to `VALUE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Constant<const VALUE: i64>;

impl<const VALUE: i64> Serialize for Constant<VALUE> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(VALUE)
    }
}
