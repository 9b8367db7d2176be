//! The changelog has a place for what is not released yet.

use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;

const CHANGELOG: &str = "CHANGELOG.md";
const HEADING: &str = "## Unreleased";

/// Finds a changelog that is missing, or has no section for what is not released yet.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Finding> {
    let changelog = tree.text(CHANGELOG).unwrap_or_default();
    if changelog.lines().any(|line| line.trim_end() == HEADING) {
        return Vec::new();
    }
    let message = format!("there is no `{HEADING}` section");
    let help = "add it above the released versions, and say there what changes for users";
    vec![Finding::new(CHANGELOG, 1, message, help)]
}
