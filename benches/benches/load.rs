//! How long does a project take from the disk to its first decision?

use divan::Bencher;
use llmspell_benches::workload::load;

fn main() {
    divan::main();
}

#[divan::bench(args = [5, 50, 500])]
fn cold(bencher: Bencher<'_, '_>, policies: usize) {
    let mut work = load::load(policies);
    bencher.bench_local(move || work(1));
}
