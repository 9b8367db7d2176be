//! Words: quotes, escapes, and what is expanded inside.

use super::{Parsed, Parser};
use crate::shell::Unknown;
use crate::shell::syntax::{Assignment, Part, RawWord, is_name};

/// What ends a word that is not quoted.
const METACHARACTERS: &str = " \t\n;&|<>()";

impl Parser {
    /// The word that begins here, if one does.
    pub(super) fn word(&mut self) -> Parsed<Option<RawWord>> {
        let mut word = RawWord::new();
        let mut begun = false;
        while let Some(character) = self.peek() {
            match character {
                '<' | '>' if self.peek_at(1) == Some('(') => {
                    self.at += 2;
                    let body = self.list(&[])?;
                    self.close(')')?;
                    word.push(Part::Process { body });
                }
                '(' if is_extended_glob(&word) => {
                    self.skip_balanced()?;
                    word.push(Part::ExtendedGlob);
                }
                _ if METACHARACTERS.contains(character) => break,
                _ => self.part(&mut word, character)?,
            }
            begun = true;
        }
        Ok(begun.then_some(word))
    }

    /// One part of a word outside quotes.
    pub(super) fn part(&mut self, word: &mut RawWord, character: char) -> Parsed<()> {
        self.at += 1;
        match character {
            '\\' => match self.next() {
                Some('\n') => {}
                Some(escaped) => push(word, escaped, true),
                None => push(word, '\\', true),
            },
            '\'' => {
                let text = self.until_quote()?;
                word.push(Part::Text { text, quoted: true });
            }
            '"' => self.double_quoted(word)?,
            '`' => {
                let part = self.backquoted(false)?;
                word.push(part);
            }
            '$' => self.dollar(word, false)?,
            other => push(word, other, false),
        }
        Ok(())
    }

    fn until_quote(&mut self) -> Parsed<String> {
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err(Unknown::Syntax("a quote that is not closed")),
                Some('\'') => return Ok(text),
                Some(character) => text.push(character),
            }
        }
    }

    pub(super) fn double_quoted(&mut self, word: &mut RawWord) -> Parsed<()> {
        let parts = self.nested(|parser| parser.quoted_until(Some('"')))?;
        // Quotes without anything between them are a word all the same.
        push_text(word, "", true);
        word.extend(parts);
        Ok(())
    }

    /// Text in which only `$`, backquotes and backslashes mean something, up to a sign that is consumed, or the end.
    pub(super) fn quoted_until(&mut self, end: Option<char>) -> Parsed<RawWord> {
        let mut word = RawWord::new();
        loop {
            match self.next() {
                None if end.is_none() => return Ok(word),
                None => return Err(Unknown::Syntax("a quote that is not closed")),
                character if character == end => return Ok(word),
                Some('\\') => match self.peek() {
                    Some('\n') => self.at += 1,
                    Some(sign @ ('$' | '`' | '"' | '\\')) => {
                        self.at += 1;
                        push(&mut word, sign, true);
                    }
                    _ => push(&mut word, '\\', true),
                },
                Some('`') => {
                    let part = self.backquoted(true)?;
                    word.push(part);
                }
                Some('$') => self.dollar(&mut word, true)?,
                Some(character) => push(&mut word, character, true),
            }
        }
    }

    /// The commands between backquotes, in which a backslash hides a backquote, a dollar or itself.
    fn backquoted(&mut self, quoted: bool) -> Parsed<Part> {
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err(Unknown::Syntax("a backquote that is not closed")),
                Some('`') => break,
                Some('\\') => match self.next() {
                    Some(sign @ ('`' | '$' | '\\')) => text.push(sign),
                    Some('"') if quoted => text.push('"'),
                    Some(other) => text.extend(['\\', other]),
                    None => return Err(Unknown::Syntax("a backquote that is not closed")),
                },
                Some(character) => text.push(character),
            }
        }
        let body = self.nested(|parser| {
            let mut inner = Self {
                characters: text.chars().collect(),
                at: 0,
                depth: parser.depth,
                documents: std::mem::take(&mut parser.documents),
                pending: Vec::new(),
            };
            let body = inner.list(&[]);
            let is_done = inner.peek().is_none();
            inner.read_documents();
            parser.documents = inner.documents;
            match body {
                Ok(body) if is_done => Ok(body),
                Ok(_) => Err(Unknown::Syntax("a sign that closes nothing")),
                Err(unknown) => Err(unknown),
            }
        })?;
        Ok(Part::Substitution { body, quoted })
    }

    pub(super) fn close(&mut self, sign: char) -> Parsed<()> {
        if self.next() == Some(sign) {
            Ok(())
        } else {
            Err(Unknown::Syntax("a parenthesis that is not closed"))
        }
    }

    /// Skips a group in parentheses, which holds no commands.
    fn skip_balanced(&mut self) -> Parsed<()> {
        let mut depth = 0_usize;
        while let Some(character) = self.next() {
            match character {
                '\\' => self.at += 1,
                '$' | '`' => return Err(Unknown::Syntax("a pattern with a substitution inside")),
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return Ok(());
            }
        }
        Err(Unknown::Syntax("a parenthesis that is not closed"))
    }

    /// `name=value` in front of a command.
    pub(super) fn assignment(&mut self) -> Parsed<Option<Assignment>> {
        let Some((name, length)) = self.assigned_name() else {
            return Ok(None);
        };
        self.at += length;
        let mut subscript = RawWord::new();
        if self.takes("[") {
            subscript = self.raw_until(']')?;
        }
        let appends = self.takes("+");
        if !self.takes("=") {
            return Err(Unknown::Syntax("an element that is not assigned"));
        }
        if self.peek() == Some('(') {
            let mut values = self.array()?;
            values.push(subscript);
            return Ok(Some(Assignment {
                name,
                appends,
                values,
                is_array: true,
            }));
        }
        let value = self.word()?.unwrap_or_default();
        let mut values = vec![value];
        let is_array = !subscript.is_empty();
        if is_array {
            values.push(subscript);
        }
        Ok(Some(Assignment {
            name,
            appends,
            values,
            is_array,
        }))
    }

    /// The name that is assigned here, and its length, if this is an assignment.
    fn assigned_name(&self) -> Option<(String, usize)> {
        let rest = self.characters.get(self.at..)?;
        let is_in_name = |sign: &&char| **sign == '_' || sign.is_ascii_alphanumeric();
        let name: String = rest.iter().take_while(is_in_name).collect();
        if !is_name(&name) {
            return None;
        }
        let after = rest.get(name.len()..)?;
        let after = match after.first()? {
            '[' => {
                let close = after.iter().position(|sign| *sign == ']')?;
                let has_end = after
                    .get(..close)?
                    .iter()
                    .any(|sign| METACHARACTERS.contains(*sign));
                if has_end {
                    return None;
                }
                after.get(close + 1..)?
            }
            _ => after,
        };
        let is_assignment = matches!(after, ['=', ..] | ['+', '=', ..]);
        is_assignment.then(|| (name.clone(), name.len()))
    }

    /// The words of an array in parentheses.
    pub(super) fn array(&mut self) -> Parsed<Vec<RawWord>> {
        self.at += 1;
        self.nested(|parser| {
            let mut words = Vec::new();
            loop {
                parser.skip_lines();
                if parser.takes(")") {
                    return Ok(words);
                }
                match parser.word()? {
                    Some(word) => words.push(word),
                    None => return Err(Unknown::Syntax("an array that is not closed")),
                }
            }
        })
    }
}

fn is_extended_glob(word: &RawWord) -> bool {
    matches!(word.last(), Some(Part::Text { text, quoted: false })
        if text.ends_with(['?', '*', '+', '@', '!']))
}

pub(super) fn push(word: &mut RawWord, character: char, quoted: bool) {
    if let Some(Part::Text {
        text,
        quoted: is_quoted,
    }) = word.last_mut()
        && *is_quoted == quoted
    {
        text.push(character);
    } else {
        word.push(Part::Text {
            text: character.to_string(),
            quoted,
        });
    }
}

pub(super) fn push_text(word: &mut RawWord, text: &str, quoted: bool) {
    word.push(Part::Text {
        text: text.to_owned(),
        quoted,
    });
}
