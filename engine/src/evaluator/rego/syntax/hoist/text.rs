//! Stretches of a module's text that are written once more.

use crate::evaluator::rego::operands::is_balanced;
use crate::evaluator::rego::rewrite::end_of_string;

/// A text from its first character on that is no space, no comment and no semicolon.
pub(super) fn code(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|first: char| first.is_whitespace() || first == ';');
        if !rest.starts_with('#') {
            return rest;
        }
        rest = rest
            .find('\n')
            .and_then(|end| rest.get(end..))
            .unwrap_or_default();
    }
}

/// Whether the brackets of a text on one line close each other; those in strings count for nothing.
pub(super) fn is_whole(text: &str) -> bool {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => end_of_string(rest),
            '`' => rest
                .get(1..)
                .and_then(|inner| inner.find('`'))
                .map_or(rest.len(), |end| end + 2),
            other => {
                code.push(other);
                other.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    is_balanced(&code)
}

/// A text on one line and without comments; none, where a raw string goes over lines.
pub(super) fn one_line(text: &str) -> Option<String> {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, kept) = match first {
            '"' => (end_of_string(rest), true),
            '`' => (rest.get(1..)?.find('`')? + 2, true),
            '#' => (rest.find('\n').unwrap_or(rest.len()), false),
            '\n' | '\r' => {
                written.push(' ');
                (1, false)
            }
            other => (other.len_utf8(), true),
        };
        let (taken, behind) = rest.split_at_checked(length)?;
        if kept {
            if taken.contains('\n') {
                return None;
            }
            written.push_str(taken);
        }
        rest = behind;
    }
    Some(written)
}
