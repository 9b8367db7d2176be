//! A script that is profiled and one that is not, and the stack of a script.

use std::hint::black_box;
use std::sync::Arc;

use super::Work;
use llmspell_bridge::{
    DebugBridge, Language, ProfileMode, ProfileOptions, SandboxLimits, Script, ScriptHost,
};
use llmspell_utils::debug::DebugManager;

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

/// How many steps of the script are one piece of work: many, because starting and stopping a profile is part of it.
const STEPS: u64 = 50_000;

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
            source(language).replace("TIMES", &(times * STEPS).to_string()),
        );
        host.run(&script).unwrap();
        black_box(host.profiles().stop());
    })
}

/// Has a script ask for its stack of fifty functions as text, without their variables.
pub fn stack(language: Language) -> Work {
    let mut host = ScriptHost::builder(language)
        .limits(limits())
        .debug(DebugBridge::new(Arc::new(DebugManager::new())))
        .build()
        .unwrap();
    // Forty-nine calls and the script itself.
    let source = match language {
        Language::Lua => {
            "local function down(n)
                if n > 0 then return 1 + down(n - 1) end
                assert(string.find(Debug.stackTrace(), '#49 ', 1, true))
                for _ = 1, TIMES do Debug.stackTrace() end
                return 0
            end
            return down(48)"
        }
        Language::JavaScript => {
            "{
                const down = (n) => {
                    if (n > 0) return 1 + down(n - 1);
                    if (!Debug.stackTrace().includes('#49 ')) throw new Error('no such frame');
                    for (let i = 0; i < TIMES; i++) Debug.stackTrace();
                    return 0;
                };
                down(48);
            }"
        }
    };
    Box::new(move |times| {
        let source = source.replace("TIMES", &times.to_string());
        host.run(&Script::new("deep", source)).unwrap();
    })
}
