//! A level and rules written as one line of text, such as `info,policy.*=debug,noisy=off,/re/=trace`.

use std::fmt;
use std::str::FromStr;

use super::super::level::{DebugLevel, LevelError};
use super::super::text::quoted;
use super::error::{FilterError, FilterErrorKind};
use super::pattern::PatternKind;
use super::rule::{FilterAction, FilterRule};
use super::rule_set::RuleSet;

/// The longest directive, in bytes.
const DIRECTIVE_BYTES: usize = 16 * 1024;

/// The global level, if it is to change, and all of the rules.
///
/// Items stand between commas. A level alone is the global level, at most once. `pattern=on`, `pattern=off` and
/// `pattern=level` are rules; a pattern alone is switched on. `/…/` is a regular expression, in which `\/` stands for
/// a slash; of other patterns the text says the kind, see [`PatternKind::classify`]. Commas and equals signs inside
/// `[…]` and `{…}` belong to the pattern. Of two items about the same pattern the later counts.
///
/// It is displayed as text that parses to the same value.
///
/// ```
/// use llmspell_utils::debug::{DebugLevel, Directive};
///
/// let directive = Directive::parse("debug, noisy = off, policy.*")?;
/// assert_eq!(directive.level(), Some(DebugLevel::Debug));
/// assert_eq!(directive.to_string(), "debug,noisy=off,policy.*=on");
/// # Ok::<(), llmspell_utils::debug::FilterError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Directive {
    level: Option<DebugLevel>,
    rules: Vec<FilterRule>,
}

impl Directive {
    /// Reads a directive; an empty text says nothing about the level and has no rules.
    ///
    /// # Errors
    ///
    /// Everything that is not understood, with the character it stands at; the patterns are checked too.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        if text.len() > DIRECTIVE_BYTES {
            let message = format!("the directive is longer than {DIRECTIVE_BYTES} bytes");
            return Err(FilterError::new(FilterErrorKind::TooLong, message));
        }
        let mut directive = Self::default();
        if text.trim().is_empty() {
            return Ok(directive);
        }
        let mut checked = RuleSet::default();
        for item in split(text, ',') {
            directive.add(&item, &mut checked)?;
        }
        directive.rules = checked.summary().rules;
        Ok(directive)
    }

    /// The global level, if the directive names one.
    #[must_use]
    pub const fn level(&self) -> Option<DebugLevel> {
        self.level
    }

    /// The rules, the oldest first.
    #[must_use]
    pub fn rules(&self) -> &[FilterRule] {
        &self.rules
    }

    fn add(&mut self, item: &Part<'_>, checked: &mut RuleSet) -> Result<(), FilterError> {
        let mut sides = item.split('=');
        let pattern = sides.next().unwrap_or_default();
        let action = match (sides.next(), sides.next()) {
            (Some(value), None) => action(&value)?,
            (None, _) => match bare(&pattern)? {
                Bare::Level(level) => return self.set_level(level, &pattern),
                Bare::Pattern => FilterAction::On,
            },
            (Some(_), Some(rest)) => return Err(second_value(&rest)),
        };
        let (kind, shift, body) = delimited(&pattern)?;
        let rule = FilterRule::new(body, kind, action);
        checked
            .add(rule)
            .map_err(|error| error.moved_by(pattern.characters_before + shift))?;
        check_closed(&pattern)
    }

    fn set_level(&mut self, level: DebugLevel, item: &Part<'_>) -> Result<(), FilterError> {
        if self.level.replace(level).is_some() {
            let message = format!(
                "the global level is said twice, the second time by {}",
                quoted(item.text)
            );
            return Err(item
                .error(FilterErrorKind::SecondLevel, message)
                .help_with("to give a module a level write `module=level`"));
        }
        Ok(())
    }
}

impl FromStr for Directive {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}

impl fmt::Display for Directive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if let Some(level) = self.level {
            formatter.write_str(level.as_lower_str())?;
            separator = ",";
        }
        for rule in &self.rules {
            let edge = if rule.kind == PatternKind::Regex {
                "/"
            } else {
                ""
            };
            write!(
                formatter,
                "{separator}{edge}{}{edge}={}",
                rule.pattern, rule.action
            )?;
            separator = ",";
        }
        Ok(())
    }
}

/// A trimmed part of the directive that knows where it stands.
#[derive(Debug, Clone, Copy, Default)]
struct Part<'text> {
    text: &'text str,
    characters_before: usize,
}

impl<'text> Part<'text> {
    fn new(text: &'text str, characters_before: usize) -> Self {
        let blank = text.len() - text.trim_start().len();
        let blank = text.get(..blank).map_or(0, |blank| blank.chars().count());
        Self {
            text: text.trim(),
            characters_before: characters_before + blank,
        }
    }

    fn split(&self, separator: char) -> impl Iterator<Item = Self> {
        let before = self.characters_before;
        split(self.text, separator).map(move |part| Self {
            characters_before: part.characters_before + before,
            ..part
        })
    }

    fn error(&self, kind: FilterErrorKind, message: String) -> FilterError {
        FilterError::new(kind, message).moved_by(self.characters_before)
    }
}

/// Splits at separators that are not inside `/…/`, `[…]` or `{…}`.
fn split(text: &str, separator: char) -> impl Iterator<Item = Part<'_>> {
    let mut rest = Some((text, 0));
    std::iter::from_fn(move || {
        let (text, characters) = rest?;
        let end = Scanner::default().find(text, separator);
        let part = text.get(..end.unwrap_or(text.len())).unwrap_or(text);
        rest = end
            .and_then(|end| text.get(end + separator.len_utf8()..))
            .map(|text| (text, characters + part.chars().count() + 1));
        Some(Part::new(part, characters))
    })
}

/// Where in a pattern the reading is.
#[derive(Debug, Default)]
struct Scanner {
    started: bool,
    regex: bool,
    escaped: bool,
    braces: usize,
    /// How many characters of a class were read; a `]` at its beginning belongs to it.
    class: Option<usize>,
}

impl Scanner {
    fn find(mut self, text: &str, separator: char) -> Option<usize> {
        for (offset, character) in text.char_indices() {
            if character == separator && self.is_outside() {
                return Some(offset);
            }
            self.read(character);
        }
        None
    }

    /// Whether a separator after the text would separate.
    fn ends_outside(mut self, text: &str) -> bool {
        text.chars().for_each(|character| self.read(character));
        self.is_outside()
    }

    const fn is_outside(&self) -> bool {
        !self.regex && !self.escaped && self.braces == 0 && self.class.is_none()
    }

    fn read(&mut self, character: char) {
        let first = !self.started;
        self.started |= !character.is_whitespace();
        if self.escaped {
            self.escaped = false;
        } else if character == '\\' && self.class.is_none() {
            self.escaped = true;
        } else if self.regex {
            self.regex = character != '/';
        } else if let Some(length) = self.class {
            self.class = after_class_character(length, character);
        } else {
            match character {
                '/' if first => self.regex = true,
                '[' => self.class = Some(0),
                '{' => self.braces += 1,
                '}' => self.braces = self.braces.saturating_sub(1),
                _ => {}
            }
        }
    }
}

fn after_class_character(length: usize, character: char) -> Option<usize> {
    match character {
        '!' | '^' if length == 0 => Some(0),
        ']' if length > 0 => None,
        _ => Some(length + 1),
    }
}

enum Bare {
    Level(DebugLevel),
    Pattern,
}

fn bare(item: &Part<'_>) -> Result<Bare, FilterError> {
    if item.text.is_empty() {
        return Err(item
            .error(
                FilterErrorKind::Empty,
                "nothing stands between two commas".to_owned(),
            )
            .help_with("remove one of them"));
    }
    if let Ok(level) = item.text.parse() {
        return Ok(Bare::Level(level));
    }
    // Somebody who writes one of these wants a switch, and would silently get a module of that name.
    if ["on", "true", "yes", "false", "no"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(item.text))
    {
        let message = format!("{} is neither a level nor a module", quoted(item.text));
        return Err(item
            .error(FilterErrorKind::Value, message)
            .help_with("write a level such as `debug`, or `module=on`"));
    }
    Ok(Bare::Pattern)
}

fn action(value: &Part<'_>) -> Result<FilterAction, FilterError> {
    if value.text.eq_ignore_ascii_case("on") {
        return Ok(FilterAction::On);
    }
    value
        .text
        .parse()
        .map(FilterAction::from_level)
        .map_err(|_: LevelError| {
            let message = format!("{} is not what a module can be set to", quoted(value.text));
            value
                .error(FilterErrorKind::Value, message)
                .help_with("use on, off, error, warn, info, debug, trace or 0 to 5")
        })
}

fn second_value(rest: &Part<'_>) -> FilterError {
    let message = format!("a second value {} stands after `=`", quoted(rest.text));
    rest.error(FilterErrorKind::Value, message)
        .help_with("separate rules by commas")
}

/// The kind of a pattern, how many characters stand before its text, and the text.
fn delimited<'text>(
    pattern: &Part<'text>,
) -> Result<(PatternKind, usize, &'text str), FilterError> {
    let Some(after) = pattern.text.strip_prefix('/') else {
        return Ok((PatternKind::classify(pattern.text), 0, pattern.text));
    };
    match closing_slash(after) {
        Some(end) if end + 1 == after.len() => {
            Ok((PatternKind::Regex, 1, after.get(..end).unwrap_or_default()))
        }
        _ => {
            let message = format!(
                "the regular expression {} does not end in `/`",
                quoted(pattern.text)
            );
            Err(pattern
                .error(FilterErrorKind::Syntax, message)
                .help_with("write `/…/`, and `\\/` for a slash inside"))
        }
    }
}

/// Refuses a pattern that would swallow whatever is written after it.
fn check_closed(pattern: &Part<'_>) -> Result<(), FilterError> {
    if Scanner::default().ends_outside(pattern.text) {
        return Ok(());
    }
    let message = format!(
        "the pattern {} leaves a bracket or a `\\` open",
        quoted(pattern.text)
    );
    Err(pattern.error(FilterErrorKind::Syntax, message))
}

fn closing_slash(text: &str) -> Option<usize> {
    let mut characters = text.char_indices();
    while let Some((offset, character)) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            '/' => return Some(offset),
            _ => {}
        }
    }
    None
}
