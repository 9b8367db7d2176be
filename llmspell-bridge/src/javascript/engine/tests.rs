//! What one engine does with scripts: values, limits, stops.

use crate::arguments::DataLimits;
use crate::javascript::testing::Fixture;
use crate::sandbox::{SandboxLimits, StopReason};
use crate::script_engine::Script;
use crate::script_error::ScriptErrorKind;

fn small() -> SandboxLimits {
    SandboxLimits {
        memory: 8 << 20,
        ..SandboxLimits::default()
    }
}

#[test]
fn the_last_value_of_a_script_is_its_result() {
    let mut fixture = Fixture::new();
    assert_eq!(
        fixture.json("const a = 2; [a, 'x', {b: null}]"),
        r#"[2,"x",{"b":null}]"#
    );
    assert_eq!(fixture.json("undefined"), "null");
    assert_eq!(fixture.json(""), "null");
}

#[test]
fn a_result_that_is_no_data_is_a_conversion_error() {
    let error = Fixture::new().fail("() => 1");
    assert_eq!(error.kind(), ScriptErrorKind::Conversion);
    assert_eq!(error.message(), "`value` is a function");
}

#[test]
fn scripts_are_strict() {
    assert_eq!(
        Fixture::new().fail("undeclared = 1").kind(),
        ScriptErrorKind::Runtime
    );
}

#[test]
fn scripts_of_one_engine_share_their_globals() {
    let mut fixture = Fixture::new();
    fixture.run("globalThis.kept = 7");
    assert_eq!(fixture.json("kept"), "7");
}

#[test]
fn a_promise_is_awaited() {
    let mut fixture = Fixture::new();
    assert_eq!(
        fixture.json("(async () => { await null; return [1]; })()"),
        "[1]"
    );
    assert_eq!(fixture.json("Promise.resolve(Promise.resolve(2))"), "2");
}

#[test]
fn await_may_stand_outside_of_functions() {
    let mut fixture = Fixture::new();
    assert_eq!(
        fixture.json("const n = await Promise.resolve(20); n + 1"),
        "21"
    );
    let error = fixture.fail("await null;\nnull.x");
    assert_eq!(error.place().unwrap().line, 2);
}

#[test]
fn a_promise_that_is_never_settled_is_an_error() {
    let error = Fixture::new().fail("new Promise(() => {})");
    assert_eq!(error.kind(), ScriptErrorKind::Runtime);
    assert!(error.message().contains("never settled"), "{error}");
}

#[test]
fn a_rejection_that_nobody_handles_is_an_error() {
    let mut fixture = Fixture::new();
    let error = fixture.fail("Promise.reject(new TypeError('lost')); 1");
    assert_eq!(error.message(), "TypeError: lost");
    assert_eq!(fixture.json("Promise.reject(1).catch(() => {}); 2"), "2");
    assert_eq!(
        fixture.json("const p = Promise.reject(1); p.catch(() => {}); 3"),
        "3"
    );
}

#[test]
fn of_many_rejections_the_first_is_told() {
    let source = "for (let i = 0; i < 5000; i++) Promise.reject(new Error('n' + i)); 1";
    assert_eq!(Fixture::new().fail(source).message(), "Error: n0");
}

#[test]
fn an_exception_in_a_job_is_an_error() {
    let error = Fixture::new().fail("queueMicrotask(() => { throw new Error('later'); }); 1");
    assert_eq!(error.message(), "Error: later");
}

#[test]
fn nothing_of_a_script_that_failed_runs_with_the_next_one() {
    let mut fixture = Fixture::new();
    fixture.fail(
        "globalThis.ran = 0; Promise.resolve().then(() => { ran = 1; }); throw new Error('x')",
    );
    assert_eq!(fixture.json("globalThis.ran"), "1");
    fixture.late("Promise.resolve().then(() => { globalThis.late = 1; }); for (;;);");
    assert_eq!(fixture.json("typeof late"), r#""undefined""#);
}

#[test]
fn loops_without_end_are_stopped() {
    let sources = [
        "for (;;);",
        "while (true) { try { for (;;); } catch {} finally { globalThis.x = 1; } }",
        "function f() { try { for (;;); } finally { f(); } } f()",
        "(function f() { Promise.resolve().then(f); })()",
        "(async () => { for (;;) { try { await null; } catch {} } })()",
        "(async () => { for (;;) { try { for (;;); } catch {} } })().catch(() => {}); 1",
        "const t = { then(r) { for (;;); } }; (async () => { await t; })()",
        "new Proxy({}, { get() { for (;;); } }).x",
        "[1, 2].sort(() => { for (;;); })",
        "/(a*)*b/.test('a'.repeat(100000))",
        "[...{ [Symbol.iterator]() { return { next() { return { done: false }; } }; } }]",
        "host.call(() => { for (;;); })",
        "for (;;) host.swallow(() => { for (;;); })",
        "host.swallow(() => { for (;;); }); 1",
    ];
    let mut fixture = Fixture::new();
    for source in sources {
        let error = fixture.late(source);
        assert_eq!(error.kind(), ScriptErrorKind::Timeout, "{source}: {error}");
        assert_eq!(fixture.json("1 + 1"), "2", "after {source}");
    }
}

#[test]
fn a_script_that_is_stopped_says_where_it_was() {
    let error = Fixture::new().late("function spin() {\n  for (;;) Math.abs(1);\n}\nspin()");
    assert_eq!(error.message(), "the script ran longer than its limit");
    assert_eq!(error.stack().frames[0].name.as_deref(), Some("spin"));
    assert_eq!(error.place().unwrap().file, "test.js");
}

#[test]
fn a_stop_that_comes_first_keeps_the_script_from_running() {
    let mut fixture = Fixture::new();
    let stopper = fixture.engine.stopper();
    stopper.stop(StopReason::Request);
    stopper.stop(StopReason::Timeout);
    assert_eq!(
        fixture.fail("host.debug(1)").kind(),
        ScriptErrorKind::Stopped
    );
    stopper.clear();
    assert_eq!(fixture.json("1"), "1");
}

#[test]
fn a_result_does_not_count_once_the_script_was_told_to_stop() {
    let mut fixture = Fixture::new();
    let error =
        fixture.late("(async () => { try { for (;;); } catch {} })().catch(() => 1), 'allow'");
    assert_eq!(error.kind(), ScriptErrorKind::Timeout);
}

#[test]
fn memory_without_end_is_refused() {
    let sources = [
        "const all = []; for (;;) all.push(new Array(1000).fill(1));",
        "let text = 'x'; for (;;) { text += text + 'y'; text.codePointAt(0); new Set(text); }",
        "const m = new Map(); for (let i = 0; ; i++) m.set(i, { i });",
        "const b = []; for (;;) b.push(new Uint8Array(1 << 20));",
        "'x'.repeat(1 << 29)",
        "new Uint8Array(1e9)",
        "const t = []; for (;;) t.push('x'.repeat(100000) + t.length)",
        "const a = []; for (;;) { try { for (;;) a.push({}); } catch (e) { throw e; } }",
        "const all = []; for (;;) all.push(Promise.reject(1));",
        "const all = []; for (;;) all.push(host.item(1));",
        "(() => { const m = new Map(); for (let i = 0; ; i++) m.set(i, { i }); })()",
        "(() => { let n = null; for (;;) n = { n }; })()",
        "const all = []; for (let i = 0; ; i++) all.push('text ' + i);",
        "for (let i = 0; ; i++) globalThis['key' + i] = i;",
        "(async () => { const m = new Map(); for (let i = 0; ; i++) m.set(i, { i }); })()",
    ];
    let mut fixture = Fixture::with(&small());
    for source in sources {
        let error = fixture.fail(source);
        assert_eq!(error.kind(), ScriptErrorKind::Memory, "{source}: {error}");
        assert_eq!(fixture.json("1 + 1"), "2", "after {source}");
    }
}

#[test]
fn null_that_a_script_throws_is_no_lack_of_memory() {
    assert_eq!(
        Fixture::with(&small()).fail("throw null").kind(),
        ScriptErrorKind::Runtime
    );
}

#[test]
fn memory_that_a_script_gives_back_is_no_error() {
    // Where there is no memory even for the error, the engine throws `null`.
    let source = "let n = 0; try { const a = []; for (;;) a.push(new Array(1000).fill(1)); }
        catch (e) { n = e === null || e instanceof InternalError ? 1 : 2; } n";
    assert_eq!(Fixture::with(&small()).json(source), "1");
}

#[test]
fn every_small_limit_of_memory_gives_an_error_or_a_working_engine() {
    for memory in (0..400_000).step_by(7_919) {
        let limits = SandboxLimits {
            memory,
            ..SandboxLimits::default()
        };
        let Ok(mut engine) = crate::javascript::open(&limits) else {
            continue;
        };
        let source = "const a = []; for (let i = 0; i < 1e5; i++) a.push({ i, f() {} }); a.length";
        let result = engine.run(&Script::new("test.js", source), &DataLimits::default());
        let error = result.unwrap_err();
        assert_eq!(
            error.kind(),
            ScriptErrorKind::Memory,
            "at {memory}: {error}"
        );
    }
}

#[test]
fn the_host_survives_a_lack_of_memory_at_any_point() {
    let source = "const kept = [];
        for (let i = 0; ; i++) {
            kept.push(host.item(i), host.data({ ['key' + i]: [i, 'é' + i] }), host.answer());
            kept.push(host.dump(new Map([[i, { i }]])), host.stack(), host.place(), new Date(i));
            kept.push(Promise.reject(i), host.call(x => [x], i), host.text('é' + i));
            try { host.fail() } catch (e) { kept.push(e) }
            try { null.x } catch (e) { kept.push(e) }
        }";
    for memory in (90_000..260_000).step_by(1_361) {
        let limits = SandboxLimits {
            memory,
            ..SandboxLimits::default()
        };
        let Ok(mut engine) = crate::javascript::open(&limits) else {
            continue;
        };
        let probe = std::sync::Arc::new(crate::javascript::testing::Probe::default());
        let object: std::sync::Arc<dyn crate::host_object::HostObject> =
            std::sync::Arc::<_>::clone(&probe) as _;
        if engine.install("host", &object).is_err() {
            continue;
        }
        let result = engine.run(&Script::new("test.js", source), &DataLimits::default());
        assert!(result.is_err(), "at {memory}");
        drop(engine);
        assert_eq!(
            probe.alive.load(std::sync::atomic::Ordering::Relaxed),
            0,
            "at {memory}"
        );
    }
}

#[test]
fn recursion_without_end_is_refused() {
    let sources = [
        "(function f() { f(); })()",
        "const o = { toString() { return '' + o; } }; '' + o",
        "const p = new Proxy({}, { get(t, k, r) { return r[k]; } }); p.x",
        "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; JSON.stringify(a)",
        "const f = () => host.call(f); f()",
    ];
    let mut fixture = Fixture::new();
    for source in sources {
        let error = fixture.fail(source);
        assert_eq!(error.kind(), ScriptErrorKind::Stack, "{source}: {error}");
        assert_eq!(fixture.json("1 + 1"), "2", "after {source}");
    }
}

#[test]
fn a_source_that_is_nested_too_deeply_is_refused() {
    let source = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
    let error = Fixture::new().fail(&source);
    assert_eq!(error.kind(), ScriptErrorKind::Stack, "{error}");
}

fn on_a_small_thread(limits: SandboxLimits, body: impl FnOnce(&mut Fixture) + Send + 'static) {
    let run = move || body(&mut Fixture::with(&limits));
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    thread.spawn(run).unwrap().join().unwrap();
}

#[test]
fn limits_of_stack_outside_of_what_the_engine_can_do_are_moved_inside() {
    for stack in [0, 1, 16 << 20, usize::MAX] {
        let limits = SandboxLimits {
            stack,
            ..SandboxLimits::default()
        };
        on_a_small_thread(limits, |fixture| {
            let error = fixture.fail("(function f() { f(); })()");
            assert_eq!(error.kind(), ScriptErrorKind::Stack);
        });
    }
}

#[test]
fn no_recursion_leaves_the_stack_of_a_small_thread() {
    let limits = SandboxLimits {
        stack: usize::MAX,
        timeout: None,
        memory: 256 << 20,
    };
    on_a_small_thread(limits, |fixture| {
        for source in [
            "(function f() { f(); })()",
            "(function f(...rest) { f(...rest); })(1, 2, 3)",
            "(function f() { return f.apply(this, [1, 2, 3]); })()",
            "const o = { get x() { return this.x; } }; o.x",
            "const o = { toString() { return '' + o; } }; '' + o",
            "const o = { [Symbol.toPrimitive]() { return +o; } }; +o",
            "const p = new Proxy({}, { get(t, k, r) { return r[k]; } }); p.x",
            "let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x",
            "const p = new Proxy(function () {}, { apply() { return p(); } }); p()",
            "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; JSON.stringify(a)",
            "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a.flat(Infinity)",
            "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; String(a)",
            "const f = () => [1].flatMap(f); f()",
            "JSON.parse('['.repeat(1e6))",
            "const f = (k, v) => JSON.parse('[1]', f); f()",
            "const o = { toJSON() { return JSON.stringify(o); } }; JSON.stringify(o)",
            "const f = () => [2, 1].sort(f); f()",
            "const f = () => [2, 1].map(f); f()",
            "const f = () => 'x'.replace('x', f); f()",
            "const f = () => 'x'.replace(/x/g, f); f()",
            "const f = () => Reflect.construct(f2, []); function f2() { f(); } f()",
            "class A { constructor() { new A(); } } new A()",
            "class A { x = new A(); } new A()",
            "const f = function* () { yield* f(); }; [...f()]",
            "const f = () => eval('f()'); f()",
            "const f = async () => { await f(); }; f()",
            "const f = () => host.call(f); f()",
            "const f = () => host.call(host.call, f); f()",
            "const f = () => [1].map(() => host.call(f)); f()",
            "const o = { get x() { return host.call(() => o.x); } }; o.x",
        ] {
            let error = fixture.fail(&format!("{{ {source} }}"));
            assert_eq!(error.kind(), ScriptErrorKind::Stack, "{source}: {error}");
        }
        let nested = "new RegExp('(?:'.repeat(1e5) + ')'.repeat(1e5))";
        assert_eq!(
            fixture.fail(nested).message(),
            "SyntaxError: stack overflow"
        );
        let calm = "try { (function f() { host.call(f); })() } catch (e) { 1 }";
        assert_eq!(fixture.json(calm), "1");
    });
}

#[test]
fn globals_of_the_host_survive_a_stop() {
    let mut fixture = Fixture::new();
    fixture
        .engine
        .install_data("event", &serde_json::json!({"a": [1]}).into())
        .unwrap();
    fixture.late("for (;;);");
    assert_eq!(fixture.json("[event.a[0], host.version]"), r#"[1,"1.0"]"#);
}

#[test]
fn a_global_of_the_host_is_made_once() {
    let mut fixture = Fixture::new();
    let error = fixture
        .engine
        .install_data("host", &serde_json::json!(1).into())
        .unwrap_err();
    assert_eq!(error.kind(), ScriptErrorKind::Internal);
    assert_eq!(fixture.json("host.version"), r#""1.0""#);
}

#[test]
fn the_heap_is_measured() {
    let mut fixture = Fixture::new();
    let before = fixture.engine.memory().script_heap.unwrap();
    fixture.run("globalThis.kept = 'x'.repeat(1 << 20); 0");
    assert!(fixture.engine.memory().script_heap.unwrap() >= before + (1 << 20));
}

#[test]
fn an_engine_can_move_to_another_thread() {
    let mut fixture = Fixture::new();
    fixture.run("globalThis.n = 1");
    let mut fixture = std::thread::spawn(move || {
        fixture.run("n += 1");
        fixture
    })
    .join()
    .unwrap();
    assert_eq!(fixture.json("n"), "2");
}

#[test]
fn a_name_with_a_nul_is_no_reason_to_fail() {
    let mut fixture = Fixture::new();
    let script = Script::new("a\0b.js", "'\0'.length");
    assert_eq!(
        fixture.engine.run(&script, &DataLimits::default()).unwrap(),
        1_i64.into()
    );
}
