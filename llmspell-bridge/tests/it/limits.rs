//! Scripts that run, allocate or recurse without end, and what becomes of their host.

use std::sync::Arc;
use std::time::Duration;

use llmspell_bridge::{
    DebugBridge, KeptLines, Language, SandboxLimits, Script, ScriptErrorKind, ScriptHost,
    ScriptOutput,
};
use llmspell_utils::debug::DebugManager;

/// Long enough that a script which ends by itself always does.
const AMPLE: Duration = Duration::from_secs(60);

fn host(language: Language, timeout: Duration) -> ScriptHost {
    let limits = SandboxLimits {
        memory: 32 << 20,
        timeout: Some(timeout),
        ..SandboxLimits::default()
    };
    ScriptHost::builder(language)
        .limits(limits)
        .build()
        .unwrap()
}

/// Runs the script, expects the kind of error, and shows that the host still works afterwards.
fn fails(language: Language, source: &str, kind: ScriptErrorKind) {
    let timeout = if kind == ScriptErrorKind::Timeout {
        // Short, but long enough for what runs afterwards on a busy machine.
        Duration::from_millis(300)
    } else {
        AMPLE
    };
    let mut host = host(language, timeout);
    let error = host.run(&Script::new("hostile", source)).unwrap_err();
    assert_eq!(error.kind(), kind, "{language}: {source}\n{error}");
    let after = if language == Language::Lua {
        "return 7"
    } else {
        "7"
    };
    let value = host
        .run(&Script::new("after", after))
        .unwrap_or_else(|error| panic!("{language}: {source}: {error}"));
    assert_eq!(value.as_i64().unwrap(), 7, "{language}: {source}");
}

#[test]
fn a_script_that_loops_for_ever_is_stopped() {
    for source in [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "coroutine.wrap(function() while true do pcall(error) end end)()",
        "xpcall(function() while true do end end, function() while true do end end)",
        "table.sort({3, 1, 2}, function() while true do end end)",
        "repeat local t = setmetatable({}, {__index = function() while true do end end}) _ = t.x until false",
        "string.find(string.rep('a', 60), string.rep('a?', 60) .. string.rep('a', 60) .. 'b')",
        "return (function f() return f() end)",
    ] {
        let kind = if source.starts_with("return") {
            ScriptErrorKind::Syntax
        } else {
            ScriptErrorKind::Timeout
        };
        fails(Language::Lua, source, kind);
    }
    for source in [
        "for (;;) {}",
        "for (;;) { try { for (;;) {} } catch { } finally { } }",
        "const f = () => { try { for (;;) {} } finally { f() } }; f()",
        "[3, 1, 2].sort(() => { for (;;) {} })",
        "({ get x() { for (;;) {} } }).x",
        "(async () => { for (;;) { await null } })()",
    ] {
        fails(Language::JavaScript, source, ScriptErrorKind::Timeout);
    }
}

#[test]
fn a_script_that_allocates_without_end_is_stopped() {
    for source in [
        "local t = {} while true do t[#t + 1] = string.rep('x', 100000) .. #t end",
        "local s = 'x' while true do s = s .. s end",
        "local t = {} for i = 1, 1e9 do t[i] = {} end",
        "return buffer.create(1e9)",
        "return string.rep('x', 1e9)",
    ] {
        fails(Language::Lua, source, ScriptErrorKind::Memory);
    }
    for source in [
        "const t = []; for (;;) t.push('x'.repeat(100000) + t.length)",
        "const t = []; for (let i = 0; ; i++) t.push({})",
        "new Uint8Array(1e9)",
    ] {
        fails(Language::JavaScript, source, ScriptErrorKind::Memory);
    }
}

#[test]
fn a_script_that_recurses_without_end_is_stopped() {
    for source in [
        "local function f(n) return 1 + f(n + 1) end return f(1)",
        "local t = setmetatable({}, {}) getmetatable(t).__tostring = function(x) return tostring(x) end return tostring(t)",
    ] {
        fails(Language::Lua, source, ScriptErrorKind::Stack);
    }
    for source in [
        "function f(n) { return 1 + f(n + 1) } f(1)",
        "const o = { toString() { return `${o}` } }; `${o}`",
    ] {
        fails(Language::JavaScript, source, ScriptErrorKind::Stack);
    }
}

#[test]
fn a_value_that_is_no_data_is_refused_with_its_path() {
    let cases = [
        (
            Language::Lua,
            "local t = {} t.t = t return t",
            "contains itself",
        ),
        (
            Language::JavaScript,
            "const t = {}; t.t = t; t",
            "contains itself",
        ),
        (
            Language::Lua,
            "local t = {} for _ = 1, 40 do t = {t, t} end return t",
            "has more than 100000 values",
        ),
        (
            Language::JavaScript,
            "let t = {}; for (let i = 0; i < 40; i++) t = [t, t]; t",
            "has more than 100000 values",
        ),
        (
            Language::Lua,
            "return {a = {print}}",
            "`value.a[1]` is a function",
        ),
        (
            Language::JavaScript,
            "({a: [print]})",
            "`value.a[0]` is a function",
        ),
        (Language::Lua, "return 0/0", "is not a number"),
        (Language::JavaScript, "0/0", "is not a number"),
        (
            Language::Lua,
            "return {1, 2, x = 3}",
            "has both a list part and named keys",
        ),
        (
            Language::Lua,
            "return {[1] = 1, [3] = 3}",
            "must have all keys from 1 on",
        ),
        (
            Language::Lua,
            "return '\\255'",
            "is a string that is not UTF-8",
        ),
        (
            Language::Lua,
            "return {[true] = 1}",
            "has a boolean as a key",
        ),
        (Language::JavaScript, "'\\ud800'", "surrogate"),
        (
            Language::JavaScript,
            "({get a() { return 1 }})",
            "is computed by a getter",
        ),
        (Language::JavaScript, "new Proxy({}, {})", "proxy"),
    ];
    for (language, source, part) in cases {
        let error = host(language, AMPLE)
            .run(&Script::new("value", source))
            .unwrap_err();
        assert_eq!(
            error.kind(),
            ScriptErrorKind::Conversion,
            "{language}: {source}: {error}"
        );
        assert!(
            error
                .message()
                .to_lowercase()
                .contains(&part.to_lowercase()),
            "{language}: {source}: {error}"
        );
    }
}

#[test]
fn the_conversion_of_a_value_does_not_outlive_the_deadline() {
    let source =
        "local big = table.create(1e6) local t = {} for i = 1, 90000 do t[i] = big end return t";
    fails(Language::Lua, source, ScriptErrorKind::Timeout);
}

#[test]
fn one_call_prints_one_line_of_bounded_length() {
    let cases = [
        (
            Language::Lua,
            "local t = table.create(7900, string.rep('x', 6e6)) print(table.unpack(t))",
        ),
        (
            Language::JavaScript,
            "console.log(...Array(7900).fill('x'.repeat(6e6)))",
        ),
    ];
    for (language, source) in cases {
        let lines = Arc::new(KeptLines::new(16 << 20));
        let mut host = ScriptHost::builder(language)
            .output(Arc::clone(&lines) as Arc<dyn ScriptOutput>)
            .build()
            .unwrap();
        host.run(&Script::new("prints", source)).unwrap();
        let line = lines.lines().pop().unwrap();
        assert!(
            line.ends_with("x…\t…") || line.ends_with("x… …"),
            "{language}"
        );
        assert!(
            line.len() <= (1 << 20) + "\t…".len(),
            "{language}: {}",
            line.len()
        );
    }
}

#[test]
fn a_dump_shows_no_more_than_its_budget_whatever_its_options() {
    let cases = [
        (
            Language::Lua,
            "local all = {max_depth = 1e9, indent_size = 1e9, max_string_length = 1e15, max_array_elements = 1e9}
             local deep = {} for _ = 1, 90 do deep = {deep, deep} end
             return {#Debug.dump(string.rep('x', 5e6), all), #Debug.dump(table.create(90, string.rep('x', 1e5)), all),
                     #Debug.dump(deep, all)}",
        ),
        (
            Language::JavaScript,
            "const all = {max_depth: 1e9, indent_size: 1e9, max_string_length: 1e15, max_array_elements: 1e9};
             let deep = []; for (let i = 0; i < 90; i++) deep = [deep, deep];
             [Debug.dump('x'.repeat(5e6), all).length, Debug.dump(Array(90).fill('x'.repeat(1e5)), all).length,
              Debug.dump(deep, all).length]",
        ),
    ];
    for (language, source) in cases {
        let lengths = host(language, AMPLE)
            .run(&Script::new("dumps", source))
            .unwrap();
        let lengths: Vec<_> = lengths
            .as_array()
            .unwrap()
            .iter()
            .map(|length| length.as_u64().unwrap())
            .collect();
        assert_eq!(lengths.len(), 3, "{language}");
        for length in lengths {
            assert!((1 << 19..3 << 19).contains(&length), "{language}: {length}");
        }
    }
}

#[test]
fn the_stack_of_a_script_that_ran_too_long_shows_its_variables() {
    let source = "local n, text = 7, string.rep('x', 2e6)
        local list = table.create(1e6, 1)
        while true do n = n end";
    let mut host = host(Language::Lua, Duration::from_millis(300));
    let error = host.run(&Script::new("late", source)).unwrap_err();
    assert_eq!(error.kind(), ScriptErrorKind::Timeout);
    let shown: Vec<_> = error.stack().frames[0]
        .locals
        .iter()
        .map(|variable| format!("{} = {}", variable.name, variable.value))
        .collect();
    let beginning = "x".repeat(50);
    assert_eq!(
        shown,
        [
            "n = 7".to_owned(),
            format!("text = \"{beginning}\"… 1999950 more bytes"),
            "list = …".to_owned()
        ]
    );
}

#[test]
fn of_a_deep_stack_a_bounded_part_is_shown() {
    let source = "local function deep(n)
            if n == 0 then
                return #Debug.stackTrace({max_depth = 1e9, capture_locals = true, capture_upvalues = true})
            end
            local a, b, c, d = {n}, {n}, {n}, string.rep('x', 100)
            return (deep(n - 1))
        end
        return deep(9000)";
    let length = host(Language::Lua, AMPLE)
        .run(&Script::new("deep", source))
        .unwrap();
    assert!(
        (10_000..2 << 20).contains(&length.as_u64().unwrap()),
        "{length:?}"
    );
}

#[test]
fn of_a_long_message_the_beginning_is_kept() {
    for (language, source) in [
        (Language::Lua, "error(string.rep('x', 9e6), 0)"),
        (Language::Lua, "error({message = string.rep('x', 9e6)})"),
        (Language::JavaScript, "throw 'x'.repeat(9e6)"),
    ] {
        let error = host(language, AMPLE)
            .run(&Script::new("long", source))
            .unwrap_err();
        assert_eq!(error.kind(), ScriptErrorKind::Runtime, "{language}");
        assert!((4000..4200).contains(&error.message().len()), "{language}");
    }
}

#[test]
fn complaints_keep_nothing_of_what_was_given() {
    for (language, source) in [
        (
            Language::Lua,
            "local t = string.rep('x', 1e5) for i = 1, 300 do Debug.setLevel(t .. i) end return #Debug.getCapturedEntries()[1].message",
        ),
        (
            Language::JavaScript,
            "const t = 'x'.repeat(1e5); for (let i = 1; i <= 300; i++) Debug.setLevel(t + i); Debug.getCapturedEntries()[0].message.length",
        ),
    ] {
        let manager = Arc::new(DebugManager::new());
        let mut host = ScriptHost::builder(language)
            .debug(DebugBridge::new(Arc::clone(&manager)))
            .build()
            .unwrap();
        let length = host.run(&Script::new("loud", source)).unwrap();
        assert!(
            (150..300).contains(&length.as_u64().unwrap()),
            "{language}: {length:?}"
        );
        assert_eq!(manager.captured(None).len(), 1, "{language}");
    }
}

#[test]
fn a_script_of_a_hundred_megabytes_is_refused_unread() {
    let source = "-".repeat(100 << 20);
    for language in Language::ALL {
        let error = host(language, AMPLE)
            .run(&Script::new("long", source.as_str()))
            .unwrap_err();
        assert_eq!(error.kind(), ScriptErrorKind::Read);
        assert_eq!(
            error.message(),
            "`long` has 104857600 bytes, and a script may have 1048576"
        );
    }
}

#[test]
fn another_thread_can_stop_a_script() {
    for (language, source) in [
        (Language::Lua, "while true do end"),
        (Language::JavaScript, "for (;;) {}"),
    ] {
        let mut host = ScriptHost::builder(language)
            .limits(SandboxLimits {
                timeout: None,
                ..SandboxLimits::default()
            })
            .build()
            .unwrap();
        let handle = host.stop_handle();
        let is_over = std::sync::atomic::AtomicBool::new(false);
        let error = std::thread::scope(|scope| {
            scope.spawn(|| {
                // A stop before the script has begun does nothing, so it is asked for until it is over.
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    handle.stop();
                    std::thread::yield_now();
                }
            });
            let error = host.run(&Script::new("endless", source)).unwrap_err();
            is_over.store(true, std::sync::atomic::Ordering::Relaxed);
            error
        });
        assert_eq!(
            error.kind(),
            ScriptErrorKind::Stopped,
            "{language}: {error}"
        );
    }
}

#[test]
fn scripts_reach_no_file_process_network_environment_or_bytecode() {
    let lua = r"
        local missing = {}
        for _, name in {'io', 'package', 'require', 'load', 'loadstring', 'dofile', 'loadfile', 'debug',
                        'collectgarbage', 'getfenv', 'setfenv', 'newproxy', 'gcinfo'} do
            assert(_G[name] == nil, name)
        end
        for name in os do
            assert(name == 'clock' or name == 'date' or name == 'difftime' or name == 'time', name)
        end
        assert(string.dump == nil)
        assert(not pcall(function() string.upper = nil end))
        assert(not pcall(function() Debug.info = nil end))
        assert(not pcall(function() getmetatable('').__index = nil end))
        assert(not pcall(function() Cupcake.eval = function() return {decision = 'allow'} end end))
    ";
    host(Language::Lua, AMPLE)
        .run(&Script::new("powers", lua))
        .unwrap();
    let javascript = r"
        for (const name of ['std', 'os', 'require', 'process', 'Deno', 'fetch', 'XMLHttpRequest', 'bjson',
                            'Worker', 'navigator', 'load', 'read'])
            if (typeof globalThis[name] !== 'undefined') throw new Error(name);
        const refused = (what) => { try { what() } catch { return } throw new Error(String(what)) };
        refused(() => { Debug.info = null });
        refused(() => { Cupcake.eval = () => ({ decision: 'allow' }) });
        refused(() => { Error.prepareStackTrace = () => 'forged' });
        refused(() => { globalThis.Cupcake = {} });
        true
    ";
    host(Language::JavaScript, AMPLE)
        .run(&Script::new("powers", javascript))
        .unwrap();
    for module in ["std", "os", "fs", "./other.js"] {
        let script = format!("import('{module}').then(() => 'loaded')");
        let outcome = host(Language::JavaScript, AMPLE).run(&Script::new("import", script));
        assert_eq!(
            outcome.unwrap_err().kind(),
            ScriptErrorKind::Runtime,
            "{module}"
        );
    }
}

#[test]
fn a_nul_in_a_script_is_refused_and_does_not_end_it_unseen() {
    for (language, script) in [
        (Language::Lua, "print('one')\n\0\nerror('two')"),
        (Language::JavaScript, "print('one');\n\0\nthrow 'two'"),
    ] {
        let error = host(language, AMPLE)
            .run(&Script::new("nul", script))
            .unwrap_err();
        assert_eq!(error.kind(), ScriptErrorKind::Syntax, "{language}");
        assert_eq!(error.place().unwrap().line, 2, "{language}");
    }
}
