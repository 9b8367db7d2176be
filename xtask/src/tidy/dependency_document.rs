//! Holds `docs/dependencies.md` and the manifests to the same list of crates.

use std::collections::BTreeMap;

use crate::tidy::finding::Finding;
use crate::tidy::manifest;
use crate::tidy::tree::{Tree, line_of};

/// The document with a reason for each dependency.
pub const DOCUMENT: &str = "docs/dependencies.md";

/// Finds crates without a reason, reasons without a crate, and shared versions that nobody uses.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Finding> {
    let Ok(workspace) = manifest::read(tree) else {
        // The dependency line reports the manifest.
        return Vec::new();
    };
    let members: Vec<&str> = workspace
        .members
        .iter()
        .map(|member| member.name.as_str())
        .collect();
    let documented = documented(tree.text(DOCUMENT).unwrap_or_default());
    let mut used: BTreeMap<&str, &str> = BTreeMap::new();
    for member in &workspace.members {
        for name in member
            .dependencies
            .iter()
            .filter(|name| !members.contains(&name.as_str()))
        {
            used.entry(name).or_insert(&member.file);
        }
    }

    let mut findings = Vec::new();
    for (name, file) in &used {
        if !documented.contains_key(name) {
            let message = format!("`{name}` has no reason in {DOCUMENT}");
            let help = format!("add a row that begins with | `{name}` |, or drop the dependency");
            findings.push(Finding::new(
                *file,
                line_of(tree.text(file).unwrap_or_default(), name),
                message,
                help,
            ));
        }
    }
    for name in workspace
        .shared
        .iter()
        .filter(|name| !used.contains_key(name.as_str()))
    {
        let root = tree.text("Cargo.toml").unwrap_or_default();
        let message = format!("no package uses the shared version of `{name}`");
        let line = line_of(root, &format!("{name} = "));
        findings.push(Finding::new(
            "Cargo.toml",
            line,
            message,
            "take it out of [workspace.dependencies]",
        ));
    }
    for (name, line) in &documented {
        if !used.contains_key(name) {
            let message = format!("no package depends on `{name}`");
            findings.push(Finding::new(DOCUMENT, *line, message, "take the row out"));
        }
    }
    findings
}

// The first cell of a row, when it holds nothing but a name in backticks.
fn documented(document: &str) -> BTreeMap<&str, usize> {
    let rows = document.lines().enumerate();
    rows.filter_map(|(index, row)| {
        let cell = row.trim().strip_prefix('|')?.split('|').next()?.trim();
        let name = cell.strip_prefix('`')?.strip_suffix('`')?;
        Some((name, index.saturating_add(1)))
    })
    .collect()
}
