//! How a Rust file begins, what it is called, and that it can be read at all.

use crate::tidy::finding::Finding;
use crate::tidy::rust_source;
use crate::tidy::tree::Tree;

/// Finds files without a `//!` sentence at their top, files named `mod.rs`, and files that are not Rust.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust_files()
        .flat_map(|(file, text)| check_file(file, text))
        .collect()
}

fn check_file(file: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !text.starts_with("//! ") {
        let help = "say in one `//!` sentence what the file is";
        findings.push(Finding::new(
            file,
            1,
            "the file does not open with a `//!` line",
            help,
        ));
    }
    if file == "mod.rs" || file.ends_with("/mod.rs") {
        let help = "call it after its folder and put it beside the folder: `name.rs` and `name/`";
        findings.push(Finding::new(file, 1, "a module is called `mod.rs`", help));
    }
    if let Err(line) = rust_source::words(text) {
        findings.push(Finding::new(
            file,
            line,
            "the file is not Rust",
            "build it to see why",
        ));
    }
    findings
}
