//! What is not there, behind `not` and elsewhere: the answers of OPA stand beside the policies, and no evaluator may lose one.

use std::collections::BTreeMap;
use std::path::Path;

use llmspell_engine::{EngineOptions, GlobalConfig, PolicyEngine, RegoEvaluator};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::support::{UNGUARDED, event, project};
use crate::wasm;

const INTERPRETER: &str = "[policy]\nrvm = \"off\"\n";
const VIRTUAL_MACHINE: &str = "[policy]\nrvm = \"on\"\n";

/// The corpus.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Corpus {
    /// What it is about, and how the answers were made, for people.
    #[serde(rename = "about")]
    _about: String,
    /// The fields of events by their names.
    events: BTreeMap<String, Json>,
    cases: Vec<Case>,
}

/// One policy, and what it says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    rules: String,
    /// The reasons that OPA gives for each event in which it has no error.
    #[serde(default)]
    answers: BTreeMap<String, Vec<String>>,
    /// The error with which OPA refuses the policy.
    opa_refuses: Option<String>,
    /// The line, counted from the first of the rules, and the message with which the policy is refused when it is loaded.
    refused: Option<String>,
    /// The errors of the interpreter by the names of events; where OPA gives an answer, it gives no reason.
    #[serde(default)]
    fails: BTreeMap<String, String>,
}

/// Policies that are compiled to one module of WebAssembly.
const CASES_OF_ONE_MODULE: usize = 40;

/// What stands in front of the rules, in so many lines.
const HEADER_LINES: u32 = 9;

/// What one case says: the reasons or the error for each event.
type Found = BTreeMap<String, Result<Vec<String>, String>>;

#[test]
fn no_evaluator_of_rego_loses_what_opa_says_where_something_is_undefined() {
    let corpus = corpus();
    let all: Vec<&Case> = corpus.cases.iter().collect();
    let loaded = engine(&all, RegoEvaluator::Interpreter, VIRTUAL_MACHINE);
    let refusals: Vec<Option<String>> = (0..all.len())
        .map(|number| refusal(&loaded, number))
        .collect();
    for (case, refusal) in all.iter().zip(&refusals) {
        assert_eq!(refusal, &case.refused, "{}:\n{}", case.name, case.rules);
        assert!(
            case.opa_refuses.is_none() || refusal.is_some(),
            "{}",
            case.name
        );
    }
    let accepted: Vec<&Case> = all
        .iter()
        .zip(&refusals)
        .filter_map(|(case, refusal)| refusal.is_none().then_some(*case))
        .collect();
    assert!(
        accepted.len() >= 100,
        "only {} policies were asked",
        accepted.len()
    );
    for settings in [INTERPRETER, VIRTUAL_MACHINE] {
        let engine = engine(&accepted, RegoEvaluator::Interpreter, settings);
        let compiled = engine
            .policies()
            .iter()
            .filter(|policy| policy.is_compiled)
            .count();
        assert_eq!(compiled > 60, settings == VIRTUAL_MACHINE, "{compiled}");
        for (case, found) in accepted
            .iter()
            .zip(said(&accepted, &corpus.events, &engine))
        {
            assert_eq!(
                found,
                expected(case, &corpus.events),
                "{}:\n{}",
                case.name,
                case.rules
            );
        }
    }
}

#[test]
fn the_answers_that_stand_in_the_corpus_are_those_of_opa() {
    if wasm::opa().is_none() {
        return;
    }
    let corpus = corpus();
    let of_opa = |case: &&Case| case.opa_refuses.is_none() && case.refused.is_none();
    let cases: Vec<&Case> = corpus.cases.iter().filter(of_opa).collect();
    // One module of WebAssembly holds them all, and `opa` makes larger ones slowly.
    for cases in cases.chunks(CASES_OF_ONE_MODULE) {
        let engine = engine(cases, RegoEvaluator::Wasm, "");
        for (case, found) in cases.iter().zip(said(cases, &corpus.events, &engine)) {
            for (event, found) in found {
                let is_right = match &found {
                    Ok(reasons) => case.answers.get(&event) == Some(reasons),
                    Err(_) => case.fails.contains_key(&event),
                };
                let rules = &case.rules;
                assert!(is_right, "{} {event}: {found:?}\n{rules}", case.name);
            }
        }
    }
}

/// What the interpreter says of a case: what OPA says, or an error where that stays silent or has an error itself.
fn expected(case: &Case, events: &BTreeMap<String, Json>) -> Found {
    let of_event = |name: &String| match (case.fails.get(name), case.answers.get(name)) {
        (Some(message), None) => Err(message.clone()),
        (Some(message), Some(reasons)) => {
            assert!(reasons.is_empty(), "{} loses {reasons:?}", case.name);
            Err(message.clone())
        }
        (None, reasons) => Ok(reasons.unwrap().clone()),
    };
    events
        .keys()
        .map(|name| (name.clone(), of_event(name)))
        .collect()
}

/// The line and the message with which a policy is refused.
fn refusal(engine: &PolicyEngine, number: usize) -> Option<String> {
    let policies = engine.policies();
    let file = format!(".cupcake/policies/p{number}.rego");
    let mut policies = policies.iter().filter(|policy| *policy.file == file);
    let error = policies.next().unwrap().error.clone()?;
    let line = error.line.unwrap() - HEADER_LINES;
    Some(format!("{line}: {}", error.message))
}

fn corpus() -> Corpus {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/undefined.yaml");
    yaml_serde::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The engine of a project with each of these cases as a policy for a tool of its own.
fn engine(cases: &[&Case], evaluator: RegoEvaluator, settings: &str) -> PolicyEngine {
    let policies = cases.iter().enumerate().map(|(number, case)| {
        let metadata = "# METADATA\n# custom:\n#   routing:\n#     required_events: [PreToolUse]\n";
        let tool = format!("#     required_tools: [T{number}]\n");
        let package = format!("package cupcake.policies.p{number}\n\nimport rego.v1\n\n");
        let text = [metadata, &tool, &package, &case.rules].concat();
        (format!(".cupcake/policies/p{number}.rego"), text)
    });
    let policies: Vec<(String, String)> = policies.collect();
    let files = policies
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    let project = project(files.chain([("llmspell.toml", settings), UNGUARDED]));
    let options = EngineOptions {
        rego_evaluator: Some(evaluator),
        global: GlobalConfig::Off,
        ..EngineOptions::default()
    };
    PolicyEngine::load(project.path(), &wasm::with_opa(options)).unwrap()
}

/// What each case says for each event: the reasons, or the first error.
fn said(cases: &[&Case], events: &BTreeMap<String, Json>, engine: &PolicyEngine) -> Vec<Found> {
    let says = |number: usize, fields: &Json| {
        let mut fields = fields.as_object().unwrap().clone();
        fields.insert("hook_event_name".to_owned(), "PreToolUse".into());
        fields.insert("tool_name".to_owned(), format!("T{number}").into());
        let decision = engine.evaluate(&event(&Json::from(fields).to_string()));
        let rules = decision.rules.iter();
        let mut reasons: Vec<String> = rules.map(|rule| rule.reason.to_string()).collect();
        reasons.sort();
        let error = decision.errors.first();
        error.map_or(Ok(reasons), |error| Err(error.message.clone()))
    };
    let of_case = |number: usize| {
        events
            .iter()
            .map(|(name, fields)| (name.clone(), says(number, fields)))
            .collect()
    };
    (0..cases.len()).map(of_case).collect()
}
