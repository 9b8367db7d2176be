//! Profiles of JavaScript as an embedding program makes them.

use std::time::Duration;

use llmspell_bridge::{
    Language, ProfileMode, ProfileOptions, SandboxLimits, Script, ScriptErrorKind, ScriptHost,
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
