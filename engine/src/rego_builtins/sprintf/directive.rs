//! Takes a format apart: text, and directives such as `%-8.2f` with their operands.

use super::Operand;
use crate::rego_builtins::BuiltinError;

/// The width or precision of a directive.
const MAX_WIDTH: usize = 1_000;

/// What a `%` asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Directive {
    pub(super) verb: char,
    pub(super) has_plus: bool,
    pub(super) has_minus: bool,
    pub(super) has_space: bool,
    pub(super) is_sharp: bool,
    pub(super) has_zero: bool,
    pub(super) width: usize,
    pub(super) precision: Option<usize>,
}

impl Directive {
    /// The text with spaces up to the width.
    pub(super) fn padded(&self, text: &str) -> String {
        let spaces = " ".repeat(self.width.saturating_sub(text.chars().count()));
        if self.has_minus {
            format!("{text}{spaces}")
        } else {
            format!("{spaces}{text}")
        }
    }
}

/// A piece of what is written.
#[derive(Debug)]
pub(super) enum Piece<'call> {
    Text(&'call str),
    /// What Go writes where the format and the operands do not fit.
    Complaint(String),
    Directive(Directive, &'call Operand),
}

/// Reads a format from its beginning to its end.
#[derive(Debug)]
pub(super) struct Reader<'call> {
    rest: &'call str,
    operands: &'call [Operand],
    next: usize,
    /// Whether operands were picked by number: then nobody asks what is left.
    picks: bool,
}

impl<'call> Reader<'call> {
    pub(super) const fn new(format: &'call str, operands: &'call [Operand]) -> Self {
        Self {
            rest: format,
            operands,
            next: 0,
            picks: false,
        }
    }

    /// The operands that no directive took.
    pub(super) fn left(&self) -> &'call [Operand] {
        if self.picks {
            return &[];
        }
        self.operands.get(self.next..).unwrap_or_default()
    }

    /// The next piece; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Piece<'call>>, BuiltinError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let text = self.rest.split('%').next().unwrap_or_default();
        if !text.is_empty() {
            self.rest = self.rest.strip_prefix(text).unwrap_or_default();
            return Ok(Some(Piece::Text(text)));
        }
        self.rest = self.rest.strip_prefix('%').unwrap_or_default();
        self.directive().map(Some)
    }

    fn take(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn directive(&mut self) -> Result<Piece<'call>, BuiltinError> {
        let mut directive = Directive::default();
        loop {
            match self.rest.chars().next() {
                Some('+') => directive.has_plus = true,
                Some('-') => directive.has_minus = true,
                Some(' ') => directive.has_space = true,
                Some('#') => directive.is_sharp = true,
                Some('0') => directive.has_zero = true,
                _ => break,
            }
            self.skip();
        }
        let mut picked_well = self.pick();
        if self.take('*') {
            match self.count() {
                Some(width) if width < 0 => {
                    directive.has_minus = true;
                    directive.width = bounded(width.unsigned_abs())?;
                }
                Some(width) => directive.width = bounded(width.unsigned_abs())?,
                None => return Ok(Piece::Complaint("%!(BADWIDTH)".to_owned())),
            }
        } else if let Some(width) = self.digits()? {
            directive.width = width;
        }
        if self.take('.') {
            picked_well &= self.pick();
            if self.take('*') {
                match self.count() {
                    Some(precision) => {
                        directive.precision =
                            u64::try_from(precision).ok().map(bounded).transpose()?;
                    }
                    None => return Ok(Piece::Complaint("%!(BADPREC)".to_owned())),
                }
            } else {
                directive.precision = Some(self.digits()?.unwrap_or_default());
            }
        }
        picked_well &= self.pick();
        let Some(verb) = self.rest.chars().next() else {
            return Ok(Piece::Complaint("%!(NOVERB)".to_owned()));
        };
        self.skip();
        directive.verb = verb;
        if verb == '%' {
            return Ok(Piece::Text("%"));
        }
        if !picked_well {
            return Ok(Piece::Complaint(format!("%!{verb}(BADINDEX)")));
        }
        match self.operands.get(self.next) {
            Some(operand) => {
                self.next += 1;
                Ok(Piece::Directive(directive, operand))
            }
            None => Ok(Piece::Complaint(format!("%!{verb}(MISSING)"))),
        }
    }

    fn skip(&mut self) {
        let mut characters = self.rest.chars();
        characters.next();
        self.rest = characters.as_str();
    }

    /// Takes a number of an operand in brackets, if there is one; `false` if there is no such operand.
    fn pick(&mut self) -> bool {
        if !self.take('[') {
            return true;
        }
        self.picks = true;
        let Some((number, rest)) = self.rest.split_once(']') else {
            return false;
        };
        self.rest = rest;
        let index = number
            .parse::<usize>()
            .ok()
            .and_then(|number| number.checked_sub(1));
        match index {
            Some(index) if index < self.operands.len() => {
                self.next = index;
                true
            }
            _ => false,
        }
    }

    /// Takes an operand that is a width or a precision.
    fn count(&mut self) -> Option<i64> {
        let operand = self.operands.get(self.next)?;
        self.next += 1;
        match operand {
            Operand::Whole { digits, .. } => digits.parse().ok(),
            _ => None,
        }
    }

    fn digits(&mut self) -> Result<Option<usize>, BuiltinError> {
        let rest = self
            .rest
            .trim_start_matches(|next: char| next.is_ascii_digit());
        let digits = self.rest.strip_suffix(rest).unwrap_or_default();
        if digits.is_empty() {
            return Ok(None);
        }
        self.rest = rest;
        let number = digits.parse::<u64>().unwrap_or(u64::MAX);
        bounded(number).map(Some)
    }
}

fn bounded(number: u64) -> Result<usize, BuiltinError> {
    usize::try_from(number)
        .ok()
        .filter(|number| *number <= MAX_WIDTH)
        .ok_or_else(BuiltinError::too_large)
}
