//! Clocks: one that runs, one that is set by hand.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use llmspell_utils::debug::{Clock, ManualClock, SystemClock, Timestamp};

#[test]
fn the_machine_s_clock_never_goes_backwards_and_knows_the_date() {
    let clock = SystemClock::new();
    let times: Vec<_> = (0..1_000).map(|_| clock.now()).collect();
    assert!(times.is_sorted());
    let (before, now) = (Timestamp::from_system_time(SystemTime::now()), clock.wall());
    assert!(now >= before && before.to_string().as_str() > "2026");
}

#[test]
fn a_manual_clock_stands_where_it_is_set() {
    let clock = ManualClock::new();
    clock.set_now(Duration::from_secs(5));
    clock.set_wall(Timestamp::from_nanoseconds(7_000));
    clock.advance(Duration::from_nanos(1));
    assert_eq!(clock.now(), Duration::new(5, 1));
    assert_eq!(clock.wall().as_nanoseconds(), 7_001);
}

#[test]
fn times_beyond_the_ends_stay_at_the_ends() {
    let before = Timestamp::from_system_time(UNIX_EPOCH - Duration::from_secs(1));
    assert_eq!(before.to_string(), "1970-01-01T00:00:00.000000Z");
    let last = Timestamp::from_nanoseconds(u64::MAX);
    assert_eq!(last.to_string(), "2554-07-21T23:34:33.709551Z");
}
