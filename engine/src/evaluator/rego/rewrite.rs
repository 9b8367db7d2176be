//! Rewrites what the parser of regorus does not know into what it does, each on its own line.
//!
//! A template string `$"a {b}"` becomes a call of `internal.template_string`. Rules whose name begins with a keyword, such as
//! `in.scope`, move into a module of their own.

mod keyword;
mod template;

use std::borrow::Cow;

use super::fault::Fault;

pub(super) use keyword::split;

/// Template strings inside each other.
const MAX_TEMPLATES: usize = 8;

/// The text as regorus can read it; as it is, where there is nothing to rewrite.
///
/// # Errors
///
/// When a template string does not end, or holds no expression between its braces.
pub(super) fn rewritten(text: &str) -> Result<Cow<'_, str>, Fault> {
    if !text.contains("$\"") && !text.contains("$`") {
        return Ok(Cow::Borrowed(text));
    }
    let mut rewriter = Rewriter::new(text);
    rewriter.code(Until::End)?;
    Ok(Cow::Owned(rewriter.written))
}

/// Where a stretch of code ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    End,
    /// The brace that closes an expression of a template.
    Brace,
}

/// One pass over the text.
struct Rewriter<'text> {
    rest: &'text str,
    written: String,
    line: u32,
    templates: usize,
    /// Template expressions so far, for names that no other has.
    names: usize,
}

impl<'text> Rewriter<'text> {
    fn new(text: &'text str) -> Self {
        Self {
            rest: text,
            written: String::with_capacity(text.len() + text.len() / 4),
            line: 1,
            templates: 0,
            names: 0,
        }
    }

    /// Takes so many bytes, which must end at a character.
    fn take(&mut self, bytes: usize) -> &'text str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        let lines = taken.matches('\n').count();
        self.line = self
            .line
            .saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        taken
    }

    fn copy(&mut self, bytes: usize) {
        let taken = self.take(bytes);
        self.written.push_str(taken);
    }

    /// Copies code up to its end, which is not copied.
    fn code(&mut self, until: Until) -> Result<(), Fault> {
        let mut depth = 0_usize;
        while let Some(first) = self.rest.chars().next() {
            match first {
                '#' => self.copy(self.rest.find('\n').unwrap_or(self.rest.len())),
                '"' => self.copy(end_of_string(self.rest)),
                '`' => self.copy(end_of_raw(self.rest)),
                '$' if self.rest.starts_with("$\"") || self.rest.starts_with("$`") => {
                    self.template()?;
                }
                '{' => {
                    depth += 1;
                    self.copy(1);
                }
                '}' if depth == 0 && until == Until::Brace => return Ok(()),
                '}' => {
                    depth = depth.saturating_sub(1);
                    self.copy(1);
                }
                other => self.copy(other.len_utf8()),
            }
        }
        Ok(())
    }

    fn fault(&self, message: &str) -> Fault {
        Fault::load(message, self.line)
    }
}

const fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// The bytes of the string that begins a text; a string ends at the end of its line at the latest.
pub(super) fn end_of_string(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '\n' => return at,
            '"' if !is_escaped => return at + 1,
            _ => is_escaped = character == '\\' && !is_escaped,
        }
    }
    text.len()
}

/// The bytes of the raw string that begins a text.
fn end_of_raw(text: &str) -> usize {
    let inner = text.get(1..).unwrap_or_default();
    inner.find('`').map_or(text.len(), |end| end + 2)
}
