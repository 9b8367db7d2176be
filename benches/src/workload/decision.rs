//! One decision, with few and many policies.

use std::hint::black_box;

use super::Work;
use crate::project::{Routed, engine, event};

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

/// Decides about one event that no policy is routed to.
pub fn decide_nothing(count: usize) -> Work {
    let engine = engine(count, Routed::One);
    let limits = llmspell_engine::EventLimits::default();
    let event = llmspell_engine::Event::parse(br#"{"hook_event_name": "Stop"}"#, &limits).unwrap();
    Box::new(move |times| {
        for _ in 0..times {
            black_box(engine.evaluate(&event));
        }
    })
}
