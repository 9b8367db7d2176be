//! Generated and broken events on the way that the hook goes: read, decide, reply; a few of them through the program.
//!
//! `cargo xtask fuzz hook` sends more of them; both say the seed and the event that went wrong.

mod corpus;
mod effect;
mod mutation;
mod random;
mod ways;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use llmspell_engine::{Event, EventLimits, Harness, Reply, Verdict};

use corpus::Corpus;
use effect::Effect;
use random::Random;
use ways::{Way, Ways};

/// Events of the run that is a test.
const EVENTS: usize = 10_000;
/// One event in so many goes through the program as well, and at least so many in all.
const SAMPLED: usize = 20_000;
const LEAST_SAMPLES: usize = 24;

/// What came of all events.
#[derive(Debug, Default)]
struct Tally {
    unread: usize,
    allowed: usize,
    refused: usize,
    sampled: usize,
}

#[test]
fn no_event_breaks_the_hook_or_gets_past_a_policy_that_refuses_everything() {
    let number = |name: &str, otherwise: usize| {
        let text = std::env::var(name);
        text.map_or(otherwise, |text| text.parse().unwrap())
    };
    let events = number("LLMSPELL_FUZZ_EVENTS", EVENTS);
    let seed = number("LLMSPELL_FUZZ_SEED", 1);
    let every = (events / LEAST_SAMPLES).clamp(1, SAMPLED);
    let (corpus, ways) = (Corpus::of_the_repository(), Ways::new());
    let mut random = Random::new(u64::try_from(seed).unwrap());
    let mut tally = Tally::default();
    let begun = Instant::now();
    for count in 0..events {
        let text = mutation::event(&mut random, &corpus);
        let way = ways.of(random.below(ways.len()));
        let reply = catch_unwind(AssertUnwindSafe(|| decided(way, &text, &mut tally)));
        let reply = reply
            .map_err(|_| "it panics".to_owned())
            .flatten()
            .unwrap_or_else(|why| failed(seed, count, way, &text, &why));
        if count % every == 0 {
            tally.sampled += 1;
            let said = way.program(&text);
            let expected = (i32::from(reply.exit_code), line(&reply.text));
            if said != expected {
                let why = format!("the program says {said:?}, and the library {expected:?}");
                failed(seed, count, way, &text, &why);
            }
        }
    }
    let took = begun.elapsed();
    assert!(tally.allowed > events / 100 && tally.refused > events / 100);
    eprintln!(
        "{events} events in {:.1} s with seed {seed}: {} unread and refused, {} refused, {} allowed by policies that may; {} through the program",
        took.as_secs_f64(),
        tally.unread,
        tally.refused,
        tally.allowed,
        tally.sampled
    );
}

/// The reply to an event, or what is wrong with it.
fn decided(way: &Way, text: &[u8], tally: &mut Tally) -> Result<Reply, String> {
    let event = match Event::parse(text, &EventLimits::default()) {
        Ok(event) => event,
        Err(error) => {
            tally.unread += 1;
            let place = match (error.line, error.column) {
                (Some(line), Some(column)) => format!(" at {line}:{column}"),
                _ => String::new(),
            };
            let reason = format!("the event{place}: {}: {}", error.message, error.help);
            let reply = way.harness.refusal(None, &reason);
            return match effect::of(way.harness, "", &reply)? {
                Effect::Refuses => Ok(reply),
                Effect::Permits => Err(format!("an unread event is allowed: {reply:?}")),
            };
        }
    };
    let decision = way.engine.evaluate(&event);
    let reply = way.harness.reply(event.name(), &decision);
    let effect = effect::of(way.harness, event.name(), &reply)?;
    let refuses = matches!(
        decision.decision,
        Verdict::Halt | Verdict::Deny | Verdict::Block
    );
    // What is over, and what ends, cannot be refused.
    let can_be_refused = effect::can_be_refused(way.harness, event.name());
    if refuses && can_be_refused && effect == Effect::Permits {
        return Err(format!("{:?} is allowed: {reply:?}", decision.decision));
    }
    if !decision.errors.is_empty() && !refuses {
        return Err(format!("an error is no denial: {:?}", decision.errors));
    }
    if way.refuses(event.name()) && !refuses {
        return Err(format!("a policy is passed by: {decision:?}"));
    }
    match refuses {
        true => tally.refused += 1,
        false => tally.allowed += 1,
    }
    Ok(reply)
}

fn line(text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!("{text}\n"),
    }
}

fn failed(seed: usize, count: usize, way: &Way, text: &[u8], why: &str) -> ! {
    let shown: String = String::from_utf8_lossy(text).chars().take(4_000).collect();
    panic!(
        "seed {seed}, event {count}, {}: {why}\n{shown:?}",
        way.harness
    )
}

#[test]
fn every_kind_of_reply_is_told_apart() {
    let reply = |text: &str, exit_code| Reply {
        text: text.to_owned(),
        exit_code,
        notice: None,
    };
    for (harness, text, code, expected) in [
        (Harness::Claude, "{}", 0, Ok(Effect::Permits)),
        (Harness::Claude, "{}", 2, Ok(Effect::Refuses)),
        (
            Harness::Claude,
            r#"{"decision":"block"}"#,
            0,
            Ok(Effect::Refuses),
        ),
        (
            Harness::Cursor,
            r#"{"permission":"allow"}"#,
            0,
            Ok(Effect::Permits),
        ),
        (
            Harness::Cursor,
            r#"{"permission":"deny"}"#,
            0,
            Ok(Effect::Refuses),
        ),
        (
            Harness::OpenCode,
            r#"{"decision":"block"}"#,
            0,
            Ok(Effect::Refuses),
        ),
        (
            Harness::OpenCode,
            r#"{"decision":"allow"}"#,
            0,
            Ok(Effect::Permits),
        ),
    ] {
        assert_eq!(
            effect::of(harness, "PreToolUse", &reply(text, code)),
            expected
        );
    }
    for (text, code) in [
        ("", 0),
        ("[]", 0),
        ("{}{}", 0),
        ("{}\n", 0),
        ("{}", 1),
        ("{\"decision\":\"allow\",\"permission\":\"deny\"}", 0),
    ] {
        let judged = effect::of(Harness::OpenCode, "PreToolUse", &reply(text, code));
        assert!(judged != Ok(Effect::Refuses), "{text} {code}");
    }
}
