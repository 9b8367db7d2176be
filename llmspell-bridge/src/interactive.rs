//! What a prompt needs of a language, in its own terms: the place that is being typed, and the names that fit there.

use std::collections::BTreeSet;
use std::ops::Bound;

/// How many names one completion offers; what comes after them in the alphabet is left out.
pub(crate) const MOST_CANDIDATES: usize = 1000;

/// How many names of inputs are remembered.
const MOST_NAMES: usize = 4096;

/// The longest name that is remembered or offered, in bytes.
pub(crate) const LONGEST_NAME: usize = 100;

/// How many parents (prototypes, `__index` tables) of a value are looked into.
pub(crate) const LONGEST_CHAIN: usize = 16;

/// The names that may stand where somebody types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// Where in the text the word begins that a candidate replaces, in bytes.
    pub start: usize,
    /// What may stand there, in the order of the alphabet.
    pub candidates: Vec<Candidate>,
}

/// A name that may stand where somebody types.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The name.
    pub name: String,
    /// What the name stands for.
    pub kind: CandidateKind,
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CandidateKind {
    /// Something that can be called.
    Function,
    /// Any other value.
    Value,
    /// A word of the language.
    Keyword,
}

/// One step from a global to the value whose members are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// A name, or a text in brackets.
    Name(String),
    /// A whole number in brackets.
    Index(u32),
}

/// The word that is being typed, and the value that it is to be a member of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// From a global to the value; empty where the word is a global itself.
    pub(crate) steps: Vec<Step>,
    /// The beginning of the word.
    pub(crate) word: String,
    /// Where the word begins, in bytes.
    pub(crate) start: usize,
    /// Whether only something that can be called may follow, as after Lua's `:`.
    pub(crate) is_call: bool,
}

impl Typed {
    /// What stands at the end of a text; `None` if the value before the word is not known without running anything.
    pub(crate) fn at_end(text: &str) -> Option<Self> {
        let (before, word) = split_word(text);
        let mut typed = Self {
            steps: Vec::new(),
            word: word.to_owned(),
            start: before.len(),
            is_call: false,
        };
        let mut rest = before;
        while let Some((before, is_call)) = strip_separator(rest) {
            typed.is_call |= is_call && typed.steps.is_empty();
            rest = take_value(before.trim_end(), &mut typed.steps)?;
        }
        typed.steps.reverse();
        Some(typed)
    }
}

/// Takes `name[1]["key"]` off the end of a text, as steps from the last to the first.
fn take_value<'a>(mut text: &'a str, steps: &mut Vec<Step>) -> Option<&'a str> {
    while let Some(inside) = text.strip_suffix(']') {
        let (before, index) = inside.rsplit_once('[')?;
        steps.push(bracketed(index.trim())?);
        text = before.trim_end();
    }
    let (before, name) = split_word(text);
    if name.is_empty() {
        return None;
    }
    steps.push(Step::Name(name.to_owned()));
    Some(before)
}

/// What stands in brackets, if that is a number or a plain text.
fn bracketed(index: &str) -> Option<Step> {
    if let Ok(number) = index.parse() {
        return Some(Step::Index(number));
    }
    let quote = index.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let text = index.strip_prefix(quote)?.strip_suffix(quote)?;
    let is_plain = !text.contains(['\\', quote]);
    is_plain.then(|| Step::Name(text.to_owned()))
}

/// The end of a text that may be a name, and what stands before it.
fn split_word(text: &str) -> (&str, &str) {
    let word = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| is_part_of_name(*c))
        .last();
    text.split_at(word.map_or(text.len(), |(at, _)| at))
}

pub(crate) fn is_part_of_name(c: char) -> bool {
    c == '_' || c == '$' || c.is_alphanumeric()
}

/// The text before a `.`, a `?.` or a `:`, and whether it was a `:`. Two dots join texts in Lua, and a `::` is a cast.
fn strip_separator(text: &str) -> Option<(&str, bool)> {
    let text = text.trim_end();
    if let Some(before) = text.strip_suffix(':') {
        return (!before.ends_with(':')).then_some((before, true));
    }
    let before = text.strip_suffix('.')?;
    if before.ends_with('.') {
        return None;
    }
    Some((before.strip_suffix('?').unwrap_or(before), false))
}

/// The names that inputs held so far: where a language does not tell which variables there are, these are tried.
#[derive(Debug, Default)]
pub struct SeenNames(BTreeSet<String>);

impl SeenNames {
    /// Remembers the names in a text.
    pub(crate) fn add(&mut self, text: &str) {
        for name in text.split(|c| !is_part_of_name(c)) {
            if self.0.len() >= MOST_NAMES {
                return;
            }
            if is_name(name) && !self.0.contains(name) {
                self.0.insert(name.to_owned());
            }
        }
    }

    /// The names that begin with a word.
    pub(crate) fn starting_with(&self, word: &str) -> impl Iterator<Item = &str> {
        let from = self
            .0
            .range::<str, _>((Bound::Included(word), Bound::Unbounded));
        let fitting = from.take_while(move |name| name.starts_with(word));
        fitting.map(String::as_str)
    }
}

/// Whether a text can be written as a name in both languages.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_NAME
        && text.chars().next().is_some_and(|c| !c.is_numeric())
        && text.chars().all(is_part_of_name)
}

/// Collects the names that begin with a word, each once.
#[derive(Debug)]
pub struct Candidates<'a> {
    typed: &'a Typed,
    found: BTreeSet<Candidate>,
}

impl<'a> Candidates<'a> {
    pub(crate) fn new(typed: &'a Typed) -> Self {
        Self {
            typed,
            found: BTreeSet::new(),
        }
    }

    /// Whether no more are taken.
    pub(crate) fn is_full(&self) -> bool {
        self.found.len() >= MOST_CANDIDATES
    }

    /// Whether a name begins with the word that is being typed.
    pub(crate) fn wants(&self, name: &str) -> bool {
        name.starts_with(&self.typed.word) && is_name(name) && !self.is_full()
    }

    /// Offers a name, unless something nearer has it already or it does not fit.
    pub(crate) fn offer(&mut self, name: &str, kind: CandidateKind) {
        let is_fitting = !self.typed.is_call || kind == CandidateKind::Function;
        if !is_fitting || !self.wants(name) || self.has(name) {
            return;
        }
        self.found.insert(Candidate {
            name: name.to_owned(),
            kind,
        });
    }

    fn has(&self, name: &str) -> bool {
        let first = Candidate {
            name: name.to_owned(),
            kind: CandidateKind::Function,
        };
        let next = self.found.range(first..).next();
        next.is_some_and(|candidate| candidate.name == name)
    }

    pub(crate) fn into_completion(self) -> Completion {
        Completion {
            start: self.typed.start,
            candidates: self.found.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_end(text: &str) -> Option<(String, String, bool)> {
        let typed = Typed::at_end(text)?;
        let steps: Vec<_> = typed
            .steps
            .iter()
            .map(|step| match step {
                Step::Name(name) => name.clone(),
                Step::Index(index) => format!("#{index}"),
            })
            .collect();
        assert_eq!(text.get(typed.start..), Some(typed.word.as_str()));
        Some((steps.join("/"), typed.word, typed.is_call))
    }

    #[test]
    fn the_value_before_the_word_is_found() {
        for (text, steps, word, is_call) in [
            ("", "", "", false),
            ("pri", "", "pri", false),
            ("x = Debug.ti", "Debug", "ti", false),
            ("t:la", "t", "la", true),
            ("print(a.b.c.", "a/b/c", "", false),
            ("a[1].b[\"k k\"].c", "a/#1/b/k k", "c", false),
            ("rows[2][3].n", "rows/#2/#3", "n", false),
            ("o?.deep?.x", "o/deep", "x", false),
            ("a..b", "", "b", false),
            ("x :: num", "", "num", false),
            ("if größe.w", "größe", "w", false),
            ("a : b", "a", "b", true),
        ] {
            let expected = Some((steps.to_owned(), word.to_owned(), is_call));
            assert_eq!(at_end(text), expected, "{text}");
        }
    }

    #[test]
    fn the_value_of_a_call_or_a_computed_index_is_not_known() {
        for text in [
            "f().x",
            "(a).x",
            "a[i].x",
            "a[\"\\n\"].x",
            "\"text\".x",
            "].x",
        ] {
            assert_eq!(at_end(text), None, "{text}");
        }
    }

    #[test]
    fn remembered_names_are_bounded() {
        let mut seen = SeenNames::default();
        for number in 0..2 * MOST_NAMES {
            seen.add(&format!("let n{number} = 1"));
        }
        seen.add(&"x".repeat(LONGEST_NAME + 1));
        assert_eq!(seen.0.len(), MOST_NAMES);
        assert_eq!(seen.starting_with("le").collect::<Vec<_>>(), ["let"]);
    }
}
