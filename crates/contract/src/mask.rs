//! Which members of a secret are shown, and what stands in place of the others.

use serde_json::Value;

/// What stands in place of a value that is not shown. It tells neither length nor type.
pub const MASK: &str = "***";

const TELLING: [&str; 4] = ["password", "secret", "token", "key"];

/// Whether the value of the member `name` must not be shown: its name holds `password`, `secret`, `token`
/// or `key`, in any case.
///
/// ```
/// assert!(contract::mask::is_masked("API_Key"));
/// assert!(!contract::mask::is_masked("user"));
/// ```
pub fn is_masked(name: &str) -> bool {
    let name = name.to_lowercase();
    TELLING.iter().any(|telling| name.contains(telling))
}

/// Puts [`MASK`] in place of every value, at any depth and of any type, whose member name [`is_masked`].
pub fn mask(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if is_masked(name) {
                    *value = Value::String(MASK.to_owned());
                } else {
                    mask(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_masked_by_name_at_any_depth_and_of_any_type() {
        let mut value = json!({
            "user": "app", "PassWord": "x", "list": [{"api_key": 7}, {"plain": null}],
            "secrets": {"user": "inside"}, "deep": {"refreshToken": [1, 2]}, "monkey": true,
        });
        mask(&mut value);
        assert_eq!(
            value,
            json!({
                "user": "app", "PassWord": "***", "list": [{"api_key": "***"}, {"plain": null}],
                "secrets": "***", "deep": {"refreshToken": "***"}, "monkey": "***",
            })
        );
    }
}
