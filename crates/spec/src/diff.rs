//! What one document promises and another does not.
