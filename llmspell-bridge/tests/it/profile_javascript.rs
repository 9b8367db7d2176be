//! Profiles of JavaScript as an embedding program makes them.

use std::sync::Arc;
use std::time::Duration;

use llmspell_bridge::{
    KeptLines, Language, ProfileMode, ProfileOptions, SandboxLimits, Script, ScriptErrorKind,
    ScriptHost, ScriptOutput,
};
use llmspell_utils::debug::{Profile, ProfileMethod};

use crate::retried::retried;

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
    retried(|| {
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
    });
}

#[test]
fn native_functions_have_their_own_time() {
    retried(|| {
        let source = "function alloc() { const a = new Array(100000).fill(1); a.join(','); return JSON.stringify(a).length; }
        function hot(n) {\n  let s = 0;\n  for (let i = 0; i < n; i++) s += i % 7;\n  return s;\n}
        for (let i = 0; i < 20; i++) { alloc(); hot(30000); }";
        let profile = profiled(&mut host(), sampled(), source);
        assert!(share(&profile, "alloc") > 0.6, "{}", shown(&profile));
        assert!(share(&profile, "hot") < 0.4, "{}", shown(&profile));
        let natives = ["fill", "join", "stringify"].map(|name| share(&profile, name));
        assert!(natives.iter().sum::<f64>() > 0.5, "{}", shown(&profile));
    });
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
}

const BUSY: &str = "function busy(ms) { const end = Date.now() + ms; while (Date.now() < end) ; }";

#[test]
fn a_script_profiles_a_part_of_itself() {
    retried(|| {
        let source = format!(
        "{BUSY} function before() {{ busy(20) }} function within() {{ busy(20) }} function after() {{ busy(20) }}
        before();
        const started = Debug.startProfile({{ mode: 'MODE' }});
        within();
        const profile = Debug.stopProfile();
        after();
        [started, profile.folded()]"
    );
        for mode in ["sampled", "exact"] {
            let mut host = host();
            let answer = host
                .run(&Script::new("test.js", source.replace("MODE", mode)))
                .unwrap();
            let answer = serde_json::to_value(&answer).unwrap();
            assert_eq!(answer[0], true);
            let folded = answer[1].as_str().unwrap();
            assert!(
                folded.contains("within") && folded.contains("busy"),
                "{mode}: {folded}"
            );
            assert!(
                !folded.contains("before") && !folded.contains("after"),
                "{mode}: {folded}"
            );
            assert!(folded.contains("(main)"), "{mode}: {folded}");
        }
    });
}

#[test]
fn an_exact_profile_that_begins_inside_of_calls_ends_them_one_by_one() {
    let source = "function outer() { inner(); work('in outer'); }
        function inner() { start(); work('in inner'); }
        function start() { Debug.startProfile({ mode: 'exact' }); work('in start'); }
        function work(where) { }
        outer();
        work('in main');";
    let mut host = host();
    host.run(&Script::new("test.js", source)).unwrap();
    let profile = host.profiles().stop().unwrap();
    let paths: Vec<String> = profile
        .nodes()
        .filter(|node| node.calls > 0)
        .map(|node| {
            let stack = profile.stack(node.id);
            let names = stack
                .iter()
                .map(|id| profile.frame(*id).unwrap().name.to_string());
            format!("{} {}", names.collect::<Vec<_>>().join(" "), node.calls)
        })
        .collect();
    assert_eq!(
        paths,
        [
            "(main) outer inner start work 1",
            "(main) outer inner work 1",
            "(main) outer work 1",
            "(main) work 1",
        ]
    );
}

#[test]
fn a_profile_goes_on_over_two_runs_and_does_not_count_the_time_between() {
    retried(|| {
        for options in [sampled(), exact()] {
            let mut host = host();
            host.profiles().start(options).unwrap();
            for name in ["one", "two"] {
                let source = format!("{BUSY} function {name}() {{ busy(15) }} {name}()");
                host.run(&Script::new(format!("{name}.js"), source))
                    .unwrap();
                std::thread::sleep(Duration::from_millis(60));
            }
            let profile = host.profiles().stop().unwrap();
            for name in ["one", "two"] {
                assert!(share(&profile, name) > 0.0, "{}", shown(&profile));
            }
            let idle = profile
                .segments()
                .iter()
                .filter(|segment| segment.node.is_none());
            let idle: Duration = idle.map(|segment| segment.duration).sum();
            assert!(idle >= Duration::from_millis(100), "{}", shown(&profile));
        }
    });
}

#[test]
fn a_script_that_is_stopped_leaves_what_was_seen_until_then() {
    retried(|| {
        let cases = [
            (
                "function spin() { for (;;); } spin()",
                ScriptErrorKind::Timeout,
            ),
            (
                "function eat() { const all = []; for (;;) all.push(new Array(1000).fill(1)); } eat()",
                ScriptErrorKind::Memory,
            ),
            ("function deep() { deep() } deep()", ScriptErrorKind::Stack),
        ];
        for (source, kind) in cases {
            for options in [sampled(), exact()] {
                let mut limits = SandboxLimits {
                    memory: 8 << 20,
                    ..SandboxLimits::default()
                };
                if kind == ScriptErrorKind::Timeout {
                    limits.timeout = Some(Duration::from_millis(100));
                }
                let builder = ScriptHost::builder(Language::JavaScript).limits(limits);
                let mut host = builder.build().unwrap();
                host.profiles().start(options).unwrap();
                let error = host.run(&Script::new("test.js", source)).unwrap_err();
                assert_eq!(error.kind(), kind, "{source}: {error}");
                // After a stop this is another state of the engine.
                host.run(&Script::new(
                    "next.js",
                    "function next() { return 1 } next()",
                ))
                .unwrap();
                let profile = host.profiles().stop().unwrap();
                let frames = profile.frames().iter();
                let mains = frames.filter(|frame| &*frame.name == "(main)").count();
                assert_eq!(mains, 2, "{source}: {}", shown(&profile));
                let answer = host.run(&Script::new("last.js", "1 + 1")).unwrap();
                assert_eq!(answer.as_i64().unwrap(), 2);
            }
        }
    });
}

#[test]
fn the_deadline_wins_over_samples() {
    retried(|| {
        let source = "function spin(n) { if (n) spin(n - 1); for (;;) { try { [1].fill(2); } catch {} } } spin(200)";
        let limits = SandboxLimits {
            timeout: Some(Duration::from_millis(100)),
            ..SandboxLimits::default()
        };
        let builder = ScriptHost::builder(Language::JavaScript).limits(limits);
        let mut host = builder.build().unwrap();
        let options = ProfileOptions {
            interval: Duration::from_nanos(1),
            ..ProfileOptions::default()
        };
        host.profiles().start(options).unwrap();
        let error = host.run(&Script::new("test.js", source)).unwrap_err();
        assert_eq!(error.kind(), ScriptErrorKind::Timeout);
        let profile = host.profiles().stop().unwrap();
        assert!(profile.samples() > 2);
        // The engine tells no more of a stack, and the profile says so.
        assert!(share(&profile, "(more than 64 calls)") > 0.5);
    });
}

#[test]
fn a_thousand_profiles_leave_nothing_behind() {
    let mut host = host();
    let source = "function f() { return 1 } f()";
    for turn in 0..1000 {
        let options = if turn % 2 == 0 { sampled() } else { exact() };
        assert!(host.profiles().start(options.clone()).unwrap());
        assert!(!host.profiles().start(options).unwrap());
        if turn % 10 < 2 {
            host.run(&Script::new("test.js", format!("{{ {source} }}")))
                .unwrap();
        }
        let profile = host.profiles().stop().unwrap();
        assert_eq!(times_called(&profile, "f"), u64::from(turn % 10 == 1));
        assert!(host.profiles().stop().is_none());
    }
    host.run(&Script::new("test.js", source)).unwrap();
}

#[test]
fn a_script_that_changes_what_errors_are_made_of_is_sampled_as_any_other() {
    retried(|| {
        let source = "for (const change of [
            () => { Error.stackTraceLimit = 0 }, () => { Error.prepareStackTrace = () => { forged++ } },
            () => { delete Error.prepareStackTrace }, () => { Object.defineProperty(Error.prototype, 'stack', { get() { forged++ } }) },
            () => { Object.defineProperty(Function.prototype, 'fileName', { get() { forged++ } }) },
            () => { Object.defineProperty(Function.prototype, 'lineNumber', { get() { forged++ } }) },
            () => { Object.defineProperty(Object.prototype, '0', { set() { forged++ } }) },
            () => { Object.defineProperty(Object.prototype, 'name', { get() { forged++ } }) },
            () => { Error = null }, () => { Array.prototype.push = null },
            () => { Object.setPrototypeOf(globalThis, new Proxy({}, { get() { forged++ }, has() { forged++; return false } })) },
        ]) try { change() } catch {}
        var forged = 0;
        function victim() { let s = 0; for (let i = 0; i < 3e6; i++) s += i; return s }
        Object.defineProperty(victim, 'name', { get() { forged++ } });
        function named() { victim() }
        named();
        forged";
        let mut host = host();
        host.profiles().start(sampled()).unwrap();
        let forged = host.run(&Script::new("test.js", source)).unwrap();
        let profile = host.profiles().stop().unwrap();
        assert_eq!(forged.as_i64().unwrap(), 0, "{}", shown(&profile));
        assert!(share(&profile, "named") > 0.8, "{}", shown(&profile));
        assert!(share(&profile, "(anonymous)") > 0.8, "{}", shown(&profile));
    });
}

#[test]
fn samples_change_nothing_of_what_a_script_does() {
    let options = ProfileOptions {
        interval: Duration::from_nanos(1),
        ..ProfileOptions::default()
    };
    let snippets = include_str!("../probes/snippets.js");
    for snippet in snippets.split("\n//---\n") {
        let (_, plain) = outcome(snippet, None);
        let (_, sampled) = outcome(snippet, Some(options.clone()));
        assert_eq!(plain, sampled, "{snippet}");
    }
}

#[test]
fn an_error_on_its_way_survives_a_sample() {
    // The function that closes the iterator runs while the error is pending.
    let source = "let s = 0;
        const closing = { [Symbol.iterator]() { return { next() { return { done: false } },
            return() { for (let i = 0; i < 1e5; i++) s += i; return {} } } } };
        let caught = 0;
        for (let i = 0; i < 20; i++) {
            try { for (const x of closing) throw i } catch (e) { if (e === i) caught++ }
            try { for (let j = 0; j < 1e4; j++) s += j; null.x } catch (e) { if (e instanceof TypeError && e.stack.includes('test.js:7')) caught++ }
        }
        caught";
    let options = ProfileOptions {
        interval: Duration::from_nanos(1),
        ..ProfileOptions::default()
    };
    let (profile, answer) = outcome(source, Some(options));
    assert!(answer.starts_with("40"), "{answer}");
    assert!(profile.unwrap().samples() > 20);
}

#[test]
fn the_functions_of_both_kinds_of_profile_are_the_same() {
    let source = "function hold() { for (let i = 0; i < 60000; i++) ; }
        const arrow = () => hold();
        const longer = (a, b) =>
            hold();
        const expression = function () { hold() };
        const own = function inner() { hold() };
        class Box {
            constructor() { hold() }
            method() { hold() }
            get value() { hold() }
            static
            make() { hold() }
            #secret() { hold() }
            reveal() { this.#secret() }
            field = () => hold();
            async later() { hold() }
            *each() { hold() }
        }
        const object = { short() { hold() }, pair: () => hold(), get got() { hold() },
            'quoted name'() { hold() } };
        let assigned; assigned = () => hold();
        const { byDefault = () => hold() } = {};
        async function plainAsync() { hold() }
        [arrow, longer, expression, own, object.short, object.pair, object['quoted name'], assigned, byDefault, plainAsync].forEach(f => f());
        const box = new Box(); box.method(); box.value; Box.make(); box.reveal(); box.field(); box.later(); [...box.each()]; object.got;";
    let options = ProfileOptions {
        interval: Duration::from_nanos(1),
        ..ProfileOptions::default()
    };
    let frames = |options| {
        let profile = profiled(&mut host(), options, source);
        let frames = profile.frames().iter();
        let scripted = frames.filter(|frame| frame.place.is_some());
        let mut shown: Vec<_> = scripted
            .map(|frame| format!("{} {}", frame.name, frame.place.as_ref().unwrap().line))
            .collect();
        shown.sort();
        shown
    };
    assert_eq!(frames(options), frames(exact()));
}

#[test]
fn what_cannot_have_probes_runs_without_and_the_profile_says_so() {
    let cases = [
        // The engine takes this, the standard does not.
        "for (let f = x => x in [0], i = 0; i < 1; i++) { f(0) }".to_owned(),
        // Nothing that a walk could go down.
        format!("0{}", "+1".repeat(200_000)),
        format!("'x'{}", ".length.toFixed()".repeat(20_000)),
    ];
    for source in cases {
        let start: String = source.chars().take(40).collect();
        let (_, plain) = outcome(&source, None);
        let (profile, probed) = outcome(&source, Some(exact()));
        assert_eq!(plain, probed, "{start}");
        let frames = profile.unwrap();
        let frame = &frames.frames()[0];
        assert_eq!(&*frame.name, "(main: its calls are not noted)", "{start}");
    }
}

#[test]
fn deeply_nested_scripts_have_probes_or_none_and_do_no_harm() {
    let nested = |open: &str, middle: &str, close: &str| {
        // As deep as the engine takes it.
        (4..14)
            .rev()
            .map(|power| 1_usize << power)
            .find_map(|depth| {
                let source = format!("{}{middle}{}", open.repeat(depth), close.repeat(depth));
                let (_, plain) = outcome(&source, None);
                (!plain.contains("too deeply")).then_some((source, plain))
            })
    };
    for (open, middle, close) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{", "1", "}"),
        ("!", "1", ""),
        ("(() => ", "1", ")"),
        ("x => ", "1", ""),
        ("if (1) ", "1", ""),
        ("if (0) 1; else ", "1", ""),
        ("1 ? 2 : ", "1", ""),
        ("function f() { ", "1", "}"),
        ("`${", "1", "}`"),
        ("2 ** ", "1", ""),
        ("new ", "Array", ""),
        ("[{ a: ", "1", "}]"),
        ("class A { x = ", "1", "}"),
    ] {
        let Some((source, plain)) = nested(open, middle, close) else {
            continue;
        };
        let (_, probed) = outcome(&source, Some(exact()));
        assert_eq!(plain, probed, "{open} {}", source.len());
    }
}

#[test]
fn a_script_finds_no_probe() {
    let source = "const seen = [];
        Object.setPrototypeOf(globalThis, new Proxy(Object.prototype, { get(t, k) { seen.push(k); return t[k] }, has(t, k) { seen.push(k); return k in t } }));
        Array.prototype[Symbol.iterator] = new Proxy(Array.prototype[Symbol.iterator], { apply(f, t, a) { seen.push(...Object.values(t)); return Reflect.apply(f, t, a) } });
        function f(x) { return x } f(1);
        const probes = Reflect.ownKeys(globalThis).concat(seen).filter(name => typeof name !== 'string' || /_[0-9a-f]{32}/.test(name) || name === '');
        [probes.filter(name => typeof name !== 'symbol').length, f.toString(), String(class { m() { return 1 } }), Function.prototype.toString.name,
            Function.prototype.toString.length, f.length, f.name]";
    let mut host = host();
    host.profiles().start(exact()).unwrap();
    for _ in 0..2 {
        let answer = host
            .run(&Script::new("test.js", format!("{{ {source} }}")))
            .unwrap();
        assert_eq!(
            serde_json::to_string(&answer).unwrap(),
            r#"[0,"function f(x) { return x }","class { m() { return 1 } }","toString",0,1,"f"]"#
        );
    }
}
