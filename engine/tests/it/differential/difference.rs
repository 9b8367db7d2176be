//! Whether two decisions are the same, and of what kind their difference is.

use serde_json::{Value as Json, json};

use super::Way;

/// How two decisions differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Difference {
    /// A function failed in one way, and was not reached in the other because something before it was undefined; or
    /// both failed, at different places.
    ///
    /// Neither is wrong: the order of a body is open. One refuses, and the other one says what it would say without
    /// the rules that failed.
    Reach(&'static str),
    /// Anything else, in words that many differences share.
    Other(String),
}

/// The difference between two decisions; none if they are the same.
///
/// On WebAssembly a fault is told in other words: who failed, and with what kind of error, must be the same.
pub(super) fn of(way: Way, expected: &str, found: &str) -> Option<Difference> {
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
    if expected == found {
        return None;
    }
    let reached_elsewhere = match (fails(&expected, &found), fails(&found, &expected)) {
        (true, true) => Some("at another place"),
        (true, false) => Some("in the interpreter alone"),
        (false, true) => Some("on WebAssembly alone"),
        (false, false) => None,
    };
    if let Some(place) = reached_elsewhere.filter(|_| way == Way::Wasm) {
        return Some(Difference::Reach(place));
    }
    let [here, there] = [&expected, &found].map(summary);
    Some(Difference::Other(format!("{here} here, {there} there")))
}

fn without_words(decision: &mut Json) {
    let errors = decision["errors"].as_array_mut().unwrap();
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

/// Whether a function of a policy fails in the first decision, and whatever other policies say is the same.
///
/// A function that fails refuses the event, whatever else its policy says.
fn fails(failing: &Json, other: &Json) -> bool {
    let list = |decision: &Json, name: &str| decision[name].as_array().unwrap().clone();
    let failures = |decision: &Json| {
        let mut errors = list(decision, "errors");
        errors.retain(|error| error["kind"] == "evaluation");
        errors
    };
    let failures = failures(failing);
    let policies: Vec<&Json> = failures.iter().map(|error| &error["policy"]).collect();
    let of_others = |decision: &Json, name: &str| {
        let mut items = list(decision, name);
        items.retain(|item| !policies.contains(&&item["policy"]));
        items
    };
    let is_refused = ["halt", "deny", "block"]
        .iter()
        .any(|verdict| failing["decision"] == **verdict);
    is_refused
        && !policies.is_empty()
        && ["errors", "rules"]
            .iter()
            .all(|name| of_others(failing, name) == of_others(other, name))
}

/// What stands out of a decision.
fn summary(decision: &Json) -> String {
    let errors = decision["errors"].as_array().map_or(0, Vec::len);
    let rules = decision["rules"].as_array().map_or(0, Vec::len);
    let verdict = decision["decision"].as_str().unwrap_or_default();
    format!("{verdict} with {rules} rules and {errors} errors")
}
