//! Every fault over every verb and every evaluator: not one becomes an allow, and none silences the policies beside it.

mod bed;
mod faults;
mod native;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use llmspell_engine::{
    Event, EventLimits, GlobalConfig, KeyStore, Project, Reload, SignatureAlgorithm, TrustOptions,
    Verb,
};
use serde_json::Value as Json;

use bed::{Bed, Evaluator, Outcome, RULEBOOK, filled};
use faults::{POLICY_FAULTS, PolicyFault, ProjectFault, sound};

/// The kinds that an error of a decision may have.
const KINDS: [&str; 11] = [
    "load",
    "metadata",
    "unknown_function",
    "evaluation",
    "malformed",
    "timeout",
    "memory",
    "stack",
    "signal",
    "trust",
    "crashed",
];

/// What must be said of a fault.
struct Expected<'a> {
    kind: &'a str,
    culprit: &'a str,
    /// Whether the policies beside it are sound, trusted and in time.
    others_speak: bool,
}

/// Proves that a decision refuses, names the culprit, and lets the others speak.
fn refuses(decision: &Json, expected: &Expected<'_>) -> Result<(), String> {
    let verdict = decision["decision"].as_str().unwrap();
    if !matches!(verdict, "halt" | "deny") {
        return Err(format!("is {verdict}: {decision}"));
    }
    let errors = decision["errors"].as_array().unwrap();
    let has = |kind: &str, policy: &str| {
        errors
            .iter()
            .any(|error| error["kind"] == kind && error["policy"] == policy)
    };
    if !has(expected.kind, expected.culprit) {
        let Expected { kind, culprit, .. } = expected;
        return Err(format!("does not name {kind} of `{culprit}`: {errors:?}"));
    }
    let known = |error: &Json| KINDS.contains(&error["kind"].as_str().unwrap());
    if !errors.iter().all(known) {
        return Err(format!("has an error of no known kind: {errors:?}"));
    }
    let context = decision["context"].as_array().unwrap();
    for name in ["a", "z"] {
        let spoke = context.contains(&Json::from(format!("sound {name}")));
        // Where the time has passed, each that was not asked is an error of its own.
        let was_late = expected.kind == "timeout" && has("timeout", &format!("SOUND-{name}"));
        if expected.others_speak && !spoke && !was_late {
            return Err(format!("silences the sound policy {name}: {decision}"));
        }
    }
    Ok(())
}

fn event(speak: bool) -> Event {
    let text = format!(
        "{{\"hook_event_name\": \"PreToolUse\", \"tool_name\": \"Bash\", \"tool_input\": {{}}, \"zero\": 0, \"many\": 100000000, \"speak\": {speak}}}"
    );
    Event::parse(text.as_bytes(), &EventLimits::default()).unwrap()
}

/// Runs one fault of a policy; the reason if that evaluator cannot have it.
fn run_policy_fault(
    fault: &PolicyFault,
    evaluator: Evaluator,
    verb: Verb,
) -> Result<Vec<String>, &'static str> {
    let written = evaluator.written();
    let text = match written {
        Evaluator::Lua => fault.lua,
        Evaluator::JavaScript => fault.javascript,
        Evaluator::Native => fault.native,
        _ => fault.rego,
    }?;
    if evaluator.script().is_some() {
        fault.in_scripts?;
    }
    let text = filled(text, written, verb);
    let deadline = match fault.kind {
        "timeout" => Duration::from_millis(200),
        _ => Duration::from_secs(60),
    };
    let bed = Bed::new(evaluator, verb, deadline);
    if evaluator.script().is_none() {
        bed.write_policy("    required_events: [PreToolUse]", &text);
    }
    let other = fault.other_kinds.iter().find(|(of, _)| *of == written);
    let expected = Expected {
        kind: other.map_or(fault.kind, |(_, kind)| kind),
        culprit: "P",
        others_speak: true,
    };
    let event = event(false);
    let mut outcomes = vec![bed.decide(&bed.load().unwrap(), &text, &event)];
    if evaluator.script().is_none() {
        outcomes.push(bed.decide_once(&event));
    }
    let check = |outcome: Outcome| match outcome {
        Ok(decision) => refuses(&decision, &expected),
        Err(error) => Err(format!("is no decision: {error:?}")),
    };
    Ok(outcomes
        .into_iter()
        .filter_map(|one| check(one).err())
        .collect())
}

/// Breaks the project; whatever is not broken here stays sound.
fn break_project(bed: &mut Bed, fault: ProjectFault) {
    const ROUTING: &str = "    required_events: [PreToolUse]";
    const SIGNAL: &str = "    required_events: [PreToolUse]\n    required_signals: [s]";
    let sound = bed.sound();
    let path = bed.policy_path();
    let everywhere = bed.beside.path().to_owned();
    let at = |path: PathBuf| GlobalConfig::At(path);
    let write_global = |path: &str, text: &str| {
        fs::create_dir_all(everywhere.join("policies")).unwrap();
        fs::write(everywhere.join(path), text).unwrap();
    };
    match fault {
        ProjectFault::FailedSignal => {
            let signal = "signals:\n  s:\n    command: exit 3\n";
            bed.write(".cupcake/rulebook.yml", format!("{RULEBOOK}{signal}"));
            bed.write_policy(SIGNAL, &sound);
        }
        ProjectFault::MissingSignal => {
            bed.write_policy(SIGNAL, &sound);
        }
        ProjectFault::TamperedFile | ProjectFault::TamperedList => {
            bed.write_policy(ROUTING, &sound);
            let store = KeyStore::at(everywhere);
            let project = Project::at(bed.root()).unwrap();
            let ed25519 = SignatureAlgorithm::Ed25519;
            store.init(&project, ed25519, None).unwrap();
            bed.options.trust = TrustOptions::Store(store);
            let changed = match fault {
                ProjectFault::TamperedFile => path,
                _ => ".cupcake/trust.manifest".to_owned(),
            };
            let text = fs::read_to_string(bed.root().join(&changed)).unwrap();
            bed.write(&changed, format!("\n{text}"));
        }
        ProjectFault::UnreadableFile => symlink("nowhere", bed.root().join(path)).unwrap(),
        ProjectFault::NoText => bed.write(&path, b"\xff\xfe\0"),
        ProjectFault::NoMetadata => {
            bed.write(&path, format!("package cupcake.policies.p\n{sound}"));
        }
        ProjectFault::BrokenMetadata => bed.write_policy("    required_events: [", &sound),
        ProjectFault::BrokenRulebook => bed.write(".cupcake/rulebook.yml", "signals: ["),
        ProjectFault::BrokenSettings => {
            bed.write("llmspell.toml", "[policy]\nmode = \"enforced\"\n");
        }
        ProjectFault::BrokenGlobalPolicy => {
            bed.write_policy(ROUTING, &sound);
            write_global(
                "policies/everywhere.rego",
                "package cupcake.policies.everywhere\n",
            );
            bed.options.global = at(everywhere);
        }
        ProjectFault::BrokenGlobalRulebook => {
            write_global("rulebook.yml", "signals: [");
            bed.options.global = at(everywhere);
        }
        ProjectFault::MissingGlobal => bed.options.global = at(everywhere.join("nowhere")),
        ProjectFault::ReloadBrokenPolicy => bed.write(&path, b"\xff\xfe\0"),
        ProjectFault::ReloadBrokenRulebook => bed.write(".cupcake/rulebook.yml", "signals: ["),
        ProjectFault::ReloadBrokenSettings => {
            bed.write("llmspell.toml", "[policy]\nmode = \"x\"\n");
        }
    }
}

fn run_project_fault(
    fault: ProjectFault,
    evaluator: Evaluator,
    verb: Verb,
) -> Result<Vec<String>, &'static str> {
    let mut bed = Bed::new(evaluator, verb, Duration::from_secs(60));
    if fault.is_reload() {
        return Ok(run_reload(&mut bed, fault).err().into_iter().collect());
    }
    break_project(&mut bed, fault);
    let event = event(false);
    let script = filled(sound(evaluator.written()), evaluator.written(), verb);
    let (kind, culprit) = fault.named();
    let expected = Expected {
        kind,
        culprit,
        others_speak: fault != ProjectFault::TamperedList,
    };
    let loaded = bed
        .load()
        .map_err(|error| (error.kind.code(), error.message));
    let outcomes = [
        loaded.and_then(|engine| bed.decide(&engine, &script, &event)),
        bed.decide_once(&event),
    ];
    let check = |outcome: Outcome| match outcome {
        Ok(decision) if !fault.is_fatal() => refuses(&decision, &expected),
        Err((found, _)) if fault.is_fatal() && found == kind => Ok(()),
        other => Err(format!("is neither refused nor named: {other:?}")),
    };
    Ok(outcomes
        .into_iter()
        .filter_map(|one| check(one).err())
        .collect())
}

/// What is broken while the engine runs leaves the last good policies in place, and is told.
fn run_reload(bed: &mut Bed, fault: ProjectFault) -> Result<(), String> {
    let text = bed.sound();
    bed.write_policy("    required_events: [PreToolUse]", &text);
    let engine = bed.load().unwrap();
    let written = bed.evaluator.written();
    let script = filled(sound(written), written, bed.verb);
    let decide = |bed: &Bed| {
        let mut decision = bed.decide(&engine, &script, &event(true)).unwrap();
        let fields = decision.as_object_mut().unwrap();
        fields.remove("decision_id");
        fields.remove("timings_us");
        decision
    };
    let before = decide(bed);
    let spoke = before["rules"]
        .as_array()
        .unwrap()
        .iter()
        .any(|rule| rule["reason"] == "said" && rule["verb"] == bed.verb.name());
    if !spoke || before["errors"] != Json::Array(Vec::new()) {
        return Err(format!("was not sound before: {before}"));
    }
    break_project(bed, fault);
    let Reload::Kept(errors) = engine.reload() else {
        return Err("was taken over".to_owned());
    };
    let (kind, culprit) = fault.named();
    if !errors
        .iter()
        .any(|error| error.kind.code() == kind && &*error.policy == culprit)
    {
        return Err(format!("does not name {kind} of `{culprit}`: {errors:?}"));
    }
    let after = decide(bed);
    (before == after)
        .then_some(())
        .ok_or_else(|| format!("decides otherwise: {before}\n{after}"))
}

/// What became of the combinations of one evaluator.
#[derive(Default)]
struct Tally {
    ran: usize,
    skipped: BTreeMap<&'static str, usize>,
    failures: Vec<String>,
}

impl Tally {
    fn add(&mut self, name: &str, outcome: Result<Vec<String>, &'static str>) {
        match outcome {
            Ok(failures) => {
                self.ran += 1;
                let failures = failures.into_iter();
                self.failures
                    .extend(failures.map(|failure| format!("{name} {failure}")));
            }
            Err(reason) => *self.skipped.entry(reason).or_default() += 1,
        }
    }

    fn of(evaluator: Evaluator) -> Self {
        let mut tally = Self::default();
        let has_opa = std::env::var_os("OPA").is_some_and(|opa| Path::new(&opa).is_file());
        if evaluator == Evaluator::Wasm && !has_opa {
            let all = (POLICY_FAULTS.len() + ProjectFault::ALL.len()) * Verb::ALL.len();
            tally.skipped.insert("there is no `$OPA`", all);
            return tally;
        }
        for verb in Verb::ALL {
            for fault in POLICY_FAULTS {
                let name = format!("{} on {evaluator:?} with {}", fault.name, verb.name());
                tally.add(&name, run_policy_fault(fault, evaluator, verb));
            }
            for fault in ProjectFault::ALL {
                let name = format!("{fault:?} on {evaluator:?} with {}", verb.name());
                tally.add(&name, run_project_fault(fault, evaluator, verb));
            }
        }
        tally
    }
}

#[test]
fn no_fault_of_any_verb_on_any_evaluator_becomes_an_allow() {
    let tallies: Vec<(Evaluator, Tally)> = thread::scope(|scope| {
        let threads =
            Evaluator::ALL.map(|evaluator| (evaluator, scope.spawn(move || Tally::of(evaluator))));
        let tally = |(evaluator, thread): (_, thread::ScopedJoinHandle<'_, Tally>)| {
            (evaluator, thread.join().unwrap())
        };
        threads.into_iter().map(tally).collect()
    });
    let (mut ran, mut failures) = (0, Vec::new());
    for (evaluator, tally) in tallies {
        println!("{evaluator:?}: {} combinations ran", tally.ran);
        for (reason, count) in tally.skipped {
            println!("    {count} left out, because {reason}");
        }
        ran += tally.ran;
        failures.extend(tally.failures);
    }
    println!("{ran} combinations ran, {} failed", failures.len());
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert!(ran >= 150, "only {ran} combinations ran");
}
