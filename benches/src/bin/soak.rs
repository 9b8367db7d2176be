//! Decides for a long time and from many threads, and says whether memory grew and whether a decision was lost.
//!
//! `soak [DECISIONS]`
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "printing is what this program is for, and what breaks down has failed"
)]

use std::collections::HashSet;
use std::process::ExitCode;
use std::sync::{Arc, Barrier};
use std::thread;

use llmspell_benches::project::{EVENT, Routed, engine};
use llmspell_engine::{Decision, Event, EventLimits, PolicyEngine, Verdict};
use memory_stats::memory_stats;

const DECISIONS: u64 = 1_000_000;
/// How many decisions are made at the same time, and how many each thread makes.
const IN_FLIGHT: usize = 1_000;
const EACH: usize = 20;
/// How much more memory may be resident after all decisions than after the tenth part of them.
const MAX_GROWTH: f64 = 0.01;

fn main() -> ExitCode {
    let count = std::env::args()
        .nth(1)
        .map_or(Ok(DECISIONS), |text| text.parse());
    let Ok(count) = count else {
        eprintln!("usage: soak [DECISIONS]");
        return ExitCode::FAILURE;
    };
    let engine = Arc::new(engine(500, Routed::One));
    let is_flat = in_sequence(&engine, count);
    let is_whole = in_flight(&engine);
    if is_flat && is_whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn decide(engine: &PolicyEngine) -> Decision {
    let event = Event::parse(EVENT.as_bytes(), &EventLimits::default()).unwrap();
    engine.evaluate(&event)
}

fn resident() -> u64 {
    memory_stats().map_or(0, |stats| {
        u64::try_from(stats.physical_mem).unwrap_or(u64::MAX)
    })
}

/// One decision after the other; whether memory stays as it is.
fn in_sequence(engine: &PolicyEngine, count: u64) -> bool {
    let mut warm = 0;
    let mut denials = 0_u64;
    for step in 1..=count {
        denials += u64::from(decide(engine).decision == Verdict::Deny);
        if step == count / 10 {
            warm = resident();
        }
    }
    let end = resident();
    let growth = end as f64 / warm as f64 - 1.0;
    println!(
        "{count} decisions in sequence: {denials} denied, {} KiB resident after the tenth part, {} KiB at the end: {:+.2} % (at most {:.0} %)",
        warm / 1024,
        end / 1024,
        growth * 100.0,
        MAX_GROWTH * 100.0
    );
    warm > 0 && growth < MAX_GROWTH && denials == count
}

/// Many decisions at once; whether each was made once.
fn in_flight(engine: &Arc<PolicyEngine>) -> bool {
    let start = Arc::new(Barrier::new(IN_FLIGHT));
    let threads: Vec<_> = (0..IN_FLIGHT)
        .map(|_| {
            let (engine, start) = (Arc::clone(engine), Arc::clone(&start));
            thread::spawn(move || {
                start.wait();
                (0..EACH).map(|_| decide(&engine)).collect::<Vec<_>>()
            })
        })
        .collect();
    let decisions: Vec<Decision> = threads
        .into_iter()
        .flat_map(|thread| thread.join().unwrap())
        .collect();
    let ids: HashSet<&str> = decisions
        .iter()
        .map(|decision| decision.decision_id.as_str())
        .collect();
    let denied = decisions
        .iter()
        .filter(|decision| decision.decision == Verdict::Deny && decision.rules.len() == 1)
        .count();
    let expected = IN_FLIGHT * EACH;
    println!(
        "{expected} decisions, {IN_FLIGHT} at a time: {denied} denied, {} different ids",
        ids.len()
    );
    denied == expected && ids.len() == expected
}
