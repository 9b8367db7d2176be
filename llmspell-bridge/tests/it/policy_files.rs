//! Policy files in Lua and JavaScript: where things are, what is told of them, and what never leaks.

use std::fs;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use llmspell_bridge::{
    Language, SandboxLimits, Script, ScriptHost, policy_languages, policy_languages_within,
};
use llmspell_engine::{
    Decision, EngineOptions, Event, FoundTest, Moment, PolicyEngine, PolicyLanguage, PolicySource,
    TestOutcome,
};
use llmspell_utils::debug::DebugManager;
use tempfile::TempDir;

const LUA: &str = "-- METADATA\n-- custom:\n--   routing: {required_events: [PreToolUse]}\n";
const JS: &str = "// METADATA\n// custom:\n//   routing: {required_events: [PreToolUse]}\n";

/// A project with these policy files, each with a routing in front that takes three lines.
fn project(files: &[(&str, &str)]) -> TempDir {
    let project = tempfile::tempdir().unwrap();
    let policies = project.path().join(".cupcake/policies");
    fs::create_dir_all(&policies).unwrap();
    for (file, text) in files {
        let metadata = if file.contains(".lua") { LUA } else { JS };
        fs::write(policies.join(file), format!("{metadata}{text}")).unwrap();
    }
    project
}

fn load(files: &[(&str, &str)], options: &EngineOptions) -> (TempDir, PolicyEngine) {
    let project = project(files);
    let engine = PolicyEngine::load(project.path(), options).unwrap();
    (project, engine)
}

fn options() -> EngineOptions {
    EngineOptions {
        languages: policy_languages(),
        ..EngineOptions::default()
    }
}

fn event(text: &str) -> Event {
    Event::parse(text.as_bytes(), &Default::default()).unwrap()
}

fn decide(files: &[(&str, &str)], text: &str) -> Decision {
    load(files, &options()).1.evaluate(&event(text))
}

const ANY: &str = r#"{"hook_event_name": "PreToolUse"}"#;

#[test]
fn a_rule_is_reported_with_the_line_of_its_function() {
    let lua = "local policy = {}\nfunction policy.deny(input)\n  return { reason = 'x' }\nend\nreturn policy";
    let js = "\nexport function deny(input) {\n  return { reason: 'x' };\n}";
    for (file, text) in [("a.lua", lua), ("a.js", js)] {
        let decision = decide(&[(file, text)], ANY);
        assert_eq!(decision.rules[0].line, 5, "{file}");
        assert_eq!(
            &*decision.rules[0].file,
            format!(".cupcake/policies/{file}")
        );
    }
}

#[test]
fn an_error_is_reported_with_the_line_where_it_was_raised_and_without_values_of_the_event() {
    let lua = "return { deny = function(input)\n  local x = input.secret\n  error('no good: ' .. x)\nend }";
    let js = "export function deny(input) {\n  const x = input.secret;\n  throw new Error('no good: ' + x);\n}";
    for (file, text, message) in [
        ("a.lua", lua, "no good: …"),
        ("a.js", js, "Error: no good: …"),
    ] {
        let decision = decide(
            &[(file, text)],
            r#"{"hook_event_name": "PreToolUse", "secret": "hunter2 is it"}"#,
        );
        let error = &decision.errors[0];
        assert_eq!(error.kind.code(), "evaluation");
        assert_eq!(error.line, Some(6), "{file}: {error:?}");
        assert!(!error.message.contains("hunter2"), "{}", error.message);
        assert!(error.message.starts_with(message), "{}", error.message);
    }
}

#[test]
fn a_syntax_error_has_the_line_of_the_file() {
    for (file, text) in [
        ("a.lua", "return {\n  deny = function( }\n"),
        ("a.js", "export function deny() {}\nexport function ask( {"),
    ] {
        let decision = decide(&[(file, text)], ANY);
        assert_eq!(decision.errors[0].kind.code(), "load");
        assert_eq!(decision.errors[0].line, Some(5), "{:?}", decision.errors);
    }
}

#[test]
fn policies_of_every_language_decide_together() {
    let files = [
        (
            "one.lua",
            "return { deny = function() return { reason = 'lua', rule_id = 'L' } end }",
        ),
        (
            "two.luau",
            "return { ask = function() return { reason = 'luau', rule_id = 'U' } end }",
        ),
        (
            "three.js",
            "export const block = () => ({ reason: 'js', rule_id: 'J' });",
        ),
        ("four.mjs", "export const add_context = () => 'mjs';"),
    ];
    let files = files.map(|(file, text)| (file, text));
    let project = project(&files[..1]);
    for (file, text) in &files[1..] {
        let metadata = if file.contains(".lua") { LUA } else { JS };
        let path = project.path().join(".cupcake/policies").join(file);
        fs::write(path, format!("{metadata}{text}")).unwrap();
    }
    let engine = PolicyEngine::load(project.path(), &options()).unwrap();
    let decision = engine.evaluate(&event(ANY));
    assert_eq!(decision.reason, "lua");
    assert_eq!(decision.rules.len(), 4, "{:?}", decision.errors);
    assert!(decision.errors.is_empty());
}

#[test]
fn what_a_policy_prints_is_a_debug_entry_with_its_place() {
    let lua = "return { deny = function(input) print('seen', 1) end }";
    let js = "export function deny(input) { console.warn('seen', 1); }";
    for (file, text, printed) in [
        ("a.lua", lua, ".cupcake/policies/a.lua:4: seen\t1"),
        ("a.js", js, ".cupcake/policies/a.js:4: warning: seen 1"),
    ] {
        let manager = Arc::new(DebugManager::new());
        manager.set_level(llmspell_utils::debug::DebugLevel::Trace);
        let (_project, engine) = load(
            &[(file, text)],
            &EngineOptions {
                debug: Some(Arc::clone(&manager)),
                ..options()
            },
        );
        let _ = engine.evaluate(&event(ANY));
        let entries = manager.captured(None);
        let found = entries.iter().any(|entry| entry.message.contains(printed));
        assert!(found, "{entries:?}");
    }
}

#[test]
fn one_policy_cannot_leave_anything_for_another() {
    let files = [
        (
            "a.lua",
            "return { deny = function() rawset(_G, 'x', 1) end, ask = function() x = 1 return { reason = tostring(x) } end }",
        ),
        (
            "b.lua",
            "return { block = function() return { reason = tostring(x) } end }",
        ),
        (
            "c.js",
            "var y = 1; export function halt() { globalThis.y = 1; }\nexport const modify = () => ({ reason: 'm', updated_input: { y } });",
        ),
        ("d.js", "export const add_context = () => typeof y;"),
    ];
    let (_project, engine) = load(&files, &options());
    for _ in 0..3 {
        let decision = engine.evaluate(&event(ANY));
        let said: Vec<_> = decision.rules.iter().map(|rule| &*rule.reason).collect();
        assert_eq!(said, ["nil", "1", "m", "undefined"]);
        assert_eq!(decision.errors.len(), 2, "{:?}", decision.errors);
    }
}

#[test]
fn a_policy_that_comes_and_goes_is_an_error() {
    let lua = "local verbs = { ask = function() end }\nif os.time() > 0 then verbs.deny = function() end end\nreturn verbs";
    let js = "export default Date.now() > 0 ? { ask() {}, deny() {} } : { ask() {} };";
    for (file, text) in [("a.lua", lua), ("a.js", js)] {
        let decision = decide(&[(file, text)], ANY);
        let error = &decision.errors[0];
        assert_eq!(
            error.message,
            "the policy does not define the same functions as when it was loaded"
        );
    }
}

#[test]
fn a_promise_that_is_left_behind_is_an_error() {
    for text in [
        "export function deny() { Promise.resolve().then(() => {}); }",
        "export function deny() { Promise.reject(new Error('late')); }",
        "export function deny() { import('fs'); }",
        "(async () => { await 1; })();\nexport function deny() {}",
    ] {
        let (_project, engine) = load(&[("a.js", text)], &options());
        for _ in 0..2 {
            let decision = engine.evaluate(&event(ANY));
            assert_eq!(
                decision.errors[0].message,
                "the policy left a promise behind, and a policy must answer at once",
                "{text}"
            );
        }
    }
}

#[test]
fn a_thousand_decisions_from_several_threads_are_the_same() {
    let files = [
        (
            "a.lua",
            "local n = 0\nreturn { deny = function(input) n += 1 return { reason = input.id .. n } end }",
        ),
        (
            "b.js",
            "let n = 0; export const block = (input) => ({ reason: `${input.id}${++n}` });",
        ),
    ];
    let (_project, engine) = load(&files, &options());
    thread::scope(|scope| {
        for worker in 0..4 {
            let engine = &engine;
            scope.spawn(move || {
                for turn in 0..250 {
                    let id = format!("{worker}-{turn}-");
                    let text = format!(r#"{{"hook_event_name": "PreToolUse", "id": "{id}"}}"#);
                    let decision = engine.evaluate(&event(&text));
                    let said: Vec<_> = decision.rules.iter().map(|rule| &*rule.reason).collect();
                    assert_eq!(said, [format!("{id}1"), format!("{id}1")]);
                }
            });
        }
    });
}

#[test]
fn limits_of_memory_are_those_that_were_given() {
    let limits = SandboxLimits {
        memory: 4 << 20,
        ..SandboxLimits::default()
    };
    for (file, text) in [
        (
            "a.lua",
            "return { deny = function() local t = {} for i = 1, 1000 do t[i] = string.rep('x', 20000) .. i end end }",
        ),
        (
            "a.js",
            "export function deny() { const t = []; for (let i = 0; i < 1000; i++) t.push(new Uint8Array(20000)); }",
        ),
    ] {
        let languages = policy_languages_within(&limits);
        let (_project, engine) = load(
            &[(file, text)],
            &EngineOptions {
                languages,
                ..options()
            },
        );
        assert_eq!(
            engine.evaluate(&event(ANY)).errors[0].kind.code(),
            "memory",
            "{file}"
        );
        let (_project, engine) = load(&[(file, text)], &options());
        assert!(engine.evaluate(&event(ANY)).errors.is_empty(), "{file}");
    }
}

#[test]
fn an_explanation_says_which_functions_spoke_and_what_they_read() {
    let lua = "return {\n  deny = function(input) if input.tool_input.command == 'x' then return { reason = 'x' } end end,\n  ask = function(input) if input.nothing == nil then return { reason = 'a' } end end,\n}";
    let js = "\nexport function deny(input) { if (input.tool_input.command === 'x') return { reason: 'x' }; }\nexport function ask(input) { if (input.nothing === undefined) return { reason: 'a' }; }";
    for (file, text) in [("a.lua", lua), ("a.js", js)] {
        let (_project, engine) = load(&[(file, text)], &options());
        let event = event(r#"{"hook_event_name": "PreToolUse", "tool_input": {"other": 1}}"#);
        let explanation = engine.explain(&event);
        assert_eq!(
            explanation.inputs_missing,
            ["input.nothing", "input.tool_input.command"],
            "{file}"
        );
        let mut evaluated = explanation.evaluated.iter();
        let policy = evaluated.find(|policy| &*policy.policy == "a").unwrap();
        let rules: Vec<_> = policy
            .rules
            .iter()
            .map(|rule| (rule.name.as_str(), rule.line, format!("{:?}", rule.outcome)))
            .collect();
        assert_eq!(
            rules,
            [
                ("deny", 5, "Silent".to_owned()),
                ("ask", 6, "Fired".to_owned())
            ],
            "{file}"
        );
        assert_eq!(explanation.decision.rules, engine.evaluate(&event).rules);
    }
}

fn language(name: &str) -> Arc<dyn PolicyLanguage> {
    let mut languages = policy_languages().into_iter();
    languages.find(|language| language.name() == name).unwrap()
}

/// Runs the tests of a policy file, and gives the names with how each ended.
fn run_tests(name: &str, text: &str) -> Vec<(FoundTest, TestOutcome, Vec<String>)> {
    let language = language(name);
    let source = PolicySource {
        id: "P",
        file: "p",
        text,
    };
    let tests = language.tests(source).unwrap().unwrap();
    let moment = Moment {
        now: SystemTime::now(),
        left: Duration::from_millis(200),
    };
    tests
        .found()
        .iter()
        .map(|test| {
            let run = tests.run(&test.name, moment);
            (test.clone(), run.outcome, run.prints)
        })
        .collect()
}

#[test]
fn the_tests_of_a_policy_file_pass_or_fail_with_their_place() {
    let lua = "local policy = {}
local count = 0
function policy.deny(input) count += 1 if input.bad then return { reason = 'bad' } end end
function policy.test_nothing() assert(policy.deny({}) == nil) end
function policy.test_true() return policy.deny({ bad = true }).reason == 'bad' and count == 1 end
function policy.test_false() print('hello') return false end
function policy.test_raises()
  error('expected 1')
end
function policy.test_number() return 1 end
function policy.test_loop() while true do end end
function policy.todo_test_later() error('never run') end
return policy";
    let js = "// line 1
let count = 0;
export function deny(input) { count += 1; if (input.bad) return { reason: 'bad' }; }
export function test_nothing() { if (deny({}) !== undefined) throw new Error('x'); }
export function test_true() { return deny({ bad: true }).reason === 'bad' && count === 1; }
export function test_false() { console.log('hello'); return false; }
export function test_raises() {
  throw 'expected 1';
}
export function test_number() { return 1; }
export function test_loop() { for (;;); }
export function todo_test_later() { throw 'never run'; }";
    for (name, text) in [("lua", lua), ("javascript", js)] {
        let ran = run_tests(name, text);
        let ended: Vec<_> = ran
            .iter()
            .map(|(test, outcome, _)| {
                let how = match outcome {
                    TestOutcome::Passed => "passed".to_owned(),
                    TestOutcome::Failed { message, line } => format!("failed: {message} {line:?}"),
                    TestOutcome::Broken(fault) => format!("broken: {:?}", fault.kind),
                    TestOutcome::Skipped => "skipped".to_owned(),
                };
                (test.name.as_str(), test.line, how)
            })
            .collect();
        let raised = if name == "lua" {
            "expected 1"
        } else {
            "uncaught: expected 1"
        };
        let raised_line = if name == "lua" { "Some(8)" } else { "None" };
        assert_eq!(
            ended,
            [
                ("test_nothing", 4, "passed".to_owned()),
                ("test_true", 5, "passed".to_owned()),
                (
                    "test_false",
                    6,
                    "failed: the test returned false None".to_owned()
                ),
                ("test_raises", 7, format!("failed: {raised} {raised_line}")),
                (
                    "test_number",
                    10,
                    "failed: the test returned a number None".to_owned()
                ),
                ("test_loop", 11, "broken: Timeout".to_owned()),
                ("todo_test_later", 12, "skipped".to_owned()),
            ],
            "{name}"
        );
        assert_eq!(ran[2].2.len(), 1);
    }
}

#[test]
fn a_file_without_tests_has_none() {
    for (name, text) in [
        ("lua", "return { deny = print }"),
        ("javascript", "export function deny() {}"),
    ] {
        let source = PolicySource {
            id: "P",
            file: "p",
            text,
        };
        assert!(language(name).tests(source).unwrap().is_none());
    }
}

/// The blocks of a document in a language.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let text = fs::read_to_string(path.join(document)).unwrap();
    let start = format!("```{language}\n");
    let parts = text.split(&start).skip(1);
    parts
        .map(|part| part.split("\n```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_example_of_the_documents_denies_what_it_says() {
    let sudo = r#"{"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": "sudo ls"}}"#;
    let mut ran = 0;
    for (ending, name, host) in [
        ("lua", "lua", Language::Lua),
        ("js", "javascript", Language::JavaScript),
    ] {
        for text in blocks("policies.md", ending) {
            let project = tempfile::tempdir().unwrap();
            let policies = project.path().join(".cupcake/policies");
            fs::create_dir_all(&policies).unwrap();
            fs::write(policies.join(format!("a.{ending}")), &text).unwrap();
            let engine = PolicyEngine::load(project.path(), &options()).unwrap();
            let decision = engine.evaluate(&event(sudo));
            assert_eq!(decision.rules[0].severity, "HIGH".into(), "{text}");
            assert!(decision.errors.is_empty());
            for (test, outcome, _) in run_tests(name, &text) {
                assert_eq!(outcome, TestOutcome::Passed, "{test:?}");
                ran += 1;
            }
        }
        for text in blocks("scripting.md", ending) {
            let project = project(&[("a.lua", "return { add_context = function() end }")]);
            let mut host = ScriptHost::builder(host)
                .project(project.path(), EngineOptions::default())
                .build()
                .unwrap();
            host.run(&Script::new("example", text)).unwrap();
            let ask = format!("Cupcake.eval('{sudo}').reason");
            let ask = if ending == "lua" {
                format!("return {ask}")
            } else {
                ask
            };
            let reason = host.run(&Script::new("ask", ask)).unwrap();
            assert_eq!(&**reason.as_string().unwrap(), "`sudo` is not for agents");
            ran += 1;
        }
    }
    assert_eq!(ran, 4);
}

#[test]
fn a_policy_of_a_script_that_does_not_end_is_stopped_and_the_script_goes_on() {
    let lua = "Cupcake.policy{ id = 'LOOP', events = { 'PreToolUse' }, deny = function() while true do end end, ask = function() return { reason = 'x' } end }
local decision = Cupcake.eval({ hook_event_name = 'PreToolUse' })
return decision.decision .. ' ' .. decision.errors[1].kind .. ' ' .. decision.errors[1].policy";
    let js = "Cupcake.policy({ id: 'LOOP', events: ['PreToolUse'], deny() { for (;;); }, ask: () => ({ reason: 'x' }) });
const decision = Cupcake.eval({ hook_event_name: 'PreToolUse' });
decision.decision + ' ' + decision.errors[0].kind + ' ' + decision.errors[0].policy";
    for (language, text) in [(Language::Lua, lua), (Language::JavaScript, js)] {
        let project = project(&[("a.lua", "return { add_context = function() end }")]);
        let mut host = ScriptHost::builder(language)
            .project(
                project.path(),
                EngineOptions {
                    deadline: Duration::from_millis(100),
                    ..EngineOptions::default()
                },
            )
            .build()
            .unwrap();
        let answer = host.run(&Script::new("loop", text)).unwrap();
        assert_eq!(
            &**answer.as_string().unwrap(),
            "deny timeout LOOP",
            "{language}"
        );
    }
}

#[test]
fn the_deadline_of_a_script_ends_it_in_the_middle_of_its_policy() {
    let lua = "Cupcake.policy{ id = 'LOOP', events = { 'PreToolUse' }, deny = function() while true do end end }
pcall(Cupcake.eval, { hook_event_name = 'PreToolUse' })
while true do end";
    let js = "Cupcake.policy({ id: 'LOOP', events: ['PreToolUse'], deny() { for (;;); } });
try { Cupcake.eval({ hook_event_name: 'PreToolUse' }); } catch {}
for (;;);";
    for (language, text) in [(Language::Lua, lua), (Language::JavaScript, js)] {
        let project = project(&[("a.lua", "return { add_context = function() end }")]);
        let mut host = ScriptHost::builder(language)
            .limits(SandboxLimits {
                timeout: Some(Duration::from_millis(100)),
                ..SandboxLimits::default()
            })
            .project(
                project.path(),
                EngineOptions {
                    deadline: Duration::from_secs(3600),
                    ..EngineOptions::default()
                },
            )
            .build()
            .unwrap();
        let error = host.run(&Script::new("loop", text)).unwrap_err();
        assert_eq!(error.kind().code(), "timeout", "{language}");
    }
}

#[test]
fn the_policies_of_a_javascript_script_that_was_stopped_are_errors_until_they_are_registered_anew()
{
    let project = project(&[("a.lua", "return { add_context = function() end }")]);
    let mut host = ScriptHost::builder(Language::JavaScript)
        .limits(SandboxLimits {
            timeout: Some(Duration::from_secs(2)),
            ..SandboxLimits::default()
        })
        .project(project.path(), EngineOptions::default())
        .build()
        .unwrap();
    let register =
        "Cupcake.policy({ id: 'A', events: ['PreToolUse'], deny: () => ({ reason: 'x' }) });";
    let ask = "var d = Cupcake.eval({ hook_event_name: 'PreToolUse' }); d.decision + ' ' + (d.errors[0]?.message ?? 'well')";
    host.run(&Script::new("register", register)).unwrap();
    let before = host.run(&Script::new("ask", ask)).unwrap();
    assert!(host.run(&Script::new("loop", "for (;;);")).is_err());
    let after = host.run(&Script::new("ask", ask)).unwrap();
    host.run(&Script::new("register", register)).unwrap();
    let again = host.run(&Script::new("ask", ask)).unwrap();
    let said = [before, after, again].map(|said| said.as_string().unwrap().to_string());
    let gone = "deny the script that registered the policy was stopped, and its functions are gone";
    assert_eq!(said, ["deny well", gone, "deny well"]);
}

#[test]
fn the_digest_of_a_decision_covers_the_text_of_the_script() {
    let register = "Cupcake.policy{ id = 'A', events = { 'PreToolUse' }, deny = function() end }";
    let ask = "return Cupcake.eval({ hook_event_name = 'PreToolUse' }).policy_digest";
    let project = project(&[("a.lua", "return { add_context = function() end }")]);
    let digest = |text: &str| {
        let mut host = ScriptHost::builder(Language::Lua)
            .project(project.path(), EngineOptions::default())
            .build()
            .unwrap();
        let text = format!("{text}\n{ask}");
        let digest = host.run(&Script::new("s", text)).unwrap();
        digest.as_string().unwrap().to_string()
    };
    let digests = [
        digest(""),
        digest(register),
        digest(&format!("{register} -- changed")),
    ];
    assert_eq!(digest(register), digests[1]);
    assert!(digests[0] != digests[1] && digests[1] != digests[2] && digests[0] != digests[2]);
}

#[test]
fn a_project_that_changes_again_and_again_is_decided_by_its_latest_policies() {
    let policy = |file: &str, turn: usize| match file {
        "a.lua" => {
            format!("{LUA}return {{ deny = function() return {{ reason = '{turn}' }} end }}")
        }
        _ => format!("{JS}export const deny = () => ({{ reason: '{turn}' }});"),
    };
    for file in ["a.lua", "a.js"] {
        let project = project(&[(file, "return { ask = function() end }")]);
        let path = project.path().join(".cupcake/policies").join(file);
        fs::write(&path, policy(file, 0)).unwrap();
        let engine = PolicyEngine::load(project.path(), &options()).unwrap();
        // More often than a state keeps what nobody needs.
        for turn in 1..100 {
            fs::write(&path, policy(file, turn)).unwrap();
            let _ = engine.reload();
            assert_eq!(
                engine.evaluate(&event(ANY)).reason,
                turn.to_string(),
                "{file}"
            );
        }
    }
}
