//! Parameters: `$name`, `${name:-word}`, `${name%pattern}` and the others.

use super::Fields;
use crate::shell::syntax::{Parameter, Part, RawWord};
use crate::shell::walk::Walker;
use crate::shell::word::{Open, Piece, Word};

impl Walker<'_> {
    /// The words that a parameter may become, one list for each value.
    pub(super) fn parameter(&mut self, parameter: &Parameter) -> Vec<Fields> {
        if let Some(subscript) = &parameter.subscript {
            // A subscript is arithmetic, which may hold substitutions.
            self.expand_whole(subscript);
        }
        if parameter.length {
            return vec![vec![Word::open(Open::Name)]];
        }
        if parameter.indirect {
            return vec![vec![Word::open(Open::Computed)]];
        }
        let values = self.scope.values(&parameter.name);
        // All arguments are as many words.
        let is_list = matches!(parameter.name.as_str(), "@" | "*");
        let is_whole_array = parameter.subscript.as_ref().is_some_and(|subscript| {
            matches!(subscript.as_slice(), [Part::Text { text, .. }] if text == "@" || text == "*")
        });
        if is_whole_array && parameter.operation.is_none() && self.scope.is_set(&parameter.name) {
            return vec![values];
        }
        if is_list && parameter.operation.is_none() && self.scope.arguments.is_some() {
            return vec![values];
        }
        let values = match &parameter.operation {
            None => values,
            Some((sign, operand)) => self.operated(parameter, values, sign, operand),
        };
        values
            .iter()
            .map(|value| self.fields_of(value, parameter.quoted))
            .collect()
    }

    fn operated(
        &mut self,
        parameter: &Parameter,
        values: Vec<Word>,
        sign: &str,
        operand: &RawWord,
    ) -> Vec<Word> {
        let operands = if sign.starts_with(['%', '#']) {
            let patterns = self.without_braces(operand).into_iter();
            patterns.map(|words| super::joined(&words)).collect()
        } else {
            self.expand_whole(operand)
        };
        let operand = operands.first().cloned().unwrap_or_default();
        match sign {
            // What the environment holds is harmless beside what the command says.
            ":-" | "-" | ":=" | "=" => {
                let is_known = self.scope.is_set(&parameter.name);
                let chosen = if is_known {
                    [values, operands].concat()
                } else {
                    operands
                };
                if sign.ends_with('=') {
                    self.scope.assign(&parameter.name, chosen.clone());
                }
                chosen
            }
            ":+" | "+" => operands,
            ":?" | "?" => values,
            "%" | "%%" => each(&values, |value| without_end(value, &operand)),
            "#" | "##" => each(&values, |value| without_begin(value, &operand)),
            "/" | "//" | "/#" | "/%" => {
                each(&values, |value| replaced(value, &operand, sign == "//"))
            }
            ":" => each(&values, |value| slice(value, &operand)),
            "^^" | "^" | ",," | "," => values,
            _ => vec![Word::open(Open::Computed)],
        }
    }
}

fn each(values: &[Word], change: impl Fn(&Word) -> Option<Word>) -> Vec<Word> {
    let changed = |value: &Word| change(value).unwrap_or_else(|| Word::open(Open::Computed));
    values.iter().map(changed).collect()
}

/// What is left when a part of something is cut off that nobody knows.
fn of_same_origin(value: &Word) -> Option<Word> {
    match value.openness() {
        Some(Open::Computed) | None => None,
        Some(open) => Some(Word::open(open)),
    }
}

fn without_end(value: &Word, pattern: &Word) -> Option<Word> {
    if let Some(end) = pattern.known() {
        let mut pieces = value.pieces().to_vec();
        if let Some(Piece::Text(text)) = pieces.last_mut() {
            if let Some(rest) = text.strip_suffix(end) {
                *text = rest.to_owned();
            }
            return Some(of_pieces(pieces));
        }
        if !value.is_computed() {
            return Some(value.clone());
        }
    }
    if let Some(text) = value.known() {
        // `%/*` and `%.*`: up to the last sign.
        let sign = pattern.start().chars().next()?;
        if matches!(pattern.pieces(), [Piece::Text(start), Piece::Many] if start.len() == 1) {
            let cut = text.rsplit_once(sign).map_or(text, |(rest, _)| rest);
            return Some(Word::text(cut));
        }
        return None;
    }
    of_same_origin(value).or_else(|| {
        value
            .is_pattern()
            .then(|| value.clone())
            .filter(|value| !value.is_computed())
    })
}

fn without_begin(value: &Word, pattern: &Word) -> Option<Word> {
    if let Some(start) = pattern.known() {
        return Some(value.without_start(start).unwrap_or_else(|| value.clone()));
    }
    if pattern.shown() == "*/" && value.openness().is_none() {
        return Some(value.last_component());
    }
    if value.known().is_some() {
        return None;
    }
    of_same_origin(value)
}

/// `text/with`, the text and its replacement.
fn replaced(value: &Word, operand: &Word, all: bool) -> Option<Word> {
    let text = value.known()?;
    let operand = operand.known()?;
    let (from, to) = operand.split_once('/').unwrap_or((operand, ""));
    if from.is_empty() || from.contains(['*', '?', '[']) {
        return None;
    }
    let replaced = if all {
        text.replace(from, to)
    } else {
        text.replacen(from, to, 1)
    };
    const MAX_BYTES: usize = 64 * 1024;
    (replaced.len() <= MAX_BYTES).then(|| Word::text(replaced))
}

/// `start` or `start:length`, in characters.
fn slice(value: &Word, operand: &Word) -> Option<Word> {
    let text = value.known()?;
    let operand = operand.known()?;
    let (start, length) = match operand.split_once(':') {
        Some((start, length)) => (start, Some(length.trim().parse::<usize>().ok()?)),
        None => (operand, None),
    };
    let start = start.trim().parse::<usize>().ok()?;
    let rest = text.chars().skip(start);
    Some(Word::text(match length {
        Some(length) => rest.take(length).collect::<String>(),
        None => rest.collect(),
    }))
}

fn of_pieces(pieces: Vec<Piece>) -> Word {
    let mut word = Word::default();
    pieces.into_iter().for_each(|piece| word.push(piece));
    word
}
