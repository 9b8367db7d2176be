//! Notes to oneself that should not stay.

use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;

// In two halves, so that this file does not find itself.
const MARKS: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

/// Finds marks for unfinished work, in every text file.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in tree.files() {
        for (index, line) in text.lines().enumerate() {
            if let Some(mark) = MARKS.iter().find(|mark| has_word(line, mark)) {
                let help = "do it now, or write an issue and take the mark out";
                let message = format!("`{mark}` is left in the file");
                findings.push(Finding::new(file, index.saturating_add(1), message, help));
            }
        }
    }
    findings
}

fn has_word(line: &str, word: &str) -> bool {
    let is_border = |character: Option<char>| {
        !character.is_some_and(|character| character.is_alphanumeric() || character == '_')
    };
    line.match_indices(word).any(|(start, _)| {
        let before = line.get(..start).and_then(|text| text.chars().next_back());
        let after = line
            .get(start.saturating_add(word.len())..)
            .and_then(|text| text.chars().next());
        is_border(before) && is_border(after)
    })
}
