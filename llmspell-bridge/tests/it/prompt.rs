//! A host behind a prompt: values that are shown, inputs that end too early, and names that complete.

use std::thread;
use std::time::Duration;

use llmspell_bridge::{
    CandidateKind, DumpOptions, Language, SandboxLimits, Script, ScriptError, ScriptErrorKind,
    ScriptHost, dump,
};

/// A host, with as many inputs as it was given.
struct Prompt {
    host: ScriptHost,
    inputs: usize,
}

impl Prompt {
    fn new(language: Language) -> Self {
        let limits = SandboxLimits {
            timeout: None,
            ..SandboxLimits::default()
        };
        let host = ScriptHost::builder(language).limits(limits);
        Self {
            host: host.build().unwrap(),
            inputs: 0,
        }
    }

    fn enter(&mut self, input: &str) -> Result<String, ScriptError> {
        self.inputs += 1;
        let options = DumpOptions::compact();
        let script = Script::new(format!("input {}", self.inputs), input);
        let values = self.host.run_input(&script, &options)?;
        let shown = values.iter().map(|value| dump(value, None, &options));
        Ok(shown.collect::<Vec<_>>().join(" "))
    }

    #[track_caller]
    fn shows(&mut self, inputs: &[(&str, &str)]) {
        for (input, shown) in inputs {
            let value = self.enter(input);
            let value = value.unwrap_or_else(|error| panic!("{input}: {}", error.render(false)));
            assert_eq!(value, *shown, "{input}");
        }
    }

    #[track_caller]
    fn fails(&mut self, input: &str) -> ScriptError {
        self.enter(input).expect_err(input)
    }

    #[track_caller]
    fn is_incomplete(&mut self, input: &str) -> bool {
        let checked = self.host.check_input(&Script::new("input", input));
        checked.expect_err(input).is_incomplete()
    }

    fn names(&mut self, text: &str) -> Vec<String> {
        let candidates = self.host.complete(text).candidates;
        candidates.into_iter().map(|found| found.name).collect()
    }
}

#[test]
fn expressions_and_statements_of_lua_are_told_apart() {
    Prompt::new(Language::Lua).shows(&[
        ("1 + 1", "2"),
        ("x = 3", ""),
        ("x", "3"),
        ("x, 'a', nil", "3 \"a\" nil"),
        ("print", "function print"),
        ("for i = 1, 2 do x = x + i end", ""),
        ("x", "6"),
        ("-- nothing", ""),
        ("return x * 2", "12"),
        ("(function() end)()", ""),
    ]);
}

#[test]
fn locals_of_lua_are_there_in_the_next_input() {
    let mut prompt = Prompt::new(Language::Lua);
    prompt.shows(&[
        ("local n: number, t = 1, {a = 1}; -- two", ""),
        ("n, t", "1 {a = 1}"),
        ("local function twice(x) return 2 * x end", ""),
        ("twice(n)", "2"),
        ("local n = n + 1 do local hidden = 1 end", ""),
        ("n, hidden", "2 nil"),
        ("local gone = 1; return gone", "1"),
    ]);
    // What belongs to the host stays so.
    prompt.shows(&[
        ("local print, Debug = 1, 2", ""),
        ("typeof(print), typeof(Debug)", "\"function\" \"table\""),
    ]);
}

#[test]
fn variables_and_objects_of_javascript_are_there_in_the_next_input() {
    Prompt::new(Language::JavaScript).shows(&[
        ("let a = 1; const b = 2", ""),
        ("a + b", "3"),
        ("{ a: 1, b }", "{a = 1, b = 2}"),
        ("{ let c = 5; c }", "5"),
        ("function f(x) { return x * 2 } class P {}", ""),
        ("f(a)", "2"),
        ("const later = await Promise.resolve(7)", ""),
        ("later", "7"),
        ("{ value: await Promise.resolve(1) }", "{value = 1}"),
        ("f", "function f"),
        ("undefined", ""),
        ("null", "null"),
    ]);
}

#[test]
fn errors_know_the_place_in_the_input() {
    for (language, input, place) in [
        (Language::Lua, "x = 1\nlocal t = nil + x", "input 1:2"),
        (Language::Lua, "nil + 1", "input 1:1"),
        (
            Language::JavaScript,
            "let x = 1;\nnull.field",
            "input 1:2:1",
        ),
    ] {
        let error = Prompt::new(language).fails(input);
        assert_eq!(error.place().unwrap().to_string(), place, "{input}");
        assert!(
            error.render(false).contains(input.lines().last().unwrap()),
            "{input}"
        );
    }
}

#[test]
fn an_input_that_ends_too_early_is_told_from_a_wrong_one() {
    let incomplete_lua = [
        "function f()",
        "x =",
        "f(",
        "{1,",
        "return [[text",
        "return [==[text]]",
        "--[[ comment",
        "if x then",
        "repeat",
        "1 +",
        "local t = {\n  a = 1,",
        "while true",
        "x.",
    ];
    let wrong_lua = ["x = = 1", "1 + + 1", "\"open", "end", "f())", "a b"];
    let incomplete_javascript = [
        "function f() {",
        "x =",
        "f(",
        "[1,",
        "`text",
        "`${",
        "/* comment",
        "if (x)",
        "{ a: ",
        "class A {",
        "class A { // more",
        "a.",
        "x =>",
        "switch (1) {",
        "try {}",
        "do {}",
        "function f(a",
    ];
    let wrong_javascript = ["let = 3", "1 + )", "\"open", "}", "const x", "a b", "/open"];
    for (language, incomplete, wrong) in [
        (Language::Lua, &incomplete_lua[..], &wrong_lua[..]),
        (
            Language::JavaScript,
            &incomplete_javascript[..],
            &wrong_javascript[..],
        ),
    ] {
        let mut prompt = Prompt::new(language);
        for input in incomplete {
            assert!(prompt.is_incomplete(input), "{input}");
        }
        for input in wrong {
            assert!(!prompt.is_incomplete(input), "{input}");
        }
    }
}

#[test]
fn a_wrong_lua_input_is_explained_as_what_it_looks_like() {
    let mut prompt = Prompt::new(Language::Lua);
    let error = prompt.fails("1 + + 1");
    assert_eq!(
        error.message(),
        "Expected identifier when parsing expression, got '+'"
    );
    let error = prompt.fails("x = = 1");
    assert_eq!(
        error.message(),
        "Expected identifier when parsing expression, got '='"
    );
}

#[test]
fn javascript_gives_advice_that_fits_a_prompt() {
    let mut prompt = Prompt::new(Language::JavaScript);
    prompt.shows(&[("let x = 1", "")]);
    assert!(
        prompt
            .fails("let x = 2")
            .help()
            .unwrap()
            .contains("assign to it")
    );
    assert!(
        prompt
            .fails("y = 2")
            .help()
            .unwrap()
            .contains("`let y = …`")
    );
    assert_eq!(prompt.fails("y").help(), None);
}

#[test]
fn names_complete_from_the_live_state() {
    let mut lua = Prompt::new(Language::Lua);
    lua.shows(&[("t = Debug.timer('work') local base = {shared = 1} child = setmetatable({own = print}, {__index = base}) s = 'x'", "")]);
    assert_eq!(lua.names("Debug.ti"), ["timer"]);
    assert_eq!(lua.names("x = Cupcake.evalB"), ["evalBatch"]);
    assert_eq!(lua.names("t:la"), ["lap", "laps"]);
    assert_eq!(lua.names("chi"), ["child"]);
    assert_eq!(lua.names("child."), ["own", "shared"]);
    assert_eq!(lua.names("child:"), ["own"]);
    assert_eq!(lua.names("s:upp"), ["upper"]);
    assert_eq!(lua.names("whi"), ["while"]);
    assert_eq!(lua.names("nobody.x"), [""; 0]);

    let mut javascript = Prompt::new(Language::JavaScript);
    javascript.shows(&[("const t = Debug.timer('work'); let child = { own: 1, list: [{ deep: 1 }], __proto__: { shared() {} } }; class Point { static origin = 1 }", "")]);
    assert_eq!(javascript.names("Debug.ti"), ["timer"]);
    assert_eq!(javascript.names("t.la"), ["lap", "laps"]);
    assert_eq!(javascript.names("chi"), ["child"]);
    assert_eq!(javascript.names("child.sha"), ["shared"]);
    assert_eq!(javascript.names("child.list[0].d"), ["deep"]);
    assert_eq!(javascript.names("child.list.fla"), ["flat", "flatMap"]);
    assert_eq!(javascript.names("Point.ori"), ["origin"]);
    assert_eq!(javascript.names("Mat"), ["Math"]);
    assert_eq!(javascript.names("Poin"), ["Point"]);
    assert_eq!(javascript.names("swi"), ["switch"]);
    let kind = javascript.host.complete("child.shared").candidates[0].kind;
    assert_eq!(kind, CandidateKind::Function);
}

#[test]
fn nothing_of_a_script_runs_to_complete() {
    let mut lua = Prompt::new(Language::Lua);
    lua.shows(&[("trap = setmetatable({a = {}}, {__index = function() while true do end end, __iter = function() while true do end end})", "")]);
    assert_eq!(lua.names("trap."), ["a"]);
    assert_eq!(lua.names("trap.missing."), [""; 0]);

    let mut javascript = Prompt::new(Language::JavaScript);
    javascript.shows(&[
        ("const trap = { get a() { for (;;); }, p: new Proxy({}, { get() { for (;;); }, ownKeys() { for (;;); }, getPrototypeOf() { for (;;); } }) }", ""),
        ("Object.defineProperty(Object.prototype, 'lurking', { get() { for (;;); }, configurable: true }); 0", "0"),
    ]);
    assert_eq!(javascript.names("trap.a"), ["a"]);
    assert_eq!(javascript.names("trap.a."), [""; 0]);
    assert_eq!(javascript.names("trap.p."), [""; 0]);
    assert_eq!(javascript.names("lurking."), [""; 0]);
}

#[test]
fn a_stopped_input_leaves_the_variables() {
    for (language, endless) in [
        (Language::Lua, "while true do end"),
        (Language::JavaScript, "for (;;);"),
    ] {
        let mut prompt = Prompt::new(language);
        let declared = match language {
            Language::Lua => "kept = 7",
            Language::JavaScript => "let kept = 7",
        };
        prompt.shows(&[(declared, "")]);
        let handle = prompt.host.stop_handle();
        let stopper = thread::spawn(move || {
            // The loop has no end, so one of these comes while it runs.
            for _ in 0..50 {
                thread::sleep(Duration::from_millis(20));
                handle.stop();
            }
        });
        assert_eq!(prompt.fails(endless).kind(), ScriptErrorKind::Stopped);
        stopper.join().unwrap();
        assert!(!prompt.host.is_afresh());
        prompt.shows(&[("kept", "7")]);
    }
}

#[test]
fn javascript_that_would_go_on_after_a_stop_starts_afresh() {
    let mut prompt = Prompt::new(Language::JavaScript);
    prompt.shows(&[("let kept = 7", "")]);
    let handle = prompt.host.stop_handle();
    let stopper = thread::spawn(move || {
        for _ in 0..50 {
            thread::sleep(Duration::from_millis(20));
            handle.stop();
        }
    });
    let endless = "(async () => { for (;;) await null })(); 0";
    assert_eq!(prompt.fails(endless).kind(), ScriptErrorKind::Stopped);
    stopper.join().unwrap();
    assert!(prompt.host.is_afresh());
    prompt.shows(&[("typeof kept", "\"undefined\"")]);
    assert!(!prompt.host.is_afresh());
}
