//! A script that is profiled and one that is not, and the stack of a script.

use std::hint::black_box;
use std::sync::Arc;

use super::Work;
use llmspell_bridge::{
    Language, Method, ProfileMode, ProfileOptions, SandboxLimits, Script, ScriptHost, ScriptObject,
    ScriptValue, StackTraceOptions,
};

/// How the work is profiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profiled {
    /// There never was a profile.
    Never,
    /// There was one, which has ended.
    Before(ProfileMode),
    /// There is one.
    Now(ProfileMode),
}

/// Calls, table accesses and text, in about a microsecond.
const LUA: &str = "
local function weigh(list, factor)
    local sum = 0
    for i = 1, #list do sum = sum + list[i] * factor end
    return sum
end
local list = { 3, 1, 4, 1, 5, 9, 2, 6, 5, 3 }
local function step(i)
    local text = 'item ' .. i % 10
    return weigh(list, i % 7) + #text
end
local total = 0
for i = 1, TIMES do total = total + step(i) end
return total
";

const JAVASCRIPT: &str = "
{
const weigh = (list, factor) => {
    let sum = 0;
    for (let i = 0; i < list.length; i++) sum += list[i] * factor;
    return sum;
};
const list = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3];
const step = (i) => {
    const text = 'item ' + i % 10;
    return weigh(list, i % 7) + text.length;
};
let total = 0;
for (let i = 0; i < TIMES; i++) total += step(i);
total
}
";

fn limits() -> SandboxLimits {
    SandboxLimits {
        timeout: None,
        ..SandboxLimits::default()
    }
}

const fn source(language: Language) -> &'static str {
    match language {
        Language::Lua => LUA,
        Language::JavaScript => JAVASCRIPT,
    }
}

/// A script that works, profiled or not.
pub fn script(language: Language, profiled: Profiled) -> Work {
    let mut host = ScriptHost::builder(language)
        .limits(limits())
        .build()
        .unwrap();
    let start = |host: &ScriptHost, mode| {
        let options = ProfileOptions {
            mode,
            ..ProfileOptions::default()
        };
        assert!(host.profiles().start(options).unwrap());
    };
    if let Profiled::Before(mode) = profiled {
        start(&host, mode);
        host.run(&Script::new(
            "before",
            source(language).replace("TIMES", "1000"),
        ))
        .unwrap();
        host.profiles().stop().unwrap();
    }
    Box::new(move |times| {
        if let Profiled::Now(mode) = profiled {
            start(&host, mode);
        }
        let script = Script::new(
            "work",
            source(language).replace("TIMES", &times.to_string()),
        );
        host.run(&script).unwrap();
        black_box(host.profiles().stop());
    })
}

/// Reads the caller's stack a number of times.
struct Stacks;

impl ScriptObject for Stacks {
    const NAME: &'static str = "Stacks";
    const METHODS: &'static [Method<Self>] = &[Method::new("read", |_, arguments| {
        let options = StackTraceOptions {
            max_depth: 100,
            capture_locals: false,
            capture_upvalues: false,
            include_source: true,
        };
        let times = arguments.number(0).unwrap_or_default() as u64;
        for _ in 0..times {
            let trace = black_box(arguments.stack(&options));
            assert!(trace.frames.len() >= 50);
        }
        Ok(ScriptValue::Nil)
    })];
}

/// Reads a stack of fifty functions, without their variables.
pub fn stack(language: Language) -> Work {
    let mut host = ScriptHost::builder(language)
        .limits(limits())
        .global("stacks", Arc::new(Stacks))
        .build()
        .unwrap();
    Box::new(move |times| {
        let source = match language {
            Language::Lua => format!(
                "local function down(n) if n == 0 then stacks.read({times}) return 0 end
                 return 1 + down(n - 1) end
                 return down(48)"
            ),
            Language::JavaScript => format!(
                "{{ const down = (n) => {{ if (n == 0) {{ stacks.read({times}); return 0; }}
                 return 1 + down(n - 1); }};
                 down(48) }}"
            ),
        };
        host.run(&Script::new("deep", source)).unwrap();
    })
}
