//! Compound commands: groups, loops, branches, functions and tests.

use super::{Parsed, Parser};
use crate::shell::Unknown;
use crate::shell::syntax::{Node, RawWord};

impl Parser {
    /// The compound command that begins here, if one does.
    pub(super) fn compound(&mut self) -> Parsed<Option<Node>> {
        if self.peek() == Some('(') {
            return self.parenthesised().map(Some);
        }
        let word: String = self.peek_plain().iter().take(9).collect();
        let node = match word.as_str() {
            "{" => self.group()?,
            "if" => self.branch(&["then", "elif", "else"], "fi", false)?,
            "while" | "until" => self.branch(&["do"], "done", true)?,
            "for" | "select" => self.for_loop()?,
            "case" => self.case()?,
            "function" => self.function()?,
            "coproc" => {
                self.takes_word("coproc");
                Node::Background(Box::new(self.command()?))
            }
            "[[" => self.test()?,
            _ => return Ok(None),
        };
        Ok(Some(node))
    }

    fn parenthesised(&mut self) -> Parsed<Node> {
        if self.peek_at(1) == Some('(') && self.is_arithmetic() {
            self.at += 2;
            let inside = self.arithmetic()?;
            return Ok(Node::Test {
                words: vec![inside],
                redirects: self.redirects()?,
            });
        }
        self.at += 1;
        let body = self.list(&[])?;
        self.close(')')?;
        Ok(Node::Group {
            body,
            is_subshell: true,
            redirects: self.redirects()?,
        })
    }

    fn group(&mut self) -> Parsed<Node> {
        self.at += 1;
        let body = self.list(&["}"])?;
        self.expect("}")?;
        Ok(Node::Group {
            body,
            is_subshell: false,
            redirects: self.redirects()?,
        })
    }

    fn expect(&mut self, word: &str) -> Parsed<()> {
        self.skip_lines();
        if self.takes_word(word) {
            Ok(())
        } else {
            Err(Unknown::Syntax("a compound command that is not closed"))
        }
    }

    /// A condition and the bodies that follow it, each behind one of these words.
    fn branch(&mut self, words: &[&str], end: &str, repeats: bool) -> Parsed<Node> {
        let length = self.peek_plain().len();
        self.at += length;
        let mut ends = words.to_vec();
        ends.push(end);
        let mut bodies = vec![self.list(&ends)?];
        loop {
            self.skip_lines();
            if self.takes_word(end) {
                break;
            }
            if !words.iter().any(|word| self.takes_word(word)) {
                return Err(Unknown::Syntax("a compound command that is not closed"));
            }
            bodies.push(self.list(&ends)?);
        }
        Ok(Node::Branches {
            subjects: Vec::new(),
            bodies,
            repeats,
            redirects: self.redirects()?,
        })
    }

    fn for_loop(&mut self) -> Parsed<Node> {
        let length = self.peek_plain().len();
        self.at += length;
        self.skip_blanks();
        if self.takes("((") {
            return self.counting_loop();
        }
        let name: String = self.peek_plain().iter().collect();
        self.at += name.chars().count();
        self.skip_lines();
        let words = if self.takes_word("in") {
            let mut words = Vec::new();
            loop {
                self.skip_blanks();
                match self.word()? {
                    Some(word) => words.push(word),
                    None => break,
                }
            }
            Some(words)
        } else {
            None
        };
        self.skip_lines();
        self.takes(";");
        let body = self.loop_body()?;
        Ok(Node::For {
            name,
            words,
            body,
            redirects: self.redirects()?,
        })
    }

    /// `for (( … ; … ; … ))`, behind the parentheses that open it.
    fn counting_loop(&mut self) -> Parsed<Node> {
        let inside = self.arithmetic()?;
        self.skip_lines();
        self.takes(";");
        let body = self.loop_body()?;
        Ok(Node::Branches {
            subjects: vec![inside],
            bodies: vec![body],
            repeats: true,
            redirects: self.redirects()?,
        })
    }

    fn loop_body(&mut self) -> Parsed<Vec<Node>> {
        self.skip_lines();
        let end = if self.takes_word("do") {
            "done"
        } else if self.takes_word("{") {
            "}"
        } else {
            return Err(Unknown::Syntax("a loop without a body"));
        };
        let body = self.list(&[end])?;
        self.expect(end)?;
        Ok(body)
    }

    fn case(&mut self) -> Parsed<Node> {
        self.takes_word("case");
        self.skip_blanks();
        let Some(subject) = self.word()? else {
            return Err(Unknown::Syntax("a case without a word"));
        };
        let mut subjects = vec![subject];
        self.expect("in")?;
        let mut bodies = Vec::new();
        loop {
            self.skip_lines();
            if self.takes_word("esac") {
                break;
            }
            self.takes("(");
            self.patterns(&mut subjects)?;
            bodies.push(self.list(&["esac"])?);
            self.skip_lines();
            let _ = self.takes(";;&") || self.takes(";;") || self.takes(";&");
        }
        Ok(Node::Branches {
            subjects,
            bodies,
            repeats: false,
            redirects: self.redirects()?,
        })
    }

    fn patterns(&mut self, subjects: &mut Vec<RawWord>) -> Parsed<()> {
        loop {
            self.skip_blanks();
            match self.word()? {
                Some(pattern) => subjects.push(pattern),
                None => return Err(Unknown::Syntax("a case without a pattern")),
            }
            self.skip_blanks();
            match self.next() {
                Some(')') => return Ok(()),
                Some('|') => {}
                _ => return Err(Unknown::Syntax("a pattern that is not closed")),
            }
        }
    }

    fn function(&mut self) -> Parsed<Node> {
        self.takes_word("function");
        self.skip_blanks();
        let name: String = self.peek_plain().iter().collect();
        self.at += name.chars().count();
        self.skip_blanks();
        if self.takes("(") {
            self.skip_blanks();
            self.close(')')?;
        }
        self.function_body(name)
    }

    pub(super) fn function_body(&mut self, name: String) -> Parsed<Node> {
        self.skip_lines();
        let body = self.command()?;
        Ok(Node::Function {
            name,
            body: Box::new(body),
        })
    }

    /// `[[ … ]]`: its words, without the signs between them.
    fn test(&mut self) -> Parsed<Node> {
        self.takes_word("[[");
        let mut words = Vec::new();
        loop {
            self.skip_lines();
            if self.takes_word("]]") {
                break;
            }
            match self.word()? {
                Some(word) => words.push(word),
                None if self.peek().is_none() => {
                    return Err(Unknown::Syntax("a test that is not closed"));
                }
                None => self.at += 1,
            }
        }
        Ok(Node::Test {
            words,
            redirects: self.redirects()?,
        })
    }
}
