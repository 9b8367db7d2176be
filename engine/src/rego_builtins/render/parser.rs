//! Reads a template.

use crate::rego_builtins::BuiltinError;
use crate::rego_builtins::arguments::MAX_BYTES;
use crate::value::Value;

/// Blocks inside each other.
const MAX_DEPTH: usize = 32;

/// A part of a template.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Text(String),
    Action(Action),
}

/// What stands between `{{` and `}}`, with the block that belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    Show(Path),
    Set(String, Path),
    If(Path, Vec<Part>, Vec<Part>),
    With(Path, Vec<Part>, Vec<Part>),
    Range {
        names: Vec<String>,
        path: Path,
        body: Vec<Part>,
        otherwise: Vec<Part>,
    },
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Path {
    /// Fields of what is at hand.
    Dot(Vec<String>),
    /// Fields of a variable; the one without a name is everything.
    Variable(String, Vec<String>),
    Literal(Value),
}

/// A piece of a template: text, or what stands between braces.
#[derive(Debug, Clone, Copy)]
enum Piece<'text> {
    Text(&'text str),
    Inside(&'text str),
}

pub(super) fn parse(template: &str) -> Result<Vec<Part>, BuiltinError> {
    if template.len() > MAX_BYTES {
        return Err(BuiltinError::too_large());
    }
    let mut reader = Reader {
        pieces: pieces(template)?.into_iter(),
        depth: 0,
    };
    match reader.block()? {
        (parts, Stop::Template) => Ok(parts),
        _ => Err(malformed("an `end` or `else` has no beginning")),
    }
}

fn malformed(why: &str) -> BuiltinError {
    BuiltinError::failed(format!("cannot read the template, because {why}"))
}

fn pieces(template: &str) -> Result<Vec<Piece<'_>>, BuiltinError> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (inside, after) = inside(after)?;
        let (inside, trims_before) = match inside.strip_prefix("- ") {
            Some(inside) => (inside, true),
            None => (inside, false),
        };
        let (inside, trims_after) = match inside.strip_suffix(" -") {
            Some(inside) => (inside, true),
            None => (inside, false),
        };
        let before = if trims_before {
            before.trim_end()
        } else {
            before
        };
        pieces.push(Piece::Text(before));
        pieces.push(Piece::Inside(inside.trim()));
        rest = if trims_after {
            after.trim_start()
        } else {
            after
        };
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

/// What stands before the closing braces, which may also stand in strings.
fn inside(text: &str) -> Result<(&str, &str), BuiltinError> {
    let mut quote = None;
    let mut is_escaped = false;
    for (index, character) in text.char_indices() {
        match quote {
            Some('"') if is_escaped => is_escaped = false,
            Some('"') if character == '\\' => is_escaped = true,
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None if matches!(character, '"' | '`') => quote = Some(character),
            None => {
                let split = text.split_at_checked(index);
                if let Some((before, after)) = split
                    && let Some(after) = after.strip_prefix("}}")
                {
                    return Ok((before, after));
                }
            }
        }
    }
    Err(malformed("braces are not closed"))
}

/// How a block ended.
#[derive(Debug, PartialEq)]
enum Stop<'text> {
    Template,
    End,
    /// With what follows it, such as `if .x`.
    Else(&'text str),
}

struct Reader<'text> {
    pieces: std::vec::IntoIter<Piece<'text>>,
    depth: usize,
}

impl<'text> Reader<'text> {
    fn block(&mut self) -> Result<(Vec<Part>, Stop<'text>), BuiltinError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(BuiltinError::too_large());
        }
        let mut parts = Vec::new();
        let end = loop {
            let Some(piece) = self.pieces.next() else {
                break Stop::Template;
            };
            match piece {
                Piece::Text("") => {}
                Piece::Text(text) => parts.push(Part::Text(text.to_owned())),
                Piece::Inside(inside) if inside.starts_with("/*") => {}
                Piece::Inside("end") => break Stop::End,
                Piece::Inside(inside) => match after_word(inside, "else") {
                    Some(rest) => break Stop::Else(rest),
                    None => parts.push(Part::Action(self.action(inside)?)),
                },
            }
        };
        self.depth -= 1;
        Ok((parts, end))
    }

    fn action(&mut self, inside: &str) -> Result<Action, BuiltinError> {
        if let Some(rest) = after_word(inside, "if") {
            let path = path(rest)?;
            let (then, otherwise) = self.branches()?;
            return Ok(Action::If(path, then, otherwise));
        }
        if let Some(rest) = after_word(inside, "with") {
            let path = path(rest)?;
            let (then, otherwise) = self.branches()?;
            return Ok(Action::With(path, then, otherwise));
        }
        if let Some(rest) = after_word(inside, "range") {
            let (names, rest) = match rest.split_once(":=") {
                Some((names, rest)) => (
                    names.split(',').map(variable).collect::<Result<_, _>>()?,
                    rest,
                ),
                None => (Vec::new(), rest),
            };
            let path = path(rest)?;
            let (body, otherwise) = self.branches()?;
            return Ok(Action::Range {
                names,
                path,
                body,
                otherwise,
            });
        }
        if inside.starts_with('$')
            && let Some((name, rest)) = inside.split_once('=')
        {
            let name = name.strip_suffix(':').unwrap_or(name);
            return Ok(Action::Set(variable(name)?, path(rest)?));
        }
        path(inside).map(Action::Show)
    }

    /// The blocks of an action, up to its end.
    fn branches(&mut self) -> Result<(Vec<Part>, Vec<Part>), BuiltinError> {
        let unclosed = || malformed("an `if`, `range` or `with` has no `end`");
        let (then, end) = self.block()?;
        match end {
            Stop::End => Ok((then, Vec::new())),
            Stop::Else("") => match self.block()? {
                (otherwise, Stop::End) => Ok((then, otherwise)),
                _ => Err(unclosed()),
            },
            Stop::Else(rest) => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(BuiltinError::too_large());
                }
                let inner = self.action(rest)?;
                self.depth -= 1;
                match inner {
                    Action::If(..) | Action::With(..) => Ok((then, vec![Part::Action(inner)])),
                    _ => Err(malformed("`else` is followed by something else than `if`")),
                }
            }
            Stop::Template => Err(unclosed()),
        }
    }
}

/// What follows a word, if the text begins with it.
fn after_word<'text>(text: &'text str, word: &str) -> Option<&'text str> {
    let rest = text.strip_prefix(word)?;
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then(|| rest.trim())
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|character| character == '_' || character.is_alphanumeric())
}

fn variable(text: &str) -> Result<String, BuiltinError> {
    let name = text.trim().strip_prefix('$').filter(|name| is_name(name));
    name.map(str::to_owned)
        .ok_or_else(|| malformed("a variable has no name with `$` before it"))
}

fn path(text: &str) -> Result<Path, BuiltinError> {
    let text = text.trim();
    let unknown =
        || malformed("it uses more than fields, variables, literals, `if`, `range` and `with`");
    let fields = |text: &str| -> Result<Vec<String>, BuiltinError> {
        let mut fields = Vec::new();
        for field in text.split('.') {
            if !is_name(field) {
                return Err(unknown());
            }
            fields.push(field.to_owned());
        }
        Ok(fields)
    };
    if text == "." {
        return Ok(Path::Dot(Vec::new()));
    }
    if let Some(rest) = text.strip_prefix('.') {
        return Ok(Path::Dot(fields(rest)?));
    }
    if let Some(rest) = text.strip_prefix('$') {
        return match rest.split_once('.') {
            None if rest.is_empty() || is_name(rest) => {
                Ok(Path::Variable(rest.to_owned(), Vec::new()))
            }
            Some((name, rest)) if name.is_empty() || is_name(name) => {
                Ok(Path::Variable(name.to_owned(), fields(rest)?))
            }
            _ => Err(unknown()),
        };
    }
    if let Some(raw) = text
        .strip_prefix('`')
        .and_then(|rest| rest.strip_suffix('`'))
    {
        return Ok(Path::Literal(Value::from(raw)));
    }
    let is_literal = text.starts_with('"')
        || matches!(text, "true" | "false")
        || text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    match Value::from_json_str(text) {
        Ok(value) if is_literal => Ok(Path::Literal(value)),
        _ => Err(unknown()),
    }
}
