//! What does it cost to look for secrets in a message, when there are none and when there are?

use divan::{Bencher, black_box};
use llmspell_utils::debug::Redactor;

fn main() {
    divan::main();
}

const ORDINARY: [&str; 4] = [
    "listening on 127.0.0.1:8080",
    "evaluated PreToolUse for Bash in 46 microseconds: allow",
    "rule SHELL-01 (HIGH) at policies/shell.rego:12 says deny",
    "decision 0190a5f1-7a2b-7c3d-8e4f-5a6b7c8d9e0f for order 4711 took 120 ms",
];

#[divan::bench(args = ORDINARY)]
fn a_ordinary(bencher: Bencher<'_, '_>, text: &str) {
    let redactor = Redactor::builtin();
    bencher.bench_local(|| redactor.text(black_box(text)).len());
}

#[divan::bench(args = ["the token was refreshed after 12 tokens", "login with password=hunter2 failed"])]
fn b_anchored(bencher: Bencher<'_, '_>, text: &str) {
    let redactor = Redactor::builtin();
    bencher.bench_local(|| redactor.text(black_box(text)).len());
}

#[divan::bench(args = ["count", "tool_name", "password"])]
fn c_key(bencher: Bencher<'_, '_>, key: &str) {
    let redactor = Redactor::builtin();
    bencher.bench_local(|| redactor.is_secret_key(black_box(key)));
}

#[divan::bench(args = ["lorem ipsum dolor ", "password=\"", "://a:", "token=${", "sk-"], sample_count = 3)]
fn d_megabyte(bencher: Bencher<'_, '_>, piece: &str) {
    let redactor = Redactor::builtin();
    let text = piece.repeat((1 << 20) / piece.len());
    bencher.bench_local(|| redactor.text(black_box(&text)).len());
}

#[divan::bench(sample_count = 10)]
fn e_building(bencher: Bencher<'_, '_>) {
    let config = llmspell_utils::debug::RedactConfig {
        keys: vec!["patient_id".to_owned()],
        ..Default::default()
    };
    bencher.bench_local(|| Redactor::new(black_box(&config)).is_ok());
}
