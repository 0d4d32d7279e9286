//! Answers taken apart into places and values, and what differs between them.

mod agreement;
mod json;
mod prometheus;
mod view;

pub use agreement::{agreement, differing_places};
pub use json::{Leaf, Leaves, escaped};
pub use view::{Reading, View};
