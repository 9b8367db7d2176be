//! The simple commands of a command's text, each a list of words without their quotes.

use super::pieces::{Piece, Pieces};

/// Substitutions inside of quotes inside of substitutions that are looked into.
const MAX_DEPTH: usize = 4;
/// Words of one text; what comes behind is not looked at.
const MAX_WORDS: usize = 4_096;

/// The words of each simple command, one after the other; redirections count as words.
pub(super) fn commands(text: &str) -> Vec<Vec<String>> {
    let mut reader = Reader::default();
    reader.read(text, MAX_DEPTH);
    reader.commands
}

#[derive(Default)]
struct Reader {
    commands: Vec<Vec<String>>,
    words: usize,
}

/// The command that is being read.
#[derive(Default)]
struct Current {
    words: Vec<String>,
    word: Option<String>,
    nested: Vec<String>,
}

impl Reader {
    fn read(&mut self, text: &str, depth: usize) {
        let mut current = Current::default();
        for piece in Pieces::of(text) {
            match piece {
                Piece::Bare(text) => current.word().push_str(&without_backslashes(text)),
                Piece::Quoted(text) => current.quote(text),
                Piece::Blank | Piece::Operator("<" | ">" | "<<") => current.end_word(),
                Piece::Newline | Piece::Operator(_) => self.end(&mut current, depth),
                Piece::Continuation | Piece::Comment(_) | Piece::HereDocument(_) => {}
            }
            if self.words >= MAX_WORDS {
                return;
            }
        }
        self.end(&mut current, depth);
    }

    fn end(&mut self, current: &mut Current, depth: usize) {
        current.end_word();
        let Current { words, nested, .. } = std::mem::take(current);
        self.words += words.len();
        if !words.is_empty() {
            self.commands.push(words);
        }
        if let Some(depth) = depth.checked_sub(1) {
            nested.iter().for_each(|text| self.read(text, depth));
        }
    }
}

impl Current {
    fn word(&mut self) -> &mut String {
        self.word.get_or_insert_default()
    }

    fn quote(&mut self, text: &str) {
        let inner = text.trim_start_matches('$');
        let quote = inner.chars().next().unwrap_or('"');
        let inner = inner.strip_prefix(quote).unwrap_or(inner);
        let inner = inner.strip_suffix(quote).unwrap_or(inner);
        if quote == '"' && (inner.contains("$(") || inner.contains('`')) {
            self.nested.push(inner.to_owned());
        }
        let inner = if quote == '"' {
            without_backslashes(inner)
        } else {
            inner.to_owned()
        };
        self.word().push_str(&inner);
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }
}

fn without_backslashes(text: &str) -> String {
    let mut signs = text.chars();
    let mut plain = String::with_capacity(text.len());
    while let Some(sign) = signs.next() {
        match sign {
            '\\' => plain.extend(signs.next()),
            sign => plain.push(sign),
        }
    }
    plain
}
