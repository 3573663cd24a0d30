//! Old bodies read as new ones. A row is never rewritten: it is upcast each time it is read, one version at a time.

use serde_json::Value;

/// Turns the body of `kind` at version `from` into the body at version `from + 1`.
pub struct Upcast {
    pub kind: &'static str,
    pub from: u32,
    pub change: fn(Value) -> Value,
}

/// Every step there has ever been. Version 1 is the first, so there is none yet.
pub const STEPS: &[Upcast] = &[];

/// The body at the newest version that `steps` reach, and that version.
pub fn upcast(steps: &[Upcast], kind: &str, mut version: u32, mut body: Value) -> (u32, Value) {
    while let Some(step) = steps.iter().find(|step| step.kind == kind && step.from == version) {
        body = (step.change)(body);
        version += 1;
    }
    (version, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn steps_are_taken_in_order_and_only_for_their_kind() {
        let steps = [
            Upcast { kind: "set.logged", from: 1, change: |body| json!({"load_g": body["load_kg"].as_i64().map(|kg| kg * 1000)}) },
            Upcast { kind: "set.logged", from: 2, change: |body| json!({"load_g": body["load_g"], "unit": "kg"}) },
        ];
        assert_eq!(upcast(&steps, "set.logged", 1, json!({"load_kg": 80})), (3, json!({"load_g": 80000, "unit": "kg"})));
        assert_eq!(upcast(&steps, "set.removed", 1, json!({})), (1, json!({})));
        assert_eq!(upcast(STEPS, "set.logged", 9, json!({"new": 1})), (9, json!({"new": 1})));
    }
}
