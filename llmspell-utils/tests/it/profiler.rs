//! Timers: what they measure, and what becomes of it.

use std::sync::Arc;
use std::time::Duration;

use llmspell_utils::debug::{ManualClock, PerformanceTracker, Profiler, ProfilerLosses};
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

const MS: Duration = Duration::from_millis(1);

fn profiler() -> (Arc<ManualClock>, Profiler) {
    let clock = Arc::new(ManualClock::new());
    let profiler = Profiler::new(clock.clone());
    (clock, profiler)
}

#[test]
fn a_timer_measures_from_start_to_its_first_stop() {
    let (clock, profiler) = profiler();
    let timer = profiler.start("load");
    clock.advance(3 * MS);
    assert_eq!(
        (timer.name(), timer.elapsed(), timer.is_running()),
        ("load", 3 * MS, true)
    );
    assert_eq!(timer.stop(), 3 * MS);
    clock.advance(MS);
    assert_eq!(
        (timer.stop(), timer.elapsed(), timer.is_running()),
        (3 * MS, 3 * MS, false)
    );
    assert_eq!(profiler.statistics()[0].count, 1);
}

#[test]
fn laps_have_the_time_since_the_lap_before() {
    let (clock, profiler) = profiler();
    let timer = profiler.start("load");
    clock.advance(2 * MS);
    assert_eq!(timer.lap("read"), 2 * MS);
    clock.advance(5 * MS);
    assert_eq!(timer.lap("parse"), 5 * MS);
    clock.advance(MS);
    timer.stop();
    assert_eq!(timer.lap("too late"), MS);
    let laps: Vec<_> = timer
        .laps()
        .into_iter()
        .map(|lap| (lap.name, lap.duration, lap.at))
        .collect();
    assert_eq!(
        laps,
        [
            ("read".to_owned(), 2 * MS, 2 * MS),
            ("parse".to_owned(), 5 * MS, 7 * MS)
        ]
    );
}

#[test]
fn events_have_a_time_and_data_and_end_with_the_timer() {
    let (clock, profiler) = profiler();
    let timer = profiler.start("load");
    clock.advance(MS);
    assert!(timer.event("cache", Some(json!({ "hit": true }))));
    timer.stop();
    assert!(!timer.event("too late", None));
    let events = timer.events();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].name.as_str(), events[0].at), ("cache", MS));
    assert_eq!(events[0].data, Some(json!({ "hit": true })));
}

#[test]
fn a_running_timer_is_found_by_its_id() {
    let (_, profiler) = profiler();
    let timer = profiler.start("load");
    assert!(profiler.running(&Uuid::nil()).is_none());
    let id = timer.id();
    assert_eq!((timer.id(), id.get_version_num()), (id, 4));
    assert!(profiler.running(&id).unwrap().event("from elsewhere", None));
    assert_eq!(timer.events().len(), 1);
    timer.stop();
    assert!(profiler.running(&id).is_none());
}

#[test]
fn a_timer_that_is_dropped_is_forgotten_and_counts_as_abandoned() {
    let (_, profiler) = profiler();
    let timer = profiler.start("load");
    let id = timer.id();
    let found = profiler.running(&id).unwrap();
    drop(timer);
    assert_eq!(profiler.abandoned(), 0);
    drop(found);
    assert_eq!(profiler.abandoned(), 1);
    assert!(profiler.running(&id).is_none());
    assert!(profiler.statistics().is_empty());
}

#[test]
fn timers_of_one_name_are_summed_up() {
    let (clock, profiler) = profiler();
    for milliseconds in [2, 4, 4, 4, 5, 5, 7, 9] {
        let timer = profiler.start("load");
        clock.advance(milliseconds * MS);
        timer.stop();
    }
    profiler.record("apply", 3 * MS);
    let statistics = profiler.statistics();
    let names: Vec<_> = statistics.iter().map(|one| &*one.name).collect();
    assert_eq!(names, ["apply", "load"]);
    let load = &statistics[1];
    assert_eq!((load.count, load.total, load.mean), (8, 40 * MS, 5 * MS));
    assert_eq!(
        (load.standard_deviation, load.min, load.max),
        (2 * MS, 2 * MS, 9 * MS)
    );
    let apply = &statistics[0];
    assert_eq!(
        (apply.standard_deviation, apply.p50, apply.p99),
        (Duration::ZERO, 3 * MS, 3 * MS)
    );
}

#[test]
fn percentiles_are_right_to_one_percent() {
    let (_, profiler) = profiler();
    for microseconds in 1..=10_000 {
        profiler.record("load", Duration::from_micros(microseconds));
    }
    let load = profiler.statistics().remove(0);
    for (percentile, exact) in [
        (load.p50, 5_000.0),
        (load.p95, 9_500.0),
        (load.p99, 9_900.0),
    ] {
        let ratio = percentile.as_secs_f64() * 1e6 / exact;
        assert!(
            (0.99..=1.01).contains(&ratio),
            "{percentile:?} against {exact} µs"
        );
    }
}

#[test]
fn the_longest_duration_there_is_does_no_harm() {
    let (_, profiler) = profiler();
    for duration in [Duration::ZERO, Duration::MAX, Duration::MAX] {
        profiler.record("for ever", duration);
    }
    let statistics = profiler.statistics().remove(0);
    assert_eq!((statistics.count, statistics.min), (3, Duration::ZERO));
    assert_eq!(statistics.max, Duration::from_nanos(u64::MAX));
}

#[test]
fn statistics_are_forgotten_on_request() {
    let (_, profiler) = profiler();
    profiler.record("load", MS);
    profiler.clear();
    assert!(profiler.statistics().is_empty());
    profiler.record("load", MS);
    assert_eq!(profiler.statistics()[0].count, 1);
}

#[test]
fn names_laps_events_and_ids_are_bounded_and_losses_are_counted() {
    let (_, profiler) = profiler();
    for number in 0..1_002 {
        profiler.record(format!("name {number}"), MS);
    }
    assert_eq!(profiler.statistics().len(), 1_000);

    let timer = profiler.start("name 1");
    for number in 0..1_003 {
        timer.lap("lap");
        timer.event("event", (number == 0).then(|| json!("x".repeat(600_000))));
    }
    assert!(!timer.event("too large", Some(json!("x".repeat(600_000)))));
    assert_eq!((timer.laps().len(), timer.events().len()), (1_000, 1_000));

    let timers: Vec<_> = (0..10_001).map(|_| profiler.start("name 2")).collect();
    let ids: Vec<_> = timers.iter().map(|timer| timer.id()).collect();
    assert!(profiler.running(&ids[9_999]).is_some() && profiler.running(&ids[10_000]).is_none());
    drop((timer, timers));
    let losses = ProfilerLosses {
        abandoned: 10_002,
        names: 2,
        // Each is beneath the one before, and 128 may be beneath each other.
        paths: 10_001 - 127,
        ids: 1,
        laps: 3,
        lap_names: 0,
        events: 4,
    };
    assert_eq!(profiler.losses(), losses);
    let timer = profiler.start("name 3");
    assert!(
        profiler.running(&timer.id()).is_some(),
        "ids of timers that are gone make room"
    );
}

#[test]
fn event_data_is_bounded_in_bytes() {
    let (_, profiler) = profiler();
    let timer = profiler.start("load");
    assert!(timer.event("large", Some(json!("x".repeat(1_000_000)))));
    assert!(!timer.event("one too many", Some(json!("x".repeat(100_000)))));
    assert!(timer.event("without data", None));
    assert_eq!(profiler.losses().events, 1);
}

#[test]
fn a_long_name_is_cut() {
    let (_, profiler) = profiler();
    profiler.record("é".repeat(1_000), MS);
    assert_eq!(*profiler.statistics()[0].name, *"é".repeat(128));
}

#[test]
fn a_timer_may_outlive_its_profiler() {
    let (clock, profiler) = profiler();
    let timer = profiler.start("load");
    timer.id();
    drop(profiler);
    clock.advance(MS);
    assert_eq!(timer.stop(), MS);
}

#[test]
fn many_threads_stop_one_timer_once() {
    let (_, profiler) = profiler();
    let timer = profiler.start("load");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| timer.stop());
        }
    });
    assert_eq!(profiler.statistics()[0].count, 1);
}

proptest! {
    #[test]
    fn exact_figures_are_exact_and_percentiles_lie_between_the_ends(
        durations in prop::collection::vec(0..5_000_000_000_u64, 1..200),
    ) {
        let (_, profiler) = profiler();
        for nanoseconds in &durations {
            profiler.record("load", Duration::from_nanos(*nanoseconds));
        }
        let load = profiler.statistics().remove(0);
        let total: u64 = durations.iter().sum();
        prop_assert_eq!(load.count, durations.len() as u64);
        prop_assert_eq!(load.total, Duration::from_nanos(total));
        prop_assert_eq!(load.min.as_nanos() as u64, *durations.iter().min().unwrap());
        prop_assert_eq!(load.max.as_nanos() as u64, *durations.iter().max().unwrap());
        let mean = total as f64 / durations.len() as f64;
        let variance = durations.iter().map(|x| (*x as f64 - mean).powi(2)).sum::<f64>() / durations.len() as f64;
        prop_assert!((load.mean.as_nanos() as f64 - mean).abs() <= 1.0);
        prop_assert!((load.standard_deviation.as_nanos() as f64 - variance.sqrt()).abs() <= 1.0);
        prop_assert!(load.min <= load.p50 && load.p50 <= load.p95 && load.p95 <= load.p99 && load.p99 <= load.max);
    }
}

#[test]
fn the_events_of_all_timers_together_are_bounded_and_given_back() {
    let profiler = Profiler::default();
    let data = serde_json::json!({ "text": "x".repeat(500_000) });
    let fill = || -> Vec<_> {
        (0..100)
            .map(|_| {
                let timer = profiler.start("held");
                timer.event("large", Some(data.clone()));
                timer
            })
            .collect()
    };
    let held = fill();
    let listed = |timers: &[PerformanceTracker]| {
        timers
            .iter()
            .filter(|timer| !timer.events().is_empty())
            .count()
    };
    let first = listed(&held);
    assert!(
        (20..=33).contains(&first),
        "{first} of 100 events of half a megabyte were kept"
    );
    assert_eq!(profiler.losses().events, 100 - first as u64);
    drop(held);
    assert_eq!(listed(&fill()), first);
}
