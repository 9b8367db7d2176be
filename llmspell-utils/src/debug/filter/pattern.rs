//! The four kinds of module patterns, compiled for matching.

use std::fmt;
use std::str::FromStr;

use globset::{ErrorKind, GlobBuilder};
use serde::{Deserialize, Serialize};

use super::super::text::quoted;
use super::error::{FilterError, FilterErrorKind};

/// The longest pattern, in bytes.
const PATTERN_BYTES: usize = 512;

/// The most memory that one compiled pattern may take, in bytes; its search cache may take as much again.
const COMPILED_BYTES: usize = 256 * 1024;

/// How deeply groups and alternatives may be nested.
const NESTING: u32 = 32;

/// How a pattern is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PatternKind {
    /// The module with exactly this name.
    Exact,
    /// `a.b.*`: the module `a.b` and everything below it.
    Hierarchical,
    /// `*` stands for any characters, dots included, `?` for one, `[abc]` and `[!abc]` for one of a class,
    /// `{a,b}` for either. Outside ASCII, `?` stands for one byte.
    Wildcard,
    /// A regular expression that may match anywhere in the name; `^` and `$` tie it to the ends.
    Regex,
}

impl PatternKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Exact, Self::Hierarchical, Self::Wildcard, Self::Regex];

    /// The name in configuration files and scripts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Hierarchical => "hierarchical",
            Self::Wildcard => "wildcard",
            Self::Regex => "regex",
        }
    }

    /// The kind that a pattern without a stated kind has: hierarchical if it ends in `.*` and has no other wildcard,
    /// else wildcard if it has one of `*?[`, else exact.
    #[must_use]
    pub fn classify(pattern: &str) -> Self {
        let has_wildcard = |text: &str| text.contains(['*', '?', '[']);
        match pattern.strip_suffix(".*") {
            Some(base) if !has_wildcard(base) => Self::Hierarchical,
            _ if has_wildcard(pattern) => Self::Wildcard,
            _ => Self::Exact,
        }
    }
}

impl fmt::Display for PatternKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl FromStr for PatternKind {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| {
                let message = format!("{} is not a kind of pattern", quoted(text));
                FilterError::new(FilterErrorKind::Value, message)
                    .help_with("use exact, hierarchical, wildcard or regex")
            })
    }
}

/// A pattern that is ready to match.
#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    Exact(Box<str>),
    /// The part before `.*`.
    Hierarchical(Box<str>),
    Wildcard(regex::bytes::Regex),
    Regex(regex::Regex),
}

impl Pattern {
    pub(crate) fn compile(text: &str, kind: PatternKind) -> Result<Self, FilterError> {
        check_length(text)?;
        match kind {
            PatternKind::Exact => Ok(Self::Exact(text.into())),
            PatternKind::Hierarchical => hierarchical(text),
            PatternKind::Wildcard => wildcard(text),
            PatternKind::Regex => regular_expression(text),
        }
    }

    pub(crate) fn matches(&self, module: &str) -> bool {
        match self {
            Self::Exact(name) => **name == *module,
            Self::Hierarchical(base) => module
                .strip_prefix(&**base)
                .is_some_and(|below| below.is_empty() || below.starts_with('.')),
            Self::Wildcard(regex) => regex.is_match(module.as_bytes()),
            Self::Regex(regex) => regex.is_match(module),
        }
    }
}

fn check_length(text: &str) -> Result<(), FilterError> {
    if text.is_empty() {
        return Err(
            FilterError::new(FilterErrorKind::Empty, "the pattern is empty")
                .at_offset(text, 0)
                .help_with("use `*` for every module"),
        );
    }
    if text.len() > PATTERN_BYTES {
        let message = format!(
            "the pattern {} is longer than {PATTERN_BYTES} bytes",
            quoted(text)
        );
        return Err(
            FilterError::new(FilterErrorKind::TooLong, message).at_offset(text, PATTERN_BYTES)
        );
    }
    Ok(())
}

fn syntax(text: &str, offset: usize, what: impl fmt::Display) -> FilterError {
    let message = format!("the pattern {} is not understood: {what}", quoted(text));
    FilterError::new(FilterErrorKind::Syntax, message).at_offset(text, offset)
}

fn hierarchical(text: &str) -> Result<Pattern, FilterError> {
    let base = text.strip_suffix(".*").unwrap_or(text);
    if base.is_empty() {
        return Err(
            syntax(text, 0, "nothing stands before `.*`").help_with("use `*` for every module")
        );
    }
    if let Some(offset) = base.find(['*', '?', '[']) {
        return Err(syntax(
            text,
            offset,
            "a hierarchical pattern has a wildcard only as `.*` at its end",
        )
        .help_with("use the kind wildcard"));
    }
    Ok(Pattern::Hierarchical(base.into()))
}

fn wildcard(text: &str) -> Result<Pattern, FilterError> {
    let glob = parse_glob(text).map_err(|kind| glob_error(text, &kind))?;
    if let Some(offset) = class_beyond_ascii(text) {
        return Err(syntax(text, offset, "a class holds ASCII characters only")
            .help_with("use `{é,ü}` or the kind regex"));
    }
    // The glob's own matcher panics when it cannot be compiled, so its regular expression is compiled here.
    regex::bytes::RegexBuilder::new(glob.regex())
        .dot_matches_new_line(true)
        .size_limit(COMPILED_BYTES)
        .dfa_size_limit(COMPILED_BYTES)
        .nest_limit(NESTING)
        .build()
        .map(Pattern::Wildcard)
        .map_err(|_| too_large(text))
}

fn parse_glob(text: &str) -> Result<globset::Glob, ErrorKind> {
    GlobBuilder::new(text)
        .literal_separator(false)
        .backslash_escape(true)
        .empty_alternates(true)
        .build()
        .map_err(|error| error.kind().clone())
}

fn glob_error(text: &str, kind: &ErrorKind) -> FilterError {
    let what = match kind {
        ErrorKind::UnclosedClass => "the class has no `]`",
        ErrorKind::InvalidRange(..) => "the range runs backwards",
        ErrorKind::UnopenedAlternates => "`}` has no `{` before it",
        ErrorKind::UnclosedAlternates => "`{` has no `}` after it",
        ErrorKind::DanglingEscape => "nothing stands after `\\`",
        _ => "it is not a wildcard pattern",
    };
    syntax(text, glob_error_offset(text, kind), what)
}

/// Where the fault begins: after the longest beginning that does not have it yet.
fn glob_error_offset(text: &str, kind: &ErrorKind) -> usize {
    text.char_indices()
        .map(|(offset, _)| offset)
        .rev()
        .find(|offset| {
            let beginning = text.get(..*offset).unwrap_or_default();
            parse_glob(beginning).err().as_ref() != Some(kind)
        })
        .unwrap_or(0)
}

/// The first character beyond ASCII inside a class, which the glob would take for single bytes.
fn class_beyond_ascii(text: &str) -> Option<usize> {
    let mut characters = text.char_indices();
    while let Some((_, character)) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            '[' => {
                let mut first = true;
                for (offset, inner) in characters.by_ref() {
                    match inner {
                        '!' | '^' if first => continue,
                        ']' if !first => break,
                        inner if !inner.is_ascii() => return Some(offset),
                        _ => first = false,
                    }
                }
            }
            _ => {}
        }
    }
    None
}

fn regular_expression(text: &str) -> Result<Pattern, FilterError> {
    compile_regex(text).map(Pattern::Regex)
}

/// A regular expression of a user, bounded in length, nesting and memory.
pub(crate) fn compile_regex(text: &str) -> Result<regex::Regex, FilterError> {
    check_length(text)?;
    // The parser is asked first, because only it knows where a fault is.
    regex_syntax::ParserBuilder::new()
        .nest_limit(NESTING)
        .build()
        .parse(text)
        .map_err(|error| regex_error(text, &error))?;
    regex::RegexBuilder::new(text)
        .size_limit(COMPILED_BYTES)
        .dfa_size_limit(COMPILED_BYTES)
        .nest_limit(NESTING)
        .build()
        .map_err(|_| too_large(text))
}

fn regex_error(text: &str, error: &regex_syntax::Error) -> FilterError {
    match error {
        regex_syntax::Error::Parse(error) => syntax(text, error.span().start.offset, error.kind()),
        regex_syntax::Error::Translate(error) => {
            syntax(text, error.span().start.offset, error.kind())
        }
        _ => syntax(text, 0, "it is not a regular expression"),
    }
}

fn too_large(text: &str) -> FilterError {
    let message = format!(
        "the pattern {} would take more than {} KiB of memory",
        quoted(text),
        COMPILED_BYTES / 1024
    );
    FilterError::new(FilterErrorKind::TooLarge, message)
        .help_with("use fewer repetitions and alternatives")
}
