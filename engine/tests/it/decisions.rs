//! Runs the corpus of `tests/decisions`: projects, events, and the decisions that they must lead to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use llmspell_engine::{
    EngineOptions, Event, GlobalConfig, Harness, Mode, PolicyEngine, RegoEvaluator,
};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::support::{json, make_executable, project, repeatable, write};
use crate::wasm;

/// One file of the corpus.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Specification {
    /// What the file is about, for people.
    about: String,
    /// The project's files by their paths.
    files: BTreeMap<String, String>,
    /// Those among the files that may be executed.
    #[serde(default)]
    executable: Vec<String>,
    /// Symbolic links by their paths, with what they lead to.
    #[serde(default)]
    links: BTreeMap<String, String>,
    /// The files of the machine's configuration by their paths in it, if there is one.
    global: Option<BTreeMap<String, String>>,
    #[serde(default)]
    options: Options,
    cases: Vec<Case>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Options {
    harness: Option<String>,
    mode: Option<String>,
    deadline_ms: Option<u64>,
}

/// One event and what comes of it: a part of the decision, or of the error that refuses the event.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// The sentence that the case proves.
    name: String,
    event: Option<Json>,
    event_text: Option<String>,
    #[serde(default)]
    decision: Json,
    event_error: Option<Json>,
    /// What differs on WebAssembly, where the interpreter's own words stand in the decision.
    on_wasm: Option<Json>,
}

#[test]
fn every_event_of_the_corpus_leads_to_the_decision_that_stands_beside_it() {
    check(RegoEvaluator::Interpreter, "");
}

#[test]
fn every_event_of_the_corpus_leads_to_the_same_decision_without_the_virtual_machine() {
    check(RegoEvaluator::Interpreter, "[policy]\nrvm = \"off\"\n");
}

#[test]
fn every_event_of_the_corpus_leads_to_the_same_decision_on_webassembly() {
    if wasm::opa().is_some() {
        check(RegoEvaluator::Wasm, "");
    }
}

/// Runs the corpus; the settings are for projects that have none.
fn check(evaluator: RegoEvaluator, settings: &str) {
    let mut faults = Vec::new();
    let mut cases = 0;
    for path in specifications() {
        let text = std::fs::read_to_string(&path).unwrap();
        let specification: Specification = yaml_serde::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(!specification.about.is_empty());
        cases += specification.cases.len();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        faults.extend(
            run(&specification, evaluator, settings)
                .into_iter()
                .map(|fault| format!("{name}: {fault}")),
        );
    }
    println!("{cases} cases on {evaluator:?}");
    assert!(faults.is_empty(), "\n{}", faults.join("\n\n"));
    assert!(cases >= 80, "only {cases} cases were found");
}

fn specifications() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/decisions");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    paths.sort();
    paths
}

fn run(specification: &Specification, evaluator: RegoEvaluator, settings: &str) -> Vec<String> {
    const SETTINGS: &str = "llmspell.toml";
    let ours = (!specification.files.contains_key(SETTINGS)).then_some((SETTINGS, settings));
    let project = project(
        specification
            .files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .chain(ours),
    );
    let root = project.path().canonicalize().unwrap();
    specification.finish(&root);
    let global = tempfile::tempdir().unwrap();
    let mut options = EngineOptions {
        rego_evaluator: Some(evaluator),
        ..wasm::with_opa(specification.options.read())
    };
    options.global = match &specification.global {
        None => GlobalConfig::Off,
        Some(files) => {
            files
                .iter()
                .for_each(|(path, text)| write(global.path(), path, text));
            GlobalConfig::At(global.path().to_owned())
        }
    };
    let engine = PolicyEngine::load(&root, &options).unwrap();
    let faults = specification.cases.iter().filter_map(|case| {
        let outcome = case.run(&engine, evaluator);
        outcome.err().map(|fault| format!("{}\n{fault}", case.name))
    });
    faults.collect()
}

impl Specification {
    /// Does what a list of files cannot say.
    fn finish(&self, root: &Path) {
        for path in &self.executable {
            make_executable(&root.join(path));
        }
        for (path, target) in &self.links {
            let target = with_root(target, root);
            std::os::unix::fs::symlink(target, root.join(path)).unwrap();
        }
    }
}

/// The text with the project's directory and the user's in place of their names.
pub(crate) fn with_root(text: &str, root: &Path) -> String {
    let home = std::env::var("HOME").unwrap_or_default();
    text.replace("$PROJECT", root.to_str().unwrap())
        .replace("$USER_HOME", &home)
}

impl Options {
    fn read(&self) -> EngineOptions {
        let defaults = EngineOptions::default();
        EngineOptions {
            harness: self
                .harness
                .as_deref()
                .map(|name| Harness::from_name(name).unwrap()),
            mode: self.mode.as_deref().map(|mode| match mode {
                "enforce" => Mode::Enforce,
                "monitor" => Mode::Monitor,
                other => panic!("unknown mode `{other}`"),
            }),
            deadline: self
                .deadline_ms
                .map_or(defaults.deadline, Duration::from_millis),
            ..defaults
        }
    }
}

impl Case {
    fn run(&self, engine: &PolicyEngine, evaluator: RegoEvaluator) -> Result<(), String> {
        let root = engine.project().root();
        let text = match (&self.event, &self.event_text) {
            (Some(event), None) => with_root(&event.to_string(), root),
            (None, Some(text)) => text.clone(),
            _ => return Err("a case has either `event` or `event_text`".to_owned()),
        };
        let wanted = match (&self.on_wasm, evaluator) {
            (Some(expected), RegoEvaluator::Wasm) => {
                println!("{}: in other words on WebAssembly", self.name);
                expected
            }
            _ => &self.decision,
        };
        let decision = with_root(&wanted.to_string(), root);
        let expected: Json = serde_json::from_str(&decision).map_err(|error| error.to_string())?;
        let event = match (
            Event::parse(text.as_bytes(), engine.event_limits()),
            &self.event_error,
        ) {
            (Ok(event), None) => event,
            (Err(error), Some(expected)) => {
                let error = serde_json::json!({
                    "kind": error.kind.code(), "message": error.message, "line": error.line, "column": error.column,
                    "help": error.help,
                });
                return compare("event_error", expected, &error);
            }
            (Ok(_), Some(_)) => return Err("the event was accepted".to_owned()),
            (Err(error), None) => return Err(format!("the event was refused: {error}")),
        };
        let decision = engine.evaluate(&event);
        let converted = Event::from_value(event.value().clone(), engine.event_limits());
        let converted =
            converted.map_err(|error| format!("the event as a value was refused: {error}"))?;
        assert_eq!(
            repeatable(&decision),
            repeatable(&engine.evaluate(&converted)),
            "{}",
            self.name
        );
        compare("decision", &expected, &json(&decision))
    }
}

/// Checks that everything expected is there: objects may have more keys, lists not more elements.
pub(crate) fn compare(place: &str, expected: &Json, found: &Json) -> Result<(), String> {
    match (expected, found) {
        (Json::Object(expected), Json::Object(found)) if !place.ends_with("updated_input") => {
            expected.iter().try_for_each(|(key, expected)| {
                let found = found.get(key).unwrap_or(&Json::Null);
                compare(&format!("{place}.{key}"), expected, found)
            })
        }
        (Json::Array(expected), Json::Array(items)) if expected.len() == items.len() => {
            let pairs = expected.iter().zip(items).enumerate();
            pairs.into_iter().try_for_each(|(index, (one, other))| {
                compare(&format!("{place}[{index}]"), one, other)
            })
        }
        _ if expected == found => Ok(()),
        _ => Err(format!(
            "  {place}\n  expected {expected}\n  found    {found}"
        )),
    }
}
