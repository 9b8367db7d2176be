//! Makes the words that a command gets of those that were written.

mod brace;
mod parameter;

use super::Unknown;
use super::syntax::{Part, RawWord};
use super::walk::Walker;
use super::word::{Open, Piece, Word};

/// Words that one written word may become.
const MAX_WORDS: usize = 256;
/// Combinations of values that a word may have.
const MAX_ALTERNATIVES: usize = 16;

/// The words that one value of a part gives: the first continues the word before it, the others are of their own.
pub(super) type Fields = Vec<Word>;

impl Walker<'_> {
    /// Every word that a written word may become.
    pub(super) fn expand(&mut self, raw: &RawWord) -> Vec<Word> {
        self.alternatives(raw).into_iter().flatten().collect()
    }

    /// The lists of words that a written word may become, one for each combination of values.
    pub(super) fn alternatives(&mut self, raw: &RawWord) -> Vec<Vec<Word>> {
        if !brace::has_any(raw) {
            return self.without_braces(raw);
        }
        let Some(words) = brace::expanded(raw) else {
            self.fail(Unknown::TooLarge);
            return vec![vec![Word::open(Open::Computed)]];
        };
        if let [only] = words.as_slice() {
            return self.without_braces(only);
        }
        let fields = words
            .iter()
            .flat_map(|word| self.without_braces(word).into_iter().flatten());
        vec![fields.collect()]
    }

    fn without_braces(&mut self, raw: &RawWord) -> Vec<Vec<Word>> {
        let mut alternatives: Vec<Fields> = vec![vec![Word::default()]];
        for (index, part) in raw.iter().enumerate() {
            let values = self.part(part, index == 0);
            if let [only] = values.as_slice() {
                alternatives
                    .iter_mut()
                    .for_each(|fields| join(fields, only));
                continue;
            }
            let combined = alternatives.iter().flat_map(|fields| {
                values.iter().map(|value| {
                    let mut fields = fields.clone();
                    join(&mut fields, value);
                    fields
                })
            });
            alternatives = combined.take(MAX_ALTERNATIVES + 1).collect();
            if alternatives.len() > MAX_ALTERNATIVES {
                alternatives = vec![vec![Word::open(Open::Computed)]];
            }
        }
        let is_quoted = |part: &Part| match part {
            Part::Text { quoted, .. } | Part::Substitution { quoted, .. } => *quoted,
            Part::Parameter(parameter) => parameter.quoted,
            _ => true,
        };
        let keeps_empty = raw.iter().any(is_quoted);
        for fields in &mut alternatives {
            fields.retain(|word| keeps_empty || !word.pieces().is_empty());
            if fields.len() > MAX_WORDS {
                *fields = vec![Word::open(Open::Computed)];
            }
        }
        alternatives
    }

    /// One word in a place where nothing is split, such as the value of a variable: its possible values.
    pub(super) fn expand_whole(&mut self, raw: &RawWord) -> Vec<Word> {
        let quoted: RawWord = raw.iter().map(unsplit).collect();
        let mut alternatives = self.without_braces(&quoted);
        alternatives.drain(..).map(|words| joined(&words)).collect()
    }

    fn part(&mut self, part: &Part, is_first: bool) -> Vec<Fields> {
        match part {
            Part::Text { text, quoted: true } => vec![vec![Word::text_or_empty(text)]],
            Part::Text { text, .. } => {
                let mut word = Word::default();
                let rest = if is_first {
                    self.tilde(text, &mut word)
                } else {
                    text
                };
                self.push_pattern(rest, &mut word);
                vec![vec![word]]
            }
            Part::Parameter(parameter) => self.parameter(parameter),
            Part::Substitution { body, quoted } => {
                let output = self.captured(body);
                vec![self.fields_of(&output, *quoted)]
            }
            Part::Process { body } => vec![vec![self.process(body)]],
            Part::Arithmetic(inside) => {
                self.expand_whole(inside);
                vec![vec![Word::open(Open::Name)]]
            }
            Part::ExtendedGlob => vec![vec![Word::open(Open::Computed)]],
        }
    }

    /// Expands a tilde in front of a text, and gives the rest.
    fn tilde<'text>(&self, text: &'text str, word: &mut Word) -> &'text str {
        let (before, tilde) = match text.split_once('=') {
            Some((name, value)) if value.starts_with('~') && !name.contains('/') => {
                (text.get(..=name.len()).unwrap_or_default(), value)
            }
            _ => ("", text),
        };
        let Some(rest) = tilde.strip_prefix('~') else {
            return text;
        };
        word.push_text(before);
        let user: String = rest.chars().take_while(|sign| *sign != '/').collect();
        let rest = rest.get(user.len()..).unwrap_or_default();
        let directory = match user.as_str() {
            "" => self.scope.home(),
            "+" => self
                .scope
                .values("PWD")
                .into_iter()
                .next()
                .unwrap_or_default(),
            _ => Word::open(Open::Outside),
        };
        word.append(&directory);
        rest
    }

    /// Adds text that was not quoted, in which stars and brackets are patterns.
    fn push_pattern(&self, text: &str, word: &mut Word) {
        const PATTERN_SIGNS: [char; 3] = ['*', '?', '['];
        if !text.contains(PATTERN_SIGNS) {
            word.push_written(text);
            return;
        }
        let mut rest = text.chars().peekable();
        while let Some(sign) = rest.next() {
            match sign {
                '*' if self.scope.finds_hidden_files => word.push(Piece::Beneath),
                '*' => {
                    // Two stars find everything beneath where the shell is told so.
                    if rest.peek() == Some(&'*') {
                        word.push(Piece::Visible);
                    } else {
                        word.push(Piece::Many);
                    }
                    while rest.peek() == Some(&'*') {
                        rest.next();
                    }
                }
                '?' => word.push(Piece::One),
                '[' if rest.clone().skip(1).any(|sign| sign == ']') => {
                    rest.next();
                    for sign in rest.by_ref() {
                        if sign == ']' {
                            break;
                        }
                    }
                    word.push(Piece::One);
                }
                other => word.push_written(other.encode_utf8(&mut [0; 4])),
            }
        }
    }

    /// The words that an expanded value becomes.
    pub(super) fn fields_of(&self, value: &Word, quoted: bool) -> Fields {
        if quoted {
            return vec![value.clone()];
        }
        let Some(separators) = self.scope.separators() else {
            return vec![Word::open(Open::Computed)];
        };
        let mut fields = vec![Word::default()];
        for piece in value.pieces() {
            let Piece::Text(text) = piece else {
                if let Some(last) = fields.last_mut() {
                    last.push(piece.clone());
                }
                continue;
            };
            for (index, text) in text
                .split(|sign| sign == '\0' || separators.contains(sign))
                .enumerate()
            {
                if index > 0 {
                    fields.push(Word::default());
                }
                if let Some(last) = fields.last_mut() {
                    self.push_pattern(text, last);
                }
            }
        }
        let last = fields.len() - 1;
        let mut index = 0;
        // Separators at the edges part the value from its neighbours; those inside leave nothing between them.
        fields.retain(|word| {
            index += 1;
            index == 1 || index > last || !word.pieces().is_empty()
        });
        fields
    }
}

impl Word {
    fn text_or_empty(text: &str) -> Self {
        let mut word = Self::default();
        word.push_written(text);
        word
    }
}

fn join(fields: &mut Fields, value: &Fields) {
    let mut words = value.iter();
    if let (Some(last), Some(first)) = (fields.last_mut(), words.next()) {
        last.append(first);
    }
    fields.extend(words.cloned());
}

/// Several words as one, with blanks between.
pub(super) fn joined(words: &[Word]) -> Word {
    let mut whole = Word::default();
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            whole.push_text(" ");
        }
        whole.append(word);
    }
    whole
}

/// The part as it is where nothing is split.
fn unsplit(part: &Part) -> Part {
    match part {
        Part::Text {
            text,
            quoted: false,
        } if !text.starts_with('~') => Part::Text {
            text: text.clone(),
            quoted: true,
        },
        Part::Substitution { body, .. } => Part::Substitution {
            body: body.clone(),
            quoted: true,
        },
        Part::Parameter(parameter) => {
            let mut parameter = parameter.clone();
            parameter.quoted = true;
            Part::Parameter(parameter)
        }
        other => other.clone(),
    }
}
