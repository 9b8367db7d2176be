//! Runs the corpus of `tests/policies`: one rule in Rego, Lua and JavaScript, and the decision that each must lead to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use llmspell_bridge::policy_languages;
use llmspell_engine::{EngineOptions, Event, PolicyEngine};
use serde::Deserialize;
use serde_json::Value as Json;

/// One rule in several languages.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// What the rule is about, for people.
    about: String,
    /// The keys of the metadata; else the policy is `P` and for every `PreToolUse`.
    metadata: Option<String>,
    /// The rules of the policy; left out where Rego has no such thing.
    rego: Option<String>,
    lua: String,
    js: String,
    deadline_ms: Option<u64>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// The sentence that the case proves.
    name: String,
    event: Json,
    /// A part of the decision.
    decision: Json,
}

const METADATA: &str =
    "custom:\n  id: P\n  severity: HIGH\n  routing:\n    required_events: [PreToolUse]\n";

impl Rule {
    /// The policy files by the languages' names: the path and the text.
    fn files(&self) -> BTreeMap<&'static str, (&'static str, String)> {
        let metadata = |comment: &str| {
            let metadata = self.metadata.as_deref().unwrap_or(METADATA);
            let lines = metadata.lines().map(|line| format!("{comment} {line}\n"));
            format!("{comment} METADATA\n{}", lines.collect::<String>())
        };
        let rego = self.rego.as_ref().map(|rules| {
            let text = format!("{}package cupcake.policies.p\n{rules}", metadata("#"));
            ("rego", ("p.rego", text))
        });
        let lua = format!("{}{}", metadata("--"), self.lua);
        let js = format!("{}{}", metadata("//"), self.js);
        rego.into_iter()
            .chain([("lua", ("p.lua", lua)), ("js", ("p.js", js))])
            .collect()
    }

    fn run(&self, (file, text): &(&str, String)) -> Vec<String> {
        let project = tempfile::tempdir().unwrap();
        let policies = project.path().join(".cupcake/policies");
        fs::create_dir_all(&policies).unwrap();
        fs::write(policies.join(file), text).unwrap();
        let mut options = EngineOptions {
            languages: policy_languages(),
            ..EngineOptions::default()
        };
        if let Some(deadline) = self.deadline_ms {
            options.deadline = Duration::from_millis(deadline);
        }
        let engine = PolicyEngine::load(project.path(), &options).unwrap();
        let mut faults = Vec::new();
        // Twice, because nothing of the first time may be left.
        for round in ["first", "second"] {
            for case in &self.cases {
                let text = case.event.to_string();
                let event = Event::parse(text.as_bytes(), engine.event_limits()).unwrap();
                let decision = serde_json::to_value(engine.evaluate(&event)).unwrap();
                if let Err(fault) = compare("decision", &case.decision, &decision) {
                    faults.push(format!("{file}, {} ({round} time)\n{fault}", case.name));
                }
            }
        }
        faults
    }
}

fn rules() -> Vec<Rule> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    paths.sort();
    let read = |path: PathBuf| -> Vec<Rule> {
        let text = fs::read_to_string(&path).unwrap();
        yaml_serde::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    paths.into_iter().flat_map(read).collect()
}

#[test]
fn the_same_rule_in_every_language_gives_the_same_decision() {
    let mut faults = Vec::new();
    let (mut cases, mut decisions) = (0, 0);
    for rule in rules() {
        assert!(!rule.about.is_empty());
        cases += rule.cases.len();
        for file in rule.files().values() {
            decisions += rule.cases.len();
            let found = rule.run(file);
            faults.extend(found.iter().map(|fault| format!("{}: {fault}", rule.about)));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n\n"));
    println!("{cases} cases, {decisions} decisions");
    assert!(cases >= 40, "only {cases} cases were found");
}

/// Checks that everything expected is there: objects may have more keys, lists not more elements.
fn compare(place: &str, expected: &Json, found: &Json) -> Result<(), String> {
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
