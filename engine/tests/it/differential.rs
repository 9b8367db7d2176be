//! Generated policies and events, decided in each way that Rego can be run: the decisions must be the same.
//!
//! `cargo xtask differential` runs more of them; both say which seed and policy to look at when they differ.

mod difference;
mod events;
mod generate;
mod policy;
mod random;
mod report;
mod shrink;

use std::time::Duration;

use serde_json::Value as Json;
use tempfile::TempDir;

use llmspell_engine::{EngineOptions, Event, PolicyEngine, PolicySummary};

use crate::support::{event, project, repeatable};
use crate::wasm::with_opa;
use policy::{Policy, SHARED};
use random::Random;
use report::Report;

/// Events for each policy.
const EVENTS: usize = 50;
/// Policies of one project.
const BATCH: usize = 100;
/// How many policies are made at most for each that is compared.
const MOST_REFUSED: usize = 3;
/// Pairs of the run that is a test.
const PAIRS: usize = 10_000;

/// A way to run Rego, as the project's settings name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Interpreter,
    VirtualMachine,
    /// Compiled by `opa`, which must be at hand.
    Wasm,
}

impl Way {
    const fn name(self) -> &'static str {
        match self {
            Self::Interpreter => "the interpreter",
            Self::VirtualMachine => "the virtual machine",
            Self::Wasm => "WebAssembly",
        }
    }

    const fn settings(self) -> &'static str {
        match self {
            Self::Interpreter => "[policy]\nrvm = \"off\"\n",
            Self::VirtualMachine => "[policy]\nrvm = \"on\"\n",
            Self::Wasm => "[policy]\nevaluator = \"wasm\"\n",
        }
    }

    /// The engine of a project of these policies, and the project.
    fn load(self, policies: &[Policy]) -> (TempDir, PolicyEngine) {
        let files: Vec<(String, String)> = policies
            .iter()
            .map(|policy| (policy.file(), policy.text()))
            .chain([("llmspell.toml".to_owned(), self.settings().to_owned())])
            .chain([(SHARED.0.to_owned(), SHARED.1.to_owned())])
            .collect();
        let project = project(
            files
                .iter()
                .map(|(path, text)| (path.as_str(), text.as_str())),
        );
        let options = EngineOptions {
            // On a busy machine, too, no policy may run out of time in one way only.
            deadline: Duration::from_secs(60),
            ..EngineOptions::default()
        };
        let options = match self {
            Self::Wasm => with_opa(options),
            _ => options,
        };
        let engine = PolicyEngine::load(project.path(), &options).unwrap();
        (project, engine)
    }
}

#[test]
fn generated_policies_decide_the_same_in_another_way_as_in_the_interpreter() {
    let number = |name: &str, otherwise: usize| {
        let text = std::env::var(name);
        text.map_or(otherwise, |text| text.parse().unwrap())
    };
    let pairs = number("LLMSPELL_DIFFERENTIAL_PAIRS", PAIRS);
    let seed = number("LLMSPELL_DIFFERENTIAL_SEED", 1);
    let way = match std::env::var("LLMSPELL_DIFFERENTIAL_EVALUATOR").as_deref() {
        Ok("wasm") => Way::Wasm,
        _ => Way::VirtualMachine,
    };
    let mut random = Random::new(u64::try_from(seed).unwrap());
    let mut report = Report::new(way);
    // Policies that are refused count for nothing: more are made in their place.
    let policies = MOST_REFUSED * pairs.div_ceil(EVENTS);
    for first in (0..policies).step_by(BATCH) {
        let missing = pairs.saturating_sub(report.pairs()).div_ceil(EVENTS);
        let batch: Vec<Policy> = (first..first + BATCH.min(missing))
            .map(|number| generate::policy(&mut random, number))
            .collect();
        compare(&mut random, &batch, &mut report);
    }
    report.finish(seed);
    assert!(report.pairs() >= pairs, "too many policies are refused");
}

/// Decides events for each policy in the interpreter and in the other way.
fn compare(random: &mut Random, policies: &[Policy], report: &mut Report) {
    let loaded = accepted(Way::Interpreter, policies, report);
    let loaded = accepted(report.way, &loaded, report);
    if loaded.is_empty() {
        return;
    }
    let (_first, truth) = Way::Interpreter.load(&loaded);
    let (_second, other) = report.way.load(&loaded);
    for policy in &loaded {
        report.policy(policy, summary(&other, policy).is_compiled);
        for _ in 0..EVENTS {
            let fields = events::event(random, &policy.tool());
            let event = event(&Json::from(fields.clone()).to_string());
            let (expected, found) = (decided(&truth, &event), decided(&other, &event));
            report.pair(&expected);
            if let Some(difference) = difference::of(report.way, &expected, &found) {
                report.differs(policy, &fields, difference);
            }
        }
    }
}

/// The policies that can be loaded: one that is refused would be an error of every decision.
fn accepted(way: Way, policies: &[Policy], report: &mut Report) -> Vec<Policy> {
    let (_project, engine) = way.load(policies);
    let mut accepted = Vec::new();
    for policy in policies {
        match &summary(&engine, policy).error {
            Some(error) => report.refused(way, policy, error),
            None => accepted.push(policy.clone()),
        }
    }
    accepted
}

fn summary(engine: &PolicyEngine, policy: &Policy) -> PolicySummary {
    let policies = engine.policies();
    let mut policies = policies.iter();
    policies
        .find(|summary| *summary.file == policy.file())
        .unwrap()
        .clone()
}

/// The decision without what differs from run to run, the digest included, in which the settings stand.
fn decided(engine: &PolicyEngine, event: &Event) -> String {
    repeatable(&engine.evaluate(event))
}
