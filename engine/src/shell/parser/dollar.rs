//! What a dollar sign begins: parameters, substitutions, arithmetic, and quotes with escapes.

use super::word::{push, push_text};
use super::{Parsed, Parser};
use crate::shell::Unknown;
use crate::shell::syntax::{Parameter, Part, RawWord};

/// Parameters of one sign.
const SPECIAL: &str = "@*#?-$!_";

impl Parser {
    /// What follows a dollar sign that was consumed.
    pub(super) fn dollar(&mut self, word: &mut RawWord, quoted: bool) -> Parsed<()> {
        let part = match self.peek() {
            Some('(') => self.substitution(quoted)?,
            Some('{') => {
                self.at += 1;
                self.nested(|parser| parser.braced(quoted))?
            }
            Some('[') => {
                self.at += 1;
                Part::Arithmetic(self.raw_until(']')?)
            }
            Some('\'') if !quoted => {
                self.at += 1;
                let text = self.escaped_text()?;
                push_text(word, &text, true);
                return Ok(());
            }
            Some('"') if !quoted => {
                self.at += 1;
                return self.double_quoted(word);
            }
            Some(first) if first == '_' || first.is_ascii_alphabetic() => {
                let name = self.name();
                plain(name, quoted)
            }
            Some(sign) if sign.is_ascii_digit() || SPECIAL.contains(sign) => {
                self.at += 1;
                plain(sign.to_string(), quoted)
            }
            _ => {
                push(word, '$', quoted);
                return Ok(());
            }
        };
        word.push(part);
        Ok(())
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(sign) = self.peek() {
            if sign != '_' && !sign.is_ascii_alphanumeric() {
                break;
            }
            name.push(sign);
            self.at += 1;
        }
        name
    }

    fn substitution(&mut self, quoted: bool) -> Parsed<Part> {
        if self.peek_at(1) == Some('(') && self.is_arithmetic() {
            self.at += 2;
            let inside = self.nested(|parser| parser.arithmetic())?;
            return Ok(Part::Arithmetic(inside));
        }
        self.at += 1;
        let body = self.list(&[])?;
        self.close(')')?;
        Ok(Part::Substitution { body, quoted })
    }

    /// Whether the two parentheses that come next are closed by two that stand together.
    pub(super) fn is_arithmetic(&self) -> bool {
        let mut depth = 0_usize;
        let mut rest = self
            .characters
            .get(self.at..)
            .unwrap_or_default()
            .iter()
            .peekable();
        while let Some(sign) = rest.next() {
            match sign {
                '(' => depth += 1,
                ')' if depth == 2 => return rest.peek() == Some(&&')'),
                ')' => depth = depth.saturating_sub(1),
                '\'' | '"' | '\n' | ';' => return false,
                _ => {}
            }
        }
        false
    }

    /// The inside of `(( … ))`, both closing parentheses consumed.
    pub(super) fn arithmetic(&mut self) -> Parsed<RawWord> {
        let mut word = RawWord::new();
        let mut depth = 0_usize;
        while let Some(sign) = self.peek() {
            match sign {
                ')' if depth == 0 => {
                    self.at += 1;
                    self.close(')')?;
                    return Ok(word);
                }
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            self.part(&mut word, sign)?;
        }
        Err(Unknown::Syntax("arithmetic that is not closed"))
    }

    /// Text up to a closing sign, with what is expanded inside.
    pub(super) fn raw_until(&mut self, end: char) -> Parsed<RawWord> {
        self.nested(|parser| {
            let mut word = RawWord::new();
            while let Some(sign) = parser.peek() {
                if sign == end {
                    parser.at += 1;
                    return Ok(word);
                }
                parser.part(&mut word, sign)?;
            }
            Err(Unknown::Syntax("a bracket that is not closed"))
        })
    }

    /// What follows `${`, the closing brace consumed.
    fn braced(&mut self, quoted: bool) -> Parsed<Part> {
        // `${ commands; }` of newer shells.
        if matches!(self.peek(), Some(' ' | '\t' | '\n' | '|')) {
            self.at += 1;
            let body = self.list(&["}"])?;
            self.close('}')?;
            return Ok(Part::Substitution { body, quoted });
        }
        let mut parameter = Parameter {
            name: String::new(),
            quoted,
            indirect: false,
            length: false,
            subscript: None,
            operation: None,
        };
        if self.peek() == Some('#') && self.peek_at(1) != Some('}') {
            self.at += 1;
            parameter.length = true;
        } else if self.peek() == Some('!') && self.peek_at(1) != Some('}') {
            self.at += 1;
            parameter.indirect = true;
        }
        parameter.name = self.name();
        if parameter.name.is_empty()
            && let Some(sign) = self.peek()
            && SPECIAL.contains(sign)
        {
            self.at += 1;
            parameter.name = sign.to_string();
        }
        if parameter.name.is_empty() {
            return Err(Unknown::Syntax("a parameter without a name"));
        }
        if self.takes("[") {
            parameter.subscript = Some(self.raw_until(']')?);
        }
        if self.takes("}") {
            return Ok(Part::Parameter(Box::new(parameter)));
        }
        let sign = self.operation_sign()?;
        let operand = if quoted {
            self.operand_in_quotes()?
        } else {
            self.raw_until('}')?
        };
        parameter.operation = Some((sign, operand));
        Ok(Part::Parameter(Box::new(parameter)))
    }

    fn operation_sign(&mut self) -> Parsed<String> {
        const SIGNS: [&str; 18] = [
            ":-", ":=", ":?", ":+", "##", "%%", "//", "/#", "/%", "^^", ",,", "-", "=", "?", "+",
            "#", "%", "/",
        ];
        const LAST: [&str; 4] = ["^", ",", "@", ":"];
        let signs = SIGNS.into_iter().chain(LAST);
        for sign in signs {
            if self.takes(sign) {
                return Ok(sign.to_owned());
            }
        }
        Err(Unknown::Syntax("a parameter with an unknown sign"))
    }

    /// What an operation inside double quotes is given, up to the closing brace.
    fn operand_in_quotes(&mut self) -> Parsed<RawWord> {
        let mut word = RawWord::new();
        while let Some(sign) = self.peek() {
            match sign {
                '}' => {
                    self.at += 1;
                    return Ok(word);
                }
                '"' | '\\' | '$' | '`' => self.part(&mut word, sign)?,
                other => {
                    self.at += 1;
                    push(&mut word, other, true);
                }
            }
        }
        Err(Unknown::Syntax("a brace that is not closed"))
    }

    /// `$'…'`, its escapes decoded.
    fn escaped_text(&mut self) -> Parsed<String> {
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err(Unknown::Syntax("a quote that is not closed")),
                Some('\'') => return Ok(text),
                Some('\\') => {
                    let Some(sign) = self.next() else {
                        return Err(Unknown::Syntax("a quote that is not closed"));
                    };
                    self.escape(sign, &mut text);
                }
                Some(character) => text.push(character),
            }
        }
    }

    fn escape(&mut self, sign: char, text: &mut String) {
        let decoded = match sign {
            'a' => Some('\u{7}'),
            'b' => Some('\u{8}'),
            'e' | 'E' => Some('\u{1b}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'v' => Some('\u{b}'),
            'x' => self.digits(16, 2),
            'u' => self.digits(16, 4),
            'U' => self.digits(16, 8),
            '0'..='7' => {
                self.at -= 1;
                self.digits(8, 3)
            }
            'c' => self
                .next()
                .and_then(|next| char::from_u32(u32::from(next) & 0x1f)),
            other => Some(other),
        };
        text.extend(decoded);
    }

    fn digits(&mut self, radix: u32, most: usize) -> Option<char> {
        let mut number = 0_u32;
        for _ in 0..most {
            let Some(digit) = self.peek().and_then(|sign| sign.to_digit(radix)) else {
                break;
            };
            number = number.saturating_mul(radix).saturating_add(digit);
            self.at += 1;
        }
        char::from_u32(number)
    }
}

fn plain(name: String, quoted: bool) -> Part {
    Part::Parameter(Box::new(Parameter {
        name,
        quoted,
        indirect: false,
        length: false,
        subscript: None,
        operation: None,
    }))
}
