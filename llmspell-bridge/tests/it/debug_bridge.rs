//! What scripts may do with the debug infrastructure that they share, and what they leave there.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use llmspell_bridge::{
    DebugBridge, DumpOptions, KeptLines, Language, ProfileOptions, SandboxLimits, Script,
    ScriptHost, ScriptHostBuilder, ScriptOutput,
};
use llmspell_engine::EngineOptions;
use llmspell_utils::debug::{
    Clock, DebugConfig, DebugEntry, DebugLevel, DebugManager, ScopeGrants, SlowOperation,
    SlowThresholds, Timestamp,
};

/// A clock of which each reading is a millisecond after the one before.
#[derive(Debug, Default)]
struct SteppingClock(AtomicU64);

impl Clock for SteppingClock {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn wall(&self) -> Timestamp {
        Timestamp::from_nanoseconds(0)
    }
}

fn project(builder: ScriptHostBuilder) -> ScriptHostBuilder {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/specs/project");
    builder.project(project, EngineOptions::default())
}

/// A host of its own scope, and what its scripts print.
fn sharing(language: Language, manager: &Arc<DebugManager>) -> (ScriptHost, Arc<KeptLines>) {
    host(language, DebugBridge::new(Arc::clone(manager)))
}

fn host(language: Language, bridge: DebugBridge) -> (ScriptHost, Arc<KeptLines>) {
    let lines = Arc::new(KeptLines::new(1 << 20));
    let host = ScriptHost::builder(language)
        .debug(bridge)
        .output(Arc::clone(&lines) as Arc<dyn ScriptOutput>)
        .build()
        .unwrap();
    (host, lines)
}

fn run(host: &mut ScriptHost, source: &str) {
    let ran = host.run(&Script::new("script", source));
    ran.unwrap_or_else(|error| panic!("{source}: {}", error.render(false)));
}

fn messages(manager: &DebugManager) -> Vec<String> {
    let entries = manager.captured(None).into_iter();
    entries.map(|entry| entry.message).collect()
}

#[test]
fn one_script_cannot_read_clear_or_silence_another_of_the_same_manager() {
    for language in Language::ALL {
        let manager = Arc::new(DebugManager::new());
        let (mut one, _) = sharing(language, &manager);
        let (mut other, printed) = sharing(language, &manager);
        let call = if language == Language::Lua { ":" } else { "." };
        run(
            &mut one,
            &format!("Debug.warn('of one'); Debug.timer('mine'){call}stop()"),
        );
        let count = match language {
            Language::Lua => "print(#Debug.getCapturedEntries(), Debug.performanceReport())",
            Language::JavaScript => {
                "print(Debug.getCapturedEntries().length + '\\t' + Debug.performanceReport())"
            }
        };
        run(&mut other, count);
        assert_eq!(
            printed.lines(),
            ["0\tno timer was stopped yet\n"],
            "{language}"
        );
        run(
            &mut other,
            "Debug.clearCaptured(); Debug.setEnabled(false); Debug.setDefaultFilterEnabled(false);
             Debug.setLevel('off'); Debug.setFilter('off'); Debug.clearModuleFilters()",
        );
        run(&mut one, "Debug.warn('heard all the same', 'some.module')");
        run(&mut other, "Debug.error('not heard')");
        assert_eq!(
            messages(&manager),
            ["of one", "heard all the same"],
            "{language}: the host sees all"
        );
        assert_eq!(manager.level(), DebugLevel::Info);
    }
}

#[test]
fn a_script_hears_what_level_is_allowed() {
    for language in Language::ALL {
        let manager = Arc::new(DebugManager::new());
        let (mut host, printed) = sharing(language, &manager);
        run(
            &mut host,
            "print(Debug.setLevel('trace')); print(Debug.setFilter('debug')); print(Debug.setLevel('error')); print(Debug.getLevel())",
        );
        assert_eq!(
            printed.lines(),
            ["false", "false", "true", "ERROR"],
            "{language}"
        );
        assert_eq!(
            messages(&manager),
            [
                "Debug.setLevel: the level TRACE is not allowed here, INFO at most",
                "Debug.setFilter: the level DEBUG is not allowed here, INFO at most"
            ],
            "{language}"
        );
    }
}

#[test]
fn an_embedder_may_grant_more() {
    for language in Language::ALL {
        let manager = Arc::new(DebugManager::new());
        let grants = ScopeGrants {
            level: Some(DebugLevel::Debug),
        };
        let (mut granted, printed) = host(
            language,
            DebugBridge::granting(Arc::clone(&manager), grants),
        );
        run(
            &mut granted,
            "print(Debug.setLevel('debug')); Debug.debug('more')",
        );
        assert_eq!(printed.lines(), ["true"], "{language}");
        assert_eq!(messages(&manager), ["more"], "{language}");
        let (mut owner, printed) = host(language, DebugBridge::owning(Arc::clone(&manager)));
        run(&mut owner, "print(Debug.setLevel('trace'))");
        assert_eq!(printed.lines(), ["true"], "{language}");
        assert_eq!(manager.level(), DebugLevel::Trace, "{language}");
    }
}

fn slow_entries(manager: &DebugManager) -> Vec<DebugEntry> {
    let mut entries = manager.captured(None);
    entries.retain(|entry| entry.module.as_deref() == Some("llmspell.slow"));
    entries
}

#[test]
fn a_slow_script_and_a_slow_evaluation_leave_one_warning_each_with_the_breakdown() {
    for language in Language::ALL {
        let manager = Arc::new(DebugManager::with_clock(Arc::new(SteppingClock::default())));
        manager.set_slow_thresholds(SlowThresholds {
            script: Some(Duration::from_nanos(1)),
            evaluation: Some(Duration::from_nanos(1)),
            signal: None,
        });
        let builder = ScriptHost::builder(language).debug(DebugBridge::new(Arc::clone(&manager)));
        let mut host = project(builder).build().unwrap();
        // A scope that silences itself does not silence the host's warnings.
        run(
            &mut host,
            r#"Debug.setEnabled(false);
               Cupcake.eval('{"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": "ls"}}')"#,
        );
        let entries = slow_entries(&manager);
        assert_eq!(entries.len(), 2, "{language}: {entries:?}");
        let [evaluation, script] = [&entries[0], &entries[1]];
        assert!(
            evaluation
                .message
                .starts_with("evaluation of PreToolUse of Bash took"),
            "{language}: {}",
            evaluation.message
        );
        assert!(
            script.message.starts_with("script call of script took"),
            "{language}: {}",
            script.message
        );
        let breakdown = |entry: &DebugEntry| entry.data.as_ref().unwrap()["breakdown"].clone();
        let evaluated = breakdown(evaluation);
        assert!(
            evaluated["timings_us"]["evaluate"].is_number(),
            "{evaluated}"
        );
        assert!(evaluated["policies"][0]["us"].is_number(), "{evaluated}");
        assert_eq!(evaluated["file"], "script", "{evaluated}");
        assert_eq!(evaluated["line"], 2, "{evaluated}");
        let ran = breakdown(script);
        assert_eq!(ran["evaluations"], 1, "{ran}");
        assert_eq!(ran["ended"], "done", "{ran}");
        for phase in ["load_ms", "run_ms", "convert_ms"] {
            assert!(ran[phase].as_f64().unwrap() > 0.0, "{phase}: {ran}");
        }
        // How much is left depends on the machine: evaluations do not follow the stepping clock.
        assert!(ran["script_ms"].is_number(), "{ran}");
    }
}

#[test]
fn what_is_fast_enough_leaves_no_warning() {
    for language in Language::ALL {
        let manager = Arc::new(DebugManager::new());
        let config = DebugConfig {
            slow: SlowThresholds::all(Some(Duration::from_secs(3600))),
            ..DebugConfig::default()
        };
        manager.configure(&config).unwrap();
        assert!(manager.slow_threshold(SlowOperation::Signal).is_some());
        let builder = ScriptHost::builder(language).debug(DebugBridge::new(Arc::clone(&manager)));
        let mut host = project(builder).build().unwrap();
        run(&mut host, r#"Cupcake.eval('{"hook_event_name": "Stop"}')"#);
        assert!(slow_entries(&manager).is_empty(), "{language}");
    }
}

#[test]
fn the_flame_graph_shows_what_was_timed_in_this_bridge() {
    for language in Language::ALL {
        let manager = Arc::new(DebugManager::with_clock(Arc::new(SteppingClock::default())));
        let (mut host, printed) = sharing(language, &manager);
        let stop = if language == Language::Lua {
            ":stop()"
        } else {
            ".stop()"
        };
        let local = if language == Language::Lua {
            "local"
        } else {
            "const"
        };
        run(
            &mut host,
            &format!(
                "{local} load = Debug.timer('load'); {local} parse = Debug.timer('parse');
                 parse{stop}; load{stop}; print(Debug.flameGraph())"
            ),
        );
        let text = printed.lines().join("\n");
        assert!(text.contains("load;parse 1000"), "{language}: {text}");
        assert!(text.starts_with("load 2000"), "{language}: {text}");
    }
}

#[test]
fn profiles_are_saved_below_the_directory_that_the_host_allows_and_nowhere_else() {
    for language in Language::ALL {
        let folder = tempfile::tempdir().unwrap();
        let allowed = folder.path().join("allowed");
        fs::create_dir_all(allowed.join("sub")).unwrap();
        fs::write(allowed.join("there.folded"), "kept").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path(), allowed.join("out")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path().join("x.svg"), allowed.join("link.svg")).unwrap();
        let lines = Arc::new(KeptLines::new(1 << 20));
        let mut host = ScriptHost::builder(language)
            .output(Arc::clone(&lines) as Arc<dyn ScriptOutput>)
            .profiles_below(&allowed)
            .build()
            .unwrap();
        let paths = [
            ("a.folded", true),
            ("sub/a.speedscope.json", true),
            ("a.trace.json", true),
            ("a.svg", true),
            ("a.folded", false),
            ("there.folded", false),
            ("../outside.folded", false),
            ("sub/../../outside.folded", false),
            ("out/outside.folded", false),
            ("link.svg", false),
            ("missing/a.folded", false),
            ("/tmp/llmspell-outside.folded", false),
            ("a.lua", false),
            ("a\\0.folded", false),
            ("", false),
            ("..", false),
        ];
        let between = if language == Language::Lua { ":" } else { "." };
        let local = if language == Language::Lua {
            "local"
        } else {
            "const"
        };
        let mut source = format!("Debug.startProfile(); {local} p = Debug.stopProfile();\n");
        for (path, _) in paths {
            source.push_str(&format!("print(p{between}save('{path}'));\n"));
        }
        run(&mut host, &source);
        let expected: Vec<_> = paths.iter().map(|(_, saved)| saved.to_string()).collect();
        assert_eq!(lines.lines(), expected, "{language}");
        assert_eq!(
            fs::read_to_string(allowed.join("there.folded")).unwrap(),
            "kept"
        );
        assert!(
            fs::read_to_string(allowed.join("a.svg"))
                .unwrap()
                .contains("<svg")
        );
        let outside: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(outside.len(), 1, "{language}: {outside:?}");
    }
}

#[test]
fn a_profile_of_the_host_is_not_the_scripts_to_stop() {
    for language in Language::ALL {
        let manager = Arc::new(DebugManager::new());
        let (mut host, printed) = sharing(language, &manager);
        assert!(host.profiles().start(ProfileOptions::default()).unwrap());
        run(
            &mut host,
            "Debug.stopProfile(); print(Debug.startProfile())",
        );
        assert_eq!(printed.lines(), ["false"], "{language}");
        assert!(host.profiles().stop().is_some(), "{language}");
    }
}

#[test]
fn secrets_reach_neither_stacks_nor_errors_nor_reports() {
    const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
    let lua = format!(
        "local password, token = 'hunter2', 'x {KEY}'
         Debug.timer(token):stop()
         print(Debug.stackTrace({{capture_locals = true}}))
         print(Debug.stackTraceJson({{capture_locals = true, capture_upvalues = true}}))
         print(Debug.performanceReport()) print(Debug.jsonReport()) print(Debug.flameGraph())
         error('wrong key ' .. token)"
    );
    let javascript = format!(
        "const password = 'hunter2', token = 'x ' + '{KEY}';
         Debug.timer(token).stop();
         const held = {{[token]: () => {{ print(Debug.stackTrace()); }}}};
         Debug.startProfile({{title: token}}); held[token](); print(Debug.stopProfile().json());
         print(Debug.performanceReport()); print(Debug.jsonReport()); print(Debug.flameGraph());
         throw new Error('wrong key ' + token)"
    );
    for (language, source) in [(Language::Lua, lua), (Language::JavaScript, javascript)] {
        let manager = Arc::new(DebugManager::new());
        let (mut host, printed) = sharing(language, &manager);
        let error = host.run(&Script::new("script", source)).unwrap_err();
        let shown = [
            printed.lines().join("\n"),
            error.message().to_owned(),
            error.stack().to_text(),
            error.to_json().to_string(),
        ];
        for text in shown {
            assert!(!text.contains("hunter2"), "{language}: {text}");
            assert!(!text.contains(KEY), "{language}: {text}");
        }
        assert!(error.message().contains("[redacted:aws]"), "{language}");
    }
}

#[test]
fn an_excerpt_shows_no_secret_of_the_script() {
    const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
    let cases = [
        (Language::Lua, format!("local a = 1\nerror('{KEY}')"), 2),
        (Language::Lua, format!("local a = '{KEY}' = 2"), 1),
        (
            Language::JavaScript,
            format!("const a = 1;\n  throw new Error('{KEY}')"),
            2,
        ),
        (Language::JavaScript, format!("const a = '{KEY}' = 2"), 1),
    ];
    for (language, source, line) in cases {
        let script = Script::new("script", source.as_str());
        let options = DumpOptions::compact();
        let host = || ScriptHost::builder(language).build().unwrap();
        let mut errors = vec![
            host().run(&script).unwrap_err(),
            host().run_input(&script, &options).unwrap_err(),
        ];
        errors.extend(host().check_input(&script).err());
        for error in errors {
            // A program that knows the source of older scripts adds it.
            let again = error.clone().with_source_text(source.as_str());
            for shown in [error.render(false), again.render(false)] {
                assert!(!shown.contains(KEY), "{language}: {shown}");
                let lines: Vec<_> = shown.lines().collect();
                let excerpt = lines
                    .iter()
                    .find(|text| text.starts_with(&line.to_string()));
                let excerpt = excerpt.unwrap_or_else(|| panic!("{language}: {shown}"));
                assert!(excerpt.contains("[redacted:aws]"), "{language}: {shown}");
            }
        }
    }
}

#[test]
fn a_slow_input_of_a_prompt_tells_its_own_phases() {
    for language in Language::ALL {
        let manager = Arc::new(DebugManager::with_clock(Arc::new(SteppingClock::default())));
        manager.set_slow_thresholds(SlowThresholds::all(Some(Duration::from_nanos(1))));
        let (mut host, _) = sharing(language, &manager);
        let options = DumpOptions::compact();
        let long = "x = 0\n".repeat(20_000);
        let breakdown = |host: &mut ScriptHost, source: &str| {
            manager.clear_captured();
            // What an input comes to does not matter.
            let _ = host.run_input(&Script::new("input", source), &options);
            slow_entries(&manager)[0].data.as_ref().unwrap()["breakdown"].clone()
        };
        let declared = match language {
            Language::Lua => "x = 1",
            Language::JavaScript => "var x = 1",
        };
        let first = breakdown(&mut host, declared);
        for phase in ["load_ms", "run_ms", "convert_ms"] {
            assert!(first[phase].is_number(), "{language}: {phase}: {first}");
        }
        let raised = match language {
            Language::Lua => "error('x')",
            Language::JavaScript => "throw 1",
        };
        let second = breakdown(&mut host, raised);
        assert!(second["convert_ms"].is_null(), "{language}: {second}");
        let third = breakdown(&mut host, &long);
        assert_ne!(third["load_ms"], first["load_ms"], "{language}");
    }
}

#[test]
fn an_answer_that_the_scripts_memory_has_no_room_for_is_empty_and_told() {
    for language in Language::ALL {
        let source = match language {
            Language::Lua => {
                "local refused = 0
                 for count = 500, 5000, 500 do
                   local found = #Debug.getCapturedEntries(count)
                   assert(found == 0 or found == count, found)
                   if found == 0 then refused += 1 end
                 end
                 return refused"
            }
            Language::JavaScript => {
                "let refused = 0;
                 for (let count = 500; count <= 5000; count += 500) {
                   const found = Debug.getCapturedEntries(count).length;
                   if (found !== 0 && found !== count) throw found;
                   if (found === 0) refused++;
                 }
                 refused"
            }
        };
        let manager = Arc::new(DebugManager::new());
        for number in 0..5_000 {
            let text = format!("entry {number} ").repeat(number % 7);
            let entry = manager.entry(DebugLevel::Info, text);
            manager.emit(entry.with_data(serde_json::json!({"number": number, "ü": ["a"]})));
        }
        let refused = |memory: usize| {
            let limits = SandboxLimits {
                memory: memory << 20,
                ..SandboxLimits::default()
            };
            let mut host = ScriptHost::builder(language)
                .debug(DebugBridge::owning(Arc::clone(&manager)))
                .limits(limits)
                .build()
                .unwrap();
            let refused = host.run(&Script::new("script", source));
            let refused = refused.unwrap_or_else(|error| panic!("{language}, {memory}: {error}"));
            refused.as_i64().unwrap()
        };
        assert_eq!(refused(64), 0, "{language}");
        let is_told = |message: &String| message.contains("than the script's memory has room for");
        assert!(!messages(&manager).iter().any(is_told), "{language}");
        let (one, four) = (refused(1), refused(4));
        assert!(
            0 < four && four < one && one <= 10,
            "{language}: {four}, {one}"
        );
        let told = messages(&manager).into_iter().filter(is_told).count();
        assert_eq!(told, 2, "{language}: once for each host");
    }
}

#[test]
fn garbage_takes_no_room_from_an_answer() {
    for language in Language::ALL {
        let source = match language {
            Language::Lua => {
                "local text = string.rep('x', 100000)
                 for i = 1, 40 do local garbage = text .. i
                   local dump = Debug.dumpWithOptions(text, {max_string_length = 400000})
                   assert(#dump > 100000, i) end"
            }
            Language::JavaScript => {
                "const text = 'x'.repeat(100000);
                 for (let i = 1; i <= 40; i++) { const cycle = {text: text + i}; cycle.cycle = cycle;
                   const dump = Debug.dumpWithOptions(text, {max_string_length: 400000});
                   if (dump.length < 100000) throw new Error(`${i}`) }"
            }
        };
        let limits = SandboxLimits {
            memory: 2 << 20,
            ..SandboxLimits::default()
        };
        let mut host = ScriptHost::builder(language)
            .limits(limits)
            .build()
            .unwrap();
        let ran = host.run(&Script::new("script", source));
        assert!(ran.is_ok(), "{language}: {}", ran.unwrap_err());
    }
}

#[test]
fn a_dump_on_one_line_keeps_types_apart_from_values() {
    let cases = [
        (
            Language::Lua,
            "print(Debug.dumpWithOptions({1, {}}, {compact_mode = true}))",
            "[ (table, 2 elements) 1 (number), {}]",
        ),
        (
            Language::JavaScript,
            "print(Debug.dumpWithOptions({a: 1}, {compact_mode: true}))",
            "{ (Object, 1 entries) a = 1 (number)}",
        ),
    ];
    for (language, source, expected) in cases {
        let (mut host, printed) = sharing(language, &Arc::new(DebugManager::new()));
        run(&mut host, source);
        assert_eq!(printed.lines(), [expected]);
    }
}

#[test]
fn calls_on_one_line_are_complained_about_once() {
    for language in Language::ALL {
        let manager = Arc::new(DebugManager::new());
        let mut host = host(language, DebugBridge::owning(Arc::clone(&manager))).0;
        run(
            &mut host,
            "Debug.setLevel('a'); Debug.setLevel('b')\nDebug.setLevel('c')",
        );
        assert_eq!(messages(&manager).len(), 2, "{language}");
    }
}

#[test]
fn a_secret_that_would_be_cut_in_two_is_redacted_as_a_whole() {
    const SECRET: &str = "hunter2hunter2hunter2";
    // Where a text is cut: what a complaint shows, a name, a title, a label.
    for most in [120, 256, 1024] {
        for behind in [10, 20, 30] {
            let text = format!(
                "{} postgres://me:{SECRET}@db/x and more{}",
                "x".repeat(most - behind),
                " of it".repeat(300)
            );
            let lua = format!(
                "local text = '{text}'
                 Debug.setLevel(text) Debug.dumpWithOptions({{}}, {{[text] = 1}}) Debug.timer(text):stop()
                 Debug.info('x', text)
                 Debug.startProfile({{title = text}}) print(Debug.stopProfile().title)
                 print(Debug.dump({{}}, text), Debug.performanceReport())
                 for _, entry in Debug.getCapturedEntries() do print(entry.message, entry.module) end"
            );
            let javascript = format!(
                "const text = '{text}';
                 Debug.setLevel(text); Debug.dumpWithOptions({{}}, {{[text]: 1}}); Debug.timer(text).stop();
                 Debug.info('x', text);
                 Debug.startProfile({{title: text}}); print(Debug.stopProfile().title);
                 print(Debug.dump({{}}, text), Debug.performanceReport());
                 for (const entry of Debug.getCapturedEntries()) print(entry.message, entry.module);"
            );
            for (language, source) in [(Language::Lua, lua), (Language::JavaScript, javascript)] {
                let manager = Arc::new(DebugManager::new());
                let (mut host, printed) = sharing(language, &manager);
                run(&mut host, &source);
                let shown = printed.lines().join("\n");
                assert!(!shown.contains("me:hun"), "{language} {most}: {shown}");
                assert!(
                    messages(&manager)
                        .iter()
                        .all(|message| !message.contains("me:hun"))
                );
            }
        }
    }
}

#[test]
fn what_redacting_takes_away_brings_no_half_of_a_secret_into_view() {
    let key = format!(
        "-----BEGIN PRIVATE KEY-----{}-----END PRIVATE KEY-----",
        "MIIE".repeat(100)
    );
    for language in Language::ALL {
        let manager = Arc::new(DebugManager::new());
        let (mut host, printed) = sharing(language, &manager);
        // More than is looked at, and the second secret lies where that ends.
        for behind in 0..40 {
            let between = "y ".repeat((712 - key.len() - behind) / 2);
            let text = format!(
                "{key} {between}postgres://me:hunter2hunter2hunter2@db/x{}",
                " of it".repeat(300)
            );
            run(&mut host, &format!("print(Debug.dump('{text}'))"));
        }
        let shown = printed.lines().join("\n");
        assert!(shown.contains("[redacted:"), "{language}: {shown}");
        assert!(!shown.contains("hun"), "{language}: {shown}");
    }
}

#[test]
fn the_name_of_a_class_is_redacted() {
    let manager = Arc::new(DebugManager::new());
    let (mut host, printed) = sharing(Language::JavaScript, &manager);
    run(
        &mut host,
        "print(Debug.dump(new (class { static name = 'AKIAIOSFODNN7EXAMPLE' })()))",
    );
    assert_eq!(printed.lines(), ["{ ([redacted:aws], 0 entries)}"]);
}

#[test]
fn the_newest_entries_are_given_oldest_first() {
    for language in Language::ALL {
        let manager = Arc::new(DebugManager::new());
        let (mut host, printed) = sharing(language, &manager);
        let source = match language {
            Language::Lua => {
                "for i = 1, 10000 do Debug.info(tostring(i)) end
                 local newest = Debug.getCapturedEntries(100)
                 print(#newest, newest[1].message, newest[100].message, #Debug.getCapturedEntries(0))"
            }
            Language::JavaScript => {
                "for (let i = 1; i <= 10000; i++) Debug.info(String(i));
                 const newest = Debug.getCapturedEntries(100);
                 print([newest.length, newest[0].message, newest[99].message, Debug.getCapturedEntries(0).length].join('\\t'))"
            }
        };
        run(&mut host, source);
        assert_eq!(printed.lines(), ["100\t9901\t10000\t0"], "{language}");
    }
}
