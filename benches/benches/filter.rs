//! Does a filter's decision cost more with more rules?

use divan::Bencher;
use llmspell_benches::workload::timer;

fn main() {
    divan::main();
}

#[divan::bench(args = [0, 5, 100])]
fn decision(bencher: Bencher<'_, '_>, rules: usize) {
    let mut work = timer::filter_decision(rules);
    bencher.bench_local(move || work(1));
}
