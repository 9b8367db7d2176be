//! Reports byte for byte, under a clock that stands still. `GOLDEN=write cargo test -p llmspell-utils golden` writes
//! the files anew; look at what has changed before you keep it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use llmspell_utils::debug::report::{self, ReportFormat};
use llmspell_utils::debug::{
    Clock, FrameKind, ManualClock, Place, Profile, ProfileBuilder, ProfileFrame, ProfileMethod,
    Profiler,
};

use super::support::clock;

const US: Duration = Duration::from_micros(1);

/// Holds a text against a file in `tests/golden/`.
fn assert_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        text == golden,
        "{name} is not what it was; it is now:\n{text}"
    );
}

/// A script that asks for a decision, call by call.
pub(crate) fn exact() -> Profile {
    let clock = clock();
    let mut builder = ProfileBuilder::new("guard.lua", ProfileMethod::Exact, clock.now());
    let frame = |name: &str, kind, file: &str, line| {
        ProfileFrame::new(name, kind).at(Place::new(file, line))
    };
    let main = builder.frame(frame("main chunk", FrameKind::Script, "guard.lua", 1));
    let check = builder.frame(frame("check", FrameKind::Script, "guard.lua", 12));
    let format = builder.frame(ProfileFrame::new("string.format", FrameKind::Native));
    let eval = builder.frame(ProfileFrame::new("Cupcake.eval", FrameKind::Host));
    let policy = builder.frame(ProfileFrame::new("shell; \"rm\" <b>", FrameKind::Policy));
    let deny = builder.frame(frame("deny", FrameKind::Rule, "policies/shell.rego", 7));
    let steps: [(Option<_>, u64); 15] = [
        (Some(main), 0),
        (Some(check), 2_500),
        (Some(format), 1_000),
        (None, 750),
        (Some(format), 250),
        (None, 1_250),
        (Some(eval), 500),
        (Some(policy), 4_000),
        (Some(deny), 1_999),
        (None, 60_001),
        (None, 1),
        (None, 999),
        (None, 100),
        (Some(check), 0),
        (None, 3_000),
    ];
    for (entered, nanoseconds) in steps {
        clock.advance(Duration::from_nanos(nanoseconds));
        match entered {
            Some(frame) => builder.enter(frame, clock.now()),
            None => builder.leave(clock.now()),
        }
    }
    clock.advance(US);
    builder.leave(clock.now());
    builder.finish(clock.now())
}

/// The same script, looked at every millisecond.
pub(crate) fn sampled(method: fn(Duration) -> ProfileMethod) -> Profile {
    let clock = clock();
    let method = method(1_000 * US);
    let mut builder = ProfileBuilder::new("guard.js", method, clock.now());
    let main = ProfileFrame::new("<module>", FrameKind::Script).at(Place::new("guard.js", 1));
    let main = builder.frame(main);
    let check = ProfileFrame::new("", FrameKind::Script).at(Place::new("guard.js", 4));
    let check = builder.frame(check);
    let stacks: [&[_]; 6] = [&[main], &[main, check], &[main, check], &[], &[main], &[]];
    for stack in stacks {
        clock.advance(1_003 * US);
        builder.sample(stack, clock.now());
    }
    builder.finish(clock.now())
}

/// What the timers of a script have measured.
pub(crate) fn timers() -> (Arc<ManualClock>, Profiler) {
    let clock = clock();
    let profiler = Profiler::new(clock.clone());
    for _ in 0..2 {
        let load = profiler.start("load project");
        clock.advance(1_500 * US);
        load.lap("read");
        let parse = profiler.start("parse");
        clock.advance(250 * US);
        parse.stop();
        load.lap("parse");
        load.event("cache", None);
        load.stop();
    }
    drop(profiler.start("forgotten"));
    profiler.record("evaluate", 90 * US);
    (clock, profiler)
}

/// An SVG without the style and the program in it, which are the drawing crate's.
fn drawing(svg: &str) -> String {
    let mut text = String::new();
    let mut rest = svg;
    while let Some((before, after)) = rest.split_once("<![CDATA[") {
        text.push_str(before);
        rest = after.split_once("]]>").map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text.replace("><", ">\n<")
}

fn assert_profile(name: &str, profile: &Profile, format: ReportFormat) {
    let mut text = report::render(profile, format).unwrap();
    if format == ReportFormat::Flamegraph {
        text = drawing(&text);
    }
    assert_golden(&format!("{name}{}", format.ending()), &text);
}

const FORMATS: [ReportFormat; 6] = [
    ReportFormat::Text,
    ReportFormat::Json,
    ReportFormat::Folded,
    ReportFormat::Speedscope,
    ReportFormat::ChromeTrace,
    ReportFormat::Flamegraph,
];

#[test]
fn golden_reports_of_an_exact_profile() {
    for format in FORMATS {
        assert_profile("exact", &exact(), format);
    }
}

#[test]
fn golden_reports_of_a_sampled_profile() {
    for format in FORMATS {
        assert_profile("sampled", &sampled(ProfileMethod::Sampled), format);
    }
}

#[test]
fn golden_reports_of_an_approximate_profile_say_so() {
    let profile = sampled(ProfileMethod::Approximate);
    for format in [
        ReportFormat::Text,
        ReportFormat::Speedscope,
        ReportFormat::ChromeTrace,
        ReportFormat::Flamegraph,
    ] {
        assert_profile("approximate", &profile, format);
        let text = report::render(&profile, format).unwrap();
        let honest =
            "sampled about every 1 ms where the engine allows; time may be charged to a neighbour";
        assert!(text.contains(honest), "{format:?}");
    }
}

#[test]
fn golden_reports_of_the_paths_of_timers() {
    let (_, profiler) = timers();
    for format in FORMATS {
        assert_profile("timers", &profiler.profile("guard.lua"), format);
    }
}

#[test]
fn golden_statistics_of_timers() {
    let (clock, profiler) = timers();
    let (statistics, losses) = (profiler.statistics(), profiler.losses());
    assert_golden("statistics.txt", &report::timers_text(&statistics, losses));
    let json = report::timers_json(&statistics, losses, clock.wall()).unwrap();
    assert_golden("statistics.json", &json);
}

#[test]
fn golden_reports_of_nothing() {
    let profile = ProfileBuilder::new("empty & <idle>", ProfileMethod::Exact, Duration::ZERO)
        .finish(Duration::ZERO);
    for format in FORMATS {
        assert_profile("empty", &profile, format);
    }
    let json = report::timers_json(&[], Profiler::default().losses(), clock().wall()).unwrap();
    assert_golden("no_statistics.json", &json);
}
