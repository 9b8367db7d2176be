//! Whether two decisions are the same, and of what kind their difference is.

use serde_json::{Value as Json, json};

use super::Way;

/// The kind of the difference between two decisions, which many differences share; none if they are the same.
///
/// On WebAssembly a fault is told in other words: who failed, and with what kind of error, must be the same.
pub(super) fn of(way: Way, expected: &str, found: &str) -> Option<String> {
    if expected == found {
        return None;
    }
    let [expected, found] = [expected, found].map(|decision| {
        let mut decision: Json = serde_json::from_str(decision).unwrap();
        if way == Way::Wasm {
            without_words(&mut decision);
        }
        decision
    });
    (expected != found).then(|| {
        let kinds = [&expected, &found].map(kind);
        format!("{} here, {} there", kinds[0], kinds[1])
    })
}

fn without_words(decision: &mut Json) {
    let Some(errors) = decision["errors"].as_array_mut() else {
        return;
    };
    if errors.is_empty() {
        return;
    }
    for error in errors.iter_mut() {
        *error = json!({"kind": error["kind"], "policy": error["policy"]});
    }
    // A policy has one error for each verb, if their words differ.
    errors.dedup();
    decision["reason"] = Json::Null;
}

/// What stands out of a decision.
fn kind(decision: &Json) -> String {
    let errors = decision["errors"].as_array().map_or(0, Vec::len);
    let rules = decision["rules"].as_array().map_or(0, Vec::len);
    let verdict = decision["decision"].as_str().unwrap_or_default();
    format!("{verdict} with {rules} rules and {errors} errors")
}
