//! A debug message that nobody listens to, and one that somebody does, from each language.

use std::hint::black_box;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use llmspell_bridge::{DebugBridge, Language, Script, ScriptHost};
use llmspell_utils::debug::{DebugLevel, DebugManager, debug_log};

use super::Work;

/// Does a thing sixteen times a turn of the loop. What is measured here takes a cycle or two, and the
/// place of so small a loop in memory would decide the figure.
macro_rules! sixteen_times {
    ($times:expr, $step:ident, $body:block) => {
        let turns: u64 = $times;
        for turn in 0..turns.div_ceil(16) {
            let $step = turn;
            $body $body $body $body $body $body $body $body
            $body $body $body $body $body $body $body $body
        }
    };
}

/// The cheapest question there is: one relaxed load and a comparison.
pub fn relaxed_load() -> Work {
    let level = AtomicU8::new(DebugLevel::Info as u8);
    Box::new(move |times| {
        sixteen_times!(times, step, {
            if black_box(&level).load(Ordering::Relaxed) >= DebugLevel::Debug as u8 {
                black_box(step);
            }
        });
    })
}

/// A message below the level, from Rust. Its text would be formatted if anybody listened.
pub fn disabled_in_rust() -> Work {
    let manager = DebugManager::new();
    Box::new(move |times| {
        sixteen_times!(times, step, {
            debug_log!(black_box(&manager), DebugLevel::Debug, "step {step}");
        });
    })
}

/// A message that is kept in the ring, from Rust.
pub fn enabled_in_rust() -> Work {
    let manager = DebugManager::new();
    Box::new(move |times| {
        for step in 0..times {
            debug_log!(&manager, DebugLevel::Info, "step {step}");
        }
    })
}

/// A message that is kept in the ring, from a number of threads at once that live as long as the work.
pub fn enabled_on_threads(threads: u64) -> Work {
    let manager = Arc::new(DebugManager::new());
    let (done, all_done) = mpsc::channel();
    let workers: Vec<_> = (0..threads)
        .map(|_| {
            let (orders, taken) = mpsc::channel::<u64>();
            let (manager, done) = (Arc::clone(&manager), done.clone());
            thread::spawn(move || {
                for times in taken {
                    for step in 0..times {
                        debug_log!(&manager, DebugLevel::Info, "step {step}");
                    }
                    done.send(()).unwrap();
                }
            });
            orders
        })
        .collect();
    Box::new(move |times| {
        for worker in &workers {
            worker.send(times.div_ceil(threads)).unwrap();
        }
        for _ in &workers {
            all_done.recv().unwrap();
        }
    })
}

/// The newest 100 entries out of a full ring.
pub fn newest_captured() -> Work {
    let manager = DebugManager::new();
    for step in 0..20_000 {
        debug_log!(&manager, DebugLevel::Info, module: "policy.shell", "step {step}");
    }
    Box::new(move |times| {
        for _ in 0..times {
            black_box(manager.captured(Some(100)));
        }
    })
}

fn host(language: Language) -> ScriptHost {
    let bridge = DebugBridge::new(Arc::new(DebugManager::new()));
    let limits = llmspell_bridge::SandboxLimits {
        timeout: None,
        ..Default::default()
    };
    ScriptHost::builder(language)
        .debug(bridge)
        .limits(limits)
        .build()
        .unwrap()
}

/// A statement in a loop of a script.
fn looped(language: Language, statement: &str) -> Work {
    let mut host = host(language);
    let statement = statement.to_owned();
    Box::new(move |times| {
        let source = match language {
            Language::Lua => format!("for i = 1, {times} do {statement} end"),
            Language::JavaScript => format!("for (let i = 0; i < {times}; i++) {{ {statement} }}"),
        };
        host.run(&Script::new("loop", source)).unwrap();
    })
}

/// A message below the level, from a script.
pub fn disabled_in(language: Language) -> Work {
    looped(language, "Debug.debug('x')")
}

/// A message that is kept in the ring, from a script.
pub fn enabled_in(language: Language) -> Work {
    looped(language, "Debug.info('x')")
}

/// A call of an empty Rust function that mlua made, in a state that is closed as ours.
pub fn empty_function_in_lua() -> Work {
    let lua = mlua::Lua::new();
    lua.globals()
        .set("empty", lua.create_function(|_, ()| Ok(())).unwrap())
        .unwrap();
    lua.sandbox(true).unwrap();
    Box::new(move |times| {
        lua.load(format!("for i = 1, {times} do empty() end"))
            .exec()
            .unwrap();
    })
}

/// A call of an empty Rust function that rquickjs made.
pub fn empty_function_in_javascript() -> Work {
    let runtime = rquickjs::Runtime::new().unwrap();
    let context = rquickjs::Context::full(&runtime).unwrap();
    context.with(|ctx| {
        let empty = rquickjs::Function::new(ctx.clone(), || {}).unwrap();
        ctx.globals().set("empty", empty).unwrap();
    });
    Box::new(move |times| {
        context.with(|ctx| {
            let () = ctx
                .eval(format!("for (let i = 0; i < {times}; i++) {{ empty() }}"))
                .unwrap();
        });
    })
}
