//! The verdicts on one step, from what was on the wire.

mod evidence;
mod expectation;
mod masking;

pub(crate) use evidence::{evidence, summary};
pub(crate) use expectation::unmet;
pub(crate) use masking::{Masking, surroundings};
