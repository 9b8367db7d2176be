//! What does one decision cost, with few and many policies?

use divan::Bencher;
use llmspell_benches::project::Routed;
use llmspell_benches::workload::decision;

fn main() {
    divan::main();
}

#[divan::bench(args = [5, 50, 500])]
fn a_none_routed(bencher: Bencher<'_, '_>, policies: usize) {
    let mut work = decision::decide_nothing(policies);
    bencher.bench_local(move || work(1));
}

#[divan::bench(args = [5, 50, 500])]
fn b_one_routed(bencher: Bencher<'_, '_>, policies: usize) {
    let mut work = decision::decide(policies, Routed::One);
    bencher.bench_local(move || work(1));
}

#[divan::bench(args = [5, 50, 500])]
fn c_all_routed(bencher: Bencher<'_, '_>, policies: usize) {
    let mut work = decision::decide(policies, Routed::All);
    bencher.bench_local(move || work(1));
}

#[divan::bench(args = [5, 50, 500])]
fn d_all_routed_and_interpreted(bencher: Bencher<'_, '_>, policies: usize) {
    let mut work = decision::decide_in_interpreter(policies, Routed::All);
    bencher.bench_local(move || work(1));
}
