//! Where `unsafe` may stand.

use crate::tidy::finding::Finding;
use crate::tidy::rust_source;
use crate::tidy::tree::Tree;

// Beginnings of paths. Every block there has its `// SAFETY:` comment; clippy sees to that.
const ALLOWED: [&str; 5] = [
    "benches/src/footprint.rs",
    "engine/src/evaluator/wasm/cache.rs",
    "llmspell-cli/src/hook/last_resort/unix.rs",
    "llmspell-bridge/src/lua/",
    "llmspell-bridge/src/javascript/",
];

/// Finds `unsafe` outside the language folders, the cache of compiled modules, the footprint of a process and the last resort of hooks.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in tree.rust_files() {
        if ALLOWED.iter().any(|path| file.starts_with(path)) {
            continue;
        }
        let words = rust_source::words(text).unwrap_or_default();
        for word in words.iter().filter(|word| word.text == "unsafe") {
            let help = format!(
                "write it safely; `unsafe` may only stand in {}",
                ALLOWED.join(" and ")
            );
            findings.push(Finding::new(
                file,
                word.line,
                "`unsafe` stands where it may not",
                help,
            ));
        }
    }
    findings
}
