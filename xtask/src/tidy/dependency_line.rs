//! The one line of dependencies: utils, engine, bridge, and then everything that embeds the bridge.

use crate::tidy::finding::Finding;
use crate::tidy::manifest::{self, Manifest};
use crate::tidy::tree::{Tree, line_of};

// A package may depend on what stands further left.
const LINE: [&[&str]; 4] = [
    &["llmspell-utils"],
    &["llmspell-engine"],
    &["llmspell-bridge"],
    &[
        "llmspell-cli",
        "llmspell-benches",
        "llmspell-c",
        "llmspell-python",
        "llmspell-node",
    ],
];

// Packages that stand beside the line and know none of it.
const BESIDE: [&str; 1] = ["xtask"];

/// Finds packages that depend on something further right, and packages whose place nobody has said.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Finding> {
    match manifest::read(tree) {
        Err(findings) => findings,
        Ok(workspace) => {
            let members = workspace.members.iter();
            members
                .flat_map(|member| check_member(tree, member))
                .collect()
        }
    }
}

fn check_member(tree: &Tree, member: &Manifest) -> Vec<Finding> {
    let is_beside = BESIDE.contains(&member.name.as_str());
    let place = place_of(&member.name);
    if place.is_none() && !is_beside {
        let message = format!("`{}` has no place in the line of dependencies", member.name);
        let help = "give it one in xtask/src/tidy/dependency_line.rs and in ARCHITECTURE.md";
        return vec![Finding::new(&member.file, 1, message, help)];
    }
    let manifest = tree.text(&member.file).unwrap_or_default();
    let reaches = |name: &&String| place_of(name).is_some_and(|other| Some(other) >= place);
    // A package may name itself to have all of its features in its tests.
    let others = member
        .dependencies
        .iter()
        .filter(|name| **name != member.name);
    let wrong = others.filter(reaches);
    wrong
        .map(|name| {
            let message = format!(
                "`{}` depends on `{name}`, which does not stand left of it",
                member.name
            );
            let help = "the line is utils <- engine <- bridge <- {cli, benches, bindings}: \
                        move what is needed to the left, or put a trait there";
            Finding::new(&member.file, line_of(manifest, name), message, help)
        })
        .collect()
}

fn place_of(name: &str) -> Option<usize> {
    LINE.iter().position(|packages| packages.contains(&name))
}
