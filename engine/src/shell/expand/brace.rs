//! Braces: `{a,b}` and `{1..3}`.

use crate::shell::syntax::{Part, RawWord};

const MAX_WORDS: usize = 256;

/// One sign of a word, or a part that is no plain text.
#[derive(Clone)]
enum Sign {
    Plain(char),
    Part(Part),
}

/// Whether a word may hold braces that stand for several words.
pub(super) fn has_any(raw: &RawWord) -> bool {
    raw.iter()
        .any(|part| matches!(part, Part::Text { text, quoted: false } if text.contains('{')))
}

/// The words that a word with braces stands for; none if they are too many.
pub(super) fn expanded(raw: &RawWord) -> Option<Vec<RawWord>> {
    let mut signs = Vec::new();
    for part in raw {
        match part {
            Part::Text {
                text,
                quoted: false,
            } => signs.extend(text.chars().map(Sign::Plain)),
            other => signs.push(Sign::Part(other.clone())),
        }
    }
    let words = words(&signs, 0)?;
    Some(words.into_iter().map(written).collect())
}

fn words(signs: &[Sign], depth: usize) -> Option<Vec<Vec<Sign>>> {
    const MAX_DEPTH: usize = 8;
    if depth > MAX_DEPTH {
        return None;
    }
    let Some((start, end, commas)) = first_group(signs) else {
        return Some(vec![signs.to_vec()]);
    };
    let before = signs.get(..start)?;
    let inside = signs.get(start + 1..end)?;
    let choices = if commas.is_empty() {
        sequence(inside)?
    } else {
        let mut choices = Vec::new();
        let mut from = 0;
        for comma in commas.into_iter().chain([inside.len()]) {
            choices.extend(words(inside.get(from..comma)?, depth + 1)?);
            from = comma + 1;
        }
        choices
    };
    let after = words(signs.get(end + 1..)?, depth + 1)?;
    if choices.len().saturating_mul(after.len()) > MAX_WORDS {
        return None;
    }
    let combined = choices.iter().flat_map(|choice| {
        after
            .iter()
            .map(move |after| [before, choice, after].concat())
    });
    Some(combined.collect())
}

/// The first pair of braces that means something: where it opens and closes, and its commas, counted from inside.
fn first_group(signs: &[Sign]) -> Option<(usize, usize, Vec<usize>)> {
    let opening = signs
        .iter()
        .enumerate()
        .filter(|(_, sign)| matches!(sign, Sign::Plain('{')));
    // Every brace that is not closed would be searched to the end again.
    for (start, _) in opening.take(MAX_WORDS) {
        let mut depth = 0_usize;
        let mut commas = Vec::new();
        for (index, sign) in signs.iter().enumerate().skip(start) {
            match sign {
                Sign::Plain('{') => depth += 1,
                Sign::Plain('}') => depth -= 1,
                Sign::Plain(',') if depth == 1 => commas.push(index - start - 1),
                _ => {}
            }
            if depth == 0 {
                let inside = signs.get(start + 1..index).unwrap_or_default();
                if !commas.is_empty() || sequence(inside).is_some() {
                    return Some((start, index, commas));
                }
                break;
            }
        }
    }
    None
}

/// `a..c` and `1..9`, or with a step.
fn sequence(inside: &[Sign]) -> Option<Vec<Vec<Sign>>> {
    let text: Option<String> = inside
        .iter()
        .map(|sign| match sign {
            Sign::Plain(sign) => Some(*sign),
            Sign::Part(_) => None,
        })
        .collect();
    let text = text?;
    let (from, rest) = text.split_once("..")?;
    let to = rest.split_once("..").map_or(rest, |(to, _)| to);
    if let (Ok(from), Ok(to)) = (from.parse::<i64>(), to.parse::<i64>()) {
        let count = from.abs_diff(to);
        if count >= 64 {
            // A number, whichever.
            return Some(vec![vec![Sign::Part(Part::Arithmetic(RawWord::new()))]]);
        }
        let numbers = from.min(to)..=from.max(to);
        return Some(
            numbers
                .map(|number| number.to_string().chars().map(Sign::Plain).collect())
                .collect(),
        );
    }
    let one = |text: &str| {
        let mut letters = text.chars();
        let letter = letters.next().filter(char::is_ascii)?;
        letters.next().is_none().then_some(letter)
    };
    let (from, to) = (one(from)?, one(to)?);
    let letters = from.min(to)..=from.max(to);
    Some(letters.map(|letter| vec![Sign::Plain(letter)]).collect())
}

fn written(signs: Vec<Sign>) -> RawWord {
    let mut word = RawWord::new();
    for sign in signs {
        match (sign, word.last_mut()) {
            (
                Sign::Plain(sign),
                Some(Part::Text {
                    text,
                    quoted: false,
                }),
            ) => text.push(sign),
            (Sign::Plain(sign), _) => word.push(Part::Text {
                text: sign.to_string(),
                quoted: false,
            }),
            (Sign::Part(part), _) => word.push(part),
        }
    }
    word
}
