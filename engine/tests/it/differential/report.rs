//! What a run counts, and how it is shown.
#![expect(clippy::print_stdout, reason = "a run is shown to whoever starts it")]

use std::collections::BTreeMap;

use llmspell_engine::DecisionError;
use serde_json::{Map, Value as Json};

use super::difference::Difference;
use super::policy::Policy;
use super::shrink::{self, Case};
use super::{EVENTS, Way};

/// Differences that are shown, one of each kind.
const MAX_SHOWN: usize = 8;
/// Refused policies that are shown, one for each reason.
const MAX_SHOWN_REFUSALS: usize = 12;

/// Policies among which every construct is met; of fewer, some may be without one that is rare.
const MANY_POLICIES: usize = 1_000;

/// Constructs that a run must have met, on the virtual machine too.
const ON_BOTH: [&str; 70] = [
    "!=",
    "<",
    "<=",
    "==",
    ">",
    ">=",
    "abs",
    "array",
    "array comprehension",
    "array.concat",
    "array.slice",
    "assignment",
    "call of a function",
    "ceil",
    "comparison",
    "comparison of mixed types",
    "complete rule",
    "concat",
    "contains",
    "count",
    "default",
    "endswith",
    "every",
    "floor",
    "format_int",
    "function",
    "function of several definitions",
    "glob.match",
    "imported helper",
    "in",
    "indexof",
    "json.marshal",
    "json.unmarshal",
    "lower",
    "max",
    "min",
    "not",
    "not before a comprehension",
    "not before a function of the policy",
    "not before a nested comprehension",
    "not before a rule",
    "not before an element of a rule",
    "not before an index",
    "object",
    "object.get",
    "object.keys",
    "object.remove",
    "object.union",
    "part of an element in a decision",
    "part of an element in a head",
    "partial set",
    "reference as a condition",
    "reference with a variable",
    "reference with brackets",
    "regex.match",
    "replace",
    "round",
    "set",
    "set comprehension",
    "some in",
    "some key and value in",
    "sort",
    "split",
    "sprintf",
    "startswith",
    "substring",
    "undefined field",
    "union",
    "use of a rule",
    "wildcard in a head",
];
/// Constructs that a run must have met, which only the interpreter runs.
const ON_THE_INTERPRETER: [&str; 10] = [
    "some",
    "arithmetic",
    "else",
    "membership of a pair",
    "object comprehension",
    "partial object",
    "print",
    "rule of several values",
    "set operator",
    "with",
];

pub(super) struct Report {
    pub(super) way: Way,
    pairs: usize,
    policies: usize,
    compiled: usize,
    /// Policies that were refused, by who refuses them and why, with one of them.
    refused: BTreeMap<(Way, String), (usize, String)>,
    with_rules: usize,
    with_errors: usize,
    /// Pairs of each construct, and those on the virtual machine.
    constructs: BTreeMap<&'static str, (usize, usize)>,
    /// Differences of each kind, with one of them.
    different: BTreeMap<String, (usize, Case)>,
    /// Pairs where a function failed in one way only, by that way.
    reached_once: BTreeMap<&'static str, usize>,
}

impl Report {
    pub(super) fn new(way: Way) -> Self {
        Self {
            way,
            pairs: 0,
            policies: 0,
            compiled: 0,
            refused: BTreeMap::new(),
            with_rules: 0,
            with_errors: 0,
            constructs: BTreeMap::new(),
            different: BTreeMap::new(),
            reached_once: BTreeMap::new(),
        }
    }

    /// Pairs that were compared.
    pub(super) const fn pairs(&self) -> usize {
        self.pairs
    }

    pub(super) fn refused(&mut self, way: Way, policy: &Policy, error: &DecisionError) {
        let line = error.line.unwrap_or_default();
        let example = || format!("line {line}: {}\n{}", error.message, policy.text());
        let key = (way, without_names(&error.message));
        let refused = self.refused.entry(key).or_insert_with(|| (0, example()));
        refused.0 += 1;
    }

    pub(super) fn policy(&mut self, policy: &Policy, is_compiled: bool) {
        self.policies += 1;
        self.compiled += usize::from(is_compiled);
        for construct in &policy.constructs {
            let (pairs, compiled) = self.constructs.entry(construct).or_default();
            *pairs += EVENTS;
            *compiled += if is_compiled { EVENTS } else { 0 };
        }
    }

    pub(super) fn pair(&mut self, decision: &str) {
        self.pairs += 1;
        self.with_rules += usize::from(!decision.contains("\"rules\":[]"));
        self.with_errors += usize::from(!decision.contains("\"errors\":[]"));
    }

    pub(super) fn differs(
        &mut self,
        policy: &Policy,
        event: &Map<String, Json>,
        difference: Difference,
    ) {
        let kind = match difference {
            Difference::Reach(place) => {
                *self.reached_once.entry(place).or_default() += 1;
                return;
            }
            Difference::Other(kind) => kind,
        };
        let case = || Case {
            policy: policy.clone(),
            event: event.clone(),
        };
        let different = self.different.entry(kind).or_insert_with(|| (0, case()));
        different.0 += 1;
    }

    /// Prints everything, and fails if there is a difference or a construct is missing.
    pub(super) fn finish(&self, seed: usize) {
        println!(
            "{:<36} {:>9} {:>9} {:>20}",
            "construct", "policies", "pairs", "on virtual machine"
        );
        for (construct, (pairs, compiled)) in &self.constructs {
            let policies = pairs / EVENTS;
            println!("{construct:<36} {policies:>9} {pairs:>9} {compiled:>20}");
        }
        let refused: usize = self.refused.values().map(|(count, _)| count).sum();
        println!(
            "\nseed {seed}: {} pairs of {} policies, {} of them on the virtual machine; {refused} policies refused",
            self.pairs, self.policies, self.compiled
        );
        println!(
            "{} decisions with rules, {} with errors",
            self.with_rules, self.with_errors
        );
        for ((way, reason), (count, _)) in &self.refused {
            println!("{count:>5} refused by {}: {reason}", way.name());
        }
        for (_, example) in self.refused.values().take(MAX_SHOWN_REFUSALS) {
            println!("\nrefused: {example}");
        }
        for (kind, (count, _)) in &self.different {
            println!("{count:>5} differ: {kind}");
        }
        for (_, case) in self.different.values().take(MAX_SHOWN) {
            show(self.way, case);
        }
        let different: usize = self.different.values().map(|(count, _)| count).sum();
        let once: usize = self.reached_once.values().sum();
        for (place, count) in &self.reached_once {
            println!(
                "{count:>5} refused, but not in the same words or ways: a function failed {place}"
            );
        }
        println!(
            "{} compared: {} passed, {once} failed at a function in another way, {different} failed",
            self.pairs,
            self.pairs - different - once
        );
        assert!(
            once * 20 <= self.pairs,
            "functions fail too often in one way only"
        );
        assert_eq!(different, 0);
        let pairs = |construct: &str| self.constructs.get(construct).copied().unwrap_or_default();
        let missing: Vec<&&str> = ON_BOTH
            .iter()
            .filter(|construct| pairs(construct).1 == 0 && self.way == Way::VirtualMachine)
            .chain(
                ON_THE_INTERPRETER
                    .iter()
                    .filter(|construct| pairs(construct).0 == 0 && self.way == Way::VirtualMachine),
            )
            .collect();
        let may_be_missing = if self.policies < MANY_POLICIES { 3 } else { 0 };
        assert!(missing.len() <= may_be_missing, "never met: {missing:?}");
    }
}

/// A message without the names in it, which are others in each policy.
fn without_names(message: &str) -> String {
    let parts = message.split('`').enumerate();
    let outside = parts.map(|(index, part)| if index % 2 == 0 { part } else { "…" });
    let text = outside.collect::<Vec<_>>().join("`");
    let digits = |character: char| character.is_ascii_digit();
    text.replace(digits, "")
}

fn show(way: Way, case: &Case) {
    let smallest = shrink::smallest(way, case.clone());
    println!("\n--- a difference ---\n{}", smallest.policy.text());
    println!("event: {}", Json::from(smallest.event.clone()));
    if let Some((expected, found)) = shrink::difference(way, &smallest) {
        println!("interpreter: {expected}\nother:       {found}\n");
    }
}
