//! What does an event cost on its way to what Rego reads?

use divan::Bencher;
use llmspell_benches::workload::{Work, event};
use llmspell_bridge::Language;

fn main() {
    divan::main();
}

fn hundred(bencher: Bencher<'_, '_>, mut work: Work) {
    bencher
        .counter(divan::counter::ItemsCount::new(100_u32))
        .bench_local(move || work(100));
}

#[divan::bench]
fn a_from_text_by_serde_json(bencher: Bencher<'_, '_>) {
    hundred(bencher, event::from_text_by_serde());
}

#[divan::bench]
fn b_from_text(bencher: Bencher<'_, '_>) {
    hundred(bencher, event::from_text());
}

#[divan::bench]
fn c_from_lua_by_mlua(bencher: Bencher<'_, '_>) {
    hundred(bencher, event::from_lua_by_mlua());
}

#[divan::bench]
fn d_from_lua(bencher: Bencher<'_, '_>) {
    hundred(bencher, event::from_script(Language::Lua));
}

#[divan::bench]
fn e_from_javascript_by_rquickjs_serde(bencher: Bencher<'_, '_>) {
    hundred(bencher, event::from_javascript_by_rquickjs());
}

#[divan::bench]
fn f_from_javascript(bencher: Bencher<'_, '_>) {
    hundred(bencher, event::from_script(Language::JavaScript));
}
