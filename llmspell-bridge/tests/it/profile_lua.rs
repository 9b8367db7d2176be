//! Profiles of Lua scripts: sampled and exact, with policies beneath the scripts that ask them.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use llmspell_bridge::{
    Arguments, Language, Method, ProfileMode, ProfileOptions, SandboxLimits, Script, ScriptError,
    ScriptErrorKind, ScriptHost, ScriptObject, ScriptProfiles, ScriptValue,
};
use llmspell_engine::{EngineOptions, Value};
use llmspell_utils::debug::{FrameKind, Profile, ProfileMethod};

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
    let source = format!("{}{}hot() cold() hot()", work("hot", 120), work("cold", 40));
    let (profile, _) = profile(ProfileMode::Sampled, &source);
    assert_eq!(
        profile.method(),
        ProfileMethod::Sampled(Duration::from_millis(1))
    );
    let (hot, cold) = (share(&profile, "hot"), share(&profile, "cold"));
    assert!((0.7..0.95).contains(&hot), "{hot} {:?}", paths(&profile));
    assert!((0.05..0.3).contains(&cold), "{cold} {:?}", paths(&profile));
    assert!(profile.samples() > 20, "{}", profile.samples());
    let hot = profile.frames().iter().find(|frame| &*frame.name == "hot");
    let place = hot.unwrap().place.as_ref().unwrap();
    assert_eq!((&*place.file, place.line), ("test.lua", 1));
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
