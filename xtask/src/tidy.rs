//! `cargo xtask tidy`: the rules that no compiler knows, one module a rule.

pub mod changelog;
pub mod crate_names;
pub mod dependency_document;
pub mod dependency_line;
pub mod file_shape;
pub mod finding;
pub mod leftovers;
pub mod manifest;
pub mod number_precision;
pub mod rust_source;
pub mod tree;
pub mod unsafe_code;

use crate::failure::Failure;
use crate::screen;
use crate::workspace::{self, Metadata};
use finding::Finding;
use tree::Tree;

/// Checks the workspace and prints what is not tidy.
///
/// # Errors
/// When anything is not tidy, or the workspace cannot be read.
pub fn run() -> Result<(), Failure> {
    let findings = findings(&Tree::read(workspace::root())?, &Metadata::load()?);
    for finding in &findings {
        screen::note(finding);
    }
    match findings.len() {
        0 => Ok(()),
        count => Err(Failure::new(format!("{count} things are not tidy"))),
    }
}

/// Everything that is not tidy, in the order of the rules.
#[must_use]
pub fn findings(tree: &Tree, metadata: &Metadata) -> Vec<Finding> {
    [
        dependency_line::check(tree),
        crate_names::check(tree),
        file_shape::check(tree),
        unsafe_code::check(tree),
        leftovers::check(tree),
        dependency_document::check(tree),
        changelog::check(tree),
        number_precision::check(metadata),
    ]
    .concat()
}
