//! One decision, with few and many policies.

use std::hint::black_box;
use std::sync::{Arc, mpsc};
use std::thread;

use llmspell_engine::{Event, EventLimits, PolicyEngine};

use super::Work;
use crate::project::{EVENT, Routed, engine, engine_of_interpreter, event, guarded_engine};

/// Decides about one event with a number of policies.
pub fn decide(count: usize, routed: Routed) -> Work {
    let engine = engine(count, routed);
    let event = event();
    Box::new(move |times| {
        for _ in 0..times {
            black_box(engine.evaluate(&event));
        }
    })
}

/// The same with policies that are all interpreted.
pub fn decide_in_interpreter(count: usize, routed: Routed) -> Work {
    let engine = engine_of_interpreter(count, routed);
    let event = event();
    Box::new(move |times| {
        for _ in 0..times {
            black_box(engine.evaluate(&event));
        }
    })
}

/// Decides about one event that no policy is routed to.
pub fn decide_nothing(count: usize) -> Work {
    let engine = engine(count, Routed::One);
    let limits = EventLimits::default();
    let event = Event::parse(br#"{"hook_event_name": "Stop"}"#, &limits).unwrap();
    Box::new(move |times| {
        for _ in 0..times {
            black_box(engine.evaluate(&event));
        }
    })
}

/// Decides about an event that is still text, and writes the decision as text.
pub fn decide_text(count: usize) -> Work {
    text_decided_by(engine(count, Routed::One))
}

/// The same with the guardrail that stands in every project.
pub fn decide_guarded_text(count: usize) -> Work {
    text_decided_by(guarded_engine(count, Routed::One))
}

fn text_decided_by(engine: PolicyEngine) -> Work {
    Box::new(move |times| {
        for _ in 0..times {
            let event = Event::parse(EVENT.as_bytes(), &EventLimits::default()).unwrap();
            let decision = engine.evaluate(&event);
            black_box(serde_json::to_vec(&decision).unwrap());
        }
    })
}

/// Shares such decisions among threads with one engine.
pub fn decide_on_threads(threads: u64) -> Work {
    let engine = Arc::new(engine(50, Routed::All));
    let (done, all_done) = mpsc::channel();
    let workers: Vec<_> = (0..threads)
        .map(|_| {
            let (orders, taken) = mpsc::channel::<u64>();
            let (engine, done) = (Arc::clone(&engine), done.clone());
            let event = event();
            thread::spawn(move || {
                for times in taken {
                    for _ in 0..times {
                        black_box(engine.evaluate(&event));
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
