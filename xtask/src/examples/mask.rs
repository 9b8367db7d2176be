//! Takes out of an output what differs from run to run: times, identifiers, addresses and column widths.

use std::sync::LazyLock;

use regex::Regex;

// Each pattern with what stands in the place of what it finds, in this order.
const RULES: [(&str, &str); 6] = [
    (
        r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
        "<id>",
    ),
    (r"\bsha256:[0-9a-f]{64}\b", "<digest>"),
    (r"\b0x[0-9a-f]+\b", "<address>"),
    (r"\b[0-9]+(?:\.[0-9]+)? ?(?:ns|µs|us|ms|s)\b", "<time>"),
    // A table is as wide as its times: runs of spaces after the first word, and rules, have no fixed length.
    (r"(\S) {2,}", "$1 "),
    (r"[-─]{3,}", "---"),
];

static COMPILED: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    RULES
        .into_iter()
        .filter_map(|(pattern, replacement)| Some((Regex::new(pattern).ok()?, replacement)))
        .collect()
});

/// The text with everything masked that a second run would print differently.
///
/// ```
/// use xtask::examples::mask::mask;
///
/// assert_eq!(mask("evaluate  12.5 µs, total 1 ms"), "evaluate <time>, total <time>\n");
/// ```
#[must_use]
pub fn mask(text: &str) -> String {
    text.lines().map(|line| mask_line(line) + "\n").collect()
}

fn mask_line(line: &str) -> String {
    let masked = COMPILED
        .iter()
        .fold(line.to_owned(), |line, (pattern, replacement)| {
            pattern.replace_all(&line, *replacement).into_owned()
        });
    masked.trim_end().to_owned()
}
