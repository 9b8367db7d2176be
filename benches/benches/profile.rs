//! What does a profile cost the script that is profiled, and what does a stack cost?

use divan::Bencher;
use llmspell_benches::workload::profile::{self, Profiled};
use llmspell_bridge::{Language, ProfileMode};

fn main() {
    divan::main();
}

fn script(bencher: Bencher<'_, '_>, profiled: Profiled) {
    let mut work = profile::script(Language::Lua, profiled);
    bencher.bench_local(move || work(1));
}

#[divan::bench]
fn a_never_profiled(bencher: Bencher<'_, '_>) {
    script(bencher, Profiled::Never);
}

#[divan::bench]
fn b_profiled_before(bencher: Bencher<'_, '_>) {
    script(bencher, Profiled::Before(ProfileMode::Sampled));
}

#[divan::bench]
fn c_sampled(bencher: Bencher<'_, '_>) {
    script(bencher, Profiled::Now(ProfileMode::Sampled));
}

#[divan::bench]
fn d_every_call(bencher: Bencher<'_, '_>) {
    script(bencher, Profiled::Now(ProfileMode::Exact));
}

#[divan::bench]
fn e_stack_of_50(bencher: Bencher<'_, '_>) {
    let mut work = profile::stack(Language::Lua);
    bencher.bench_local(move || work(1));
}
