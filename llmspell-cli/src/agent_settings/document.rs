//! A JSON text as a tree that knows where each part stands, so that the rest of the text can be left as it is.

use std::ops::Range;

use serde_json::Value;

/// Values inside values, at most.
const DEEPEST: usize = 100;
const MARK: &str = "\u{feff}";

/// A text and its tree.
#[derive(Debug)]
pub(crate) struct Document<'text> {
    /// The text without its mark of byte order.
    pub(crate) text: &'text str,
    /// Whether the text begins with a mark of byte order.
    pub(crate) is_marked: bool,
    pub(crate) root: Node,
}

/// One value and where it stands, in bytes.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) place: Range<usize>,
    pub(crate) kind: Kind,
}

/// What a value is.
#[derive(Debug)]
pub(crate) enum Kind {
    Object(Vec<Member>),
    Array(Vec<Node>),
    Scalar(Value),
}

/// One key of an object with its value.
#[derive(Debug)]
pub(crate) struct Member {
    /// Where the key begins.
    pub(crate) start: usize,
    pub(crate) key: String,
    pub(crate) value: Node,
}

/// Why a text cannot be taken for settings, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) message: String,
}

impl<'text> Document<'text> {
    /// Reads a text that is one JSON value.
    pub(crate) fn parse(text: &'text str) -> Result<Self, Fault> {
        let inner = text.strip_prefix(MARK);
        let (text, is_marked) = inner.map_or((text, false), |inner| (inner, true));
        let mut reader = Reader { text, at: 0 };
        let root = reader.whole().map_err(|message| reader.fault(message))?;
        Ok(Self {
            text,
            is_marked,
            root,
        })
    }

    /// What stands at a place.
    pub(crate) fn at(&self, place: Range<usize>) -> &'text str {
        self.text.get(place).unwrap_or_default()
    }

    /// A changed text with the mark of byte order that this one has.
    pub(crate) fn marked(&self, text: &str) -> String {
        let mark = if self.is_marked { MARK } else { "" };
        format!("{mark}{text}")
    }
}

impl Node {
    /// The members, if it is an object.
    pub(crate) fn members(&self) -> Option<&[Member]> {
        match &self.kind {
            Kind::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The elements, if it is an array.
    pub(crate) fn elements(&self) -> Option<&[Self]> {
        match &self.kind {
            Kind::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The value of a key, if it is an object that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let member = self.members()?.iter().find(|member| member.key == key)?;
        Some(&member.value)
    }

    /// The value, if it is a text, a number, a truth or nothing.
    pub(crate) const fn scalar(&self) -> Option<&Value> {
        match &self.kind {
            Kind::Scalar(value) => Some(value),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        self.scalar().and_then(Value::as_str)
    }
}

struct Reader<'text> {
    text: &'text str,
    at: usize,
}

impl Reader<'_> {
    fn whole(&mut self) -> Result<Node, String> {
        let root = self.value(0)?;
        self.skip_spaces()?;
        match self.peek() {
            None => Ok(root),
            Some(_) => Err("there is something behind the end".to_owned()),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, String> {
        if depth > DEEPEST {
            return Err(format!("it is more than {DEEPEST} values deep"));
        }
        self.skip_spaces()?;
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Kind::Scalar(Value::String(self.string()?)),
            Some(_) => Kind::Scalar(self.word()?),
            None => return Err("it ends too early".to_owned()),
        };
        Ok(Node {
            place: start..self.at,
            kind,
        })
    }

    fn object(&mut self, depth: usize) -> Result<Kind, String> {
        let mut members = Vec::new();
        let mut keys = std::collections::BTreeSet::new();
        self.at += 1;
        while self.goes_on(b'}', members.is_empty())? {
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err("a key in quotes is expected here".to_owned());
            }
            let key = self.string()?;
            if !keys.insert(key.clone()) {
                self.at = start;
                return Err(format!("the key `{key}` stands here a second time"));
            }
            self.skip_spaces()?;
            if self.peek() != Some(b':') {
                return Err("a colon is expected here".to_owned());
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            members.push(Member { start, key, value });
        }
        Ok(Kind::Object(members))
    }

    fn array(&mut self, depth: usize) -> Result<Kind, String> {
        let mut elements = Vec::new();
        self.at += 1;
        while self.goes_on(b']', elements.is_empty())? {
            elements.push(self.value(depth + 1)?);
        }
        Ok(Kind::Array(elements))
    }

    /// Steps over the comma before the next part, or over the end.
    fn goes_on(&mut self, end: u8, is_first: bool) -> Result<bool, String> {
        self.skip_spaces()?;
        match self.peek() {
            Some(byte) if byte == end => {
                self.at += 1;
                return Ok(false);
            }
            Some(b',') if !is_first => self.at += 1,
            Some(_) if is_first => return Ok(true),
            Some(_) => return Err(format!("a comma or `{}` is expected here", char::from(end))),
            None => return Err("it ends too early".to_owned()),
        }
        self.skip_spaces()?;
        match self.peek() {
            Some(byte) if byte == end => Err("there is a comma before the end".to_owned()),
            _ => Ok(true),
        }
    }

    fn string(&mut self) -> Result<String, String> {
        let start = self.at;
        let mut is_escaped = false;
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => {
                    let text = self.text.get(start..self.at).unwrap_or_default();
                    return serde_json::from_str(text).map_err(|_| {
                        self.at = start;
                        "this is no JSON string".to_owned()
                    });
                }
                _ => {}
            }
        }
        self.at = start;
        Err("a string does not end".to_owned())
    }

    fn word(&mut self) -> Result<Value, String> {
        let start = self.at;
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        while self.peek().is_some_and(is_part) {
            self.at += 1;
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        serde_json::from_str(text).map_err(|_| {
            self.at = start;
            "a JSON value is expected here".to_owned()
        })
    }

    fn skip_spaces(&mut self) -> Result<(), String> {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        match self.peek() {
            Some(b'/') => Err("there is a comment, which would be in the way".to_owned()),
            _ => Ok(()),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn fault(&self, message: String) -> Fault {
        let before = self.text.as_bytes().get(..self.at).unwrap_or_default();
        let line_start = before.iter().rposition(|byte| *byte == b'\n');
        let line_bytes = before.get(line_start.map_or(0, |at| at + 1)..);
        let column = String::from_utf8_lossy(line_bytes.unwrap_or_default())
            .chars()
            .count();
        Fault {
            line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
            column: 1 + column,
            message,
        }
    }
}
