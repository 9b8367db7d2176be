//! The model of profiles: calls and samples become paths with times.

use std::time::Duration;

use llmspell_utils::debug::{FrameKind, ProfileBuilder, ProfileFrame, ProfileMethod};

const MS: Duration = Duration::from_millis(1);

#[test]
fn calls_that_are_too_deep_are_charged_to_the_deepest_that_is_told_apart() {
    let mut builder = ProfileBuilder::new("deep", ProfileMethod::Exact, Duration::ZERO);
    let walk = builder.frame(ProfileFrame::new("walk", FrameKind::Script));
    let leaf = builder.frame(ProfileFrame::new("leaf", FrameKind::Script));
    let mut at = Duration::ZERO;
    for _ in 0..150_000 {
        builder.enter(walk, at);
        at += MS;
    }
    assert_eq!(builder.depth(), 150_000);
    for _ in 0..149_999 {
        builder.leave(at);
        at += MS;
    }
    builder.enter(leaf, at);
    at += MS;
    builder.leave(at);
    builder.leave(at);
    let profile = builder.finish(at);
    assert_eq!(profile.total(), at);
    assert_eq!(profile.losses().paths, 150_000 - 256);
    let nodes: Vec<_> = profile.nodes().collect();
    assert_eq!(nodes.len(), 257);
    // The way down and the way back.
    assert_eq!(nodes[255].own, (150_000 - 255 + 150_000 - 256) as u32 * MS);
    assert_eq!(profile.stack(nodes[256].id), [walk, leaf]);
    assert_eq!((nodes[256].calls, nodes[256].own), (1, MS));
}

#[test]
fn what_was_measured_elsewhere_is_added_to_its_path() {
    let mut builder = ProfileBuilder::new("added", ProfileMethod::Timers, Duration::ZERO);
    let frame = |builder: &mut ProfileBuilder, name: &str| {
        builder.frame(ProfileFrame::new(name, FrameKind::Timer))
    };
    let (load, parse) = (frame(&mut builder, "load"), frame(&mut builder, "parse"));
    builder.add(&[load, parse], 2, 3 * MS);
    builder.add(&[load], 1, MS);
    builder.add(&[load, parse], 1, 2 * MS);
    builder.add(&[], 7, 9 * MS);
    builder.add(&[load; 300], 4, MS);
    let profile = builder.finish(Duration::ZERO);
    let nodes: Vec<_> = profile.nodes().map(|node| (node.calls, node.own)).collect();
    assert_eq!(nodes[..2], [(1, MS), (3, 5 * MS)]);
    assert_eq!(
        nodes.last(),
        Some(&(4, MS)),
        "the deepest that is told apart"
    );
    assert_eq!(profile.total(), 7 * MS);
    assert_eq!(profile.losses().paths, 4);
}

#[test]
fn profiles_of_many_runs_make_one() {
    let run = |first: &str, second: &str| {
        let mut builder = ProfileBuilder::new("run", ProfileMethod::Exact, 5 * MS);
        let first = builder.frame(ProfileFrame::new(first, FrameKind::Script));
        let second = builder.frame(ProfileFrame::new(second, FrameKind::Script));
        builder.enter(first, 6 * MS);
        builder.enter(second, 8 * MS);
        builder.leave(11 * MS);
        builder.leave(12 * MS);
        builder.finish(12 * MS)
    };
    let mut together = ProfileBuilder::new("runs", ProfileMethod::Exact, Duration::ZERO);
    together.append(&run("main", "check"));
    together.append(&run("main", "tell"));
    together.append(&run("main", "check"));
    let profile = together.finish(Duration::ZERO);
    let nodes: Vec<_> = profile.nodes().collect();
    let paths: Vec<_> = nodes
        .iter()
        .map(|node| {
            let stack = profile.stack(node.id).into_iter();
            let names = stack.map(|id| profile.frame(id).unwrap().name.to_string());
            (names.collect::<Vec<_>>().join(";"), node.calls, node.own)
        })
        .collect();
    let expected = [
        ("main".to_owned(), 3, 9 * MS),
        ("main;check".to_owned(), 2, 6 * MS),
        ("main;tell".to_owned(), 1, 3 * MS),
    ];
    assert_eq!(paths, expected);
    assert_eq!(profile.total(), 18 * MS);
    // One run follows the other without a gap, and what was idle stays idle.
    let mut end = Duration::ZERO;
    for segment in profile.segments() {
        assert_eq!(segment.start, end);
        end += segment.duration;
    }
    assert_eq!(end, 21 * MS);
}

#[test]
fn leaving_more_often_than_entering_does_no_harm() {
    let mut builder = ProfileBuilder::new("left", ProfileMethod::Exact, MS);
    builder.leave(2 * MS);
    builder.leave(MS);
    let profile = builder.finish(3 * MS);
    assert!(profile.is_empty());
    assert_eq!(profile.segments().len(), 2, "time in which nothing ran");
}

#[test]
fn the_time_before_a_call_of_the_host_goes_where_the_next_sample_finds_the_script() {
    let mut builder = ProfileBuilder::new("host", ProfileMethod::Sampled(10 * MS), Duration::ZERO);
    let frame = |builder: &mut ProfileBuilder, name: &str, kind| {
        builder.frame(ProfileFrame::new(name, kind))
    };
    let judge = frame(&mut builder, "judge", FrameKind::Script);
    let distance = frame(&mut builder, "distance", FrameKind::Script);
    let eval = frame(&mut builder, "Cupcake.eval", FrameKind::Host);
    // Twice six milliseconds in `distance` and one in the host, which `judge` calls; the sample comes in `distance`.
    for at in [6, 13] {
        builder.reach(&[judge], at * MS);
        builder.enter(eval, at * MS);
        builder.leave((at + 1) * MS);
    }
    builder.sample(&[judge, distance], 17 * MS);
    // After the last sample nothing tells, so the caller has it.
    builder.reach(&[judge], 19 * MS);
    let profile = builder.finish(20 * MS);

    let own = |stack: &[_]| {
        let mut nodes = profile.nodes();
        let found = nodes.find(|node| profile.stack(node.id) == stack);
        found.map_or(Duration::ZERO, |node| node.own)
    };
    assert_eq!(own(&[judge, eval]), 2 * MS);
    assert_eq!(own(&[judge, distance]), (6 + 6 + 3) * MS);
    assert_eq!(own(&[judge]), (2 + 1) * MS);
    assert_eq!(profile.total(), 20 * MS);
    let mut end = Duration::ZERO;
    for segment in profile.segments() {
        assert_eq!(segment.start, end, "the course of time has no hole");
        assert!(segment.node.is_some());
        end = segment.start + segment.duration;
    }
    assert_eq!(end, 20 * MS);
}

#[test]
fn time_that_waits_for_a_sample_is_bounded_and_lost_to_nobody() {
    let mut builder = ProfileBuilder::new("host", ProfileMethod::Sampled(MS), Duration::ZERO);
    let main = builder.frame(ProfileFrame::new("main", FrameKind::Script));
    let eval = builder.frame(ProfileFrame::new("Cupcake.eval", FrameKind::Host));
    for turn in 0..5_000 {
        let at = 2 * turn * MS;
        builder.reach(&[main], at + MS);
        builder.enter(eval, at + MS);
        builder.leave(at + 2 * MS);
    }
    builder.sample(&[], 10_000 * MS);
    let profile = builder.finish(10_000 * MS);
    let own: Vec<_> = profile.nodes().map(|node| node.own).collect();
    assert_eq!(own, [5_000 * MS, 5_000 * MS]);
}
