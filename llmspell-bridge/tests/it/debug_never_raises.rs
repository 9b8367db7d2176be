//! Every function of `Debug`, and of the objects that it gives, with everything that a script could hand it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use llmspell_bridge::{
    DebugBridge, KeptLines, Language, SandboxLimits, Script, ScriptHost, ScriptOutput,
};
use llmspell_utils::debug::{BufferLimits, BufferOutput, DebugLevel, DebugManager, DebugOutput};

/// What an argument has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wants {
    Anything,
    Message,
    Name,
    OptionalName,
    Label,
    LabelOrOptions,
    Level,
    Flag,
    Pattern,
    PatternKind,
    TimerId,
    Data,
    Count,
    Options,
    RequiredOptions,
    Function,
    Path,
    Snapshot,
}

/// What a hostile value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Nothing,
    True,
    Count,
    Negative,
    NotFinite,
    Word,
    LongText,
    NotText,
    Empty,
    Plain,
    /// A structure that is no data: a cycle, too large, with accessors or metamethods.
    Odd,
    Function,
    Thing,
}

/// Names, what each is, and its source.
const LUA: &[(&str, Sort, &str)] = &[
    ("nothing", Sort::Nothing, "nil"),
    ("yes", Sort::True, "true"),
    ("seven", Sort::Count, "7"),
    ("half", Sort::Count, "7.5"),
    ("minus", Sort::Negative, "-7"),
    ("vast", Sort::Count, "1e308"),
    ("nan", Sort::NotFinite, "0/0"),
    ("infinite", Sort::NotFinite, "-math.huge"),
    ("empty_text", Sort::Word, "''"),
    ("word", Sort::Word, "'x'"),
    ("bracket", Sort::Word, "'['"),
    ("nul", Sort::Word, "'a\\0b'"),
    ("lines", Sort::Word, "'a\\nb\\27[31m\\u{202e}'"),
    (
        "long",
        Sort::LongText,
        "string.rep(string.rep('x', 1e4), 1e4)",
    ),
    ("bytes", Sort::NotText, "'\\255\\254\\xed\\xa0\\x80'"),
    ("empty", Sort::Empty, "{}"),
    ("list", Sort::Plain, "{1, 2, 3}"),
    ("map", Sort::Plain, "{unknown = true, other = {1}}"),
    ("holes", Sort::Odd, "{[1] = 1, [100000000] = 2}"),
    ("mixed", Sort::Odd, "{1, a = 2}"),
    (
        "cycle",
        Sort::Odd,
        "(function() local t = {}; t.t = t; return t end)()",
    ),
    (
        "folded",
        Sort::Odd,
        "(function() local t = {}; for _ = 1, 40 do t = {t, t} end; return t end)()",
    ),
    (
        "deep",
        Sort::Odd,
        "(function() local t = {}; for _ = 1, 1e4 do t = {t} end; return t end)()",
    ),
    ("wide", Sort::Odd, "table.create(2e5, 1)"),
    (
        "watched",
        Sort::Empty,
        "setmetatable({}, {__index = error, __newindex = error, __len = error, __tostring = error, __iter = error, __call = error, __eq = error, __metatable = 'no'})",
    ),
    ("function_", Sort::Function, "function() end"),
    ("native", Sort::Function, "math.abs"),
    ("routine", Sort::Thing, "coroutine.create(function() end)"),
    (
        "dead",
        Sort::Thing,
        "(function() local c = coroutine.create(error); coroutine.resume(c); return c end)()",
    ),
    ("buffer_", Sort::Thing, "buffer.create(100)"),
    ("vector_", Sort::Thing, "vector.create(1, 2, 3)"),
    ("timer_", Sort::Thing, "Debug.timer('given')"),
    ("holder", Sort::Odd, "{Debug.timer('held'), print}"),
];

const JAVASCRIPT: &[(&str, Sort, &str)] = &[
    ("nothing", Sort::Nothing, "undefined"),
    ("nil", Sort::Nothing, "null"),
    ("yes", Sort::True, "true"),
    ("seven", Sort::Count, "7"),
    ("half", Sort::Count, "7.5"),
    ("minus", Sort::Negative, "-7"),
    ("vast", Sort::Count, "1e308"),
    ("nan", Sort::NotFinite, "NaN"),
    ("infinite", Sort::NotFinite, "-Infinity"),
    ("emptyText", Sort::Word, "''"),
    ("word", Sort::Word, "'x'"),
    ("bracket", Sort::Word, "'['"),
    ("nul", Sort::Word, "'a\\0b'"),
    ("lines", Sort::Word, "'a\\nb\\x1b[31m\\u202e'"),
    ("long", Sort::LongText, "'x'.repeat(1e4).repeat(1e4)"),
    ("half_pair", Sort::NotText, "'a\\ud800'"),
    ("empty", Sort::Empty, "{}"),
    ("list", Sort::Plain, "[1, 2, 3]"),
    ("map", Sort::Plain, "{unknown: true, other: [1]}"),
    (
        "holes",
        Sort::Odd,
        "(() => { const a = []; a[1e6] = 1; return a })()",
    ),
    (
        "cycle",
        Sort::Odd,
        "(() => { const t = {}; t.t = t; return t })()",
    ),
    (
        "folded",
        Sort::Odd,
        "(() => { let t = {}; for (let i = 0; i < 40; i++) t = [t, t]; return t })()",
    ),
    (
        "deep",
        Sort::Odd,
        "(() => { let t = {}; for (let i = 0; i < 1e4; i++) t = [t]; return t })()",
    ),
    ("wide", Sort::Odd, "new Array(2e5).fill(1)"),
    ("getter", Sort::Odd, "{get password() { throw 1 }}"),
    (
        "iterating",
        Sort::Odd,
        "{[Symbol.iterator]() { throw 1 }, toString() { throw 1 }, toJSON() { throw 1 }, valueOf() { throw 1 }}",
    ),
    (
        "primitive",
        Sort::Empty,
        "Object.create({}, {[Symbol.toPrimitive]: {value() { throw 1 }}})",
    ),
    (
        "proxy",
        Sort::Thing,
        "new Proxy({}, {get() { throw 1 }, ownKeys() { throw 1 }, has() { throw 1 }, getPrototypeOf() { throw 1 }})",
    ),
    (
        "revoked",
        Sort::Thing,
        "(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy })()",
    ),
    ("function_", Sort::Function, "() => 1"),
    ("async_", Sort::Function, "async () => { await null }"),
    ("native", Sort::Function, "Math.abs"),
    ("symbol", Sort::Thing, "Symbol('s')"),
    ("big", Sort::Thing, "2n ** 200n"),
    ("date", Sort::Thing, "new Date(NaN)"),
    ("expression", Sort::Thing, "/x/"),
    ("entries", Sort::Thing, "new Map([[1, 2]])"),
    ("weak", Sort::Thing, "new WeakMap()"),
    ("bytes", Sort::Thing, "new Uint8Array(10)"),
    ("promise", Sort::Thing, "Promise.resolve(1)"),
    ("generator", Sort::Thing, "(function* () {})()"),
    ("failure", Sort::Thing, "new Error('e')"),
    ("timer_", Sort::Thing, "Debug.timer('given')"),
    ("holder", Sort::Odd, "[Debug.timer('held'), print]"),
];

/// What every function takes.
const DEBUG: &[(&str, &[Wants])] = &[
    ("trace", &[Wants::Message, Wants::OptionalName]),
    ("debug", &[Wants::Message, Wants::OptionalName]),
    ("info", &[Wants::Message, Wants::OptionalName]),
    ("warn", &[Wants::Message, Wants::OptionalName]),
    ("error", &[Wants::Message, Wants::OptionalName]),
    ("log", &[Wants::Level, Wants::Message, Wants::OptionalName]),
    (
        "logWithData",
        &[
            Wants::Level,
            Wants::Message,
            Wants::Data,
            Wants::OptionalName,
        ],
    ),
    ("setLevel", &[Wants::Level]),
    ("getLevel", &[]),
    ("setEnabled", &[Wants::Flag]),
    ("isEnabled", &[]),
    ("getCapturedEntries", &[Wants::Count]),
    ("clearCaptured", &[]),
    ("timer", &[Wants::Name]),
    ("recordEvent", &[Wants::TimerId, Wants::Name, Wants::Data]),
    ("measure", &[Wants::Name, Wants::Function, Wants::Anything]),
    ("performanceReport", &[]),
    ("jsonReport", &[]),
    ("flameGraph", &[]),
    ("addModuleFilter", &[Wants::Pattern, Wants::Flag]),
    (
        "addAdvancedFilter",
        &[Wants::Pattern, Wants::PatternKind, Wants::Flag],
    ),
    ("removeModuleFilter", &[Wants::Pattern]),
    ("clearModuleFilters", &[]),
    ("setDefaultFilterEnabled", &[Wants::Flag]),
    ("setFilter", &[Wants::Pattern]),
    ("getFilterSummary", &[]),
    ("dump", &[Wants::Anything, Wants::LabelOrOptions]),
    ("dumpCompact", &[Wants::Anything, Wants::Label]),
    ("dumpVerbose", &[Wants::Anything, Wants::Label]),
    (
        "dumpWithOptions",
        &[Wants::Anything, Wants::RequiredOptions, Wants::Label],
    ),
    ("stackTrace", &[Wants::Options]),
    ("stackTraceJson", &[Wants::Options]),
    ("stackFrames", &[Wants::Options]),
    ("memoryStats", &[]),
    ("memorySnapshot", &[]),
    ("startProfile", &[Wants::Options]),
    ("stopProfile", &[]),
];

const TIMER: &[(&str, &[Wants])] = &[
    ("child", &[Wants::Name]),
    ("lap", &[Wants::Name]),
    ("elapsed", &[]),
    ("stop", &[]),
    ("laps", &[]),
    ("event", &[Wants::Name, Wants::Data]),
    ("events", &[]),
];

const PROFILE: &[(&str, &[Wants])] = &[
    ("folded", &[]),
    ("speedscope", &[]),
    ("chromeTrace", &[]),
    ("flameGraphSvg", &[]),
    ("json", &[]),
    ("text", &[]),
    ("top", &[Wants::Count]),
    ("save", &[Wants::Path]),
];

const SNAPSHOT: &[(&str, &[Wants])] = &[("difference", &[Wants::Snapshot])];

/// Functions that do what they can beside complaining: a value is shown without its label, a timer without its name.
const DO_WHAT_THEY_CAN: &[&str] = &[
    "dump",
    "dumpCompact",
    "dumpVerbose",
    "dumpWithOptions",
    "stackTrace",
    "stackTraceJson",
    "stackFrames",
    "timer",
    "measure",
    "recordEvent",
    "event",
    "lap",
    "child",
];

/// Whether a call with this argument must leave a warning; nothing where it depends on more.
fn is_wrong(wants: Wants, sort: Sort) -> Option<bool> {
    use Sort::{
        Count, Empty, LongText, Negative, NotFinite, NotText, Nothing, Odd, Plain, True, Word,
    };
    Some(match wants {
        Wants::Anything => false,
        Wants::Message => sort == LongText,
        Wants::Name => !matches!(sort, Word | NotText),
        Wants::OptionalName => !matches!(sort, Nothing | Word | NotText),
        Wants::Label => !matches!(sort, Nothing | Word | NotText | LongText),
        Wants::LabelOrOptions => !matches!(sort, Nothing | Word | NotText | LongText | Empty),
        Wants::Flag => sort != True,
        Wants::Pattern if sort == Word => return None,
        Wants::Level
        | Wants::Pattern
        | Wants::PatternKind
        | Wants::TimerId
        | Wants::Path
        | Wants::Snapshot => true,
        Wants::Data => match sort {
            Nothing | True | Count | Negative | Word | Empty | Plain => false,
            NotFinite | LongText | NotText | Odd | Sort::Function | Sort::Thing => true,
        },
        // The largest number is as good as any other that is more than there is.
        Wants::Count => !matches!(sort, Nothing | Count),
        Wants::Options => !matches!(sort, Nothing | Empty),
        Wants::RequiredOptions => sort != Empty,
        Wants::Function => sort != Sort::Function,
    })
}

/// What fits, so that only one argument of a call is hostile.
fn fitting(wants: Wants, language: Language) -> &'static str {
    match wants {
        Wants::Anything | Wants::Data => "1",
        Wants::Message | Wants::Name | Wants::OptionalName | Wants::Label | Wants::Pattern => "'x'",
        Wants::Level => "'trace'",
        Wants::Flag => "true",
        Wants::PatternKind => "'exact'",
        Wants::TimerId => "timer.id",
        Wants::Count => "3",
        Wants::LabelOrOptions | Wants::Options | Wants::RequiredOptions => "{}",
        Wants::Function => match language {
            Language::Lua => "function() end",
            Language::JavaScript => "() => 1",
        },
        Wants::Path => "'x.folded'",
        Wants::Snapshot => "snapshot",
    }
}

/// One call, and whether it must leave a warning.
struct Call {
    /// The function as warnings name it.
    function: String,
    method: String,
    source: String,
    is_wrong: Option<bool>,
}

fn values(language: Language) -> &'static [(&'static str, Sort, &'static str)] {
    match language {
        Language::Lua => LUA,
        Language::JavaScript => JAVASCRIPT,
    }
}

/// Every function with every hostile value at every place.
fn calls(language: Language) -> Vec<Call> {
    let objects = [
        ("Debug", "Debug", DEBUG),
        ("Timer", "timer", TIMER),
        ("Profile", "profile", PROFILE),
        ("MemorySnapshot", "snapshot", SNAPSHOT),
    ];
    let mut calls = Vec::new();
    for (kind, object, methods) in objects {
        let between = match language {
            Language::Lua if kind != "Debug" => ":",
            _ => ".",
        };
        for (method, wants) in methods {
            let mut push = |arguments: String, is_wrong| {
                calls.push(Call {
                    function: format!("{kind}.{method}"),
                    method: (*method).to_owned(),
                    source: format!("{object}{between}{method}({arguments})"),
                    is_wrong,
                });
            };
            for at in 0..wants.len() {
                for (name, sort, _) in values(language) {
                    let given = wants.iter().enumerate().map(|(place, wanted)| {
                        if place == at {
                            name
                        } else {
                            fitting(*wanted, language)
                        }
                    });
                    push(
                        given.collect::<Vec<_>>().join(", "),
                        is_wrong(wants[at], *sort),
                    );
                }
            }
            let fit = |place: &Wants| fitting(*place, language);
            let many = ["long", "deep", "nan"].repeat(20).join(", ");
            let wanted: Vec<_> = wants.iter().map(fit).collect();
            push(
                [wanted.join(", "), many]
                    .iter()
                    .filter(|text| !text.is_empty())
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(", "),
                None,
            );
            push(
                String::new(),
                // A message may be nothing, but it must be there.
                Some(wants.iter().any(|wants| {
                    *wants == Wants::Message || is_wrong(*wants, Sort::Nothing) == Some(true)
                })),
            );
            if kind == "Debug" {
                continue;
            }
            for (name, _, _) in values(language) {
                let source = match language {
                    Language::Lua => format!("{object}.{method}({name})"),
                    Language::JavaScript => format!("{object}.{method}.call({name})"),
                };
                calls.push(Call {
                    function: format!("{kind}.{method}"),
                    method: (*method).to_owned(),
                    source,
                    // One of the values is a timer.
                    is_wrong: (*name != "timer_" || kind != "Timer").then_some(true),
                });
            }
        }
    }
    calls
}

/// A script that makes one call on each line from `first` on, and prints what came of it.
fn script(language: Language, calls: &[Call]) -> (String, usize) {
    let mut source = String::new();
    let (prelude, local): (&str, _) = match language {
        Language::Lua => (
            "local timer, snapshot = Debug.timer('t'), Debug.memorySnapshot()\n\
             Debug.startProfile() local profile = Debug.stopProfile()\n\
             local function shown(value)\n\
                 if value == nil or value == false or value == '' then return 'empty' end\n\
                 if type(value) == 'table' and next(value) == nil then return 'empty' end\n\
                 return 'something'\n\
             end\n\
             local function check(line, call)\n\
                 if not timer.running then timer = Debug.timer('again') end\n\
                 local ok, value = pcall(call)\n\
                 print(line, if ok then shown(value) else `raised {typeof(value)} {tostring(value)}`)\n\
             end\n",
            "local ",
        ),
        Language::JavaScript => (
            "let timer = Debug.timer('t'); const snapshot = Debug.memorySnapshot();\n\
             Debug.startProfile(); const profile = Debug.stopProfile();\n\
             const shown = (value) => {\n\
                 if (value === undefined || value === null || value === false || value === '') return 'empty';\n\
                 if (Array.isArray(value) && value.length === 0) return 'empty';\n\
                 return 'something';\n\
             };\n\
             const check = (line, call) => {\n\
                 if (!timer.running) timer = Debug.timer('again');\n\
                 let found; try { found = shown(call()) } catch (raised) { found = `raised ${raised}` }\n\
                 print(line + '\\t' + found);\n\
             };\n",
            "const ",
        ),
    };
    source.push_str(prelude);
    for (name, _, value) in values(language) {
        writeln!(source, "{local}{name} = {value};").unwrap();
    }
    let first = source.lines().count() + 1;
    for (index, call) in calls.iter().enumerate() {
        let line = first + index;
        let before = match call.method.as_str() {
            "startProfile" => "Debug.stopProfile()",
            "stopProfile" => "Debug.startProfile()",
            _ => "",
        };
        let call = &call.source;
        match language {
            Language::Lua => writeln!(
                source,
                "{before} check({line}, function() return {call} end)"
            ),
            Language::JavaScript => writeln!(source, "{before}; check({line}, () => {call});"),
        }
        .unwrap();
    }
    (source, first)
}

/// What came of the calls of one script: for each line what was printed, and the warnings.
struct Outcome {
    printed: HashMap<usize, String>,
    warnings: HashMap<usize, Vec<String>>,
}

fn run(language: Language, source: &str) -> Outcome {
    let lines = Arc::new(KeptLines::new(1 << 24));
    // Not the manager's own buffer: one of the functions empties it.
    let entries = Arc::new(BufferOutput::new(BufferLimits {
        entries: 100_000,
        bytes: 1 << 30,
    }));
    let manager = Arc::new(DebugManager::new());
    manager.set_level(DebugLevel::Trace);
    manager.set_output(Arc::clone(&entries) as Arc<dyn DebugOutput>);
    let mut host = ScriptHost::builder(language)
        .debug(DebugBridge::owning(manager))
        .output(Arc::clone(&lines) as Arc<dyn ScriptOutput>)
        .limits(SandboxLimits {
            memory: 1 << 30,
            ..SandboxLimits::default()
        })
        .build()
        .unwrap();
    host.run(&Script::new("torture", source))
        .unwrap_or_else(|error| panic!("{language}: {}", error.render(false)));
    let printed = lines.lines().into_iter().map(|line| {
        let (number, found) = line.split_once('\t').unwrap();
        (number.parse().unwrap(), found.to_owned())
    });
    let mut warnings: HashMap<usize, Vec<String>> = HashMap::new();
    for entry in entries.entries(None) {
        if entry.level == DebugLevel::Warn && entry.module.as_deref() == Some("debug") {
            let place = entry.place.as_ref().expect("a warning has its place");
            assert_eq!(&*place.file, "torture");
            let of_line = warnings.entry(place.line as usize).or_default();
            of_line.push(entry.message.clone());
        }
    }
    Outcome {
        printed: printed.collect(),
        warnings,
    }
}

fn every_call_returns_and_complains_once_about_what_is_wrong(language: Language) {
    let all = calls(language);
    let mut failures = String::new();
    let mut complaints = 0;
    // A bridge complains about a few hundred places and then falls silent.
    for calls in all.chunks(200) {
        let (source, first) = script(language, calls);
        let outcome = run(language, &source);
        for (index, call) in calls.iter().enumerate() {
            let line = first + index;
            let found = outcome.printed.get(&line).map_or("nothing", String::as_str);
            let prefix = format!("{}: ", call.function);
            let warnings = outcome.warnings.get(&line).into_iter().flatten();
            let count = warnings
                .filter(|warning| warning.starts_with(&prefix))
                .count();
            complaints += count;
            let is_as_expected = call
                .is_wrong
                .is_none_or(|wrong| count == usize::from(wrong));
            // What a measured function raises is the script's own.
            let may_raise = call.method == "measure";
            let may_answer = count == 0 || DO_WHAT_THEY_CAN.contains(&call.method.as_str());
            let is_answered = match found {
                "empty" => true,
                "something" => may_answer,
                _ => may_raise,
            };
            if !is_as_expected || !is_answered {
                writeln!(
                    failures,
                    "{}: {found}, {count} warnings: {:?}",
                    call.source,
                    outcome.warnings.get(&line)
                )
                .unwrap();
            }
        }
    }
    assert!(failures.is_empty(), "{language}\n{failures}");
    assert!(complaints > 500, "{language}: only {complaints} complaints");
}

#[test]
fn no_call_from_lua_raises_and_each_wrong_one_leaves_one_warning() {
    every_call_returns_and_complains_once_about_what_is_wrong(Language::Lua);
}

#[test]
fn no_call_from_javascript_raises_and_each_wrong_one_leaves_one_warning() {
    every_call_returns_and_complains_once_about_what_is_wrong(Language::JavaScript);
}

#[test]
fn the_tables_of_this_test_name_every_function() {
    let source = "local names = {} for name in Debug do table.insert(names, name) end return names";
    let mut host = ScriptHost::builder(Language::Lua).build().unwrap();
    let names = host.run(&Script::new("names", source)).unwrap();
    for name in names.as_array().unwrap().iter() {
        let name = name.as_string().unwrap();
        assert!(
            DEBUG.iter().any(|(known, _)| *known == &**name),
            "`Debug.{name}` is missing here"
        );
    }
    assert!(LUA.len() >= 25 && JAVASCRIPT.len() >= 25);
}
