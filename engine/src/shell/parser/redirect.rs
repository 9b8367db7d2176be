//! Redirections, and the here-documents that some of them announce.

use super::{Parsed, Parser, Pending};
use crate::shell::Unknown;
use crate::shell::syntax::{Part, RawWord, Redirect, RedirectKind};

impl Parser {
    pub(super) fn redirects(&mut self) -> Parsed<Vec<Redirect>> {
        let mut redirects = Vec::new();
        loop {
            self.skip_blanks();
            match self.redirect()? {
                Some(redirect) => redirects.push(redirect),
                None => return Ok(redirects),
            }
        }
    }

    pub(super) fn redirect(&mut self) -> Parsed<Option<Redirect>> {
        let before = self.at;
        self.skip_descriptor();
        let kind = match (self.peek(), self.peek_at(1)) {
            (Some('<' | '>'), Some('(')) => {
                self.at = before;
                return Ok(None);
            }
            (Some('<'), Some('<')) if self.takes("<<<") => RedirectKind::HereString,
            (Some('<'), Some('<')) => return self.document().map(Some),
            (Some('<'), Some('>')) => self.skipping(2, RedirectKind::ReadWrite),
            (Some('<'), Some('&')) => self.skipping(2, RedirectKind::Duplicate),
            (Some('<'), _) => self.skipping(1, RedirectKind::Read),
            (Some('>'), Some('>' | '|')) => self.skipping(2, RedirectKind::Write),
            (Some('>'), Some('&')) => self.skipping(2, RedirectKind::Duplicate),
            (Some('>'), _) => self.skipping(1, RedirectKind::Write),
            (Some('&'), Some('>')) => {
                let is_append = self.peek_at(2) == Some('>');
                self.skipping(2 + usize::from(is_append), RedirectKind::Write)
            }
            _ => {
                self.at = before;
                return Ok(None);
            }
        };
        self.skip_blanks();
        let Some(target) = self.word()? else {
            return Err(Unknown::Syntax("a redirection without a target"));
        };
        // `>& file` writes a file, `>&2` does not.
        let kind = match kind {
            RedirectKind::Duplicate if !is_descriptor(&target) => RedirectKind::Write,
            kind => kind,
        };
        Ok(Some(Redirect { kind, target }))
    }

    fn skipping(&mut self, count: usize, kind: RedirectKind) -> RedirectKind {
        self.at += count;
        kind
    }

    /// Skips `2` or `{name}` in front of a sign of redirection.
    fn skip_descriptor(&mut self) {
        let before = self.at;
        while self.peek().is_some_and(|sign| sign.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == before && self.takes("{") {
            let is_in_name = |sign: char| sign == '_' || sign.is_ascii_alphanumeric();
            while self.peek().is_some_and(is_in_name) {
                self.at += 1;
            }
            if !self.takes("}") {
                self.at = before;
                return;
            }
        }
        if !matches!(self.peek(), Some('<' | '>')) {
            self.at = before;
        }
    }

    /// `<<` and its delimiter; the body is read when the line ends.
    fn document(&mut self) -> Parsed<Redirect> {
        self.at += 2;
        let strips_tabs = self.takes("-");
        self.skip_blanks();
        let Some(word) = self.word()? else {
            return Err(Unknown::Syntax("a here-document without a delimiter"));
        };
        let mut delimiter = String::new();
        let mut quoted = false;
        for part in word {
            let Part::Text {
                text,
                quoted: is_quoted,
            } = part
            else {
                return Err(Unknown::Syntax("a here-document with an unclear delimiter"));
            };
            quoted |= is_quoted;
            delimiter.push_str(&text);
        }
        let number = self.documents.len();
        self.documents.push(RawWord::new());
        self.pending.push(Pending {
            number,
            delimiter,
            quoted,
            strips_tabs,
        });
        Ok(Redirect {
            kind: RedirectKind::Document(number),
            target: RawWord::new(),
        })
    }

    pub(super) fn read_documents(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            let text = self.document_text(&pending);
            let word = if pending.quoted {
                vec![Part::Text { text, quoted: true }]
            } else {
                self.expanded_document(&text)
            };
            if let Some(document) = self.documents.get_mut(pending.number) {
                *document = word;
            }
        }
    }

    fn document_text(&mut self, pending: &Pending) -> String {
        let mut text = String::new();
        while self.peek().is_some() {
            let mut line = String::new();
            while let Some(character) = self.next() {
                if character == '\n' {
                    break;
                }
                line.push(character);
            }
            let stripped = if pending.strips_tabs {
                line.trim_start_matches('\t')
            } else {
                &line
            };
            if stripped == pending.delimiter {
                break;
            }
            text.push_str(stripped);
            text.push('\n');
        }
        text
    }

    /// A body in which parameters and substitutions are expanded; what cannot be read stands for anything.
    fn expanded_document(&mut self, text: &str) -> RawWord {
        let mut inner = Self {
            characters: text.chars().collect(),
            at: 0,
            depth: self.depth,
            documents: std::mem::take(&mut self.documents),
            pending: Vec::new(),
        };
        let parsed = inner.quoted_until(None);
        self.documents = inner.documents;
        parsed.unwrap_or_else(|_| vec![Part::ExtendedGlob])
    }
}

fn is_descriptor(word: &RawWord) -> bool {
    let is_number = |text: &str| {
        let text = text.strip_suffix('-').unwrap_or(text);
        text.chars().all(|sign| sign.is_ascii_digit())
    };
    match word.as_slice() {
        [Part::Text { text, .. }] => is_number(text),
        _ => false,
    }
}
