//! Reports: tables, and what the programs that read profiles find in the files for them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use llmspell_utils::debug::report::{self, ReportFormat};
use llmspell_utils::debug::{
    FrameKind, Place, Profile, ProfileBuilder, ProfileFrame, ProfileMethod, Profiler,
    ProfilerLosses,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::golden;

#[test]
fn the_table_is_aligned_and_has_units() {
    let profiler = Profiler::default();
    for nanoseconds in [900, 1_100, 1_000_000] {
        profiler.record("evaluate", Duration::from_nanos(nanoseconds));
    }
    profiler.record("load \u{1b}[31m\n", Duration::from_secs(61));
    assert_eq!(
        report::timers_text(&profiler.statistics(), profiler.losses()),
        "\
timer              count    total    mean  std dev     min      p50      p95      p99      max
evaluate               3  1.00 ms  334 µs   471 µs  900 ns  1.10 µs  1.00 ms  1.00 ms  1.00 ms
load \\u{1b}[31m\\n      1   61.0 s  61.0 s     0 ns  61.0 s   61.0 s   61.0 s   61.0 s   61.0 s
"
    );
}

#[test]
fn no_json_holds_a_character_that_reorders_or_drives_a_terminal() {
    const NAME: &str = "a\u{202e}b\u{9b}31m\u{2028}\n\u{1b}[0m";
    let profiler = Profiler::default();
    profiler.record(NAME, Duration::from_nanos(900));
    let losses = profiler.losses();
    let timers = report::timers_json(&profiler.statistics(), losses, Default::default()).unwrap();
    let profile =
        ProfileBuilder::new(NAME, ProfileMethod::Exact, Duration::ZERO).finish(Duration::ZERO);
    let formats = [
        ReportFormat::Json,
        ReportFormat::Speedscope,
        ReportFormat::ChromeTrace,
    ];
    let rendered = formats.map(|format| report::render(&profile, format).unwrap());
    for document in rendered.iter().chain([&timers]) {
        let unsafe_one = |c: char| c.is_control() && c != '\n' || "\u{202e}\u{2028}".contains(c);
        assert!(!document.contains(unsafe_one), "{document:?}");
        let parsed: Value = serde_json::from_str(document).unwrap();
        assert!(parsed.to_string().contains('\u{202e}'), "{document}");
    }
}

#[test]
fn without_timers_the_table_says_so() {
    assert_eq!(
        report::timers_text(&[], ProfilerLosses::default()),
        "no timer was stopped yet\n"
    );
}

#[test]
fn what_was_lost_stands_below_the_table() {
    let profiler = Profiler::default();
    drop((profiler.start("one"), profiler.start("other")));
    assert_eq!(
        report::timers_text(&profiler.statistics(), profiler.losses()),
        "no timer was stopped yet\nnot kept: timers that were never stopped (2)\n"
    );
}

#[test]
fn the_top_of_a_profile_is_cut_and_says_so() {
    let text = report::profile_text(&golden::exact(), 2);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(lines[2].contains("deny"), "{text}");
    assert!(lines[4].starts_with("and 4 more with "), "{text}");
}

#[test]
fn a_function_beneath_itself_has_its_time_once() {
    let mut builder = ProfileBuilder::new("recursion", ProfileMethod::Exact, Duration::ZERO);
    let frame = builder.frame(ProfileFrame::new("walk", FrameKind::Script));
    for depth in 0..3 {
        builder.enter(frame, Duration::from_millis(depth));
    }
    let profile = builder.finish(Duration::from_millis(10));
    let text = report::profile_text(&profile, 10);
    let row = text.lines().nth(2).unwrap();
    let cells: Vec<&str> = row.split("  ").map(str::trim).collect();
    assert!(
        row.starts_with("10.0 ms  100.0%  10.0 ms   100.0%"),
        "{row}"
    );
    assert!(cells.contains(&"3"), "{row}");
}

#[test]
fn the_ending_of_a_file_chooses_the_format() {
    let format = |name: &str| ReportFormat::of_file(Path::new(name));
    for (name, expected) in [
        ("out/guard.folded", ReportFormat::Folded),
        ("guard.SVG", ReportFormat::Flamegraph),
        ("guard.speedscope.json", ReportFormat::Speedscope),
        ("guard.lua.trace.json", ReportFormat::ChromeTrace),
        ("guard.json", ReportFormat::Json),
        ("guard.txt", ReportFormat::Text),
    ] {
        assert_eq!(format(name), Some(expected), "{name}");
        assert_eq!(expected.name().parse::<ReportFormat>().unwrap(), expected);
        assert!(name.to_lowercase().ends_with(expected.ending()));
    }
    for name in ["guard", "guard.pdf", "svg", "out.svg/guard", "..", ""] {
        assert_eq!(format(name), None, "{name}");
    }
    assert_eq!(
        "pdf".parse::<ReportFormat>().unwrap_err().to_string(),
        "`pdf` is not a format of profiles (use text, folded, speedscope, trace, svg, json)"
    );
    assert_eq!(
        ReportFormat::endings(),
        ".txt, .folded, .speedscope.json, .trace.json, .svg, .json"
    );
}

/// A published schema.
fn schema(name: &str) -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs/schemas")
        .join(name);
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn assert_valid(validator: &jsonschema::Validator, text: &str) -> Value {
    let value: Value = serde_json::from_str(text).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&value)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?} in {text}");
    value
}

#[test]
fn reports_of_timers_are_as_their_schema_says() {
    let schema = schema("debug-report.schema.json");
    let (_, profiler) = golden::timers();
    let at = llmspell_utils::debug::Timestamp::from_nanoseconds(0);
    for statistics in [profiler.statistics(), Vec::new()] {
        let json = report::timers_json(&statistics, profiler.losses(), at).unwrap();
        assert_valid(&schema, &json);
    }
    let mut wrong: Value =
        serde_json::from_str(&report::timers_json(&[], profiler.losses(), at).unwrap()).unwrap();
    wrong["summary"]["avg_time_ms"] = json!("none");
    assert!(!schema.is_valid(&wrong));
}

/// What speedscope's own schema asks for, <https://www.speedscope.app/file-format-schema.json>.
fn speedscope_schema() -> jsonschema::Validator {
    let common = ["name", "unit", "startValue", "endValue", "type"];
    let profile = |kind: &str, own: Value, required: &[&str]| {
        let mut properties = json!({
            "type": { "const": kind },
            "name": { "type": "string" },
            "unit": { "enum": ["none", "nanoseconds", "microseconds", "milliseconds", "seconds", "bytes"] },
            "startValue": { "type": "number" },
            "endValue": { "type": "number" },
        });
        properties
            .as_object_mut()
            .unwrap()
            .extend(own.as_object().unwrap().clone());
        let required = [&common[..], required].concat();
        json!({ "type": "object", "properties": properties, "required": required })
    };
    let event = json!({
        "type": "object",
        "properties": {
            "type": { "enum": ["O", "C"] },
            "frame": { "type": "number" },
            "at": { "type": "number" },
        },
        "required": ["type", "frame", "at"],
    });
    let numbers = json!({ "type": "array", "items": { "type": "number" } });
    let schema = json!({
        "type": "object",
        "properties": {
            "$schema": { "const": "https://www.speedscope.app/file-format-schema.json" },
            "name": { "type": "string" },
            "exporter": { "type": "string" },
            "activeProfileIndex": { "type": "number" },
            "shared": {
                "type": "object",
                "properties": { "frames": { "type": "array", "items": {
                    "type": "object",
                    "properties": {
                        "name": { "type": "string" },
                        "file": { "type": "string" },
                        "line": { "type": "number" },
                        "col": { "type": "number" },
                    },
                    "required": ["name"],
                } } },
                "required": ["frames"],
            },
            "profiles": { "type": "array", "items": { "oneOf": [
                profile("evented", json!({ "events": { "type": "array", "items": event } }), &["events"]),
                profile("sampled", json!({
                    "samples": { "type": "array", "items": numbers },
                    "weights": numbers,
                }), &["samples", "weights"]),
            ] } },
        },
        "required": ["$schema", "shared", "profiles"],
    });
    jsonschema::validator_for(&schema).unwrap()
}

/// Own time in nanoseconds by the path of frames' names, `/` between.
type OwnTimes = BTreeMap<String, u64>;

fn own_times(profile: &Profile) -> OwnTimes {
    let mut times = OwnTimes::new();
    for node in profile.nodes().filter(|node| !node.own.is_zero()) {
        let names: Vec<&str> = profile
            .stack(node.id)
            .into_iter()
            .map(|frame| &*profile.frame(frame).unwrap().name)
            .collect();
        *times.entry(names.join("/")).or_default() += node.own.as_nanos() as u64;
    }
    times
}

/// Adds the time of a stretch to the innermost open frame.
fn charge(times: &mut OwnTimes, open: &[String], nanoseconds: u64) {
    if nanoseconds > 0 && !open.is_empty() {
        *times.entry(open.join("/")).or_default() += nanoseconds;
    }
}

fn of_speedscope(text: &str) -> OwnTimes {
    let file = assert_valid(&speedscope_schema(), text);
    let name = |frame: &Value| {
        let frame = &file["shared"]["frames"][frame.as_u64().unwrap() as usize];
        frame["name"].as_str().unwrap().to_owned()
    };
    let profile = &file["profiles"][0];
    assert_eq!(profile["unit"], "nanoseconds");
    let mut times = OwnTimes::new();
    if profile["type"] == "sampled" {
        let samples = profile["samples"].as_array().unwrap();
        let weights = profile["weights"].as_array().unwrap();
        assert_eq!(samples.len(), weights.len());
        for (stack, weight) in samples.iter().zip(weights) {
            let open: Vec<String> = stack.as_array().unwrap().iter().map(name).collect();
            charge(&mut times, &open, weight.as_u64().unwrap());
        }
        let sum: u64 = weights.iter().map(|weight| weight.as_u64().unwrap()).sum();
        assert_eq!(profile["endValue"], sum);
        return times;
    }
    let (mut open, mut mark) = (Vec::new(), 0);
    for event in profile["events"].as_array().unwrap() {
        let at = event["at"].as_u64().unwrap();
        charge(&mut times, &open, at.checked_sub(mark).unwrap());
        mark = at;
        let frame = name(&event["frame"]);
        if event["type"] == "O" {
            open.push(frame);
        } else {
            assert_eq!(
                open.pop(),
                Some(frame),
                "a frame closes that is not the innermost"
            );
        }
    }
    assert!(open.is_empty(), "everything that opens closes");
    assert!(profile["endValue"].as_u64().unwrap() >= mark);
    times
}

fn of_chrome_trace(text: &str) -> OwnTimes {
    let file: Value = serde_json::from_str(text).unwrap();
    let (mut open, mut mark) = (Vec::new(), 0_u64);
    let mut times = OwnTimes::new();
    for event in file["traceEvents"].as_array().unwrap() {
        assert_eq!((&event["pid"], &event["tid"]), (&json!(1), &json!(1)));
        let name = event["name"].as_str().unwrap().to_owned();
        let at = (event["ts"].as_f64().unwrap() * 1e3).round() as u64;
        charge(&mut times, &open, at.checked_sub(mark).unwrap());
        mark = at;
        match event["ph"].as_str().unwrap() {
            "M" => assert!(event["args"]["name"].is_string()),
            "B" => open.push(name),
            "E" => assert_eq!(
                open.pop(),
                Some(name),
                "a frame ends that is not the innermost"
            ),
            other => panic!("{other} is not used"),
        }
    }
    assert!(open.is_empty(), "everything that begins ends");
    times
}

fn of_json(text: &str) -> OwnTimes {
    let file = assert_valid(&schema("profile.schema.json"), text);
    let paths = file["paths"].as_array().unwrap();
    let mut names: Vec<String> = Vec::new();
    let mut times = OwnTimes::new();
    let mut beneath = vec![0; paths.len()];
    let nanoseconds = |value: &Value| (value.as_f64().unwrap() * 1e6).round() as u64;
    for path in paths {
        let frame = &file["frames"][path["frame"].as_u64().unwrap() as usize];
        let own = frame["name"].as_str().unwrap();
        let name = match path["parent"].as_u64() {
            Some(parent) => {
                beneath[parent as usize] += nanoseconds(&path["total_ms"]);
                format!("{}/{own}", names[parent as usize])
            }
            None => own.to_owned(),
        };
        let own = nanoseconds(&path["own_ms"]);
        if own > 0 {
            *times.entry(name.clone()).or_default() += own;
        }
        names.push(name);
    }
    for (path, beneath) in paths.iter().zip(beneath) {
        let own = nanoseconds(&path["own_ms"]);
        assert_eq!(nanoseconds(&path["total_ms"]), own + beneath);
    }
    times
}

/// The whole microseconds of each line, by its path.
fn of_folded(text: &str) -> Vec<(Vec<String>, u64)> {
    text.lines()
        .map(|line| {
            let (path, time) = line.split_once(' ').unwrap();
            let path = path.split(';').map(str::to_owned).collect();
            (path, time.parse().unwrap())
        })
        .collect()
}

/// All time that the picture shows, in nanoseconds.
fn of_flamegraph(svg: &str) -> u64 {
    let (_, after) = svg.split_once("total_samples=\"").unwrap();
    let (total, _) = after.split_once('"').unwrap();
    total.parse().unwrap()
}

fn frame_name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]",
        Just("retry 5".to_owned()),
        Just("# all".to_owned()),
        Just("a;b".to_owned()),
        "\\PC{1,4}",
        "[\\x00-\\x20]{1,2}",
    ]
}

/// A profile of calls, samples or timers.
fn profile() -> impl Strategy<Value = Profile> {
    let step = prop_oneof![
        3 => (0..5_usize, 0..3_000_u64).prop_map(|(frame, time)| (Some(frame), time)),
        2 => (0..3_000_u64).prop_map(|time| (None, time)),
    ];
    let steps = prop::collection::vec(step, 0..60);
    (prop::collection::vec(frame_name(), 5), steps, 0..4_u8).prop_map(|(names, steps, method)| {
        let interval = Duration::from_millis(1);
        let method = match method {
            0 => ProfileMethod::Exact,
            1 => ProfileMethod::Sampled(interval),
            2 => ProfileMethod::Approximate(interval),
            _ => ProfileMethod::Timers,
        };
        let mut at = Duration::from_nanos(12_345);
        let mut builder = ProfileBuilder::new("any", method, at);
        let frames: Vec<_> = names
            .into_iter()
            .enumerate()
            .map(|(number, name)| {
                let frame = ProfileFrame::new(name, FrameKind::Script);
                let frame = match number {
                    0 => frame.at(Place::new("a file; or not.lua", 3)),
                    _ => frame,
                };
                builder.frame(frame)
            })
            .collect();
        let mut stack = Vec::new();
        for (entered, time) in steps {
            at += Duration::from_nanos(time);
            match entered {
                Some(frame) => stack.push(frames[frame]),
                None => {
                    stack.pop();
                }
            }
            match method {
                ProfileMethod::Exact => match entered {
                    Some(frame) => builder.enter(frames[frame], at),
                    None => builder.leave(at),
                },
                ProfileMethod::Timers => builder.add(&stack, 1, Duration::from_nanos(time)),
                _ => builder.sample(&stack, at),
            }
        }
        match method {
            ProfileMethod::Timers => builder.finish(Duration::ZERO),
            _ => builder.finish(at + Duration::from_nanos(77)),
        }
    })
}

/// Names as a file has them: those of people, without what could break a line.
fn escaped(times: OwnTimes) -> OwnTimes {
    let mut escaped = OwnTimes::new();
    for (path, time) in times {
        let path = llmspell_utils::debug::escaped(&path);
        *escaped.entry(path).or_default() += time;
    }
    escaped
}

proptest! {
    #[test]
    fn own_times_are_the_same_in_every_format_and_add_up_to_the_whole(profile in profile()) {
        let total = profile.total().as_nanos() as u64;
        let times = own_times(&profile);
        let render = |format| report::render(&profile, format).unwrap();

        prop_assert_eq!(&of_json(&render(ReportFormat::Json)), &times);
        let escaped = escaped(times);
        prop_assert_eq!(escaped.values().sum::<u64>(), total);
        prop_assert_eq!(&of_speedscope(&render(ReportFormat::Speedscope)), &escaped);
        prop_assert_eq!(&of_chrome_trace(&render(ReportFormat::ChromeTrace)), &escaped);

        let text = render(ReportFormat::Folded);
        let folded = of_folded(&text);
        prop_assert_eq!(folded.iter().map(|(_, time)| time).sum::<u64>(), total / 1_000);
        let mut lines: Vec<&str> = text.lines().map(|line| line.split_once(' ').unwrap().0).collect();
        let count = lines.len();
        lines.sort_unstable();
        lines.dedup();
        prop_assert_eq!(lines.len(), count, "a path stands twice");
        for (path, _) in &folded {
            let sound = |name: &String| !name.is_empty()
                && !name.chars().any(|character| character.is_whitespace() || character.is_control());
            prop_assert!(path.iter().all(sound), "{:?}", path);
        }

        let svg = render(ReportFormat::Flamegraph);
        if total == 0 {
            prop_assert!(svg.contains("no time was measured"));
        } else {
            prop_assert_eq!(of_flamegraph(&svg), total);
        }
    }
}

#[test]
fn many_deep_stacks_with_long_names_stay_within_bounds_in_every_format() {
    let mut builder = ProfileBuilder::new(
        "huge",
        ProfileMethod::Sampled(Duration::from_millis(1)),
        Duration::ZERO,
    );
    let name = |number: usize| format!("{number}{}", "x".repeat(200));
    let mut frame = |number| builder.frame(ProfileFrame::new(name(number), FrameKind::Script));
    // Two deep stacks in turns, so that everything is left and entered each time, and 2,000 functions on top.
    let (one, other): (Vec<_>, Vec<_>) = (0..240)
        .map(|number| (frame(number), frame(1_000 + number)))
        .unzip();
    let leaves: Vec<_> = (0..2_000).map(|number| frame(2_000 + number)).collect();
    for sample in 0..17_000_u64 {
        let deep = if sample % 2 == 0 { &one } else { &other };
        let leaf = leaves[sample as usize % leaves.len()];
        builder.sample(
            &[&deep[..], &[leaf]].concat(),
            Duration::from_micros(sample + 1),
        );
    }
    let profile = builder.finish(Duration::from_micros(17_000));
    let total = profile.total().as_nanos() as u64;
    for format in [
        ReportFormat::Json,
        ReportFormat::Folded,
        ReportFormat::Speedscope,
        ReportFormat::ChromeTrace,
        ReportFormat::Flamegraph,
    ] {
        let text = report::render(&profile, format).unwrap();
        let sum: u64 = match format {
            ReportFormat::Json => of_json(&text).values().sum(),
            ReportFormat::Folded => {
                1_000 * of_folded(&text).iter().map(|(_, time)| time).sum::<u64>()
            }
            ReportFormat::Speedscope => of_speedscope(&text).values().sum(),
            ReportFormat::ChromeTrace => of_chrome_trace(&text).values().sum(),
            _ => of_flamegraph(&text),
        };
        assert_eq!(sum, total, "{format:?}");
        assert!(text.len() < 100_000_000, "{format:?}: {} bytes", text.len());
    }
}
