//! Policies that lie where nothing would read them are errors of every decision.

use std::path::Path;
use std::sync::Arc;

use llmspell_engine::{
    CompiledPolicy, EngineOptions, PolicyEngine, PolicyFault, PolicyLanguage, PolicySource,
    Verdict, WasmProvider, check_project, inspect_project,
};
use tempfile::TempDir;

use crate::support::{engine, event, policy, project, write};

const ASK: &str = "ask contains {\"reason\": \"x\"}";

/// The errors of a decision as `kind policy file: message`; with any, the decision must be a deny.
fn errors(project: &TempDir) -> Vec<String> {
    let decision = engine(project).evaluate(&event(r#"{"hook_event_name": "Stop"}"#));
    let expected = if decision.errors.is_empty() {
        Verdict::Allow
    } else {
        Verdict::Deny
    };
    assert_eq!(decision.decision, expected);
    let errors = decision.errors.iter();
    errors
        .map(|error| {
            format!(
                "{} {} {}: {}",
                error.kind.code(),
                error.policy,
                error.file.as_deref().unwrap_or_default(),
                error.message
            )
        })
        .collect()
}

/// The errors of a project with a sound policy, and with another at this path.
fn errors_of(path: &str) -> Vec<String> {
    let (sound, other) = (policy("sound", ASK), policy("other", ASK));
    errors(&project([
        (".cupcake/policies/sound.rego", sound.as_str()),
        (path, other.as_str()),
    ]))
}

#[test]
fn a_project_without_policies_is_an_error_and_allows_nothing() {
    let none = "load project .cupcake/policies: there are no policies for `claude` in `.cupcake/policies`: write one, or switch on a guardrail in the rulebook";
    assert_eq!(errors(&project([])), [none]);
    let helper = "package cupcake.helpers.h\n\nx := 1\n";
    assert_eq!(
        errors(&project([(".cupcake/policies/h.rego", helper)])),
        [none]
    );
    let bare = tempfile::tempdir().unwrap();
    std::fs::create_dir(bare.path().join(".cupcake")).unwrap();
    assert_eq!(errors(&bare), [none]);
}

#[test]
fn a_project_with_policies_for_other_harnesses_only_says_so() {
    let text = policy("p", ASK);
    let project = project([
        (".cupcake/policies/cursor/p.rego", text.as_str()),
        (".cupcake/policies/factory/p.rego", text.as_str()),
    ]);
    assert_eq!(
        errors(&project),
        [
            "load project .cupcake/policies: there are no policies for `claude` in `.cupcake/policies`: write one, or switch on a guardrail in the rulebook"
        ]
    );
}

#[test]
fn policies_that_are_a_file_are_an_error() {
    let project = tempfile::tempdir().unwrap();
    write(project.path(), ".cupcake/policies", &policy("p", ASK));
    assert_eq!(
        errors(&project),
        [
            "load policies .cupcake/policies: this is a file: make it a folder and put the policies into it"
        ]
    );
}

#[test]
fn a_policy_outside_the_folder_of_policies_is_an_error() {
    let error = |id: &str, file: &str| {
        [format!(
            "load {id} {file}: policies are read from `.cupcake/policies/` only: move what lies here there"
        )]
    };
    assert_eq!(
        errors_of(".cupcake/policies.rego"),
        error("policies", ".cupcake/policies.rego")
    );
    assert_eq!(
        errors_of(".cupcake/other.REGO"),
        error("other", ".cupcake/other.REGO")
    );
    assert_eq!(
        errors_of(".cupcake/policy/deep/other.rego"),
        error("policy", ".cupcake/policy")
    );
    assert_eq!(
        errors_of(".cupcake/Policies/other.rego"),
        error("Policies", ".cupcake/Policies")
    );
}

#[test]
fn what_cannot_be_meant_as_a_policy_is_passed_over() {
    for path in [
        ".cupcake/notes.md",
        ".cupcake/other_test.rego",
        ".cupcake/tests/other.rego",
        ".cupcake/scripts/run.js",
        ".cupcake/.hidden/other.rego",
        ".cupcake/policies/.other.rego",
        ".cupcake/policies/other.rego.bak",
        ".cupcake/policies/other.rego~",
        ".cupcake/policies/other.rego.off",
        ".cupcake/policies/notes.txt",
        ".cupcake/scripts/run.lua",
        "other.rego",
    ] {
        assert_eq!(errors_of(path), Vec::<String>::new(), "{path}");
    }
}

#[test]
fn a_file_that_is_nearly_named_as_a_policy_is_an_error_and_not_passed_over() {
    let error = |file: &str, why: &str| {
        [format!(
            "load other .cupcake/policies/{file}: {why}: rename the file, with `.off` at the end if it is not to be read"
        )]
    };
    let letters = "policies have endings in small letters, with nothing behind them";
    for file in ["other.Rego", "other.REGO", "other.WASM", "other.Lua"] {
        let path = format!(".cupcake/policies/{file}");
        assert_eq!(errors_of(&path), error(file, letters));
    }
    assert_eq!(
        errors_of(".cupcake/policies/other.reg"),
        error("other.reg", "the ending is nearly `.rego`")
    );
    assert_eq!(
        errors_of(".cupcake/policies/other.rego.txt"),
        [
            "load other.rego .cupcake/policies/other.rego.txt: the file has `.txt` behind the ending of a policy: rename the file, with `.off` at the end if it is not to be read"
        ]
    );
}

#[test]
fn a_policy_in_a_language_that_the_engine_lacks_is_an_error() {
    for ending in ["lua", "js", "mjs", "cjs", "ts", "wat"] {
        assert_eq!(
            errors_of(&format!(".cupcake/policies/other.{ending}")),
            [format!(
                "no_evaluator other .cupcake/policies/other.{ending}: a policy that ends in `.{ending}` cannot be evaluated by this engine"
            )]
        );
    }
}

#[test]
fn a_project_that_needs_webassembly_is_not_loaded_without_it() {
    let sound = policy("sound", ASK);
    let loaded = |path: &str, text: &str| {
        let project = project([
            (".cupcake/policies/sound.rego", sound.as_str()),
            (path, text),
        ]);
        let options = EngineOptions::with(WasmProvider::none());
        let event = event(r#"{"hook_event_name": "Stop"}"#);
        let engine = PolicyEngine::load_for(project.path(), &event, &options);
        engine.map(|engine| engine.evaluate(&event).errors)
    };
    for (path, text) in [
        (".cupcake/policies/other.wasm", "no module"),
        (".cupcake/policies/other.tar.gz", "no bundle"),
        (".cupcake/policies/other.wasm.yml", "routing"),
        ("llmspell.toml", "[policy]\nevaluator = \"wasm\"\n"),
    ] {
        let error = loaded(path, text).unwrap_err();
        assert_eq!(error.kind.code(), "no_evaluator", "{path}");
        assert!(error.message.contains("WebAssembly"), "{error:?}");
    }
    assert_eq!(loaded("notes.txt", "").unwrap(), []);
}

/// A language of which nobody has heard, which compiles nothing.
#[derive(Debug)]
struct Starlight {
    is_here: bool,
}

impl PolicyLanguage for Starlight {
    fn name(&self) -> &'static str {
        "starlight"
    }

    fn endings(&self) -> &'static [&'static str] {
        &["star"]
    }

    fn comment(&self) -> &'static str {
        "%%"
    }

    fn is_here(&self) -> bool {
        self.is_here
    }

    fn compile(&self, source: PolicySource<'_>) -> Result<CompiledPolicy, PolicyFault> {
        Err(PolicyFault::load(format!("asked for {}", source.file), 1))
    }
}

#[test]
fn the_endings_of_every_registered_language_are_read() {
    let text = "%% METADATA\n%% custom:\n%%   routing: {required_events: [Stop]}\n";
    let errors = |path: &str| {
        let sound = policy("sound", ASK);
        let project = project([
            (".cupcake/policies/sound.rego", sound.as_str()),
            (path, text),
        ]);
        let options = EngineOptions {
            languages: vec![Arc::new(Starlight { is_here: true })],
            ..EngineOptions::default()
        };
        let event = event(r#"{"hook_event_name": "Stop"}"#);
        let engine = PolicyEngine::load(project.path(), &options).unwrap();
        let decision = engine.evaluate(&event);
        let once = PolicyEngine::decide_once(project.path(), &event, &options).unwrap();
        assert_eq!(
            (once.decision, &once.errors),
            (decision.decision, &decision.errors)
        );
        assert_eq!(decision.decision, Verdict::Deny, "{path}");
        decision.errors[0].message.clone()
    };
    let path = ".cupcake/policies/claude/p.star";
    assert_eq!(errors(path), format!("asked for {path}"));
    assert!(errors(".cupcake/policies/p.Star").starts_with("policies have endings"));
    assert!(errors(".cupcake/policies/p.stra").starts_with("the ending is nearly `.star`"));
    assert!(errors(".cupcake/p.star").starts_with("policies are read from"));
}

#[test]
fn a_policy_that_only_another_program_can_run_stops_the_events_that_it_is_for() {
    let text = "%% METADATA\n%% custom:\n%%   routing: {required_events: [Stop]}\n";
    let sound = policy("sound", ASK);
    let project = project([
        (".cupcake/policies/sound.rego", sound.as_str()),
        (".cupcake/policies/other.star", text),
    ]);
    let options = EngineOptions {
        languages: vec![Arc::new(Starlight { is_here: false })],
        ..EngineOptions::default()
    };
    let loaded = |name: &str| {
        let event = event(&format!(r#"{{"hook_event_name": "{name}"}}"#));
        PolicyEngine::load_for(project.path(), &event, &options).map(|_| ())
    };
    let error = loaded("Stop").unwrap_err();
    assert_eq!(error.kind.code(), "no_evaluator");
    assert!(error.message.contains("starlight"), "{error:?}");
    assert_eq!(loaded("SubagentStop"), Ok(()));
    assert!(PolicyEngine::load(project.path(), &options).is_err());
}

#[test]
fn a_script_outside_the_folder_that_says_it_is_a_policy_is_an_error() {
    let project = project([(
        ".cupcake/policies/sound.rego",
        policy("sound", ASK).as_str(),
    )]);
    for (path, text) in [
        (".cupcake/other.lua", "-- METADATA\nreturn {}\n"),
        (".cupcake/hooks/other.js", "// METADATA\n"),
        (".cupcake/hooks/plain.js", "// a script\n"),
        (".cupcake/other.wasm", ""),
    ] {
        write(project.path(), path, text);
    }
    let moved = "policies are read from `.cupcake/policies/` only: move what lies here there";
    assert_eq!(
        errors(&project),
        [
            format!("load hooks .cupcake/hooks: {moved}"),
            format!("load other .cupcake/other.lua: {moved}"),
            format!("load other .cupcake/other.wasm: {moved}"),
        ]
    );
}

#[test]
fn what_is_passed_over_is_told_by_a_check_and_an_inspection() {
    let project = project([
        (
            ".cupcake/policies/sound.rego",
            policy("sound", ASK).as_str(),
        ),
        (".cupcake/policies/README.md", ""),
        (".cupcake/policies/deny.rego.bak", ""),
        (".cupcake/policies/list.json", ""),
    ]);
    let options = EngineOptions::default();
    let inspection = inspect_project(project.path(), &options).unwrap();
    assert_eq!(
        inspection.passed_over,
        [
            ".cupcake/policies/README.md",
            ".cupcake/policies/deny.rego.bak",
            ".cupcake/policies/list.json"
        ]
    );
    let report = check_project(project.path(), &options).unwrap();
    let found = report
        .findings
        .iter()
        .filter(|finding| finding.rule == "passed-over-file");
    let files: Vec<&str> = found.map(|finding| finding.place.file.as_str()).collect();
    assert_eq!(
        files,
        [
            ".cupcake/policies/deny.rego.bak",
            ".cupcake/policies/list.json"
        ]
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_or_folder_whose_name_is_not_utf_8_is_an_error() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    for name in [
        &b"\xff.rego"[..],
        b"p.re\xffgo",
        b"\xff/p.rego",
        b"\xff/cursor/p.rego",
    ] {
        let text = policy("sound", ASK);
        let project = project([(".cupcake/policies/sound.rego", text.as_str())]);
        let path = project
            .path()
            .join(".cupcake/policies")
            .join(Path::new(OsStr::from_bytes(name)));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, policy("other", ASK)).unwrap();
        let errors = errors(&project);
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(
            errors[0].ends_with(": the name is not UTF-8: rename it"),
            "{errors:?}"
        );
    }
}
