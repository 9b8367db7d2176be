//! What does a debug message cost, off and on, from each language?

use divan::Bencher;
use llmspell_benches::workload::{Work, message};
use llmspell_bridge::Language;

fn main() {
    divan::main();
}

/// Work is done a thousand times a sample, so that a script's own loop is measured and not its start.
fn thousand(bencher: Bencher<'_, '_>, mut work: Work) {
    bencher
        .counter(divan::counter::ItemsCount::new(1000_u32))
        .bench_local(move || work(1000));
}

#[divan::bench]
fn a0_relaxed_load(bencher: Bencher<'_, '_>) {
    thousand(bencher, message::relaxed_load());
}

#[divan::bench]
fn a1_off_in_rust(bencher: Bencher<'_, '_>) {
    thousand(bencher, message::disabled_in_rust());
}

#[divan::bench]
fn a2_off_in_lua(bencher: Bencher<'_, '_>) {
    thousand(bencher, message::disabled_in(Language::Lua));
}

#[divan::bench]
fn a3_off_in_javascript(bencher: Bencher<'_, '_>) {
    thousand(bencher, message::disabled_in(Language::JavaScript));
}

#[divan::bench]
fn b1_on_in_rust(bencher: Bencher<'_, '_>) {
    thousand(bencher, message::enabled_in_rust());
}

#[divan::bench(args = [1, 2])]
fn b1_on_on_threads(bencher: Bencher<'_, '_>, threads: u64) {
    thousand(bencher, message::enabled_on_threads(threads));
}

#[divan::bench]
fn b2_on_in_lua(bencher: Bencher<'_, '_>) {
    thousand(bencher, message::enabled_in(Language::Lua));
}

#[divan::bench]
fn b3_on_in_javascript(bencher: Bencher<'_, '_>) {
    thousand(bencher, message::enabled_in(Language::JavaScript));
}

#[divan::bench]
fn c1_newest_100_captured(bencher: Bencher<'_, '_>) {
    let mut work = message::newest_captured();
    bencher.bench_local(move || work(1));
}
