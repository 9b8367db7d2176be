//! What a run counts, and how it is shown.
#![expect(clippy::print_stdout, reason = "a run is shown to whoever starts it")]

use std::collections::BTreeMap;

use llmspell_engine::DecisionError;
use serde_json::{Map, Value as Json};

use super::policy::Policy;
use super::shrink::{self, Case};
use super::{EVENTS, Way};

/// Differences that are shown.
const MAX_SHOWN: usize = 8;

/// Constructs that a run must have met, on the virtual machine too.
const ON_BOTH: [&str; 61] = [
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
    "object",
    "object.get",
    "object.keys",
    "object.remove",
    "object.union",
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
    refused: Vec<String>,
    with_rules: usize,
    with_errors: usize,
    /// Pairs of each construct, and those on the virtual machine.
    constructs: BTreeMap<&'static str, (usize, usize)>,
    different: usize,
    /// Pairs for which the interpreter says that a function failed; they are not compared.
    pub(super) refused_by_the_interpreter: usize,
    cases: BTreeMap<usize, Case>,
}

impl Report {
    pub(super) fn new(way: Way) -> Self {
        Self {
            way,
            pairs: 0,
            policies: 0,
            compiled: 0,
            refused: Vec::new(),
            with_rules: 0,
            with_errors: 0,
            constructs: BTreeMap::new(),
            different: 0,
            refused_by_the_interpreter: 0,
            cases: BTreeMap::new(),
        }
    }

    pub(super) fn refused(&mut self, policy: &Policy, error: &DecisionError) {
        let message = &error.message;
        self.refused.push(format!("{message}\n{}", policy.text()));
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

    pub(super) fn differs(&mut self, policy: &Policy, event: &Map<String, Json>) {
        self.different += 1;
        self.cases.entry(policy.number).or_insert_with(|| Case {
            policy: policy.clone(),
            event: event.clone(),
        });
    }

    /// Prints everything, and fails if there is a difference or a construct is missing.
    pub(super) fn finish(self, seed: usize) {
        println!(
            "{:<36} {:>9} {:>20}",
            "construct", "pairs", "on virtual machine"
        );
        for (construct, (pairs, compiled)) in &self.constructs {
            println!("{construct:<36} {pairs:>9} {compiled:>20}");
        }
        println!(
            "\nseed {seed}: {} pairs of {} policies, {} of them on the virtual machine; {} policies refused",
            self.pairs,
            self.policies,
            self.compiled,
            self.refused.len()
        );
        println!(
            "{} decisions with rules, {} with errors",
            self.with_rules, self.with_errors
        );
        if self.refused_by_the_interpreter > 0 {
            println!(
                "{} not compared: a function failed, which is an error here and undefined for OPA",
                self.refused_by_the_interpreter
            );
        }
        for refused in self.refused.iter().take(2) {
            println!("\nrefused: {refused}");
        }
        for case in self.cases.values().take(MAX_SHOWN) {
            show(self.way, case);
        }
        println!(
            "{} passed, {} failed",
            self.pairs - self.different - self.refused_by_the_interpreter,
            self.different
        );
        assert_eq!(self.different, 0);
        assert!(
            self.way == Way::Wasm || self.refused.len() * 5 <= self.policies,
            "too many policies are refused"
        );
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
        assert!(missing.is_empty(), "never met: {missing:?}");
    }
}

fn show(way: Way, case: &Case) {
    let smallest = shrink::smallest(way, case.clone());
    println!("\n--- a difference ---\n{}", smallest.policy.text());
    println!("event: {}", Json::from(smallest.event.clone()));
    if let Some((expected, found)) = shrink::difference(way, &smallest) {
        println!("interpreter: {expected}\nother:       {found}\n");
    }
}
