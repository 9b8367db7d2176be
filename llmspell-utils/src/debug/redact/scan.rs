//! Finds the secrets of a text: from each anchor that the text holds, one of the rules looks around.

use super::alphabet::Alphabet;
use super::anchors::Rule;
use super::value::{decodes_to_credentials, is_placeholder, looks_random};
use super::{assignment, token::Token};

/// A part of a text, and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: &'static str,
}

/// A text while it is looked at.
///
/// Nothing is looked at more often than a constant number of times: a run of bytes is remembered, what was found is
/// passed over, and whatever else looks ahead is bounded.
#[derive(Debug)]
pub(super) struct Scan<'text> {
    pub(super) text: &'text str,
    /// The normal names that a user calls secret.
    pub(super) own: &'text [Box<str>],
    runs: [(usize, usize); Alphabet::COUNT],
    spans: Vec<Span>,
    looks: usize,
    /// Where the last span that was found ends.
    covered: usize,
    /// No end of a private key stands behind this place.
    no_end_behind: usize,
}

impl<'text> Scan<'text> {
    pub(super) const fn new(text: &'text str, own: &'text [Box<str>]) -> Self {
        Self {
            text,
            own,
            runs: [(0, 0); Alphabet::COUNT],
            spans: Vec::new(),
            looks: 0,
            covered: 0,
            no_end_behind: usize::MAX,
        }
    }

    /// Looks around an anchor; anchors come in the order of their ends.
    pub(super) fn look(&mut self, rule: Rule, start: usize, end: usize) {
        // What begins inside a secret and reaches beyond it is looked at; what lies inside is not.
        if end < self.covered {
            return;
        }
        self.looks += 1;
        let found = match rule {
            Rule::Token(token) => self.token(token, start, end),
            Rule::Name => assignment::find(self, start, end),
            Rule::Url => self.url(end),
            Rule::PrivateKey => self.private_key(start, end),
            Rule::WebToken => self.web_token(start),
            Rule::Bearer => self.bearer(end),
            Rule::Basic => self.basic(end),
            Rule::Account => self.account(start, end),
            Rule::Signature => self.signature(start, end),
            Rule::Azure => self.azure(start, end),
            Rule::Telegram => self.telegram(start, end),
            Rule::Mailchimp => self.mailchimp(start, end),
        };
        if let Some(span) = found {
            self.covered = self.covered.max(span.end);
            self.spans.push(span);
        }
    }

    /// How many anchors were looked around.
    pub(super) const fn looks(&self) -> usize {
        self.looks
    }

    pub(super) fn finish(self) -> Vec<Span> {
        self.spans
    }

    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// The bytes of a part of the text; an end beyond the text is its end.
    pub(super) fn bytes(&self, start: usize, end: usize) -> &'text [u8] {
        let end = end.min(self.text.len());
        self.text.as_bytes().get(start..end).unwrap_or_default()
    }

    /// A part of the text; empty if it would split a character.
    pub(super) fn part(&self, start: usize, end: usize) -> &'text str {
        self.text.get(start..end).unwrap_or_default()
    }

    pub(super) fn starts_with(&self, at: usize, beginning: &str) -> bool {
        self.bytes(at, at.saturating_add(beginning.len())) == beginning.as_bytes()
    }

    /// Where the bytes of an alphabet end that begin here.
    pub(super) fn run_end(&mut self, alphabet: Alphabet, at: usize) -> usize {
        let text = self.text.as_bytes();
        let Some(known) = self.runs.get_mut(alphabet as usize) else {
            return at;
        };
        if !(known.0..known.1).contains(&at) {
            let rest = text.get(at..).unwrap_or_default();
            let length = rest.iter().take_while(|byte| alphabet.has(**byte)).count();
            *known = (at, at + length);
        }
        known.1
    }

    /// Where the bytes of an alphabet begin that end here, at most so many.
    pub(super) fn run_start(&self, alphabet: Alphabet, end: usize, most: usize) -> usize {
        let before = self.bytes(end.saturating_sub(most), end);
        let length = before
            .iter()
            .rev()
            .take_while(|byte| alphabet.has(**byte))
            .count();
        end - length
    }

    /// Whether a word may begin here: behind no letter, or behind one that belongs to an escape.
    fn begins_word(&self, at: usize) -> bool {
        let before = self.bytes(at.saturating_sub(6), at);
        match before {
            [] => true,
            [.., last] if !Alphabet::Word.has(*last) => true,
            [.., b'\\', b'n' | b'r' | b't'] => true,
            [.., b'%', high, low] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
            [b'\\', b'u', code @ ..] => code.iter().all(u8::is_ascii_hexdigit),
            // The end of what colours a terminal.
            [.., b'm'] => before.contains(&0x1b),
            _ => false,
        }
    }

    fn token(&mut self, token: &'static Token, start: usize, end: usize) -> Option<Span> {
        // Anchors are found in any case.
        if !self.starts_with(start, token.prefix) || (token.weak && !self.begins_word(start)) {
            return None;
        }
        let run = self.run_end(token.alphabet, end);
        if !(token.least..=token.most).contains(&(run - end)) {
            return None;
        }
        if token.weak && !looks_random(self.bytes(end, run)) {
            return None;
        }
        let start = if token.prefix.starts_with('.') {
            self.run_start(Alphabet::Alnum, start, 64)
        } else {
            start
        };
        Some(Span {
            start,
            end: run,
            kind: token.kind,
        })
    }

    /// `scheme://user:password@host`
    fn url(&self, start: usize) -> Option<Span> {
        let rest = self.bytes(start, self.text.len());
        let ends = |byte: &u8| {
            matches!(
                byte,
                b'/' | b'?' | b'#' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\'
            ) || byte.is_ascii_whitespace()
        };
        let authority = rest.get(..rest.iter().position(ends).unwrap_or(rest.len()))?;
        let (user, most) = match authority.iter().rposition(|byte| *byte == b'@') {
            Some(at) => (authority.get(..at)?, at),
            None => self.slashed_password(authority, rest)?,
        };
        if user.starts_with(b"[redacted") {
            return None;
        }
        let secret = match user.iter().position(|byte| *byte == b':') {
            Some(colon) => start + colon + 1,
            None if user.len() >= 16 && looks_random(user) => start,
            None => return None,
        };
        let end = start + most;
        let value = self.part(secret, end);
        (!value.is_empty() && !is_placeholder(value)).then_some(Span {
            start: secret,
            end,
            kind: "password",
        })
    }

    /// A password with a slash in it that should have been escaped.
    fn slashed_password<'a>(
        &self,
        authority: &'a [u8],
        rest: &'a [u8],
    ) -> Option<(&'a [u8], usize)> {
        let colon = authority.iter().position(|byte| *byte == b':')?;
        // `<password>` stands for one.
        let after = *rest.get(colon + 1).filter(|after| **after != b'<')?;
        if colon + 1 == authority.len() && after == b'/' {
            return None;
        }
        if after.is_ascii_digit() || authority.starts_with(b"[") {
            return None;
        }
        let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'<');
        let near = rest.iter().take(256);
        let length = near.clone().position(ends).unwrap_or(near.len());
        let at = rest.get(..length)?.iter().rposition(|byte| *byte == b'@')?;
        Some((rest.get(..at)?, at))
    }

    /// From `-----BEGIN … PRIVATE KEY-----` to its end, or to the end of the text if that was cut off.
    fn private_key(&mut self, start: usize, end: usize) -> Option<Span> {
        let before = start.saturating_sub(48);
        let begin = self
            .bytes(before, start)
            .windows(10)
            .rposition(|window| window == b"-----BEGIN")?
            + before;
        let end = if self.starts_with(end, " BLOCK") {
            end + 6
        } else {
            end
        };
        if !self.starts_with(end, "-----") {
            return None;
        }
        let body = end + 5;
        let last = self.private_key_end(body)?;
        Some(Span {
            start: begin,
            end: last,
            kind: "private_key",
        })
    }

    fn private_key_end(&mut self, body: usize) -> Option<usize> {
        const END: &str = "-----END";
        if body < self.no_end_behind {
            let rest = self.text.get(body..).unwrap_or_default();
            if let Some(at) = rest.find(END) {
                let label = body + at + END.len();
                let near = self.bytes(label, label.saturating_add(48));
                let dashes = near.windows(5).position(|window| window == b"-----");
                return Some(dashes.map_or(label, |dashes| label + dashes + 5));
            }
            self.no_end_behind = body;
        }
        // Line breaks, escaped or not, and quotes.
        let skipped = |byte: &u8| byte.is_ascii_whitespace() || b"\\rn\"'+,".contains(byte);
        let near = self.bytes(body, body.saturating_add(32));
        let at = body + near.iter().take_while(|byte| skipped(byte)).count();
        (self.run_end(Alphabet::Base64, at) >= at + 16).then_some(self.text.len())
    }

    /// A JSON web token: a header that begins with `{"`, and at least one more part.
    fn web_token(&mut self, start: usize) -> Option<Span> {
        if !self.starts_with(start, "eyJ") || !self.begins_word(start) {
            return None;
        }
        let header = self.run_end(Alphabet::Dashed, start);
        let end = self.run_end(Alphabet::Dotted, start);
        let known = header - start >= 10 && self.byte(header) == Some(b'.') && end - header >= 8;
        known.then_some(Span {
            start,
            end,
            kind: "jwt",
        })
    }

    fn behind_blanks(&self, at: usize) -> Option<usize> {
        let blanks = self.bytes(at, at.saturating_add(8));
        let count = blanks
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        (count > 0).then_some(at + count)
    }

    /// `Bearer TOKEN`
    fn bearer(&mut self, end: usize) -> Option<Span> {
        let start = self.behind_blanks(end)?;
        let end = self.run_end(Alphabet::Bearer, start);
        let value = self.bytes(start, end);
        (value.len() >= 8 && looks_random(value)).then_some(Span {
            start,
            end,
            kind: "token",
        })
    }

    /// `Basic BASE64`, where a user and a password are what was encoded.
    fn basic(&mut self, end: usize) -> Option<Span> {
        let start = self.behind_blanks(end)?;
        let end = self.run_end(Alphabet::Base64, start);
        decodes_to_credentials(self.bytes(start, end)).then_some(Span {
            start,
            end,
            kind: "password",
        })
    }

    /// `curl -u USER:PASSWORD`, `sshpass -p PASSWORD`
    fn account(&self, start: usize, end: usize) -> Option<Span> {
        let before = self.part(
            self.text.floor_char_boundary(start.saturating_sub(256)),
            start,
        );
        let rest = self.bytes(end, self.text.len());
        let (rest, end) = match rest.first() {
            Some(b'"' | b'\'') => (rest.get(1..)?, end + 1),
            _ => (rest, end),
        };
        let stops = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'\\');
        let value = rest.get(..rest.iter().position(stops).unwrap_or(rest.len()))?;
        let user = if before.ends_with("sshpass") {
            0
        } else if self.starts_with(start, " -p ") {
            return None;
        } else if before.contains("curl") || before.contains("wget") || before.contains("http") {
            value.iter().position(|byte| *byte == b':')? + 1
        } else {
            return None;
        };
        let (start, end) = (end + user, end + value.len());
        let password = self.part(start, end);
        (!password.is_empty() && !is_placeholder(password)).then_some(Span {
            start,
            end,
            kind: "password",
        })
    }

    /// The signature of a signed address of Azure: who has it has what it is for.
    fn signature(&mut self, start: usize, end: usize) -> Option<Span> {
        let before = self.byte(start.checked_sub(1)?)?;
        if !matches!(before, b'?' | b'&' | b';') {
            return None;
        }
        let rest = self.bytes(end, end.saturating_add(512));
        let length = rest
            .iter()
            .take_while(|byte| Alphabet::Base64.has(**byte) || **byte == b'%')
            .count();
        (length >= 16).then_some(Span {
            start: end,
            end: end + length,
            kind: "signature",
        })
    }

    /// A client secret of Azure: three characters, a digit, `Q~` and 31 to 34 more.
    fn azure(&mut self, start: usize, end: usize) -> Option<Span> {
        let begin = start.checked_sub(4)?;
        let digit = self.byte(start.checked_sub(1)?)?;
        let head = self.bytes(begin, start);
        let run = self.run_end(Alphabet::Bearer, end);
        let known = self.starts_with(start, "Q~")
            && digit.is_ascii_digit()
            && head.iter().all(|byte| Alphabet::Bearer.has(*byte))
            && (31..=36).contains(&(run - end));
        known.then_some(Span {
            start: begin,
            end: run,
            kind: "azure",
        })
    }

    /// A bot's token: digits, `:AA` and 33 more.
    fn telegram(&mut self, start: usize, end: usize) -> Option<Span> {
        let begin = self.run_start(Alphabet::Alnum, start, 12);
        let digits = self.bytes(begin, start);
        let run = self.run_end(Alphabet::Dashed, end);
        let known = self.starts_with(start, ":AA")
            && (8..=11).contains(&digits.len())
            && digits.iter().all(u8::is_ascii_digit)
            && (30..=36).contains(&(run - end));
        known.then_some(Span {
            start: begin,
            end: run,
            kind: "telegram",
        })
    }

    /// 32 hexadecimal digits, `-us` and the number of a data centre.
    fn mailchimp(&mut self, start: usize, end: usize) -> Option<Span> {
        let begin = self.run_start(Alphabet::Hex, start, 33);
        let run = self.run_end(Alphabet::Alnum, end);
        let centre = self.bytes(end, run);
        let known = start - begin == 32
            && (1..=2).contains(&centre.len())
            && centre.iter().all(u8::is_ascii_digit);
        known.then_some(Span {
            start: begin,
            end: run,
            kind: "mailchimp",
        })
    }
}
