//! Figures: our work held against other work, in turns, in one run.

use std::time::Instant;

use llmspell_bridge::{Language, ProfileMode};
use serde::Serialize;

use crate::project::Routed;
use crate::workload::profile::Profiled;
use crate::workload::{Work, decision, event, hook, load, message, profile, timer};

/// How long one turn of one side takes at least, in nanoseconds.
const TURN: u64 = 20_000_000;
/// How many turns each side gets.
const TURNS: usize = 15;

/// What our work is held against.
#[derive(Debug)]
pub enum Against {
    /// Other work, and its name.
    Work(&'static str, fn() -> Work),
    /// A fixed time in nanoseconds, and its name.
    Time(&'static str, f64),
}

/// One figure: what is measured, against what, and how good it must be.
#[derive(Debug)]
pub struct Figure {
    /// Its name on the command line.
    pub name: &'static str,
    /// What is measured.
    pub what: &'static str,
    ours: fn() -> Work,
    /// How many things one piece of our work does; the value is for one.
    parts: f64,
    against: Against,
    /// The ratio that must not be passed, if there is one.
    target: Option<f64>,
    /// How many pieces of work are counted where instructions are counted; a few where one is long.
    counted: u64,
}

/// How the instructions of a figure are counted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Counting {
    /// How many pieces of work are done.
    pub times: u64,
    /// How many things one piece of our work does.
    pub parts: f64,
    /// Whether there is work on the other side to count.
    pub against: bool,
}

/// What a figure came to.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// The figure's name.
    pub name: &'static str,
    /// What was measured.
    pub what: &'static str,
    /// The median time of one piece of our work, in nanoseconds.
    pub value_ns: f64,
    /// What it was held against.
    pub against: &'static str,
    /// The median time of that, in nanoseconds.
    pub against_ns: f64,
    /// The median over all turns of ours divided by theirs.
    pub ratio: f64,
    /// The ratio that must not be passed, if there is one.
    pub target: Option<f64>,
    /// Whether it is not passed; `None` where there is no target.
    pub reached: Option<bool>,
    /// How its instructions are counted.
    pub counting: Counting,
}

/// All figures, in the order in which they are printed.
pub const FIGURES: &[Figure] = &[
    Figure {
        name: "message.disabled.rust",
        what: "a message below the level, from Rust",
        ours: message::disabled_in_rust,
        parts: 1.0,
        against: Against::Work("a relaxed load", message::relaxed_load),
        target: Some(1.5),
        counted: 2000,
    },
    Figure {
        name: "message.disabled.lua",
        what: "a message below the level, from Lua",
        ours: || message::disabled_in(Language::Lua),
        parts: 1.0,
        against: Against::Time("25 ns", 25.0),
        target: Some(1.0),
        counted: 2000,
    },
    Figure {
        name: "message.disabled.javascript",
        what: "a message below the level, from JavaScript",
        ours: || message::disabled_in(Language::JavaScript),
        parts: 1.0,
        against: Against::Work(
            "a call of an empty Rust function",
            message::empty_function_in_javascript,
        ),
        target: Some(1.3),
        counted: 2000,
    },
    Figure {
        name: "message.enabled.rust",
        what: "a message that is kept, from Rust",
        ours: message::enabled_in_rust,
        parts: 1.0,
        against: Against::Time("350 ns", 350.0),
        target: Some(1.0),
        counted: 2000,
    },
    Figure {
        name: "message.enabled.threads",
        what: "a message that is kept, from one of two threads",
        ours: || message::enabled_on_threads(2),
        parts: 1.0,
        against: Against::Work("a message that is kept, from the only thread", || {
            message::enabled_on_threads(1)
        }),
        // Two threads together log 1.7 times as many as one.
        target: Some(1.0 / 1.7),
        counted: 2000,
    },
    Figure {
        name: "captured",
        what: "the newest 100 of 10,000 captured entries",
        ours: message::newest_captured,
        parts: 1.0,
        against: Against::Time("100 µs", 100_000.0),
        target: Some(1.0),
        counted: 20,
    },
    Figure {
        name: "message.enabled.lua",
        what: "a message that is kept, from Lua",
        ours: || message::enabled_in(Language::Lua),
        parts: 1.0,
        against: Against::Work(
            "a call of an empty Rust function",
            message::empty_function_in_lua,
        ),
        target: None,
        counted: 2000,
    },
    Figure {
        name: "message.enabled.javascript",
        what: "a message that is kept, from JavaScript",
        ours: || message::enabled_in(Language::JavaScript),
        parts: 1.0,
        against: Against::Work(
            "a call of an empty Rust function",
            message::empty_function_in_javascript,
        ),
        target: None,
        counted: 2000,
    },
    Figure {
        name: "timer",
        what: "a timer started and stopped while 1,000 run",
        ours: timer::start_and_stop,
        parts: 1.0,
        against: Against::Work(
            "DashMap<u64, Instant> insert and remove among 1,000, foldhash, with two readings of the clock",
            timer::map_insert_and_remove,
        ),
        target: Some(1.5),
        counted: 2000,
    },
    Figure {
        name: "timer.clock",
        what: "a timer started and stopped while 1,000 run",
        ours: timer::start_and_stop,
        parts: 1.0,
        against: Against::Work("two readings of the clock", timer::two_clock_readings),
        target: None,
        counted: 2000,
    },
    Figure {
        name: "filter",
        what: "a filter's decision among 100 rules",
        ours: || timer::filter_decision(100),
        parts: 1.0,
        against: Against::Time("25 ns", 25.0),
        target: Some(1.0),
        counted: 2000,
    },
    Figure {
        name: "event.lua",
        what: "an event of 1 KB from a Lua table",
        ours: || event::from_script(Language::Lua),
        parts: 1.0,
        against: Against::Work(
            "mlua's from_value::<serde_json::Value>",
            event::from_lua_by_mlua,
        ),
        target: Some(0.35),
        counted: 500,
    },
    Figure {
        name: "event.javascript",
        what: "an event of 1 KB from a JavaScript object",
        ours: || event::from_script(Language::JavaScript),
        parts: 1.0,
        against: Against::Work(
            "rquickjs_serde::from_value",
            event::from_javascript_by_rquickjs,
        ),
        target: Some(0.7),
        counted: 500,
    },
    Figure {
        name: "event.text",
        what: "an event of 1 KB from JSON text, guarded",
        ours: event::from_text,
        parts: 1.0,
        against: Against::Work("serde_json::from_str::<Value>", event::from_text_by_serde),
        target: None,
        counted: 500,
    },
    Figure {
        name: "decision.none",
        what: "a decision with none of 500 policies routed",
        ours: || decision::decide_nothing(500),
        parts: 1.0,
        against: Against::Work("a decision with none of 5 routed", || {
            decision::decide_nothing(5)
        }),
        target: None,
        counted: 200,
    },
    Figure {
        name: "decision.one",
        what: "a decision with 1 of 500 policies routed",
        ours: || decision::decide(500, Routed::One),
        parts: 1.0,
        against: Against::Work("a decision with 1 of 5 routed", || {
            decision::decide(5, Routed::One)
        }),
        target: Some(2.0),
        counted: 200,
    },
    Figure {
        name: "decision.all",
        what: "a policy's share of a decision with all 500 routed",
        ours: || decision::decide(500, Routed::All),
        parts: 500.0,
        against: Against::Time("4 µs", 4_000.0),
        target: Some(1.0),
        counted: 4,
    },
    Figure {
        name: "decision.all.interpreter",
        what: "the same with policies that are all interpreted",
        ours: || decision::decide_in_interpreter(500, Routed::All),
        parts: 500.0,
        against: Against::Time("14 µs", 14_000.0),
        target: Some(1.0),
        counted: 4,
    },
    Figure {
        name: "decision.text",
        what: "a decision from 1 KB of text to its own JSON, with 1 of 5,000 policies routed",
        ours: || decision::decide_text(5000),
        parts: 1.0,
        against: Against::Time("20 µs", 20_000.0),
        target: Some(1.0),
        counted: 200,
    },
    Figure {
        name: "decision.wide",
        what: "the same with 1 of 5,000 policies routed",
        ours: || decision::decide_text(5000),
        parts: 1.0,
        against: Against::Work("with 1 of 5 routed", || decision::decide_text(5)),
        target: Some(1.2),
        counted: 200,
    },
    Figure {
        name: "decision.guarded",
        what: "a decision from 1 KB of text to its own JSON, with the guardrail of every project",
        ours: || decision::decide_guarded_text(50),
        parts: 1.0,
        against: Against::Work("without it", || decision::decide_text(50)),
        target: None,
        counted: 200,
    },
    Figure {
        name: "decision.threads",
        what: "a decision with 50 policies routed, on one of two threads",
        ours: || decision::decide_on_threads(2),
        parts: 1.0,
        against: Against::Work("on the only thread", || decision::decide_on_threads(1)),
        // Two threads together decide 1.7 times as often as one.
        target: Some(1.0 / 1.7),
        counted: 20,
    },
    Figure {
        name: "load.project",
        what: "a project of 500 policies, from the disk to an engine with all of them compiled",
        ours: || load::load(500),
        parts: 1.0,
        against: Against::Time("60 ms", 60_000_000.0),
        target: Some(1.0),
        counted: 1,
    },
    Figure {
        name: "load.once",
        what: "a project of 500 policies, from the disk to the decision about one event",
        ours: || load::decide_once(500),
        parts: 1.0,
        against: Against::Time("12 ms", 12_000_000.0),
        target: Some(1.0),
        counted: 1,
    },
    Figure {
        name: "load",
        what: "a policy's share of a cold load of 500",
        ours: || load::load(500),
        parts: 500.0,
        against: Against::Time("40 µs, to parse and compile one", 40_000.0),
        target: None,
        counted: 1,
    },
    Figure {
        name: "hook.start",
        what: "the program, which starts, says who it is and ends",
        ours: hook::start,
        parts: 1.0,
        against: Against::Work("a program that only starts and ends", hook::nothing),
        target: None,
        counted: 1,
    },
    Figure {
        name: "hook",
        what: "a hook's whole process with one policy",
        ours: || hook::answer(1),
        parts: 1.0,
        against: Against::Work("a program that only starts and ends", hook::nothing),
        target: None,
        counted: 1,
    },
    Figure {
        name: "hook.1",
        what: "a hook's whole process with one policy",
        ours: || hook::answer(1),
        parts: 1.0,
        against: Against::Time("4 ms", 4_000_000.0),
        target: Some(1.0),
        counted: 1,
    },
    Figure {
        name: "hook.50",
        what: "a hook's whole process with 50 policies",
        ours: || hook::answer(50),
        parts: 1.0,
        against: Against::Time("4 ms", 4_000_000.0),
        target: Some(1.0),
        counted: 1,
    },
    Figure {
        name: "hook.500",
        what: "a hook's whole process with 500 policies",
        ours: || hook::answer(500),
        parts: 1.0,
        against: Against::Time("6 ms", 6_000_000.0),
        target: Some(1.0),
        counted: 1,
    },
    Figure {
        name: "hook.lua",
        what: "a hook's whole process with one policy in Lua",
        ours: hook::answer_of_lua,
        parts: 1.0,
        against: Against::Work("a program that only starts and ends", hook::nothing),
        target: None,
        counted: 1,
    },
    Figure {
        name: "hook.wasm.50",
        what: "a hook's whole process with 50 policies on WebAssembly, compiled before",
        ours: || hook::answer_of_wasm(50),
        parts: 1.0,
        against: Against::Time("8 ms", 8_000_000.0),
        target: Some(1.0),
        counted: 1,
    },
    Figure {
        name: "hook.served.1",
        what: "a hook's whole process with one policy, with a server",
        ours: || hook::served(1),
        parts: 1.0,
        against: Against::Time("3 ms", 3_000_000.0),
        target: Some(1.0),
        counted: 1,
    },
    Figure {
        name: "hook.served.500",
        what: "a hook's whole process with 500 policies, with a server",
        ours: || hook::served(500),
        parts: 1.0,
        against: Against::Time("3 ms", 3_000_000.0),
        target: Some(1.0),
        counted: 1,
    },
    Figure {
        name: "profile.none.lua",
        what: "50,000 steps of a Lua script in a host that profiled another one before",
        ours: || profile::script(Language::Lua, Profiled::Before(ProfileMode::Sampled)),
        parts: 1.0,
        against: Against::Work("the same in a host that never did", || {
            profile::script(Language::Lua, Profiled::Never)
        }),
        target: Some(1.02),
        counted: 1,
    },
    Figure {
        name: "profile.sampling.lua",
        what: "50,000 steps of a Lua script that is sampled at 1 kHz",
        ours: || profile::script(Language::Lua, Profiled::Now(ProfileMode::Sampled)),
        parts: 1.0,
        against: Against::Work("the same that is not profiled", || {
            profile::script(Language::Lua, Profiled::Never)
        }),
        target: Some(1.05),
        counted: 1,
    },
    Figure {
        name: "profile.exact.lua",
        what: "50,000 steps of a Lua script whose calls are all noted",
        ours: || profile::script(Language::Lua, Profiled::Now(ProfileMode::Exact)),
        parts: 1.0,
        against: Against::Work("the same that is not profiled", || {
            profile::script(Language::Lua, Profiled::Never)
        }),
        target: None,
        counted: 1,
    },
    Figure {
        name: "stack.lua",
        what: "the stack of 50 Lua functions as text, for a script, without their variables",
        ours: || profile::stack(Language::Lua),
        parts: 1.0,
        against: Against::Time("60 µs", 60_000.0),
        target: Some(1.0),
        counted: 200,
    },
    Figure {
        name: "profile.none.javascript",
        what: "50,000 steps of a JavaScript script in a host that profiled another one before",
        ours: || profile::script(Language::JavaScript, Profiled::Before(ProfileMode::Sampled)),
        parts: 1.0,
        against: Against::Work("the same in a host that never did", || {
            profile::script(Language::JavaScript, Profiled::Never)
        }),
        target: Some(1.02),
        counted: 1,
    },
    Figure {
        name: "profile.sampling.javascript",
        what: "50,000 steps of a JavaScript script that is sampled at 1 kHz",
        ours: || profile::script(Language::JavaScript, Profiled::Now(ProfileMode::Sampled)),
        parts: 1.0,
        against: Against::Work("the same that is not profiled", || {
            profile::script(Language::JavaScript, Profiled::Never)
        }),
        target: Some(1.05),
        counted: 1,
    },
    Figure {
        name: "profile.exact.javascript",
        what: "50,000 steps of a JavaScript script whose calls are all noted",
        ours: || profile::script(Language::JavaScript, Profiled::Now(ProfileMode::Exact)),
        parts: 1.0,
        against: Against::Work("the same that is not profiled", || {
            profile::script(Language::JavaScript, Profiled::Never)
        }),
        target: None,
        counted: 1,
    },
    Figure {
        name: "stack.javascript",
        what: "the stack of 50 JavaScript functions as text, for a script",
        ours: || profile::stack(Language::JavaScript),
        parts: 1.0,
        against: Against::Time("60 µs", 60_000.0),
        target: Some(1.0),
        counted: 200,
    },
];

impl Figure {
    /// Our work, or what it is held against, for counting instructions.
    pub fn work(&self, ours: bool) -> Option<Work> {
        match (ours, &self.against) {
            (true, _) => Some((self.ours)()),
            (false, Against::Work(_, work)) => Some(work()),
            (false, Against::Time(..)) => None,
        }
    }

    /// Measures both sides in turns, so that a machine that changes its speed changes it for both.
    pub fn measure(&self) -> Outcome {
        let mut ours = (self.ours)();
        let (against, values, ratios, theirs) = match &self.against {
            Against::Work(name, work) => {
                let mut theirs = work();
                let (our_times, their_times) = (times(&mut ours), times(&mut theirs));
                let (mut values, mut others, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
                for _ in 0..TURNS {
                    let (value, other) =
                        (turn(&mut ours, our_times), turn(&mut theirs, their_times));
                    values.push(value);
                    others.push(other);
                    ratios.push(value / self.parts / other);
                }
                (*name, values, ratios, median(others))
            }
            Against::Time(name, time) => {
                let our_times = times(&mut ours);
                let values: Vec<_> = (0..TURNS).map(|_| turn(&mut ours, our_times)).collect();
                let ratios = values
                    .iter()
                    .map(|value| value / self.parts / time)
                    .collect();
                (*name, values, ratios, *time)
            }
        };
        let ratio = median(ratios);
        Outcome {
            name: self.name,
            what: self.what,
            value_ns: median(values) / self.parts,
            against,
            against_ns: theirs,
            ratio,
            target: self.target,
            reached: self.target.map(|target| ratio <= target),
            counting: Counting {
                times: self.counted,
                parts: self.parts,
                against: matches!(self.against, Against::Work(..)),
            },
        }
    }
}

/// How often the work must be done for a turn to be long enough; warms it up meanwhile.
fn times(work: &mut Work) -> u64 {
    let mut times = 1;
    loop {
        let start = Instant::now();
        work(times);
        let spent = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        if spent >= TURN {
            return times;
        }
        times = times.saturating_mul((TURN / spent.max(1)).clamp(2, 100));
    }
}

fn turn(work: &mut Work, times: u64) -> f64 {
    let start = Instant::now();
    work(times);
    start.elapsed().as_nanos() as f64 / times as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
