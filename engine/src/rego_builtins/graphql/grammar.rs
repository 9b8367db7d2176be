//! What queries and schemas have in common: names, values, types, arguments and directives.

use super::lexer::{Kind, Token, tokens};
use crate::rego_builtins::BuiltinError;
use crate::value::{Value, object};

/// Selections, values and types inside each other.
const MAX_DEPTH: usize = 64;

/// A document that is being read.
#[derive(Debug)]
pub(super) struct Parser {
    tokens: Vec<Token>,
    position: usize,
    depth: usize,
    /// Stands behind the end.
    end: Token,
}

pub(super) type Parsed = Result<Value, BuiltinError>;

/// A node of the tree: entries without a value and empty collections are left out.
pub(super) fn node<const N: usize>(entries: [(&str, Value); N]) -> Value {
    let is_there = |value: &Value| match value {
        Value::Undefined => false,
        Value::Array(values) => !values.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
        _ => true,
    };
    let entries = entries
        .into_iter()
        .map(|(name, value)| (name, Some(value).filter(is_there)));
    let entries: std::collections::BTreeMap<Value, Value> = entries
        .filter_map(|(name, value)| Some((Value::from(name), value?)))
        .collect();
    Value::from(entries)
}

/// Comments as a node, if there are any.
pub(super) fn comment_group(comments: &[String]) -> Value {
    let list: Vec<Value> = comments
        .iter()
        .map(|text| object([("Value", Value::from(text.as_str()))]))
        .collect();
    node([("List", Value::from(list))])
}

impl Parser {
    pub(super) fn new(document: &str) -> Result<Self, BuiltinError> {
        Ok(Self {
            tokens: tokens(document)?,
            position: 0,
            depth: 0,
            end: Token {
                kind: Kind::End,
                text: String::new(),
                comments: Vec::new(),
            },
        })
    }

    fn token(&self) -> &Token {
        self.tokens.get(self.position).unwrap_or(&self.end)
    }

    pub(super) fn kind(&self) -> Kind {
        self.token().kind
    }

    /// The text of the next token; empty for signs.
    pub(super) fn word(&self) -> &str {
        &self.token().text
    }

    /// The comments before the next token.
    pub(super) fn comment(&self) -> Value {
        comment_group(&self.token().comments)
    }

    pub(super) fn advance(&mut self) -> String {
        let text = self.token().text.clone();
        self.position += 1;
        text
    }

    pub(super) fn is_sign(&self, sign: char) -> bool {
        self.kind() == Kind::Sign(sign)
    }

    pub(super) fn is_keyword(&self, keyword: &str) -> bool {
        self.kind() == Kind::Name && self.word() == keyword
    }

    pub(super) fn skip(&mut self, sign: char) -> bool {
        let found = self.is_sign(sign);
        if found {
            self.position += 1;
        }
        found
    }

    pub(super) fn unexpected(&self) -> BuiltinError {
        let what = match self.kind() {
            Kind::Sign(sign) => format!("`{sign}`"),
            Kind::Spread => "`...`".to_owned(),
            Kind::Name => "a name".to_owned(),
            Kind::Int | Kind::Float => "a number".to_owned(),
            Kind::String | Kind::BlockString => "a string".to_owned(),
            Kind::End => "the end".to_owned(),
        };
        BuiltinError::failed(format!(
            "cannot read the document, because {what} stands where something else belongs"
        ))
    }

    pub(super) fn expect(&mut self, sign: char) -> Result<(), BuiltinError> {
        if self.skip(sign) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    pub(super) fn keyword(&mut self, keyword: &str) -> Result<(), BuiltinError> {
        if !self.is_keyword(keyword) {
            return Err(self.unexpected());
        }
        self.advance();
        Ok(())
    }

    pub(super) fn name(&mut self) -> Parsed {
        if self.kind() != Kind::Name {
            return Err(self.unexpected());
        }
        Ok(Value::from(self.advance()))
    }

    /// Reads one level deeper, if that is not too deep.
    pub(super) fn deeper(
        &mut self,
        read: impl FnOnce(&mut Self) -> Parsed,
    ) -> Result<Value, BuiltinError> {
        if self.depth >= MAX_DEPTH {
            return Err(BuiltinError::too_large());
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Elements between two signs, if the first one is there; then there has to be one. Also the comment at the end.
    pub(super) fn some_with_comment(
        &mut self,
        (open, close): (char, char),
        read: impl Fn(&mut Self) -> Parsed,
    ) -> Result<(Value, Value), BuiltinError> {
        if !self.skip(open) {
            return Ok((Value::Undefined, Value::Undefined));
        }
        if self.is_sign(close) {
            return Err(BuiltinError::failed(
                "cannot read the document, because brackets have nothing in them",
            ));
        }
        let mut elements = Vec::new();
        while !self.is_sign(close) {
            elements.push(read(self)?);
        }
        let comment = self.comment();
        self.advance();
        Ok((Value::from(elements), comment))
    }

    /// Elements between two signs, if the first one is there; then there has to be one.
    pub(super) fn some(
        &mut self,
        signs: (char, char),
        read: impl Fn(&mut Self) -> Parsed,
    ) -> Parsed {
        Ok(self.some_with_comment(signs, read)?.0)
    }

    /// A value; only a constant one has no variables.
    pub(super) fn value(&mut self, is_constant: bool) -> Parsed {
        self.deeper(|parser| parser.value_here(is_constant))
    }

    fn value_here(&mut self, is_constant: bool) -> Parsed {
        let comment = self.comment();
        let (number, raw) = match self.kind() {
            Kind::Sign('[') => return self.values(8, '[', ']', is_constant, comment),
            Kind::Sign('{') => return self.values(9, '{', '}', is_constant, comment),
            Kind::Sign('$') if !is_constant => {
                let raw = self.variable()?;
                return Ok(literal(0, raw, Value::Undefined, Value::Undefined));
            }
            Kind::Int => (1, self.advance()),
            Kind::Float => (2, self.advance()),
            Kind::String => (3, self.advance()),
            Kind::BlockString => (4, self.advance()),
            Kind::Name => {
                let number = match self.word() {
                    "true" | "false" => 5,
                    "null" => 6,
                    _ => 7,
                };
                (number, self.advance())
            }
            _ => return Err(self.unexpected()),
        };
        Ok(literal(
            number,
            Value::from(raw),
            Value::Undefined,
            Value::Undefined,
        ))
    }

    fn values(
        &mut self,
        number: u64,
        open: char,
        close: char,
        is_constant: bool,
        comment: Value,
    ) -> Parsed {
        self.expect(open)?;
        let mut children = Vec::new();
        while !self.is_sign(close) {
            let comment = self.comment();
            let name = if open == '{' {
                let name = self.name()?;
                self.expect(':')?;
                name
            } else {
                Value::from("")
            };
            let value = self.value(is_constant)?;
            let comment = if open == '{' {
                comment
            } else {
                Value::Undefined
            };
            children.push(node([
                ("Name", name),
                ("Value", value),
                ("Comment", comment),
            ]));
        }
        self.advance();
        Ok(literal(
            number,
            Value::from(""),
            Value::from(children),
            comment,
        ))
    }

    pub(super) fn variable(&mut self) -> Parsed {
        self.expect('$')?;
        self.name()
    }

    /// A type: a name or a list of a type, of which a `!` says that it is always there.
    pub(super) fn type_reference(&mut self) -> Parsed {
        self.deeper(|parser| {
            let (name, element) = if parser.skip('[') {
                let element = parser.type_reference()?;
                parser.expect(']')?;
                (Value::from(""), element)
            } else {
                (parser.name()?, Value::Undefined)
            };
            let non_null = Value::from(parser.skip('!'));
            Ok(node([
                ("NamedType", name),
                ("Elem", element),
                ("NonNull", non_null),
            ]))
        })
    }

    pub(super) fn arguments(&mut self, is_constant: bool) -> Parsed {
        self.some(('(', ')'), |parser| {
            let comment = parser.comment();
            let name = parser.name()?;
            parser.expect(':')?;
            let value = parser.value(is_constant)?;
            Ok(node([
                ("Name", name),
                ("Value", value),
                ("Comment", comment),
            ]))
        })
    }

    pub(super) fn directives(&mut self, is_constant: bool) -> Parsed {
        let mut directives = Vec::new();
        while self.skip('@') {
            let name = self.name()?;
            let arguments = self.arguments(is_constant)?;
            directives.push(node([
                ("Name", name),
                ("Arguments", arguments),
                ("Location", Value::from("")),
            ]));
        }
        Ok(Value::from(directives))
    }
}

/// A value of the kind that gqlparser gives this number.
fn literal(number: u64, raw: Value, children: Value, comment: Value) -> Value {
    node([
        ("Kind", Value::from(number)),
        ("Raw", raw),
        ("Children", children),
        ("Comment", comment),
        ("ExpectedTypeHasDefault", Value::from(false)),
    ])
}
