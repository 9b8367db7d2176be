//! Profiles of Lua scripts: sampled and exact, with policies beneath the scripts that ask them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use llmspell_bridge::{
    Arguments, Language, Method, ProfileMode, ProfileOptions, SandboxLimits, Script, ScriptError,
    ScriptErrorKind, ScriptHost, ScriptObject, ScriptProfiles, ScriptValue,
};
use llmspell_engine::{EngineOptions, Value};
use llmspell_utils::debug::{FrameKind, Profile, ProfileMethod};

use crate::retried::retried;

/// Starts and stops profiles from a script.
#[derive(Default)]
struct Control {
    profiles: OnceLock<ScriptProfiles>,
    profile: OnceLock<Profile>,
}

impl ScriptObject for Control {
    const NAME: &'static str = "Control";
    const METHODS: &'static [Method<Self>] = &[
        Method::new("sample", |this, _| this.start(ProfileMode::Sampled)),
        Method::new("trace", |this, _| this.start(ProfileMode::Exact)),
        Method::new("stop", |this, _| {
            let profile = this.profiles.get().unwrap().stop();
            Ok(profile
                .is_some_and(|profile| this.profile.set(profile).is_ok())
                .into())
        }),
        Method::new("calls", |_, arguments: &dyn Arguments| {
            arguments.call(0, 1).map(|()| ScriptValue::Returned)
        }),
    ];
}

impl Control {
    fn start(&self, mode: ProfileMode) -> Result<ScriptValue, ScriptError> {
        let started = self.profiles.get().unwrap().start(options(mode))?;
        Ok(started.into())
    }
}

fn options(mode: ProfileMode) -> ProfileOptions {
    ProfileOptions {
        title: "test".to_owned(),
        mode,
        interval: Duration::from_millis(1),
    }
}

fn limits() -> SandboxLimits {
    SandboxLimits {
        memory: 16 << 20,
        timeout: Some(Duration::from_secs(60)),
        ..SandboxLimits::default()
    }
}

/// A host whose scripts find a `control`.
fn host() -> (ScriptHost, Arc<Control>) {
    let control = Arc::new(Control::default());
    let host = ScriptHost::builder(Language::Lua)
        .limits(limits())
        .global("control", Arc::clone(&control) as _)
        .build()
        .unwrap();
    control.profiles.set(host.profiles().clone()).unwrap();
    (host, control)
}

fn run(host: &mut ScriptHost, source: &str) -> Result<Value, ScriptError> {
    host.run(&Script::new("test.lua", source))
}

/// The profile of a script that is started and stopped from outside.
fn profile(mode: ProfileMode, source: &str) -> (Profile, Value) {
    let (mut host, _) = host();
    assert!(host.profiles().start(options(mode)).unwrap());
    let value = run(&mut host, source).unwrap();
    (host.profiles().stop().unwrap(), value)
}

fn frame_name(profile: &Profile, id: llmspell_utils::debug::FrameId) -> &str {
    &profile.frame(id).unwrap().name
}

/// The time that was spent in each path itself; a path is its names, the outermost first.
fn paths(profile: &Profile) -> BTreeMap<String, Duration> {
    let mut paths = BTreeMap::new();
    for node in profile.nodes() {
        let stack = profile.stack(node.id);
        let names: Vec<_> = stack.iter().map(|id| frame_name(profile, *id)).collect();
        *paths.entry(names.join(" > ")).or_default() += node.own;
    }
    paths
}

/// How often each function was called, by its name.
fn calls(profile: &Profile) -> BTreeMap<&str, u64> {
    let mut calls = BTreeMap::new();
    for node in profile.nodes() {
        *calls.entry(frame_name(profile, node.frame)).or_default() += node.calls;
    }
    calls
}

/// The share of the time that was spent in functions of this name and beneath them.
fn share(profile: &Profile, name: &str) -> f64 {
    let inside = profile.nodes().filter(|node| {
        let stack = profile.stack(node.id);
        stack.iter().any(|id| frame_name(profile, *id) == name)
    });
    let inside: Duration = inside.map(|node| node.own).sum();
    inside.as_secs_f64() / profile.total().as_secs_f64()
}

/// A script that works for about this many milliseconds in a function of this name.
fn work(name: &str, milliseconds: u32) -> String {
    format!(
        "local function {name}() local till = os.clock() + {milliseconds} / 1000
         local x = 0 repeat for i = 1, 1000 do x = x + i % 7 end until os.clock() > till return x end\n"
    )
}

#[test]
fn a_sampled_profile_gives_a_hot_function_its_share_of_the_time() {
    retried(|| {
        let source = format!("{}{}hot() cold() hot()", work("hot", 120), work("cold", 40));
        let (profile, _) = profile(ProfileMode::Sampled, &source);
        assert_eq!(
            profile.method(),
            ProfileMethod::Sampled(Duration::from_millis(1))
        );
        let (hot, cold) = (share(&profile, "hot"), share(&profile, "cold"));
        assert!((0.6..0.97).contains(&hot), "{hot} {:?}", paths(&profile));
        assert!((0.03..0.4).contains(&cold), "{cold} {:?}", paths(&profile));
        assert!(profile.samples() > 5, "{}", profile.samples());
        let hot = profile.frames().iter().find(|frame| &*frame.name == "hot");
        let place = hot.unwrap().place.as_ref().unwrap();
        assert_eq!((&*place.file, place.line), ("test.lua", 1));
    });
}

#[test]
fn an_exact_profile_counts_every_call() {
    let source = r#"
        local counts = {}
        local function count(name) counts[name] = (counts[name] or 0) + 1 end

        local function fib(n) count("fib") if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
        local is_odd
        local function is_even(n) count("is_even") if n == 0 then return true end return is_odd(n - 1) end
        function is_odd(n) count("is_odd") if n == 0 then return false end return is_even(n - 1) end
        local function fails(n) count("fails") if n == 0 then error("deep") end fails(n - 1) end
        local function compare(a, b) count("compare") return a > b end
        local function replace(word) count("replace") return word .. "!" end
        local function index(_, key) count("index") return key end
        local function produce(n) count("produce") for i = 1, n do coroutine.yield(i) end end
        local function inner() count("inner") return 1 end
        local function wrapped() count("wrapped") for i = 1, 3 do coroutine.yield(inner()) end end
        local function tail(n) count("tail") if n > 0 then return tail(n - 1) end end
        local function iterate(state, at) count("iterate") if at < state then return at + 1 end end
        local function make() count("make") return function closure() count("closure") end end
        local function quiet() end

        fib(12)
        is_even(9)
        for i = 1, 5 do pcall(fails, i) end
        for i = 1, 3 do xpcall(fails, function handler() count("handler") end, 2) end
        local list = {}
        for i = 1, 50 do list[i] = (i * 7919) % 101 end
        table.sort(list, compare)
        string.gsub("some words to replace", "%a+", replace)
        local lazy = setmetatable({}, { __index = index })
        local sum = lazy.a .. lazy.b .. lazy.c
        local generator = coroutine.create(produce)
        while coroutine.resume(generator, 4) do end
        local next_one = coroutine.wrap(wrapped)
        next_one() next_one() next_one()
        tail(20)
        for at in iterate, 6, 0 do end
        for i = 1, 4 do make()() end
        for i = 1, 9 do quiet() end
        control.calls(fib, 5)
        counts.quiet = 9
        counts["(main)"] = 1
        return counts
    "#;
    let source = &source
        .replace("return function closure()", "local function closure()")
        .replace(
            "count(\"closure\") end end",
            "count(\"closure\") end return closure end",
        )
        .replace("function handler() count(\"handler\") end", "handler")
        .replace(
            "local function quiet",
            "local function handler() count(\"handler\") end local function quiet",
        );
    let (profile, counted) = profile(ProfileMode::Exact, source);
    assert_eq!(profile.method(), ProfileMethod::Exact);
    let counted: BTreeMap<String, u64> =
        serde_json::from_str(&counted.to_json_str().unwrap()).unwrap();
    let called = calls(&profile);
    let found: BTreeMap<String, u64> = counted
        .keys()
        .map(|name| {
            (
                name.clone(),
                called.get(name.as_str()).copied().unwrap_or(0),
            )
        })
        .collect();
    assert_eq!(found, counted, "{:#?}", paths(&profile));
    let total: u64 = counted.values().sum::<u64>() - 10;
    assert_eq!(called["count"], total);
}

#[test]
fn a_profile_may_be_started_and_stopped_by_the_script_itself() {
    retried(|| {
        for start in ["sample", "trace"] {
            let (mut host, control) = host();
            let source = format!(
                "{}local function body()\ncontrol.{start}()\nhot()\nassert(control.stop())\nend\nbody()\nhot()",
                work("hot", 30)
            );
            run(&mut host, &source).unwrap();
            assert!(host.profiles().stop().is_none());
            let profile = control.profile.get().unwrap();
            let paths = paths(profile);
            let hot = paths["(main) > body > hot"];
            assert!(hot > Duration::from_millis(15), "{start} {paths:?}");
            assert!(hot < profile.total() + Duration::from_millis(1));
            let not_counted = calls(profile)["body"];
            assert_eq!(not_counted, 0, "{start}: it was called before");
        }
    });
}

#[test]
fn only_one_profile_runs_at_a_time() {
    let (mut host, control) = host();
    assert!(host.profiles().start(options(ProfileMode::Exact)).unwrap());
    assert!(
        !host
            .profiles()
            .start(options(ProfileMode::Sampled))
            .unwrap()
    );
    let started = run(&mut host, "return control.sample()").unwrap();
    assert_eq!(started, Value::from(false));
    run(&mut host, "control.stop()").unwrap();
    assert_eq!(
        control.profile.get().unwrap().method(),
        ProfileMethod::Exact
    );
}

#[test]
fn coroutines_stand_beneath_who_resumed_them() {
    retried(|| {
        let source = format!(
        "{}local function inner() hot() coroutine.yield() hot() end
         local function outer() local co = coroutine.create(inner)
           coroutine.resume(co) coroutine.yield() coroutine.resume(co) end
         local function main() local co = coroutine.create(outer) coroutine.resume(co) coroutine.resume(co) end
         main()",
        work("hot", 25)
    );
        for mode in [ProfileMode::Sampled, ProfileMode::Exact] {
            let (profile, _) = profile(mode, &source);
            let path = "(main) > main > coroutine.resume > outer > coroutine.resume > inner > hot";
            let paths = paths(&profile);
            let hot = paths.get(path).copied().unwrap_or_default();
            assert!(hot > Duration::from_millis(25), "{mode:?} {paths:#?}");
            if mode == ProfileMode::Exact {
                let calls = calls(&profile);
                assert_eq!((calls["inner"], calls["outer"], calls["hot"]), (1, 1, 2));
            }
        }
    });
}

#[test]
fn a_profile_that_starts_in_a_coroutine_finds_the_script_that_resumed_it() {
    retried(|| {
        let (mut host, control) = host();
        let source = format!(
            "{}local co = coroutine.create(function() control.sample() hot() control.stop() end)
         assert(coroutine.resume(co))",
            work("hot", 25)
        );
        run(&mut host, &source).unwrap();
        let paths = paths(control.profile.get().unwrap());
        let path = "(main) > coroutine.resume > (anonymous) > hot";
        assert!(paths.contains_key(path), "{paths:#?}");
    });
}

#[test]
fn native_functions_are_on_the_stack_while_they_match_patterns_or_call_back() {
    retried(|| {
        let source = format!(
            "{}local text = string.rep('a', 200)
         local till = os.clock() + 0.04
         repeat string.find(text, 'a*a*a*b') until os.clock() > till
         string.gsub('x', 'x', function() hot() end)",
            work("hot", 25)
        );
        let (profile, _) = profile(ProfileMode::Sampled, &source);
        let paths = paths(&profile);
        assert!(
            paths["(main) > string.find"] > Duration::from_millis(10),
            "{paths:#?}"
        );
        let called_back = paths["(main) > string.gsub > (anonymous) > hot"];
        assert!(called_back > Duration::from_millis(10), "{paths:#?}");
    });
}

#[test]
fn deep_recursion_keeps_the_outermost_and_the_innermost_functions() {
    retried(|| {
        let source = format!(
            "{}local function down(n) if n == 0 then hot() return 0 end return 1 + down(n - 1) end
         local function up() down(5000) end up()",
            work("hot", 40)
        );
        let (profile, _) = profile(ProfileMode::Sampled, &source);
        let hottest = profile.nodes().max_by_key(|node| node.own).unwrap();
        let stack = profile.stack(hottest.id);
        let names: Vec<_> = stack.iter().map(|id| frame_name(&profile, *id)).collect();
        assert!((120..=129).contains(&names.len()), "{}", names.len());
        assert_eq!(names[..3], ["(main)", "up", "down"]);
        assert_eq!(names[names.len() - 65], "(…)");
        assert_eq!(names[names.len() - 2..], ["down", "hot"]);
    });
}

#[test]
fn time_between_two_scripts_is_charged_to_none() {
    retried(|| {
        for mode in [ProfileMode::Sampled, ProfileMode::Exact] {
            let (mut host, _) = host();
            host.profiles().start(options(mode)).unwrap();
            let source = work("hot", 20) + "hot()";
            run(&mut host, &source).unwrap();
            thread::sleep(Duration::from_millis(60));
            run(&mut host, &source).unwrap();
            let profile = host.profiles().stop().unwrap();
            let idle: Duration = profile
                .segments()
                .iter()
                .filter(|segment| segment.node.is_none())
                .map(|segment| segment.duration)
                .sum();
            assert!(idle >= Duration::from_millis(60), "{mode:?} {idle:?}");
            let hot = paths(&profile)["(main) > hot"];
            assert!(hot >= Duration::from_millis(30), "{mode:?} {hot:?}");
            if mode == ProfileMode::Exact {
                assert_eq!(calls(&profile)["hot"], 2);
            }
        }
    });
}

#[test]
fn a_deadline_ends_a_script_that_is_profiled() {
    retried(|| {
        for mode in [ProfileMode::Sampled, ProfileMode::Exact] {
            let mut host = ScriptHost::builder(Language::Lua)
                .limits(SandboxLimits {
                    timeout: Some(Duration::from_millis(60)),
                    ..SandboxLimits::default()
                })
                .build()
                .unwrap();
            host.profiles().start(options(mode)).unwrap();
            let endless =
                "local function spin() while true do pcall(function() end) end end spin()";
            for _ in 0..2 {
                let error = run(&mut host, endless).unwrap_err();
                assert_eq!(error.kind(), ScriptErrorKind::Timeout);
            }
            assert_eq!(run(&mut host, "return 1").unwrap(), Value::from(1));
            let profile = host.profiles().stop().unwrap();
            let spin = share(&profile, "spin");
            assert!(spin > 0.5, "{mode:?} {spin} {:?}", paths(&profile));
        }
    });
}

#[test]
fn a_script_that_runs_out_of_memory_leaves_a_profile() {
    for mode in [ProfileMode::Sampled, ProfileMode::Exact] {
        let (mut host, _) = host();
        host.profiles().start(options(mode)).unwrap();
        let grow = "local function grow(t) while true do t[#t + 1] = {{}} end end grow({})";
        let error = run(&mut host, grow).unwrap_err();
        assert_eq!(error.kind(), ScriptErrorKind::Memory);
        run(
            &mut host,
            "local function next_one() return 1 end next_one()",
        )
        .unwrap();
        let profile = host.profiles().stop().unwrap();
        assert!(paths(&profile).contains_key("(main) > grow"), "{mode:?}");
        if mode == ProfileMode::Exact {
            assert!(paths(&profile).contains_key("(main) > next_one"));
        }
    }
}

#[test]
fn a_profile_may_be_stopped_from_another_thread_while_a_script_runs() {
    let (mut host, _) = host();
    for mode in [ProfileMode::Sampled, ProfileMode::Exact] {
        let profiles = host.profiles().clone();
        let other = thread::spawn(move || {
            for _ in 0..20 {
                profiles.start(options(mode)).unwrap();
                thread::sleep(Duration::from_millis(2));
                profiles.stop().unwrap();
            }
        });
        while !other.is_finished() {
            let source = work("hot", 5)
                + "local co = coroutine.wrap(function() hot() coroutine.yield() end) co() pcall(error) co()";
            run(&mut host, &source).unwrap();
        }
        other.join().unwrap();
    }
    assert!(host.profiles().running().is_none());
}

#[test]
fn a_host_that_goes_away_takes_its_profile_with_it() {
    let (mut host, _) = host();
    let profiles = host.profiles().clone();
    profiles.start(options(ProfileMode::Sampled)).unwrap();
    run(&mut host, &(work("hot", 5) + "hot()")).unwrap();
    drop(host);
    assert!(profiles.stop().is_some());
    assert!(profiles.start(options(ProfileMode::Exact)).unwrap());
    assert!(profiles.stop().unwrap().is_empty());
}

#[test]
fn a_script_that_does_not_parse_leaves_a_profile_of_its_loading() {
    let (mut host, _) = host();
    host.profiles().start(options(ProfileMode::Exact)).unwrap();
    run(&mut host, "this is no script").unwrap_err();
    run(&mut host, "return 1").unwrap();
    let profile = host.profiles().stop().unwrap();
    assert_eq!(
        calls(&profile),
        BTreeMap::from([("(load)", 2), ("(main)", 1)])
    );
}

#[test]
fn policies_and_their_rules_stand_beneath_the_function_that_asked() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/specs/project");
    let source = r#"
        local event = { hook_event_name = "PreToolUse", tool_name = "Bash", tool_input = { command = "rm" } }
        local function ask() return Cupcake.eval(event) end
        local function ask_all() return Cupcake.evalBatch({ event, event }) end
        for i = 1, 3 do ask() end
        ask_all()
    "#;
    for mode in [ProfileMode::Sampled, ProfileMode::Exact] {
        let mut host = ScriptHost::builder(Language::Lua)
            .project(&project, EngineOptions::default())
            .build()
            .unwrap();
        host.profiles().start(options(mode)).unwrap();
        run(&mut host, source).unwrap();
        let profile = host.profiles().stop().unwrap();
        let paths = paths(&profile);
        for path in [
            "(main) > ask > Cupcake.eval > (route)",
            "(main) > ask > Cupcake.eval > SHELL > deny",
            "(main) > ask > Cupcake.eval > SHELL > modify",
            "(main) > ask_all > Cupcake.evalBatch > SHELL > deny",
            "(main) > ask_all > Cupcake.evalBatch > (synthesize)",
        ] {
            assert!(paths[path] > Duration::ZERO, "{mode:?} {path} {paths:#?}");
        }
        let kinds: Vec<_> = profile
            .nodes()
            .filter(|node| frame_name(&profile, node.frame) == "deny")
            .map(|node| (node.calls, profile.stack(node.id).len()))
            .collect();
        assert_eq!(kinds, [(3, 5), (2, 5)]);
        let kind = |name: &str| {
            let frame = profile
                .frames()
                .iter()
                .find(|frame| &*frame.name == name)
                .unwrap();
            let place = frame.place.as_ref();
            (
                frame.kind,
                place.map(|place| (place.file.to_string(), place.line)),
            )
        };
        let file = ".cupcake/policies/shell.rego".to_owned();
        assert_eq!(kind("SHELL"), (FrameKind::Policy, Some((file.clone(), 10))));
        assert_eq!(kind("deny"), (FrameKind::Rule, Some((file, 14))));
        assert_eq!(kind("Cupcake.eval"), (FrameKind::Host, None));
    }
}

#[test]
fn an_exact_profile_charges_what_a_native_function_calls_to_what_it_calls() {
    retried(|| {
        // Hundreds of instructions without a call or a loop between two safe points.
        let work = "x = x * 3 + 1 x = x % 1000 ".repeat(500);
        let source = format!(
            "local function compare(a, b) local x = a {work} return a < b end
         local function replace(word) local x = 1 {work} return nil end
         local list = {{}} for i = 1, 50 do list[i] = i * 7919 % 211 end
         table.sort(list, compare)
         string.gsub(string.rep('w ', 500), 'w', replace)"
        );
        let (profile, _) = profile(ProfileMode::Exact, &source);
        let paths = paths(&profile);
        for (native, called) in [("table.sort", "compare"), ("string.gsub", "replace")] {
            let outside = paths[&format!("(main) > {native}")];
            let inside = paths[&format!("(main) > {native} > {called}")];
            assert!(inside > outside, "{called}: {paths:#?}");
        }
    });
}
