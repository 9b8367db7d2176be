//! The guard that reads a policy's text before regorus does.
//!
//! The parser of regorus reads literals inside literals once more for each level, and calls itself for each sign
//! and each operator, so that a short text can take for ever or exhaust the stack.

use std::borrow::Cow;

use super::fault::Fault;
use super::rewrite;
use crate::project::MAX_FILE_BYTES;

/// Characters of a line.
const MAX_COLUMNS: usize = 8192;
/// Brackets and braces inside each other.
const MAX_DEPTH: usize = 12;
/// Parentheses inside each other: the parser calls itself for each, and does not count those of calls.
const MAX_PARENTHESES: usize = 32;
/// Parses of a literal, when one of depth `n` is read `2^n` times.
const MAX_WORK: u64 = 1 << 18;
/// Depth from which on repeated reading counts.
const WORK_FROM_DEPTH: usize = 5;
/// Operators of one expression.
const MAX_OPERATORS: usize = 128;
/// Digits of one number.
const MAX_DIGITS: usize = 64;

/// Checks the text of a module, and rewrites what regorus does not know.
///
/// # Errors
///
/// When it is too large or too deep for regorus, or holds what regorus takes for its end.
pub(crate) fn check(text: &str) -> Result<Cow<'_, str>, Fault> {
    check_size(text)?;
    check_end(text)?;
    check_columns(text)?;
    let text = rewrite::rewritten(text)?;
    check_size(&text)?;
    check_structure(&text)?;
    Ok(text)
}

fn check_size(text: &str) -> Result<(), Fault> {
    if text.len() > MAX_FILE_BYTES {
        return Err(Fault::load(
            format!("the file is larger than {MAX_FILE_BYTES} bytes"),
            1,
        ));
    }
    Ok(())
}

/// Refuses the character that regorus takes for the end of the file: the rules behind it would be gone in silence.
fn check_end(text: &str) -> Result<(), Fault> {
    let mut lines = (1_u32..).zip(text.split('\n'));
    match lines.find(|(_, line)| line.contains('\0')) {
        Some((line, _)) => Err(Fault::load("the file holds a NUL character", line)),
        None => Ok(()),
    }
}

fn check_columns(text: &str) -> Result<(), Fault> {
    let mut lines = (1_u32..).zip(text.lines());
    // A line has no more characters than bytes, which are known without counting.
    let is_long = |line: &str| line.len() > MAX_COLUMNS && line.chars().nth(MAX_COLUMNS).is_some();
    match lines.find(|(_, line)| is_long(line)) {
        Some((line, _)) => Err(Fault::load(
            format!("the line is longer than {MAX_COLUMNS} characters"),
            line,
        )),
        None => Ok(()),
    }
}

fn check_structure(text: &str) -> Result<(), Fault> {
    let mut scan = Scan::default();
    let mut state = State::Code;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\n' {
            scan.newline();
            if matches!(state, State::Comment | State::String) {
                state = State::Code;
            }
            continue;
        }
        match state {
            State::Code => state = scan.code(character)?,
            State::String if character == '\\' => {
                if characters.peek().is_some_and(|next| *next != '\n') {
                    characters.next();
                }
            }
            State::String if character == '"' => state = State::Code,
            State::RawString if character == '`' => state = State::Code,
            State::String | State::RawString | State::Comment => {}
        }
    }
    if !scan.has_code {
        return Err(Fault::load(
            "the file is empty: a policy begins with `package cupcake.policies.<name>`",
            1,
        ));
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum State {
    Code,
    String,
    RawString,
    Comment,
}

#[derive(Default)]
struct Scan {
    /// Counted from 0.
    line: u32,
    has_code: bool,
    depth: usize,
    parentheses: usize,
    work: u64,
    operators: usize,
    digits: usize,
    /// Whether the last character that means anything was an operator.
    after_operator: bool,
    /// Whether a line ended since then in a way that may end the expression.
    may_end: bool,
}

impl Scan {
    const fn newline(&mut self) {
        self.line += 1;
        self.digits = 0;
        self.may_end = !self.after_operator;
    }

    fn code(&mut self, character: char) -> Result<State, Fault> {
        self.number(character)?;
        if character.is_whitespace() {
            return Ok(State::Code);
        }
        if character == '#' {
            return Ok(State::Comment);
        }
        self.has_code = true;
        self.operator(character)?;
        match character {
            '"' => return Ok(State::String),
            '`' => return Ok(State::RawString),
            '[' | '{' => self.open()?,
            '(' => self.open_parenthesis()?,
            ')' => self.parentheses = self.parentheses.saturating_sub(1),
            ']' | '}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        Ok(State::Code)
    }

    fn number(&mut self, character: char) -> Result<(), Fault> {
        self.digits = if character.is_ascii_digit() || (self.digits > 0 && character == '.') {
            self.digits + 1
        } else {
            0
        };
        if self.digits > MAX_DIGITS {
            return Err(Fault::load(
                format!("a number has more than {MAX_DIGITS} digits"),
                self.line + 1,
            ));
        }
        Ok(())
    }

    fn operator(&mut self, character: char) -> Result<(), Fault> {
        let is_operator = matches!(
            character,
            '+' | '-' | '*' | '/' | '%' | '&' | '|' | '=' | '<' | '>' | '!'
        );
        if self.may_end && !is_operator {
            self.operators = 0;
        }
        self.may_end = false;
        self.after_operator = is_operator;
        self.operators += usize::from(is_operator);
        if self.operators > MAX_OPERATORS {
            return Err(Fault::load(
                format!("an expression has more than {MAX_OPERATORS} operators"),
                self.line + 1,
            ));
        }
        Ok(())
    }

    fn open_parenthesis(&mut self) -> Result<(), Fault> {
        self.parentheses += 1;
        if self.parentheses > MAX_PARENTHESES {
            return Err(Fault::load(
                format!("parentheses are nested more than {MAX_PARENTHESES} deep"),
                self.line + 1,
            ));
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Fault::load(
                format!("brackets and braces are nested more than {MAX_DEPTH} deep"),
                self.line + 1,
            ));
        }
        if self.depth >= WORK_FROM_DEPTH {
            self.work += 1 << self.depth;
        }
        if self.work > MAX_WORK {
            return Err(Fault::load(
                "the file holds too many deeply nested literals",
                self.line + 1,
            ));
        }
        Ok(())
    }
}
