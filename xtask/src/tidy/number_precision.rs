//! Numbers of any length stay switched off: with them, a short number in an event hangs the policy engine.

use crate::tidy::finding::Finding;
use crate::workspace::{Metadata, Node};

const CRATE: &str = "serde_json";
const FEATURE: &str = "arbitrary_precision";

/// Finds a build in which any crate switches `serde_json/arbitrary_precision` on for all.
#[must_use]
pub fn check(metadata: &Metadata) -> Vec<Finding> {
    let nodes = metadata.resolve.nodes.iter();
    let wrong =
        nodes.filter(|node| is_crate(node) && node.features.iter().any(|name| name == FEATURE));
    wrong
        .map(|_| {
            let message = format!("`{CRATE}/{FEATURE}` is switched on");
            let help = format!(
                "`cargo tree -e features -i {CRATE}` shows by whom: do without that feature"
            );
            Finding::new("Cargo.lock", 1, message, help)
        })
        .collect()
}

// An id ends in `#name@version`, or in `#version` after a path that ends with the name.
fn is_crate(node: &Node) -> bool {
    let Some((place, fragment)) = node.id.rsplit_once('#') else {
        return false;
    };
    match fragment.split_once('@') {
        Some((name, _version)) => name == CRATE,
        None => place.rsplit('/').next() == Some(CRATE),
    }
}
