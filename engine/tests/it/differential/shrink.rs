//! Makes a case that shows a difference as small as it can be.

use serde_json::{Map, Value as Json};

use llmspell_engine::PolicyEngine;

use super::difference::{self, Difference};
use super::policy::Policy;
use super::{Way, decided};
use crate::support::event;

/// A policy and an event that are decided differently.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) policy: Policy,
    pub(super) event: Map<String, Json>,
}

/// Attempts to make a case smaller.
const MAX_ATTEMPTS: usize = 3_000;
/// The same where each of them is compiled by another program.
const MAX_SLOW_ATTEMPTS: usize = 60;

/// The smallest case that is found by leaving out one part after the other.
pub(super) fn smallest(way: Way, case: Case) -> Case {
    let mut smallest = case;
    let mut attempts = 0;
    let max_attempts = match way {
        Way::Wasm => MAX_SLOW_ATTEMPTS,
        _ => MAX_ATTEMPTS,
    };
    loop {
        let smaller = smaller(&smallest).into_iter().find(|case| {
            attempts += 1;
            attempts <= max_attempts && difference(way, case).is_some()
        });
        match smaller {
            Some(case) => smallest = case,
            None => return smallest,
        }
    }
}

/// Both decisions, if they differ and the policy can be loaded.
pub(super) fn difference(way: Way, case: &Case) -> Option<(String, String)> {
    let policies = [case.policy.clone()];
    let event = event(&Json::from(case.event.clone()).to_string());
    let (_first, truth) = Way::Interpreter.load(&policies);
    let (_second, other) = way.load(&policies);
    let is_broken = |engine: &PolicyEngine| {
        let policies = engine.policies();
        policies.iter().any(|policy| policy.error.is_some())
    };
    if is_broken(&truth) || is_broken(&other) {
        return None;
    }
    let (expected, found) = (decided(&truth, &event), decided(&other, &event));
    let difference = difference::of(way, &expected, &found)?;
    matches!(difference, Difference::Other(_)).then_some((expected, found))
}

fn smaller(case: &Case) -> Vec<Case> {
    let policies = case.policy.smaller().into_iter().map(|policy| Case {
        policy,
        event: case.event.clone(),
    });
    let events = without_one(&case.event).into_iter().map(|event| Case {
        policy: case.policy.clone(),
        event,
    });
    policies.chain(events).collect()
}

/// The event without one field, or without one field of its fields.
fn without_one(event: &Map<String, Json>) -> Vec<Map<String, Json>> {
    let mut found = Vec::new();
    for (key, value) in event {
        if matches!(key.as_str(), "hook_event_name" | "tool_name") {
            continue;
        }
        let mut smaller = event.clone();
        smaller.remove(key);
        found.push(smaller);
        if let Json::Object(fields) = value {
            for inner in fields.keys() {
                let mut smaller = event.clone();
                let mut fields = fields.clone();
                fields.remove(inner);
                smaller.insert(key.clone(), fields.into());
                found.push(smaller);
            }
        }
    }
    found
}
