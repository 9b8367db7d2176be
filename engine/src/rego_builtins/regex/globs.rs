//! `regex.globs_match`: patterns that are compared with each other.

use std::collections::BTreeSet;

use crate::rego_builtins::arguments::{Outcome, text};
use crate::rego_builtins::{BuiltinError, Context};
use crate::value::Value;

/// Characters of a pattern: the work grows with the product of both.
const MAX_PATTERN: usize = 1_024;

/// Whether any text fits two patterns of characters, sets in brackets, `.`, `+` and `*`.
pub(super) fn globs_match(arguments: &[Value], context: &Context) -> Outcome {
    let (one, other) = (steps(text(arguments, 0)?)?, steps(text(arguments, 1)?)?);
    // Both are read at once, as one walk over pairs of places.
    let mut places = BTreeSet::from([(0, 0)]);
    let mut left = vec![(0, 0)];
    while let Some((first, second)) = left.pop() {
        if first == one.len() && second == other.len() {
            return Ok(Value::from(true));
        }
        if places.len().is_multiple_of(4_096) {
            context.check()?;
        }
        let mut visit = |place| {
            if places.insert(place) {
                left.push(place);
            }
        };
        let (here, there) = (one.get(first), other.get(second));
        if here.is_some_and(|step| step.may_be_left_out) {
            visit((first + 1, second));
        }
        if there.is_some_and(|step| step.may_be_left_out) {
            visit((first, second + 1));
        }
        if let (Some(here), Some(there)) = (here, there)
            && here.meets(there)
        {
            visit((first + 1, second + 1));
            if here.repeats {
                visit((first, second + 1));
            }
            if there.repeats {
                visit((first + 1, second));
            }
            // Where both repeat, nothing new is reached by staying.
        }
    }
    Ok(Value::from(false))
}

/// One place of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    /// The characters that fit, as ranges; `None` if all do.
    ranges: Option<Vec<(char, char)>>,
    repeats: bool,
    may_be_left_out: bool,
}

impl Step {
    fn meets(&self, other: &Self) -> bool {
        match (&self.ranges, &other.ranges) {
            (Some(ours), Some(theirs)) => ours
                .iter()
                .any(|(low, high)| theirs.iter().any(|(from, to)| low <= to && from <= high)),
            (Some(ranges), None) | (None, Some(ranges)) => !ranges.is_empty(),
            (None, None) => true,
        }
    }
}

fn malformed() -> BuiltinError {
    BuiltinError::failed("expects patterns of characters, sets in brackets, `.`, `+` and `*`")
}

fn steps(pattern: &str) -> Result<Vec<Step>, BuiltinError> {
    if pattern.len() > MAX_PATTERN {
        return Err(BuiltinError::too_large());
    }
    let mut steps = Vec::<Step>::new();
    let mut has_flag = true;
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        let ranges = match character {
            '+' | '*' => {
                // A flag belongs to something, and only one does.
                let step = steps.last_mut().filter(|_| !has_flag);
                let step = step.ok_or_else(malformed)?;
                step.repeats = true;
                step.may_be_left_out = character == '*';
                has_flag = true;
                continue;
            }
            '.' => None,
            '[' => Some(set(&mut characters)?),
            ']' => return Err(malformed()),
            '\\' => Some(single(characters.next().ok_or_else(malformed)?)),
            other => Some(single(other)),
        };
        steps.push(Step {
            ranges,
            repeats: false,
            may_be_left_out: false,
        });
        has_flag = false;
    }
    Ok(steps)
}

fn single(character: char) -> Vec<(char, char)> {
    vec![(character, character)]
}

/// The rest of a set: characters, and ranges with `-` between.
fn set(characters: &mut std::str::Chars<'_>) -> Result<Vec<(char, char)>, BuiltinError> {
    let mut ranges = Vec::<(char, char)>::new();
    let mut range_from = None;
    let mut last = None;
    loop {
        let (character, is_escaped) = match characters.next().ok_or_else(malformed)? {
            '\\' => (characters.next().ok_or_else(malformed)?, true),
            other => (other, false),
        };
        match (character, is_escaped, range_from) {
            (']', false, None) => return Ok(ranges),
            ('-', false, None) => {
                range_from = Some(last.take().ok_or_else(malformed)?);
            }
            (']' | '-', false, Some(_)) => return Err(malformed()),
            (to, _, Some(from)) => {
                if to < from {
                    return Err(malformed());
                }
                ranges.push((from, to));
                range_from = None;
                last = None;
            }
            (character, _, None) => {
                ranges.push((character, character));
                last = Some(character);
            }
        }
    }
}
