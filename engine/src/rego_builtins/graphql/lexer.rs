//! Cuts a GraphQL document into tokens (GraphQL specification of October 2021, section 2.1).

use std::iter::Peekable;
use std::str::Chars;

use crate::rego_builtins::BuiltinError;

/// Tokens of one document.
const MAX_TOKENS: usize = 65_536;

/// A token, with the comments that stand before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// The text of names, numbers and strings; empty for the others.
    pub(super) text: String,
    pub(super) comments: Vec<String>,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One of the signs that stand for themselves.
    Sign(char),
    Spread,
    Name,
    Int,
    Float,
    String,
    BlockString,
    End,
}

/// Cuts a document; the last token is its end.
pub(super) fn tokens(document: &str) -> Result<Vec<Token>, BuiltinError> {
    let mut lexer = Lexer {
        characters: document.chars().peekable(),
    };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.token()?;
        let is_end = token.kind == Kind::End;
        tokens.push(token);
        if is_end {
            return Ok(tokens);
        }
        if tokens.len() > MAX_TOKENS {
            return Err(BuiltinError::too_large());
        }
    }
}

fn invalid(what: &'static str) -> BuiltinError {
    BuiltinError::failed(what)
}

struct Lexer<'text> {
    characters: Peekable<Chars<'text>>,
}

impl Lexer<'_> {
    fn token(&mut self) -> Result<Token, BuiltinError> {
        let mut comments = Vec::new();
        loop {
            match self.characters.peek() {
                Some('\t' | ' ' | ',' | '\n' | '\r' | '\u{feff}') => {
                    self.characters.next();
                }
                Some('#') => comments.push(self.taken(|next| next >= ' ' || next == '\t')),
                _ => break,
            }
        }
        let (kind, text) = self.content()?;
        Ok(Token {
            kind,
            text,
            comments,
        })
    }

    /// What follows as long as the characters pass.
    fn taken(&mut self, passes: impl Fn(char) -> bool) -> String {
        let mut text = String::new();
        while let Some(next) = self.characters.next_if(|next| passes(*next)) {
            text.push(next);
        }
        text
    }

    fn content(&mut self) -> Result<(Kind, String), BuiltinError> {
        let Some(first) = self.characters.peek().copied() else {
            return Ok((Kind::End, String::new()));
        };
        match first {
            '!' | '$' | '&' | '(' | ')' | ':' | '=' | '@' | '[' | ']' | '{' | '}' | '|' => {
                self.characters.next();
                Ok((Kind::Sign(first), String::new()))
            }
            '.' => {
                if self.taken(|next| next == '.').len() == 3 {
                    Ok((Kind::Spread, String::new()))
                } else {
                    Err(invalid("finds dots that are not three in the document"))
                }
            }
            '_' | 'a'..='z' | 'A'..='Z' => {
                let name = self.taken(|next| next == '_' || next.is_ascii_alphanumeric());
                Ok((Kind::Name, name))
            }
            '-' | '0'..='9' => self.number(),
            '"' => self.string(),
            _ => Err(invalid(
                "finds a character in the document that means nothing",
            )),
        }
    }

    fn number(&mut self) -> Result<(Kind, String), BuiltinError> {
        let malformed = || invalid("finds a number in the document that is none");
        let mut text = String::new();
        let mut kind = Kind::Int;
        text.extend(self.characters.next_if_eq(&'-'));
        let whole = self.taken(|next| next.is_ascii_digit());
        if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
            return Err(malformed());
        }
        text.push_str(&whole);
        if let Some(point) = self.characters.next_if_eq(&'.') {
            kind = Kind::Float;
            text.push(point);
            let digits = self.taken(|next| next.is_ascii_digit());
            if digits.is_empty() {
                return Err(malformed());
            }
            text.push_str(&digits);
        }
        if let Some(sign) = self.characters.next_if(|next| matches!(next, 'e' | 'E')) {
            kind = Kind::Float;
            text.push(sign);
            text.extend(self.characters.next_if(|next| matches!(next, '+' | '-')));
            let digits = self.taken(|next| next.is_ascii_digit());
            if digits.is_empty() {
                return Err(malformed());
            }
            text.push_str(&digits);
        }
        Ok((kind, text))
    }

    fn string(&mut self) -> Result<(Kind, String), BuiltinError> {
        let quotes = self.quotes(6);
        match quotes {
            1 => self.line().map(|text| (Kind::String, text)),
            2 => Ok((Kind::String, String::new())),
            3..=5 => {
                let text = self.block(quotes - 3)?;
                Ok((Kind::BlockString, text))
            }
            _ => Ok((Kind::BlockString, String::new())),
        }
    }

    /// Takes quotes, at most so many, and counts them.
    fn quotes(&mut self, most: usize) -> usize {
        let mut count = 0;
        while count < most && self.characters.next_if_eq(&'"').is_some() {
            count += 1;
        }
        count
    }

    fn line(&mut self) -> Result<String, BuiltinError> {
        let mut text = String::new();
        loop {
            match self.characters.next() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escaped()?),
                Some(next) if next >= ' ' || next == '\t' => text.push(next),
                _ => return Err(invalid("finds a string in the document that does not end")),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, BuiltinError> {
        let malformed = || invalid("finds an escape in a string of the document that is none");
        match self.characters.next() {
            Some(same @ ('"' | '/' | '\\')) => Ok(same),
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('u') => {
                let mut code = 0;
                for _ in 0..4 {
                    let digit = self.characters.next().and_then(|next| next.to_digit(16));
                    code = code << 4 | digit.ok_or_else(malformed)?;
                }
                // Half of a pair is no character by itself.
                Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
            }
            _ => Err(malformed()),
        }
    }

    /// The text up to three quotes, after so many quotes that belong to it.
    fn block(&mut self, quotes: usize) -> Result<String, BuiltinError> {
        let mut raw = "\"".repeat(quotes);
        loop {
            match self.characters.next() {
                Some('"') => match 1 + self.quotes(2) {
                    3 => return Ok(without_indent(&raw)),
                    count => raw.push_str(&"\"".repeat(count)),
                },
                Some('\\') => match self.quotes(3) {
                    0 => raw.push('\\'),
                    3 => raw.push_str("\"\"\""),
                    count => {
                        raw.push('\\');
                        raw.push_str(&"\"".repeat(count));
                    }
                },
                Some('\r') => {
                    self.characters.next_if_eq(&'\n');
                    raw.push('\n');
                }
                Some(next) if next >= ' ' || matches!(next, '\t' | '\n') => raw.push(next),
                _ => return Err(invalid("finds a string in the document that does not end")),
            }
        }
    }
}

/// The lines of a block without the indent that all but the first have in common, and without empty ones around.
fn without_indent(raw: &str) -> String {
    let is_blank = |line: &str| line.chars().all(|next| matches!(next, ' ' | '\t'));
    let indent_of = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let lines: Vec<&str> = raw.split('\n').collect();
    let common = lines
        .iter()
        .skip(1)
        .filter(|line| !is_blank(line))
        .map(|line| indent_of(line))
        .min()
        .unwrap_or_default();
    let bare: Vec<&str> = lines
        .iter()
        .enumerate()
        .map(|(index, line)| {
            let cut = if index == 0 { 0 } else { common };
            line.get(cut..).unwrap_or_default()
        })
        .collect();
    let first = bare.iter().position(|line| !is_blank(line));
    let last = bare.iter().rposition(|line| !is_blank(line));
    match (first, last) {
        (Some(first), Some(last)) => bare
            .get(first..=last)
            .map(|lines| lines.join("\n"))
            .unwrap_or_default(),
        _ => String::new(),
    }
}
