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
    /// The reasons that OPA gives for each event.
    #[serde(default)]
    answers: BTreeMap<String, Vec<String>>,
    /// The error with which OPA refuses the policy.
    #[serde(rename = "opa_refuses")]
    _opa_refuses: Option<String>,
    /// The error with which the policy is refused when it is loaded.
    refused: Option<String>,
    /// The errors of evaluations in which OPA says nothing.
    #[serde(default)]
    fails: BTreeMap<String, String>,
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
        let error = decision.errors.first();
        let mut reasons: Vec<String> = decision
            .rules
            .iter()
            .map(|rule| rule.reason.to_string())
            .collect();
        reasons.sort();
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

/// What one case says: the reasons or the error for each event.
type Found = BTreeMap<String, Result<Vec<String>, String>>;

#[test]
fn zz_explore() {
    let text = std::fs::read_to_string("/tmp/rego_w/cases.json").unwrap();
    let all: Json = serde_json::from_str(&text).unwrap();
    let events: BTreeMap<String, Json> = serde_json::from_value(all["events"].clone()).unwrap();
    let cases: Vec<Case> = all["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| Case {
            name: case["name"].as_str().unwrap().to_owned(),
            rules: case["rules"].as_str().unwrap().to_owned(),
            answers: BTreeMap::new(),
            _opa_refuses: None,
            refused: None,
            fails: BTreeMap::new(),
        })
        .collect();
    let mut out = serde_json::Map::new();
    let cases: Vec<&Case> = cases.iter().collect();
    let first = engine(&cases, RegoEvaluator::Interpreter, VIRTUAL_MACHINE);
    let policies = first.policies();
    let mut kept = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let file = format!(".cupcake/policies/p{number}.rego");
        let summary = policies.iter().find(|p| *p.file == file).unwrap();
        match &summary.error {
            Some(error) => {
                out.insert(case.name.clone(), serde_json::json!({"refused": format!("{}:{}", error.message, error.line.unwrap_or(0))}));
            }
            None => kept.push(*case),
        }
    }
    for (way, settings) in [("int", INTERPRETER), ("rvm", VIRTUAL_MACHINE)] {
        let engine = engine(&kept, RegoEvaluator::Interpreter, settings);
        let compiled: Vec<bool> = (0..kept.len())
            .map(|n| {
                engine
                    .policies()
                    .iter()
                    .find(|p| *p.file == format!(".cupcake/policies/p{n}.rego"))
                    .unwrap()
                    .is_compiled
            })
            .collect();
        for ((found, case), compiled) in said(&kept, &events, &engine)
            .into_iter()
            .zip(&kept)
            .zip(compiled)
        {
            let of: serde_json::Map<String, Json> = found
                .into_iter()
                .map(|(k, v)| {
                    (
                        k,
                        match v {
                            Ok(v) => serde_json::json!(v),
                            Err(e) => serde_json::json!(format!("error: {e}")),
                        },
                    )
                })
                .collect();
            let slot = out
                .entry(case.name.clone())
                .or_insert_with(|| serde_json::json!({}));
            slot[way] = of.into();
            slot["compiled"] = compiled.into();
        }
    }
    std::fs::write(
        "/tmp/rego_w/ours.json",
        serde_json::to_string_pretty(&out).unwrap(),
    )
    .unwrap();
}
