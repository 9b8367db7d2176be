//! Template strings: their texts and expressions become the elements of an array.
//!
//! As OPA has it, each expression stands in a set of its own, so that what is undefined is an empty set and not the end
//! of the rule.

use super::super::fault::Fault;
use super::{MAX_TEMPLATES, Rewriter, Until};

/// The function that joins the elements.
pub(in super::super) const FUNCTION: &str = "internal.template_string";

impl Rewriter<'_> {
    /// Rewrites the template string that begins here.
    pub(super) fn template(&mut self) -> Result<(), Fault> {
        self.templates += 1;
        if self.templates > MAX_TEMPLATES {
            let message = format!("template strings are nested more than {MAX_TEMPLATES} deep");
            return Err(self.fault(&message));
        }
        let quote = if self.take(2).ends_with('`') {
            '`'
        } else {
            '"'
        };
        self.written.push_str(FUNCTION);
        self.written.push_str("([");
        self.written.push(quote);
        loop {
            let Some(first) = self.rest.chars().next() else {
                return Err(self.fault("a template string does not end"));
            };
            match first {
                '\n' if quote == '"' => {
                    return Err(self.fault("a template string does not end"));
                }
                '\\' => self.escape(quote),
                '{' => self.expression(quote)?,
                end if end == quote => {
                    self.take(1);
                    break;
                }
                other => self.copy(other.len_utf8()),
            }
        }
        self.written.push(quote);
        self.written.push_str("])");
        self.templates -= 1;
        Ok(())
    }

    /// A backslash keeps a brace as it is; in front of all else it means what it means in other strings.
    fn escape(&mut self, quote: char) {
        let escaped = self.rest.chars().nth(1);
        match escaped {
            Some('{') => {
                self.take(1);
                self.copy(1);
            }
            Some(other) if quote == '"' => self.copy(1 + other.len_utf8()),
            _ => self.copy(1),
        }
    }

    fn expression(&mut self, quote: char) -> Result<(), Fault> {
        self.take(1);
        self.names += 1;
        let name = format!("__part_{}", self.names);
        self.written.push(quote);
        self.written.push_str(&format!(", {{{name} | {name} := "));
        let begin = self.written.len();
        self.code(Until::Brace)?;
        if !self.rest.starts_with('}') {
            return Err(self.fault("a template string does not end"));
        }
        let expression = self.written.get(begin..).unwrap_or_default();
        if expression.trim().is_empty() {
            return Err(self.fault("a template string has no expression between its braces"));
        }
        self.take(1);
        self.written.push_str("}, ");
        self.written.push(quote);
        Ok(())
    }
}
