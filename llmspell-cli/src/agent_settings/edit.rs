//! Changes to a JSON text that leave alone everything beside them.

use std::ops::Range;

use super::document::{Document, Node};
use super::written::Style;

/// Changes that do not overlap, applied at once.
#[derive(Debug, Default)]
pub(crate) struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    /// Whether nothing changes.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes something else at a place.
    pub(crate) fn replace(&mut self, place: Range<usize>, text: String) {
        self.0.push((place, text));
    }

    /// Adds parts at the end of an object or array, whose own level is told.
    pub(crate) fn append(&mut self, to: &Node, parts: &[String], style: &Style, level: usize) {
        let before = style.line(level + 1);
        let parts: Vec<String> = parts.iter().map(|part| format!("{before}{part}")).collect();
        let text = parts.join(",");
        if parts.is_empty() {
            return;
        }
        match last_end(to) {
            Some(end) => self.replace(end..end, format!(",{text}")),
            None => {
                let inside = to.place.start + 1..to.place.end.saturating_sub(1);
                self.replace(inside, format!("{text}{}", style.line(level)));
            }
        }
    }

    /// Takes parts out of an object or array: their places in order, each with whether it goes.
    pub(crate) fn remove(&mut self, from: &Node, parts: &[(Range<usize>, bool)]) {
        if parts.iter().all(|(_, goes)| *goes) {
            let inside = from.place.start + 1..from.place.end.saturating_sub(1);
            return self.replace(inside, String::new());
        }
        let mut is_kept_before = false;
        let mut end_before = from.place.start + 1;
        let mut next = parts.iter().skip(1);
        for (place, goes) in parts {
            let start_after = next.next().map_or(place.end, |(next, _)| next.start);
            match (*goes, is_kept_before) {
                (true, true) => self.replace(end_before..place.end, String::new()),
                (true, false) => self.replace(place.start..start_after, String::new()),
                (false, _) => is_kept_before = true,
            }
            end_before = place.end;
        }
    }

    /// The text with all changes.
    pub(crate) fn apply(mut self, document: &Document<'_>) -> String {
        self.0.sort_by_key(|(place, _)| (place.start, place.end));
        let mut text = String::with_capacity(document.text.len());
        let mut at = 0;
        for (place, new) in self.0 {
            text.push_str(document.at(at..place.start));
            text.push_str(&new);
            at = place.end;
        }
        text.push_str(document.at(at..document.text.len()));
        document.marked(&text)
    }
}

/// Where the last part of an object or array ends, if it has one.
fn last_end(node: &Node) -> Option<usize> {
    let last = match (node.members(), node.elements()) {
        (Some(members), _) => &members.last()?.value,
        (_, Some(elements)) => elements.last()?,
        _ => return None,
    };
    Some(last.place.end)
}
