//! Rules whose name begins with a keyword, such as `in.scope`: regorus reads keywords behind a dot only.
//!
//! The rule `in.scope` of the package `a` is the rule `scope` of the package `a["in"]`. So such rules move into a module of
//! that package, on their lines, and where they are named they are named in full.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;

use super::super::fault::Fault;
use super::{end_of_raw, end_of_string, is_of_word};

/// The keywords that regorus does not take for a name; `contains` is none where a name is wanted.
const KEYWORDS: [&str; 14] = [
    "as", "default", "else", "every", "false", "if", "import", "in", "not", "null", "package",
    "some", "true", "with",
];

/// A module without the rules that are named by keywords, and a module for each of these keywords.
#[derive(Debug)]
pub(in super::super) struct Split {
    pub(in super::super) main: String,
    pub(in super::super) others: Vec<String>,
}

/// Splits a module; none, where no rule is named by a keyword.
///
/// # Errors
///
/// When a rule named by a keyword cannot be told apart from another of the same name.
pub(in super::super) fn split(text: &str) -> Result<Option<Split>, Fault> {
    // Nearly no module has such rules, and looking at every token of a module takes as long as compiling it.
    if !text.lines().any(may_name) {
        return Ok(None);
    }
    let statements = statements(text);
    let keywords: BTreeSet<&str> = statements
        .iter()
        .filter_map(|statement| statement.keyword)
        .collect();
    let package = statements.iter().find(|statement| statement.is("package"));
    let Some(package) = package.filter(|_| !keywords.is_empty()) else {
        return Ok(None);
    };
    let path = text.get(package.range.clone()).unwrap_or_default();
    let path = path.lines().next().unwrap_or_default();
    let path = path.strip_prefix("package").unwrap_or_default();
    let path = path.split('#').next().unwrap_or_default().trim();
    let parts = Parts {
        text,
        path,
        statements: &statements,
    };
    let others = keywords.iter().map(|keyword| parts.other(keyword));
    Ok(Some(Split {
        others: others.collect::<Result<_, _>>()?,
        main: parts.main(),
    }))
}

/// Whether a line may begin with a rule that a keyword names.
fn may_name(line: &str) -> bool {
    let line = line.strip_prefix("default").map_or(line, |rest| {
        if rest.starts_with('.') {
            line
        } else {
            rest.trim_start()
        }
    });
    line.split_once('.')
        .is_some_and(|(word, _)| KEYWORDS.contains(&word))
}

/// A stretch of text that begins at the beginning of a line, outside of all brackets.
#[derive(Debug)]
struct Statement<'text> {
    range: Range<usize>,
    /// Its first word, or what follows `default`.
    name: &'text str,
    /// The keyword that names its rule, and where it stands.
    keyword: Option<&'text str>,
    /// Where the name stands.
    at: usize,
    line: u32,
}

impl Statement<'_> {
    /// Whether it is one that begins with this keyword, and not a rule that is named by it.
    fn is(&self, keyword: &str) -> bool {
        self.name == keyword && self.keyword.is_none()
    }
}

struct Parts<'text> {
    text: &'text str,
    /// The name of the package.
    path: &'text str,
    statements: &'text [Statement<'text>],
}

impl Parts<'_> {
    fn text_of(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }

    /// What stands in front of the first statement, and the statements that no keyword names.
    fn main(&self) -> String {
        let first = self.statements.first();
        let start = first.map_or(0, |statement| statement.range.start);
        let mut written = self.text_of(0..start).to_owned();
        for statement in self.statements {
            let text = self.text_of(statement.range.clone());
            match statement.keyword {
                None => qualified(text, self.path, &mut written),
                Some(_) => blank(text, &mut written),
            }
        }
        written
    }

    /// The module of the rules that one keyword names.
    fn other(&self, keyword: &str) -> Result<String, Fault> {
        let mut written = String::new();
        let first = self.statements.first();
        blank(
            self.text_of(0..first.map_or(0, |statement| statement.range.start)),
            &mut written,
        );
        let imports = self.imports(keyword)?;
        for statement in self.statements {
            let text = self.text_of(statement.range.clone());
            if statement.is("package") {
                let _always_fits = write!(written, "package {}[\"{keyword}\"]{imports}", self.path);
                written.push_str(&"\n".repeat(text.matches('\n').count()));
            } else if statement.is("import") {
                written.push_str(text);
            } else if statement.keyword == Some(keyword) {
                written.push_str(self.text_of(statement.range.start..statement.at));
                let behind = statement.at + keyword.len() + 1;
                qualified(
                    self.text_of(behind..statement.range.end),
                    self.path,
                    &mut written,
                );
            } else {
                blank(text, &mut written);
            }
        }
        Ok(written)
    }

    /// Imports of the rules that the moved ones name.
    fn imports(&self, keyword: &str) -> Result<String, Fault> {
        let moved = || {
            self.statements
                .iter()
                .filter(|statement| statement.keyword == Some(keyword))
        };
        let rules = self.statements.iter().filter(|statement| {
            statement.keyword.is_none() && !statement.is("package") && !statement.is("import")
        });
        let names: BTreeSet<&str> = rules.map(|statement| statement.name).collect();
        let mut imports = String::new();
        for name in names {
            let mut named = moved().filter(|statement| {
                let behind = statement.at + keyword.len() + 1;
                let text = self.text_of(behind..statement.range.end);
                let own = text.find(|next| !is_of_word(next)).unwrap_or(text.len());
                words(text.get(own..).unwrap_or_default()).any(|word| word == name)
            });
            let Some(statement) = named.next() else {
                continue;
            };
            let is_own = moved().any(|other| {
                let behind = other.at + keyword.len() + 1;
                words(self.text_of(behind..other.range.end)).next() == Some(name)
            });
            if is_own {
                let message = format!(
                    "`{name}` and `{keyword}.{name}` cannot be told apart here: rename one of them"
                );
                return Err(Fault::load(message, statement.line));
            }
            let _always_fits = write!(imports, " import data.{}.{name}", self.path);
        }
        Ok(imports)
    }
}

/// The words of a text, whatever they stand for.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character| !is_of_word(character))
        .filter(|word| !word.is_empty())
}

/// Leaves the ends of lines.
fn blank(text: &str, written: &mut String) {
    written.push_str(&"\n".repeat(text.matches('\n').count()));
}

/// Writes code with keywords that begin a name in full.
fn qualified(text: &str, package: &str, written: &mut String) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = token(rest, first);
        let (token, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if is_name(token, behind) && !written.ends_with('.') {
            let _always_fits = write!(written, "data.{package}[\"{token}\"]");
        } else {
            written.push_str(token);
        }
        rest = behind;
    }
}

/// Whether a keyword begins a name, since a dot and a word follow.
fn is_name(word: &str, behind: &str) -> bool {
    let mut next = behind.chars();
    KEYWORDS.contains(&word)
        && next.next() == Some('.')
        && next
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
}

/// The bytes of the comment, string, word or character that begins a text.
fn token(rest: &str, first: char) -> usize {
    match first {
        '#' => rest.find('\n').unwrap_or(rest.len()),
        '"' => end_of_string(rest),
        '`' => end_of_raw(rest),
        letter if is_of_word(letter) => rest.find(|next| !is_of_word(next)).unwrap_or(rest.len()),
        other => other.len_utf8(),
    }
}

fn statements(text: &str) -> Vec<Statement<'_>> {
    let mut found: Vec<Statement<'_>> = Vec::new();
    let (mut at, mut depth, mut line) = (0_usize, 0_usize, 1_u32);
    let mut begins_line = true;
    while let Some(rest) = text.get(at..)
        && let Some(first) = rest.chars().next()
    {
        let length = token(rest, first);
        let (token, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        match first {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ if begins_line && depth == 0 && is_of_word(first) && !continues(token, behind) => {
                found.push(statement(text, at, token, behind, line));
            }
            _ => {}
        }
        begins_line = token.ends_with('\n');
        let lines = token.matches('\n').count();
        line = line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        at += length;
    }
    let ends: Vec<usize> = found
        .iter()
        .skip(1)
        .map(|statement| statement.range.start)
        .chain([text.len()])
        .collect();
    for (statement, end) in found.iter_mut().zip(ends) {
        statement.range.end = end;
    }
    found
}

/// Whether a line that begins so goes on with the rule before.
fn continues(word: &str, behind: &str) -> bool {
    word == "else" && !is_name(word, behind)
}

fn statement<'text>(
    text: &'text str,
    at: usize,
    word: &'text str,
    behind: &'text str,
    line: u32,
) -> Statement<'text> {
    let mut statement = Statement {
        range: at..text.len(),
        name: word,
        keyword: is_name(word, behind).then_some(word),
        at,
        line,
    };
    if word == "default" && statement.keyword.is_none() {
        let name = behind.trim_start_matches([' ', '\t']);
        let length = name.find(|next| !is_of_word(next)).unwrap_or(name.len());
        let (word, rest) = name.split_at_checked(length).unwrap_or((name, ""));
        statement.name = word;
        statement.keyword = is_name(word, rest).then_some(word);
        statement.at = text.len() - name.len();
    }
    statement
}
