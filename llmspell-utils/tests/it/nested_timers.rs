//! Timers beneath timers: who is whose parent, and whose time is whose.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use llmspell_utils::debug::{
    LapStatistics, ManualClock, PerformanceTracker, Profile, Profiler, ProfilerLosses,
};
use proptest::prelude::*;

const MS: Duration = Duration::from_millis(1);

fn profiler() -> (Arc<ManualClock>, Profiler) {
    let clock = Arc::new(ManualClock::new());
    let profiler = Profiler::new(clock.clone());
    (clock, profiler)
}

/// Every path with its calls and the milliseconds of its own time, sorted.
fn paths(profiler: &Profiler) -> Vec<(String, u64, u64)> {
    let profile = profiler.profile("test");
    let mut paths: Vec<_> = profile
        .nodes()
        .map(|node| {
            let names: Vec<&str> = profile
                .stack(node.id)
                .into_iter()
                .map(|frame| &*profile.frame(frame).unwrap().name)
                .collect();
            (names.join(";"), node.calls, node.own.as_millis() as u64)
        })
        .collect();
    paths.sort();
    paths
}

fn path(path: &str, calls: u64, own: u64) -> (String, u64, u64) {
    (path.to_owned(), calls, own)
}

#[test]
fn a_timer_is_beneath_the_innermost_one_that_runs() {
    let (clock, profiler) = profiler();
    let load = profiler.start("load");
    clock.advance(MS);
    for _ in 0..2 {
        let parse = profiler.start("parse");
        clock.advance(2 * MS);
        let check = profiler.start("check");
        clock.advance(3 * MS);
        assert_eq!(check.parent().as_deref(), Some("parse"));
        assert_eq!(
            check.path(),
            ["load".into(), "parse".into(), "check".into()]
        );
        check.stop();
        parse.stop();
    }
    clock.advance(MS);
    assert_eq!(load.stop(), 12 * MS);
    assert_eq!(load.parent(), None);
    let after = profiler.start("parse");
    assert_eq!(after.parent(), None);
    after.stop();
    assert_eq!(
        paths(&profiler),
        [
            path("load", 1, 2),
            path("load;parse", 2, 4),
            path("load;parse;check", 2, 6),
            path("parse", 1, 0),
        ]
    );
    let statistics = profiler.statistics();
    let parents: Vec<_> = statistics
        .iter()
        .map(|one| (&*one.name, one.parents.iter().map(|name| &**name).collect()))
        .collect::<Vec<(&str, Vec<&str>)>>();
    assert_eq!(
        parents,
        [
            ("check", vec!["parse"]),
            ("load", vec![]),
            ("parse", vec!["load"])
        ]
    );
}

#[test]
fn a_timer_that_is_stopped_before_those_beneath_it_has_its_own_time() {
    let (clock, profiler) = profiler();
    let outer = profiler.start("outer");
    clock.advance(MS);
    let inner = profiler.start("inner");
    clock.advance(2 * MS);
    outer.stop();
    let beside = profiler.start("beside");
    assert_eq!(beside.parent(), None);
    clock.advance(4 * MS);
    beside.stop();
    inner.stop();
    assert_eq!(
        paths(&profiler),
        [
            path("beside", 1, 4),
            path("outer", 1, 1),
            path("outer;inner", 1, 6),
        ]
    );
}

#[test]
fn a_timer_that_nobody_stops_is_above_nothing_once_the_one_above_it_is_stopped() {
    let (clock, profiler) = profiler();
    let mut forgotten = Vec::new();
    for _ in 0..3 {
        let handle = profiler.start("handle");
        let parse = profiler.start("parse");
        forgotten.push(profiler.start("token"));
        clock.advance(MS);
        assert_eq!(profiler.start("inside").parent().as_deref(), Some("token"));
        forgotten.push(parse);
        handle.stop();
        profiler.record("after", MS);
    }
    assert_eq!(
        paths(&profiler),
        [path("after", 3, 3), path("handle", 3, 0)]
    );
    // Whoever names one of them as the parent still can.
    let child = forgotten[0].child("child");
    let inside = profiler.start("inside");
    assert_eq!(inside.parent().as_deref(), Some("child"));
    inside.stop();
    child.stop();
}

#[test]
fn timers_beside_each_other_take_the_time_of_the_one_above_only_once() {
    let (clock, profiler) = profiler();
    let outer = profiler.start("outer");
    clock.advance(MS);
    let one = outer.child("one");
    clock.advance(2 * MS);
    let other = outer.child("other");
    clock.advance(4 * MS);
    one.stop();
    clock.advance(8 * MS);
    other.stop();
    clock.advance(16 * MS);
    outer.stop();
    assert_eq!(
        paths(&profiler),
        [
            path("outer", 1, 17),
            path("outer;one", 1, 6),
            path("outer;other", 1, 12),
        ]
    );
}

#[test]
fn a_timer_that_is_stopped_on_another_thread_is_no_parent_any_more() {
    let (clock, profiler) = profiler();
    let outer = profiler.start("outer");
    clock.advance(MS);
    let inner = profiler.start("inner");
    clock.advance(2 * MS);
    thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(inner.stop(), 2 * MS);
            // The other thread has no timer of its own yet.
            assert_eq!(profiler.start("elsewhere").parent(), None);
        });
    });
    clock.advance(4 * MS);
    let next = profiler.start("next");
    assert_eq!(next.parent().as_deref(), Some("outer"));
    next.stop();
    outer.stop();
    assert_eq!(
        paths(&profiler),
        [
            path("outer", 1, 5),
            path("outer;inner", 1, 2),
            path("outer;next", 1, 0),
        ]
    );
}

#[test]
fn a_child_on_another_thread_is_beneath_its_parent_and_above_what_starts_there() {
    let (clock, profiler) = profiler();
    let load = profiler.start("load");
    clock.advance(MS);
    thread::scope(|scope| {
        scope.spawn(|| {
            let read = load.child("read");
            let decode = profiler.start("decode");
            clock.advance(2 * MS);
            assert_eq!(
                decode.path(),
                ["load".into(), "read".into(), "decode".into()]
            );
            decode.stop();
            read.stop();
        });
    });
    load.stop();
    assert_eq!(
        paths(&profiler),
        [
            path("load", 1, 1),
            path("load;read", 1, 0),
            path("load;read;decode", 1, 2),
        ]
    );
}

#[test]
fn a_thread_does_not_take_over_the_timers_of_one_that_has_ended() {
    let (_, profiler) = profiler();
    let left = thread::scope(|scope| scope.spawn(|| profiler.start("left")).join().unwrap());
    for _ in 0..4 {
        thread::scope(|scope| {
            let parent = scope.spawn(|| profiler.start("new").parent()).join();
            assert_eq!(parent.unwrap(), None);
        });
    }
    left.stop();
    assert_eq!(paths(&profiler), [path("left", 1, 0)]);
}

#[test]
fn profilers_do_not_see_each_others_timers() {
    let clock = Arc::new(ManualClock::new());
    let (one, other) = (Profiler::new(clock.clone()), Profiler::new(clock));
    let _outer = one.start("outer");
    assert_eq!(other.start("inner").parent(), None);
}

#[test]
fn an_abandoned_timer_leaves_its_time_to_the_one_above() {
    let (clock, profiler) = profiler();
    let outer = profiler.start("outer");
    let abandoned = profiler.start("abandoned");
    clock.advance(MS);
    let inner = profiler.start("inner");
    clock.advance(2 * MS);
    inner.stop();
    clock.advance(4 * MS);
    drop(abandoned);
    let next = profiler.start("next");
    assert_eq!(next.parent().as_deref(), Some("outer"));
    next.stop();
    outer.stop();
    assert_eq!(
        paths(&profiler),
        [
            path("outer", 1, 5),
            // It stands in the path, but was not measured.
            path("outer;abandoned", 0, 0),
            path("outer;abandoned;inner", 1, 2),
            path("outer;next", 1, 0),
        ]
    );
    assert_eq!(profiler.abandoned(), 1);
}

#[test]
fn durations_that_were_measured_elsewhere_stand_beneath_the_timer_that_runs() {
    let (clock, profiler) = profiler();
    let outer = profiler.start("outer");
    clock.advance(5 * MS);
    profiler.record("evaluation", 3 * MS);
    outer.stop();
    profiler.record("evaluation", 4 * MS);
    assert_eq!(
        paths(&profiler),
        [
            path("evaluation", 1, 4),
            path("outer", 1, 2),
            path("outer;evaluation", 1, 3),
        ]
    );
}

#[test]
fn forgotten_paths_do_not_come_back() {
    let (clock, profiler) = profiler();
    let outer = profiler.start("outer");
    clock.advance(MS);
    profiler.clear();
    let inner = profiler.start("inner");
    clock.advance(MS);
    inner.stop();
    outer.stop();
    assert_eq!(
        paths(&profiler),
        [path("outer", 0, 0), path("outer;inner", 1, 1)]
    );
    profiler.clear();
    assert!(profiler.profile("test").is_empty());
}

#[test]
fn timers_that_are_too_deep_are_charged_to_the_one_above_and_counted() {
    let (clock, profiler) = profiler();
    let mut timers = Vec::new();
    for _ in 0..200 {
        timers.push(profiler.start("deep"));
        clock.advance(MS);
    }
    assert_eq!(timers[199].path().len(), 129);
    while let Some(timer) = timers.pop() {
        timer.stop();
    }
    let profile = profiler.profile("test");
    assert_eq!(profile.nodes().len(), 128);
    assert_eq!(profile.total(), 200 * MS);
    assert_eq!(profiler.statistics()[0].count, 200);
    assert_eq!(profiler.losses().paths, 72);
    assert_eq!(profile.losses().paths, 72);
}

#[test]
fn a_chain_of_children_of_any_length_is_bounded() {
    let (_, profiler) = profiler();
    let mut timer = profiler.start("link");
    for _ in 0..10_000 {
        let next = timer.child("link");
        timer = next;
    }
    assert_eq!(timer.path().len(), 129);
    drop(timer);
    assert!(profiler.profile("test").is_empty());
}

#[test]
fn paths_are_bounded_and_counted() {
    let (_, profiler) = profiler();
    let names: Vec<String> = (0..200).map(|number| format!("name {number}")).collect();
    for outer in &names {
        let running = profiler.start(outer);
        for inner in &names {
            profiler.start(inner).stop();
        }
        running.stop();
    }
    let profile = profiler.profile("test");
    // Above a path that was full, the outer one stands without calls beneath it.
    assert!(profile.nodes().len() <= 10_000);
    let calls: u64 = profile.nodes().map(|node| node.calls).sum();
    assert_eq!(calls + profiler.losses().paths, 200 * 201);
    assert!(profiler.losses().paths > 20_000);
    let counts: u64 = profiler.statistics().iter().map(|one| one.count).sum();
    assert_eq!(counts, 200 * 201, "the statistics by name lose nothing");
}

#[test]
fn timers_that_run_at_the_same_time_are_bounded_and_give_back_their_places() {
    let (_, profiler) = profiler();
    for _ in 0..2 {
        let root = profiler.start("root");
        let timers: Vec<_> = (0..300).map(|_| root.child("beside")).collect();
        for timer in &timers {
            timer.stop();
        }
        root.stop();
    }
    let losses = ProfilerLosses {
        paths: 2 * (300 - 255),
        ..ProfilerLosses::default()
    };
    assert_eq!(profiler.losses(), losses);
    assert_eq!(
        paths(&profiler),
        [path("root", 2, 0), path("root;beside", 2 * 255, 0)]
    );
}

#[test]
fn laps_and_events_of_all_timers_of_a_name_are_summed_up() {
    let (clock, profiler) = profiler();
    for milliseconds in [2, 4] {
        let timer = profiler.start("load");
        clock.advance(milliseconds * MS);
        timer.lap("read");
        clock.advance(MS);
        timer.lap("parse");
        timer.event("cache", None);
        timer.stop();
    }
    let load = profiler.statistics().remove(0);
    let lap = |name: &str, total, min, max| LapStatistics {
        name: name.into(),
        count: 2,
        total,
        min,
        max,
    };
    assert_eq!(load.events, 2);
    assert_eq!(
        load.laps,
        [
            lap("read", 6 * MS, 2 * MS, 4 * MS),
            lap("parse", 2 * MS, MS, MS)
        ]
    );
}

#[test]
fn names_of_laps_are_bounded_and_counted() {
    let (_, profiler) = profiler();
    let timer = profiler.start("load");
    for number in 0..103 {
        timer.lap(format!("lap {number}"));
    }
    timer.stop();
    assert_eq!(profiler.statistics()[0].laps.len(), 100);
    assert_eq!(
        (profiler.losses().lap_names, profiler.losses().laps),
        (3, 0)
    );
    assert_eq!(timer.laps().len(), 103);
}

#[test]
fn many_threads_nest_their_timers_at_the_same_time() {
    let profiler = Profiler::default();
    let root = profiler.start("root");
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    let outer = root.child("outer");
                    let inner = profiler.start("inner");
                    // Out of order.
                    outer.stop();
                    inner.stop();
                }
            });
        }
    });
    root.stop();
    let calls: Vec<_> = paths(&profiler)
        .into_iter()
        .map(|(path, calls, _)| (path, calls))
        .collect();
    assert_eq!(
        calls,
        [
            ("root".to_owned(), 1),
            ("root;outer".to_owned(), 8_000),
            ("root;outer;inner".to_owned(), 8_000)
        ]
    );
    assert_eq!(profiler.losses(), ProfilerLosses::default());
}

/// What a test does with the timers that it holds.
#[derive(Debug, Clone)]
enum Act {
    Start(u8),
    Child(usize, u8),
    Stop(usize),
    Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0..4_u8).prop_map(Act::Start),
        (any::<usize>(), 0..4_u8).prop_map(|(of, name)| Act::Child(of, name)),
        any::<usize>().prop_map(Act::Stop),
        (1..5_u64).prop_map(Act::Wait),
    ]
}

/// A timer as a slow model sees it: every millisecond goes to each timer that runs while none runs directly beneath it.
struct Modelled {
    tracker: PerformanceTracker,
    path: String,
    parent: Option<usize>,
    /// The parent, if it ran when this one began.
    above: Option<usize>,
    runs: bool,
    outlives: bool,
    own: u64,
}

/// The last one that runs, and of which all above have run since it began.
fn innermost(timers: &[Modelled]) -> Option<usize> {
    timers
        .iter()
        .rposition(|timer| timer.runs && !timer.outlives)
}

/// Whatever began beneath a timer while that ran is not innermost any more.
fn pass_over(timers: &mut [Modelled], ended: usize) {
    for index in 0..timers.len() {
        if timers[index].runs && timers[index].above == Some(ended) {
            timers[index].outlives = true;
            pass_over(timers, index);
        }
    }
}

fn wait(timers: &mut [Modelled]) {
    for index in 0..timers.len() {
        let has_running = timers
            .iter()
            .any(|other| other.runs && other.parent == Some(index));
        if timers[index].runs && !has_running {
            timers[index].own += 1;
        }
    }
}

proptest! {
    #[test]
    fn own_times_are_those_of_a_slow_model(acts in prop::collection::vec(act(), 1..60)) {
        let (clock, profiler) = profiler();
        let mut timers: Vec<Modelled> = Vec::new();
        for act in acts {
            let (parent, name) = match act {
                Act::Start(name) => (innermost(&timers), name),
                Act::Child(_, name) if timers.is_empty() => (None, name),
                Act::Child(of, name) => (Some(of % timers.len()), name),
                Act::Stop(which) => {
                    if !timers.is_empty() {
                        let index = which % timers.len();
                        timers[index].tracker.stop();
                        if std::mem::take(&mut timers[index].runs) {
                            pass_over(&mut timers, index);
                        }
                    }
                    continue;
                }
                Act::Wait(milliseconds) => {
                    for _ in 0..milliseconds {
                        clock.advance(MS);
                        wait(&mut timers);
                    }
                    continue;
                }
            };
            let name = name.to_string();
            let tracker = match (&act, parent) {
                (Act::Child(..), Some(parent)) => timers[parent].tracker.child(&name),
                _ => profiler.start(&name),
            };
            let path = match parent {
                Some(parent) => format!("{};{name}", timers[parent].path),
                None => name,
            };
            let above = parent.filter(|parent| timers[*parent].runs);
            timers.push(Modelled { tracker, path, parent, above, runs: true, outlives: false, own: 0 });
        }
        for timer in timers.iter().rev() {
            timer.tracker.stop();
        }
        let mut expected = std::collections::BTreeMap::new();
        for timer in &timers {
            let entry = expected.entry(timer.path.clone()).or_insert((0, 0));
            entry.0 += 1;
            entry.1 += timer.own;
        }
        let expected: Vec<_> = expected.into_iter().map(|(path, (calls, own))| (path, calls, own)).collect();
        prop_assert_eq!(paths(&profiler), expected);
        let profile: Profile = profiler.profile("test");
        let own: u64 = timers.iter().map(|timer| timer.own).sum();
        prop_assert_eq!(profile.total(), Duration::from_millis(own));
    }
}
