//! The result itself, for programs.

use crate::model::RunResult;

/// The result as JSON, in lines that people can read too.
///
/// # Errors
/// None that can happen: every part of a result can be written.
pub fn text(result: &RunResult) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(result).map(|text| text + "\n")
}

/// The JSON Schema of a result.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(RunResult)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_schema_is_that_of_the_code() {
        let published = include_str!("../../../../parity-tests/report.schema.json");
        let schema = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        assert!(published == schema, "write it anew: cargo run -p parity -- schema report");
    }
}
