//! Reads command texts by the grammar of the shell, in one pass that never goes back.

mod compound;
mod dollar;
mod redirect;
mod word;

use super::Unknown;
use super::syntax::{Node, Part, Program, RawWord, Simple};

/// How deep commands, substitutions and quotes may be nested.
const MAX_DEPTH: usize = 48;

/// Parses a command text.
pub(super) fn parse(text: &str) -> Result<Program, Unknown> {
    let mut parser = Parser {
        characters: text.chars().collect(),
        at: 0,
        depth: 0,
        documents: Vec::new(),
        pending: Vec::new(),
    };
    let body = parser.list(&[])?;
    if parser.peek().is_some() {
        return Err(Unknown::Syntax("a sign that closes nothing"));
    }
    parser.read_documents();
    Ok(Program {
        body,
        documents: parser.documents,
    })
}

/// A here-document whose body follows the line.
struct Pending {
    number: usize,
    delimiter: String,
    quoted: bool,
    strips_tabs: bool,
}

pub(super) struct Parser {
    characters: Vec<char>,
    at: usize,
    depth: usize,
    documents: Vec<RawWord>,
    pending: Vec<Pending>,
}

type Parsed<T> = Result<T, Unknown>;

impl Parser {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn peek_at(&self, offset: usize) -> Option<char> {
        self.characters.get(self.at + offset).copied()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += 1;
        Some(character)
    }

    fn takes(&mut self, text: &str) -> bool {
        let is_next = text
            .chars()
            .enumerate()
            .all(|(offset, character)| self.peek_at(offset) == Some(character));
        if is_next {
            self.at += text.chars().count();
        }
        is_next
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Unknown::TooDeep);
        }
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// Skips blanks, joined lines and comments, but no end of a line.
    fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t') => self.at += 1,
                Some('\\') if self.peek_at(1) == Some('\n') => self.at += 2,
                Some('#') => {
                    while self.peek().is_some_and(|character| character != '\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    /// Skips blanks and ends of lines; here-documents that follow a line are read.
    fn skip_lines(&mut self) {
        loop {
            self.skip_blanks();
            if self.peek() != Some('\n') {
                return;
            }
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        self.at += 1;
        self.read_documents();
    }

    /// The plain text of the word that comes next, if none of it is quoted or expanded.
    fn peek_plain(&self) -> &[char] {
        let rest = self.characters.get(self.at..).unwrap_or_default();
        let end = rest
            .iter()
            .position(|character| " \t\n;&|<>()".contains(*character))
            .unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    }

    fn is_word(&self, word: &str) -> bool {
        self.peek_plain().iter().copied().eq(word.chars())
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is_next = self.is_word(word);
        if is_next {
            self.at += word.chars().count();
        }
        is_next
    }

    /// Commands up to one of these words, a closing sign or the end, none of which is consumed.
    fn list(&mut self, ends: &[&str]) -> Parsed<Vec<Node>> {
        self.nested(|parser| {
            let mut nodes = Vec::new();
            loop {
                parser.skip_lines();
                match parser.peek() {
                    None | Some(')') => return Ok(nodes),
                    Some(';') if parser.peek_at(1) == Some(';') => return Ok(nodes),
                    Some(';') if parser.peek_at(1) == Some('&') => return Ok(nodes),
                    // Only reached after an `&`, where some shells allow it.
                    Some(';') => parser.at += 1,
                    _ if ends.iter().any(|end| parser.is_word(end)) => return Ok(nodes),
                    _ => nodes.push(parser.and_or()?),
                }
            }
        })
    }

    fn and_or(&mut self) -> Parsed<Node> {
        let mut chain = vec![(true, self.pipeline()?)];
        let is_background = loop {
            self.skip_blanks();
            let and = match (self.peek(), self.peek_at(1)) {
                (Some('&'), Some('&')) => true,
                (Some('|'), Some('|')) => false,
                (Some('&'), _) => {
                    self.at += 1;
                    break true;
                }
                (Some(';'), next) if next != Some(';') && next != Some('&') => {
                    self.at += 1;
                    break false;
                }
                _ => break false,
            };
            self.at += 2;
            self.skip_lines();
            chain.push((and, self.pipeline()?));
        };
        let node = match chain.pop() {
            Some((_, only)) if chain.is_empty() => only,
            Some(last) => {
                chain.push(last);
                Node::Chain(chain)
            }
            None => return Err(Unknown::Syntax("a command is missing")),
        };
        Ok(if is_background {
            Node::Background(Box::new(node))
        } else {
            node
        })
    }

    fn pipeline(&mut self) -> Parsed<Node> {
        loop {
            self.skip_blanks();
            if self.takes_word("time") {
                self.skip_blanks();
                self.takes_word("-p");
            } else if !self.takes_word("!") {
                break;
            }
        }
        let mut stages = vec![self.command()?];
        loop {
            self.skip_blanks();
            if self.peek() != Some('|') || self.peek_at(1) == Some('|') {
                break;
            }
            self.at += 1;
            if self.peek() == Some('&') {
                self.at += 1;
            }
            self.skip_lines();
            stages.push(self.command()?);
        }
        match stages.pop() {
            Some(only) if stages.is_empty() => Ok(only),
            Some(last) => {
                stages.push(last);
                Ok(Node::Pipeline(stages))
            }
            None => Err(Unknown::Syntax("an empty pipeline")),
        }
    }

    fn command(&mut self) -> Parsed<Node> {
        self.skip_blanks();
        self.nested(|parser| match parser.compound()? {
            Some(node) => Ok(node),
            None => parser.simple(),
        })
    }

    fn simple(&mut self) -> Parsed<Node> {
        let mut simple = Simple::default();
        loop {
            self.skip_blanks();
            if let Some(redirect) = self.redirect()? {
                simple.redirects.push(redirect);
                continue;
            }
            if simple.words.is_empty()
                && let Some(assignment) = self.assignment()?
            {
                simple.assignments.push(assignment);
                continue;
            }
            let Some(word) = self.word()? else { break };
            // `declare a=(…)` holds an array where a word is expected.
            if self.peek() == Some('(') && ends_with_equals(&word) {
                let values = self.array()?;
                simple.words.push(word);
                simple.words.extend(values);
                continue;
            }
            simple.words.push(word);
            if let Some(name) = self.function_name(&simple) {
                return self.function_body(name);
            }
        }
        if simple.words.is_empty() && simple.assignments.is_empty() && simple.redirects.is_empty() {
            return Err(Unknown::Syntax("a command is missing"));
        }
        Ok(Node::Simple(simple))
    }

    /// The name of a function whose parentheses come next, which are consumed.
    fn function_name(&mut self, simple: &Simple) -> Option<String> {
        let [word] = simple.words.as_slice() else {
            return None;
        };
        let [
            Part::Text {
                text,
                quoted: false,
            },
        ] = word.as_slice()
        else {
            return None;
        };
        if !simple.assignments.is_empty() || !simple.redirects.is_empty() {
            return None;
        }
        let before = self.at;
        self.skip_blanks();
        if self.takes("(") {
            self.skip_blanks();
            if self.takes(")") {
                return Some(text.clone());
            }
        }
        self.at = before;
        None
    }
}

fn ends_with_equals(word: &RawWord) -> bool {
    matches!(word.last(), Some(Part::Text { text, quoted: false }) if text.ends_with('='))
}
