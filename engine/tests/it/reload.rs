//! Changes on disk while an engine decides.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use llmspell_engine::{
    Answers, CompiledPolicy, Definition, EngineOptions, Evaluator, GlobalConfig, Moment,
    PolicyEngine, PolicyFault, PolicyLanguage, PolicySource, Reload, Value, Verb, Verdict,
};
use tempfile::TempDir;

use crate::support::{engine, event, make_executable, project, write};

const FILE: &str = ".cupcake/policies/guard.rego";
/// Longer than any machine takes to notice a change.
const PATIENCE: Duration = Duration::from_secs(60);

fn guard(verb: &str, reason: &str) -> String {
    format!(
        "# METADATA\n# custom:\n#   routing:\n#     required_events: [Stop]\npackage cupcake.policies.guard\n{verb} contains {{\"reason\": \"{reason}\", \"rule_id\": \"G-1\", \"severity\": \"LOW\"}} if true\n"
    )
}

fn guarded() -> TempDir {
    project([(FILE, guard("deny", "first").as_str())])
}

fn reason(engine: &PolicyEngine) -> String {
    engine
        .evaluate(&event(r#"{"hook_event_name": "Stop"}"#))
        .reason
}

#[test]
fn a_change_decides_after_the_reload_and_not_before() {
    let project = guarded();
    let engine = engine(&project);
    let first = engine.digest();
    write(project.path(), FILE, &guard("deny", "second"));
    assert_eq!(reason(&engine), "first");
    let reload = engine.reload();
    assert_eq!(reason(&engine), "second");
    assert_eq!(
        reload,
        Reload::Changed {
            from: first,
            to: engine.digest()
        }
    );
    assert_eq!(engine.reload(), Reload::Unchanged);
}

#[test]
fn changed_settings_decide_after_the_reload() {
    let project = project([(FILE, "package cupcake.policies.guard\n")]);
    let engine = engine(&project);
    let stop = event(r#"{"hook_event_name": "Stop"}"#);
    let first = engine.digest();
    assert_eq!(engine.evaluate(&stop).decision, Verdict::Deny);
    write(
        project.path(),
        "llmspell.toml",
        "[policy]\nmode = \"monitor\"\n",
    );
    let to = match engine.reload() {
        Reload::Changed { from, to } => {
            assert_eq!(from, first);
            to
        }
        other => panic!("{other:?}"),
    };
    assert_ne!(to, first);
    assert_eq!(engine.evaluate(&stop).decision, Verdict::Allow);
    assert_eq!(engine.reload(), Reload::Unchanged);
}

#[test]
fn a_changed_signal_and_a_changed_global_configuration_are_other_policies() {
    let project = guarded();
    let global = tempfile::tempdir().unwrap();
    write(global.path(), "rulebook.yml", "");
    let signal = ".cupcake/signals/it.sh";
    write(project.path(), signal, "#!/bin/sh\necho 1\n");
    make_executable(&project.path().join(signal));
    let options = EngineOptions {
        global: GlobalConfig::At(global.path().to_owned()),
        ..EngineOptions::default()
    };
    let engine = PolicyEngine::load(project.path(), &options).unwrap();
    let first = engine.digest();
    write(project.path(), signal, "#!/bin/sh\necho 2\n");
    assert!(matches!(engine.reload(), Reload::Changed { .. }));
    let second = engine.digest();
    assert_ne!(first, second);
    write(global.path(), "rulebook.yml", "signals: {}");
    assert!(matches!(engine.reload(), Reload::Changed { .. }));
    assert_ne!(engine.digest(), second);
}

#[test]
fn a_change_that_breaks_a_policy_keeps_the_last_good_policies_and_says_so() {
    let project = guarded();
    let engine = engine(&project);
    let good = engine.digest();
    write(
        project.path(),
        FILE,
        "package cupcake.policies.guard\ndeny contains\n",
    );
    let Reload::Kept(errors) = engine.reload() else {
        panic!("a broken project was taken over")
    };
    assert_eq!(errors[0].file.as_deref(), Some(FILE));
    let decision = engine.evaluate(&event(r#"{"hook_event_name": "Stop"}"#));
    assert_eq!(
        (decision.reason.as_str(), decision.errors.len()),
        ("first", 0)
    );
    assert_eq!(decision.policy_digest, good);
}

#[test]
fn a_project_that_is_gone_keeps_the_last_good_policies_and_says_so() {
    let project = guarded();
    let engine = engine(&project);
    std::fs::remove_dir_all(project.path().join(".cupcake")).unwrap();
    let Reload::Kept(errors) = engine.reload() else {
        panic!("a project without policies was taken over")
    };
    assert_eq!(errors.len(), 1);
    assert_eq!(reason(&engine), "first");
}

/// A language that counts how often it compiles, and whose policies say nothing.
#[derive(Debug, Default)]
struct Counting(AtomicUsize);

#[derive(Debug)]
struct Silent;

impl Evaluator for Silent {
    fn evaluate(&self, _: &Value, _: Moment, _: &mut Answers<'_, '_>) {}
}

impl PolicyLanguage for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }

    fn endings(&self) -> &'static [&'static str] {
        &["count"]
    }

    fn comment(&self) -> &'static str {
        "#"
    }

    fn compile(&self, source: PolicySource<'_>) -> Result<CompiledPolicy, PolicyFault> {
        self.0.fetch_add(1, Ordering::SeqCst);
        if source.text.contains("broken") {
            return Err(PolicyFault::load("it is broken", 1));
        }
        Ok(CompiledPolicy {
            definitions: vec![Definition {
                verb: Verb::Deny,
                line: 1,
                source: String::new(),
            }],
            evaluator: Box::new(Silent),
        })
    }
}

#[test]
fn a_reload_compiles_only_what_has_changed_and_a_refused_state_once() {
    const FILE: &str = ".cupcake/policies/p.count";
    let text = |rest: &str| {
        format!("# METADATA\n# custom:\n#   routing: {{required_events: [Stop]}}\n{rest}\n")
    };
    let project = project([(FILE, text("first").as_str())]);
    let language = Arc::new(Counting::default());
    let options = EngineOptions {
        languages: vec![Arc::clone(&language) as Arc<dyn PolicyLanguage>],
        ..EngineOptions::default()
    };
    let engine = PolicyEngine::load(project.path(), &options).unwrap();
    let compiled = || language.0.load(Ordering::SeqCst);
    assert_eq!((engine.reload(), compiled()), (Reload::Unchanged, 1));

    write(project.path(), FILE, &text("broken"));
    let refused = engine.reload();
    assert!(matches!(refused, Reload::Kept(_)), "{refused:?}");
    assert_eq!((engine.reload(), compiled()), (refused, 2));

    write(project.path(), FILE, &text("first"));
    assert_eq!((engine.reload(), compiled()), (Reload::Unchanged, 2));
    write(project.path(), FILE, &text("second"));
    assert!(matches!(engine.reload(), Reload::Changed { .. }));
    assert_eq!((engine.reload(), compiled()), (Reload::Unchanged, 3));

    // What is no part of the digest and an error nevertheless.
    write(project.path(), ".cupcake/policies/p.cuont", "");
    assert!(matches!(engine.reload(), Reload::Kept(_)));
}

#[test]
fn a_broken_project_is_mended_by_a_reload() {
    let project = project([(FILE, "package cupcake.policies.guard\n")]);
    let engine = engine(&project);
    assert_eq!(
        engine
            .evaluate(&event(r#"{"hook_event_name": "Stop"}"#))
            .decision,
        Verdict::Deny
    );
    write(project.path(), FILE, &guard("ask", "mended"));
    engine.reload();
    let decision = engine.evaluate(&event(r#"{"hook_event_name": "Stop"}"#));
    assert_eq!(
        (decision.decision, decision.errors.len()),
        (Verdict::Ask, 0)
    );
}

#[test]
fn a_watched_project_is_reloaded_when_a_file_is_written_and_when_its_folder_is_replaced() {
    let project = guarded();
    let engine = Arc::new(engine(&project));
    let (sender, reloads) = mpsc::channel();
    let watch = PolicyEngine::watch(&engine, move |reload| {
        let _ = sender.send(reload.clone());
    })
    .unwrap();
    write(project.path(), FILE, &guard("deny", "written"));
    reloads.recv_timeout(PATIENCE).unwrap();
    assert_eq!(reason(&engine), "written");

    let folder = project.path().join(".cupcake");
    std::fs::rename(&folder, project.path().join("old")).unwrap();
    write(project.path(), FILE, &guard("deny", "replaced"));
    while reason(&engine) != "replaced" {
        reloads.recv_timeout(PATIENCE).unwrap();
    }
    write(project.path(), FILE, &guard("deny", "again"));
    while reason(&engine) != "again" {
        reloads.recv_timeout(PATIENCE).unwrap();
    }
    drop(watch);
    write(project.path(), FILE, &guard("deny", "unheard"));
    assert_eq!(reason(&engine), "again");
}

#[test]
fn every_decision_during_reloads_is_one_that_one_of_the_projects_makes_whole() {
    let project = guarded();
    let engine = engine(&project);
    let texts = ["one", "two"].map(|reason| guard("deny", reason));
    let digests = texts.clone().map(|text| {
        write(project.path(), FILE, &text);
        engine.reload();
        (engine.digest(), reason(&engine))
    });
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let deciders: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut decisions = 0_u32;
                    while !done.load(Ordering::Relaxed) {
                        let decision = engine.evaluate(&event(r#"{"hook_event_name": "Stop"}"#));
                        let made = (decision.policy_digest, decision.reason);
                        assert!(digests.contains(&made), "{made:?}");
                        assert_eq!(decision.decision, Verdict::Deny);
                        decisions += 1;
                    }
                    decisions
                })
            })
            .collect();
        for text in texts.iter().cycle().take(100) {
            write(project.path(), FILE, text);
            engine.reload();
        }
        done.store(true, Ordering::Relaxed);
        for decider in deciders {
            assert!(decider.join().unwrap() > 0);
        }
    });
}

#[test]
fn deciding_once_is_deciding_by_the_loaded_project() {
    let other = "# METADATA\n# custom:\n#   routing:\n#     required_events: [SessionStart]\npackage cupcake.policies.other\nlimit := 3\nadd_context contains \"hello\"\n";
    let reader = "# METADATA\n# custom:\n#   routing:\n#     required_events: [Stop]\npackage cupcake.policies.reader\nask contains {\"reason\": \"over the limit\", \"rule_id\": \"R\", \"severity\": \"LOW\"} if input.count > data.cupcake.policies.other.limit\n";
    let project = project([
        (FILE, guard("deny", "first").as_str()),
        (".cupcake/policies/other.rego", other),
        (".cupcake/policies/reader.rego", reader),
    ]);
    let engine = engine(&project);
    let options = EngineOptions::default();
    for text in [
        r#"{"hook_event_name": "Stop", "count": 4}"#,
        r#"{"hook_event_name": "SessionStart"}"#,
        r#"{"hook_event_name": "Notification"}"#,
    ] {
        let event = event(text);
        let once = PolicyEngine::decide_once(project.path(), &event, &options).unwrap();
        let loaded = engine.evaluate(&event);
        assert_eq!(once.rules, loaded.rules);
        assert_eq!(
            (once.decision, once.reason),
            (loaded.decision, loaded.reason)
        );
        assert_eq!(
            (once.errors, once.policy_digest),
            (loaded.errors, loaded.policy_digest)
        );
    }
}

#[test]
fn deciding_once_does_not_compile_policies_for_other_events() {
    let broken = "# METADATA\n# custom:\n#   routing:\n#     required_events: [SessionStart]\npackage cupcake.policies.broken\ndeny contains\n";
    let project = project([
        (FILE, guard("deny", "first").as_str()),
        (".cupcake/policies/broken.rego", broken),
    ]);
    let decide = |text: &str| {
        let options = EngineOptions::default();
        PolicyEngine::decide_once(project.path(), &event(text), &options).unwrap()
    };
    let stop = decide(r#"{"hook_event_name": "Stop"}"#);
    assert_eq!((stop.reason.as_str(), stop.errors.len()), ("first", 0));
    let start = decide(r#"{"hook_event_name": "SessionStart"}"#);
    assert_eq!((start.decision, start.errors.len()), (Verdict::Deny, 1));
    assert_eq!(start.errors[0].kind.code(), "load");
}
