//! Compiles patterns of Go's syntax, which differs in a few places from that of the crate beneath.

use std::collections::HashMap;
use std::iter::Peekable;
use std::str::Chars;
use std::sync::LazyLock;

use parking_lot::Mutex;
use regex::{Regex, RegexBuilder};

use crate::rego_builtins::BuiltinError;

/// Bytes of a pattern.
const MAX_PATTERN: usize = 4_096;
/// Bytes that a compiled pattern may take.
const MAX_COMPILED: usize = 1 << 20;
/// Times that Go lets something be repeated.
const MAX_REPEAT: u32 = 1_000;
/// Compiled patterns that are kept.
const MAX_KEPT: usize = 256;

/// Compiles a pattern, or finds it among those that were compiled before.
pub(in crate::rego_builtins) fn compiled(pattern: &str) -> Result<Regex, BuiltinError> {
    compiled_as(pattern, pattern, translated)
}

/// Compiles what a key stands for, or finds it among what was compiled before.
pub(in crate::rego_builtins) fn compiled_as(
    key: &str,
    source: &str,
    translate: impl FnOnce(&str) -> Result<String, BuiltinError>,
) -> Result<Regex, BuiltinError> {
    static KEPT: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);
    if source.len() > MAX_PATTERN {
        return Err(BuiltinError::too_large());
    }
    if let Some(regex) = KEPT.lock().get(key) {
        return Ok(regex.clone());
    }
    let regex = RegexBuilder::new(&translate(source)?)
        .size_limit(MAX_COMPILED)
        .dfa_size_limit(MAX_COMPILED)
        .nest_limit(64)
        .build()
        .map_err(|_| malformed())?;
    let mut kept = KEPT.lock();
    // Patterns are mostly literals of policies: whoever makes them up as he goes starts over.
    if kept.len() >= MAX_KEPT {
        kept.clear();
    }
    kept.insert(key.to_owned(), regex.clone());
    Ok(regex)
}

fn malformed() -> BuiltinError {
    BuiltinError::failed("expects a pattern of Go's syntax")
}

/// The pattern in the syntax of the crate: classes mean ASCII, `\Q…\E` is a literal, and repeats are bounded.
fn translated(pattern: &str) -> Result<String, BuiltinError> {
    let mut translator = Translator {
        characters: pattern.chars().peekable(),
        text: String::with_capacity(pattern.len() + 16),
        after_repeat: false,
    };
    translator.translate()?;
    Ok(translator.text)
}

struct Translator<'text> {
    characters: Peekable<Chars<'text>>,
    text: String,
    /// Whether what stands before is repeated already: Go lets nothing be repeated twice.
    after_repeat: bool,
}

impl Translator<'_> {
    fn translate(&mut self) -> Result<(), BuiltinError> {
        while let Some(character) = self.characters.next() {
            let mut repeats = false;
            match character {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '*' | '+' | '?' => {
                    if self.after_repeat {
                        return Err(malformed());
                    }
                    self.text.push(character);
                    self.lazy();
                    repeats = true;
                }
                '{' => repeats = self.counted()?,
                '}' => self.text.push_str("\\}"),
                _ => self.text.push(character),
            }
            self.after_repeat = repeats;
        }
        Ok(())
    }

    fn lazy(&mut self) {
        if self.characters.next_if_eq(&'?').is_some() {
            self.text.push('?');
        }
    }

    /// What stands after `{`: a count, or in Go just a brace.
    fn counted(&mut self) -> Result<bool, BuiltinError> {
        let rest: String = self
            .characters
            .clone()
            .take_while(|next| *next != '}')
            .collect();
        let is_closed = self.characters.clone().nth(rest.chars().count()) == Some('}');
        let (low, high) = match rest.split_once(',') {
            Some((low, high)) => (low, high),
            None => (rest.as_str(), rest.as_str()),
        };
        let is_number = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() <= 9
        };
        if !is_closed || !is_number(low) || (!high.is_empty() && !is_number(high)) {
            self.text.push_str("\\{");
            return Ok(false);
        }
        let low = low.parse::<u32>().unwrap_or(u32::MAX);
        let high = high.parse::<u32>().unwrap_or(low);
        if self.after_repeat || low > MAX_REPEAT || high > MAX_REPEAT || high < low {
            return Err(malformed());
        }
        self.text.push('{');
        self.text.push_str(&rest);
        self.text.push('}');
        for _ in 0..=rest.chars().count() {
            self.characters.next();
        }
        self.lazy();
        Ok(true)
    }

    fn escape(&mut self) -> Result<(), BuiltinError> {
        match self.characters.next().ok_or_else(malformed)? {
            'Q' => self.literal(),
            'C' => return Err(malformed()),
            'b' => self.text.push_str("(?-u:\\b)"),
            // In text of whole characters a border between bytes is one between characters.
            'B' => self.text.push_str("(?-u:\\B)"),
            'd' => self.text.push_str("[0-9]"),
            'D' => self.text.push_str("[^0-9]"),
            's' => self.text.push_str("[\\t\\n\\f\\r ]"),
            'S' => self.text.push_str("[^\\t\\n\\f\\r ]"),
            'w' => self.text.push_str("[0-9A-Za-z_]"),
            'W' => self.text.push_str("[^0-9A-Za-z_]"),
            other => self.same_escape(other)?,
        }
        Ok(())
    }

    /// An escape that means the same in both, in a class or outside.
    fn same_escape(&mut self, character: char) -> Result<(), BuiltinError> {
        match character {
            '0'..='7' => {
                let mut digits = String::from(character);
                while digits.len() < 3
                    && let Some(digit) = self.characters.next_if(|next| matches!(next, '0'..='7'))
                {
                    digits.push(digit);
                }
                // A single digit that is not 0 would be a reference to a group, which nobody has.
                if digits.len() == 1 && character != '0' {
                    return Err(malformed());
                }
                let code = u32::from_str_radix(&digits, 8).map_err(|_| malformed())?;
                self.text.push_str(&format!("\\x{{{code:x}}}"));
            }
            'a' | 'f' | 'n' | 'r' | 't' | 'v' | 'x' | 'p' | 'P' | 'A' | 'z' => {
                self.text.push('\\');
                self.text.push(character);
            }
            _ if character.is_ascii_punctuation() => {
                self.text
                    .push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
            }
            _ => return Err(malformed()),
        }
        Ok(())
    }

    /// Everything up to `\E`, as it stands.
    fn literal(&mut self) {
        while let Some(character) = self.characters.next() {
            if character == '\\' && self.characters.next_if_eq(&'E').is_some() {
                return;
            }
            self.text
                .push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
        }
    }

    /// A class in brackets, in which the crate sees operators that Go does not have.
    fn class(&mut self) -> Result<(), BuiltinError> {
        self.text.push('[');
        if self.characters.next_if_eq(&'^').is_some() {
            self.text.push('^');
        }
        let mut is_first = true;
        loop {
            match self.characters.next().ok_or_else(malformed)? {
                ']' if !is_first => {
                    self.text.push(']');
                    return Ok(());
                }
                '[' if self.characters.peek() == Some(&':') => self.named_class()?,
                '\\' => match self.characters.next().ok_or_else(malformed)? {
                    'd' => self.text.push_str("0-9"),
                    's' => self.text.push_str("\\t\\n\\f\\r "),
                    'w' => self.text.push_str("0-9A-Za-z_"),
                    'D' => self.text.push_str("[^0-9]"),
                    'S' => self.text.push_str("[^\\t\\n\\f\\r ]"),
                    'W' => self.text.push_str("[^0-9A-Za-z_]"),
                    'Q' => self.literal(),
                    'A' | 'z' => return Err(malformed()),
                    other => self.same_escape(other)?,
                },
                '-' => self.text.push('-'),
                other => {
                    self.text
                        .push_str(&regex::escape(other.encode_utf8(&mut [0; 4])));
                }
            }
            is_first = false;
        }
    }

    /// A class such as `[:alpha:]`.
    fn named_class(&mut self) -> Result<(), BuiltinError> {
        self.text.push('[');
        for character in self.characters.by_ref() {
            self.text.push(character);
            if character == ']' {
                return Ok(());
            }
        }
        Err(malformed())
    }
}
