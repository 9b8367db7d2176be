//! Runs the projects of `tests/reference`, which use every format of Cupcake's, on every evaluator.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use llmspell_engine::{
    EngineOptions, Event, GlobalConfig, Harness, PolicyEngine, RegoEvaluator, Severity,
    check_project,
};
use serde::Deserialize;
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::decisions::{compare, with_root};
use crate::support::{json, repeatable};
use crate::wasm;

/// One harness of one project: its events, each with the decision that the documents of the formats promise.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Specification {
    /// What the file is about, for people.
    about: String,
    /// The folder of the project.
    project: String,
    /// The folder of the machine's configuration, if there is one.
    global: Option<String>,
    harness: String,
    /// What every event of the harness holds.
    common: BTreeMap<String, Json>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// The sentence that the case proves.
    name: String,
    event: BTreeMap<String, Json>,
    decision: Json,
}

/// The ways in which policies are run, each with its settings.
const WAYS: [(&str, RegoEvaluator, &str); 3] = [
    (
        "interpreter",
        RegoEvaluator::Interpreter,
        "[policy]\nrvm = \"off\"\n",
    ),
    ("virtual machine", RegoEvaluator::Interpreter, ""),
    ("webassembly", RegoEvaluator::Wasm, ""),
];

#[test]
fn every_event_of_every_agent_leads_to_the_decision_that_its_documents_promise() {
    let mut faults = Vec::new();
    let mut cases = 0;
    for specification in specifications() {
        cases += specification.cases.len();
        let mut decided = Vec::new();
        for (way, evaluator, settings) in WAYS {
            if evaluator == RegoEvaluator::Wasm && wasm::opa().is_none() {
                continue;
            }
            let (project, _global, engine) = specification.engine(evaluator, settings);
            let root = project.path().canonicalize().unwrap();
            let found = specification.run(&engine, &root);
            decided.push((way, specification.decisions(&engine, &root)));
            let place = format!("{} on {way}", specification.about);
            faults.extend(found.into_iter().map(|fault| format!("{place}\n{fault}")));
        }
        for ways in decided.windows(2) {
            let [(one, decisions), (other, others)] = ways else {
                continue;
            };
            assert_eq!(decisions, others, "{one} and {other}");
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n\n"));
    assert!(cases >= 90, "only {cases} cases were found");
}

#[test]
fn every_policy_of_the_projects_is_loaded_and_none_has_an_error() {
    for specification in specifications() {
        let (_project, _global, engine) = specification.engine(RegoEvaluator::Interpreter, "");
        for policy in engine.policies().iter() {
            assert_eq!(policy.error, None, "{}", policy.file);
        }
    }
}

#[test]
fn a_check_finds_the_verbs_that_no_reply_can_say_and_no_other_error() {
    for specification in specifications() {
        let project = copied(&specification.project);
        let options = EngineOptions {
            global: GlobalConfig::Off,
            ..EngineOptions::default()
        };
        let report = check_project(project.path(), &options).unwrap();
        let errors = report
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error);
        for error in errors {
            assert_eq!(error.rule, "decision-event-compatibility", "{error:?}");
            assert_eq!(error.place.file, ".cupcake/policies/cursor/servers.rego");
        }
    }
}

fn specifications() -> Vec<Specification> {
    let entries = std::fs::read_dir(folder().join("events")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| -> Specification {
        let text = std::fs::read_to_string(&path).unwrap();
        yaml_serde::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    paths.into_iter().map(read).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference")
}

/// A copy of a folder, so that nothing which a run leaves behind stands among the sources.
fn copied(name: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let start = folder().join(name);
    for entry in walkdir::WalkDir::new(&start) {
        let entry = entry.unwrap();
        let target = directory
            .path()
            .join(entry.path().strip_prefix(&start).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(target).unwrap();
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
    directory
}

impl Specification {
    /// The project and the machine's configuration in directories of their own, and the engine of both.
    fn engine(
        &self,
        evaluator: RegoEvaluator,
        settings: &str,
    ) -> (TempDir, Option<TempDir>, PolicyEngine) {
        let project = copied(&self.project);
        std::fs::write(project.path().join("llmspell.toml"), settings).unwrap();
        let global = self.global.as_deref().map(copied);
        let options = EngineOptions {
            harness: Harness::from_name(&self.harness),
            rego_evaluator: Some(evaluator),
            global: global.as_ref().map_or(GlobalConfig::Off, |global| {
                GlobalConfig::At(global.path().to_owned())
            }),
            ..wasm::with_opa(EngineOptions::default())
        };
        let engine = PolicyEngine::load(project.path(), &options).unwrap();
        (project, global, engine)
    }

    fn run(&self, engine: &PolicyEngine, root: &Path) -> Vec<String> {
        assert!(!self.about.is_empty());
        let outcomes = self.cases.iter().map(|case| {
            let outcome = case.run(engine, root, &self.common);
            outcome.map_err(|fault| format!("{}\n{fault}", case.name))
        });
        outcomes.filter_map(Result::err).collect()
    }

    /// Every decision as text, without what differs from run to run and from place to place.
    fn decisions(&self, engine: &PolicyEngine, root: &Path) -> Vec<String> {
        let decisions = self.cases.iter().map(|case| {
            let mut decision = engine.evaluate(&case.event(engine, root, &self.common));
            decision.policy_digest = Arc::from("");
            repeatable(&decision).replace(root.to_str().unwrap(), "$PROJECT")
        });
        decisions.collect()
    }
}

impl Case {
    fn run(
        &self,
        engine: &PolicyEngine,
        root: &Path,
        common: &BTreeMap<String, Json>,
    ) -> Result<(), String> {
        let found = json(&engine.evaluate(&self.event(engine, root, common)));
        let expected = with_root(&self.decision.to_string(), root);
        let expected: Json = serde_json::from_str(&expected).unwrap();
        compare("decision", &expected, &found)
            .map_err(|fault| format!("{fault}\n  of      {found}"))
    }

    fn event(&self, engine: &PolicyEngine, root: &Path, common: &BTreeMap<String, Json>) -> Event {
        let mut event = common.clone();
        event.extend(self.event.clone());
        let text = with_root(&serde_json::to_string(&event).unwrap(), root);
        Event::parse(text.as_bytes(), engine.event_limits()).unwrap()
    }
}
