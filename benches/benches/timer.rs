//! What does a timer cost over the two readings of the clock that it needs, and over a map of running ones?

use divan::Bencher;
use llmspell_benches::workload::timer;

fn main() {
    divan::main();
}

#[divan::bench]
fn a_two_clock_readings(bencher: Bencher<'_, '_>) {
    let mut work = timer::two_clock_readings();
    bencher.bench_local(move || work(1));
}

#[divan::bench]
fn b_map_insert_and_remove(bencher: Bencher<'_, '_>) {
    let mut work = timer::map_insert_and_remove();
    bencher.bench_local(move || work(1));
}

#[divan::bench]
fn c_start_and_stop(bencher: Bencher<'_, '_>) {
    let mut work = timer::start_and_stop();
    bencher.bench_local(move || work(1));
}
