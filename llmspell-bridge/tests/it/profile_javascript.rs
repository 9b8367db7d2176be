//! Profiles of JavaScript as an embedding program makes them.

use std::sync::Arc;
use std::time::Duration;

use llmspell_bridge::{
    KeptLines, Language, ProfileMode, ProfileOptions, SandboxLimits, Script, ScriptErrorKind,
    ScriptHost, ScriptOutput,
};
use llmspell_utils::debug::{Profile, ProfileMethod};

fn host() -> ScriptHost {
    ScriptHost::builder(Language::JavaScript).build().unwrap()
}

fn sampled() -> ProfileOptions {
    ProfileOptions::default()
}

/// What a profile of one run of a script says, the script's error being nobody's business.
fn profiled(host: &mut ScriptHost, options: ProfileOptions, source: &str) -> Profile {
    assert!(host.profiles().start(options).unwrap());
    let result = host.run(&Script::new("test.js", source));
    let profile = host.profiles().stop().unwrap();
    result.unwrap_or_else(|error| panic!("{}", error.render(false)));
    profile
}

/// The share of the time that was spent in a function and in what it called.
fn share(profile: &Profile, name: &str) -> f64 {
    let totals = profile.totals();
    let spent: Duration = profile
        .nodes()
        .filter(|node| {
            let stack = profile.stack(node.id);
            let is_it = |id| &*profile.frame(id).unwrap().name == name;
            stack
                .split_last()
                .is_some_and(|(last, above)| is_it(*last) && !above.iter().any(|id| is_it(*id)))
        })
        .map(|node| totals[node.id.index()])
        .sum();
    spent.as_secs_f64() / profile.total().as_secs_f64()
}

/// The call paths with the time of each, for the message of a failed test.
fn shown(profile: &Profile) -> String {
    let line = |id| {
        let names = profile.stack(id).into_iter().map(|frame| {
            let frame = profile.frame(frame).unwrap();
            match &frame.place {
                Some(place) => format!("{} {}:{}", frame.name, place.file, place.line),
                None => frame.name.to_string(),
            }
        });
        names.collect::<Vec<_>>().join(" > ")
    };
    profile
        .nodes()
        .map(|node| format!("{} ({} calls): {:?}\n", line(node.id), node.calls, node.own))
        .collect()
}

#[test]
fn a_hot_function_has_most_of_the_time() {
    let source = "function hot(n) {\n  let s = 0;\n  for (let i = 0; i < n; i++) s += i % 7;\n  return s;\n}
        function cold() { return hot(3e5); }
        function main() { let s = 0; for (let i = 0; i < 10; i++) { s += cold() + hot(1e6); } return s; }
        main()";
    let profile = profiled(&mut host(), sampled(), source);
    assert_eq!(
        profile.method(),
        ProfileMethod::Approximate(Duration::from_millis(1))
    );
    assert!(share(&profile, "hot") > 0.8, "{}", shown(&profile));
    assert!(share(&profile, "main") > 0.9, "{}", shown(&profile));
    println!("{} {}", profile.samples(), shown(&profile));
}

#[test]
fn native_functions_have_their_own_time() {
    let source = "function alloc() { const a = new Array(100000).fill(1); a.join(','); return JSON.stringify(a).length; }
        function hot(n) {\n  let s = 0;\n  for (let i = 0; i < n; i++) s += i % 7;\n  return s;\n}
        for (let i = 0; i < 20; i++) { alloc(); hot(30000); }";
    let profile = profiled(&mut host(), sampled(), source);
    println!("{} {}", profile.samples(), shown(&profile));
}

fn exact() -> ProfileOptions {
    ProfileOptions {
        mode: ProfileMode::Exact,
        ..ProfileOptions::default()
    }
}

/// What a script gives and prints, and at which line it fails; and its profile, if one is made.
fn outcome(source: &str, options: Option<ProfileOptions>) -> (Option<Profile>, String) {
    let printed = Arc::new(KeptLines::new(1 << 20));
    let output: Arc<dyn ScriptOutput> = Arc::<KeptLines>::clone(&printed);
    let mut host = ScriptHost::builder(Language::JavaScript)
        .output(output)
        .build()
        .unwrap();
    if let Some(options) = options {
        assert!(host.profiles().start(options).unwrap());
    }
    let result = match host.run(&Script::new("test.js", source)) {
        Ok(value) => serde_json::to_string(&value).unwrap(),
        Err(error) => format!(
            "{error} at line {:?}",
            error.place().map(|place| place.line)
        ),
    };
    (
        host.profiles().stop(),
        format!("{result}\n{:?}", printed.lines()),
    )
}

#[test]
fn probes_change_nothing_of_what_a_script_does() {
    let snippets = include_str!("../probes/snippets.js");
    let mut wrong = Vec::new();
    for snippet in snippets.split("\n//---\n") {
        let (_, plain) = outcome(snippet, None);
        let (profile, probed) = outcome(snippet, Some(exact()));
        if plain != probed {
            wrong.push(format!("{snippet}\n  plain:  {plain}\n  probed: {probed}"));
        }
        let profile = profile.unwrap();
        if profile
            .frames()
            .iter()
            .any(|frame| frame.name.contains("not noted"))
        {
            wrong.push(format!("not probed: {snippet}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// How often each function was called.
fn calls(profile: &Profile) -> Vec<(String, u64)> {
    let mut calls: Vec<(String, u64)> = Vec::new();
    for node in profile.nodes() {
        let name = profile.frame(node.frame).unwrap().name.to_string();
        match calls.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += node.calls,
            None => calls.push((name, node.calls)),
        }
    }
    calls.sort();
    calls
}

fn times_called(profile: &Profile, name: &str) -> u64 {
    let all = calls(profile);
    let found = all.iter().find(|(known, _)| known == name);
    found.map_or(0, |(_, count)| *count)
}

#[test]
fn an_exact_profile_counts_every_call() {
    let source = "const counts = {};
        const count = name => { counts[name] = (counts[name] ?? 0) + 1; };
        function fib(n) { counts.fib = (counts.fib ?? 0) + 1; return n < 2 ? n : fib(n - 1) + fib(n - 2); }
        const arrow = x => (counts.arrow = (counts.arrow ?? 0) + 1, x);
        class Box { constructor(v) { count('Box'); this.v = v } get value() { count('get value'); return this.v }
            set value(v) { count('set value'); this.v = v } method() { count('method') } static make() { count('make'); return new Box(1) } }
        function* numbers(n) { count('numbers'); for (let i = 0; i < n; i++) yield i; }
        async function later(x) { count('later'); await null; if (x % 2) throw x; return x; }
        fib(15);
        for (let i = 0; i < 10; i++) { [1, 2, 3].map(arrow); const b = Box.make(); b.value = b.value + 1; b.method(); [...numbers(i)]; }
        (async () => { for (let i = 0; i < 7; i++) await later(i).catch(() => count('handler')); return counts; })()";
    let mut host = host();
    assert!(host.profiles().start(exact()).unwrap());
    let counted = host.run(&Script::new("test.js", source)).unwrap();
    let profile = host.profiles().stop().unwrap();
    assert_eq!(profile.method(), ProfileMethod::Exact);
    let counted = serde_json::to_value(&counted).unwrap();
    for (name, count) in counted.as_object().unwrap() {
        let noted = match name.as_str() {
            "handler" => continue,
            name => times_called(&profile, name),
        };
        assert_eq!(
            noted,
            count.as_u64().unwrap(),
            "{name}\n{}",
            shown(&profile)
        );
    }
    assert_eq!(times_called(&profile, "(main)"), 1);
    println!("{}", shown(&profile));
}
