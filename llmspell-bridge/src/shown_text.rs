//! Text of scripts as far as people are shown it: what is left out is neither copied nor decoded.

use std::fmt;

/// Up to so many bytes the characters that are left out are counted; beyond, only the bytes are.
pub(crate) const COUNTED: usize = 64 << 10;

/// How much of a text is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// So many characters; 0 for a text that is shown whole.
    Characters(usize),
    /// So many bytes, of a text whose characters would take long to count.
    Bytes(usize),
    /// So many units of UTF-16, of a text that JavaScript holds in these and that is as long.
    Units(usize),
}

impl LeftOut {
    /// Nothing is left out.
    pub const NOTHING: Self = Self::Characters(0);
}

impl fmt::Display for LeftOut {
    /// What stands behind the text that is shown: `… 12 more`, or nothing.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Characters(0) => Ok(()),
            Self::Characters(count) => write!(formatter, "… {count} more"),
            Self::Bytes(count) => write!(formatter, "… {count} more bytes"),
            Self::Units(count) => write!(formatter, "… {count} more UTF-16 units"),
        }
    }
}

/// The beginning of a text, and how much follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownText {
    /// What is shown.
    pub text: String,
    /// What is not.
    pub left_out: LeftOut,
}

impl ShownText {
    /// A text cut to `most_characters`; bytes that are not UTF-8 become U+FFFD.
    ///
    /// ```
    /// use llmspell_bridge::ShownText;
    ///
    /// let shown = ShownText::cut("policies".as_bytes(), 6);
    /// assert_eq!(shown.to_string(), "polici… 2 more");
    /// ```
    #[must_use]
    pub fn cut(bytes: &[u8], most_characters: usize) -> Self {
        Self::within(bytes, most_characters, usize::MAX)
    }

    /// A text cut to `most_characters` and to `most_bytes` of UTF-8.
    pub(crate) fn within(bytes: &[u8], most_characters: usize, most_bytes: usize) -> Self {
        let mut text = String::new();
        let (mut characters, mut read) = (0, 0);
        // A character has at most four bytes, so no more than these can be shown, and the one that is
        // cut in two at their end is beyond the last that is.
        let most = most_characters.saturating_mul(4).min(most_bytes);
        let start = bytes.get(..most.saturating_add(3)).unwrap_or(bytes);
        for (c, width) in decoded(start) {
            if characters >= most_characters || text.len() + c.len_utf8() > most_bytes {
                break;
            }
            text.push(c);
            characters += 1;
            read += width;
        }
        let rest = bytes.get(read..).unwrap_or_default();
        let left_out = if bytes.len() <= COUNTED {
            LeftOut::Characters(decoded(rest).count())
        } else {
            LeftOut::Bytes(rest.len())
        };
        Self { text, left_out }
    }

    /// A text that is shown whole.
    #[must_use]
    pub const fn whole(text: String) -> Self {
        Self {
            text,
            left_out: LeftOut::NOTHING,
        }
    }

    /// The same with another text in place of what is shown.
    pub(crate) fn with_text(&self, text: String) -> Self {
        Self {
            text,
            left_out: self.left_out,
        }
    }

    /// No more than `most_characters` of what is shown.
    pub(crate) fn narrowed(self, most_characters: usize) -> Self {
        let Some((at, _)) = self.text.char_indices().nth(most_characters) else {
            return self;
        };
        let (text, rest) = self.text.split_at(at);
        let left_out = match self.left_out {
            LeftOut::Characters(count) => LeftOut::Characters(count + rest.chars().count()),
            LeftOut::Bytes(count) => LeftOut::Bytes(count + rest.len()),
            LeftOut::Units(count) => LeftOut::Units(count + rest.encode_utf16().count()),
        };
        Self {
            text: text.to_owned(),
            left_out,
        }
    }

    /// How long the whole text is, and in which unit.
    pub(crate) fn length(&self) -> (usize, &'static str) {
        match self.left_out {
            LeftOut::Characters(count) => (self.text.chars().count() + count, "chars"),
            LeftOut::Bytes(count) => (self.text.len() + count, "bytes"),
            LeftOut::Units(count) => (self.text.encode_utf16().count() + count, "UTF-16 units"),
        }
    }
}

impl fmt::Display for ShownText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.text, self.left_out)
    }
}

/// The characters of a text, and from how many bytes each was decoded.
fn decoded(bytes: &[u8]) -> impl Iterator<Item = (char, usize)> {
    bytes.utf8_chunks().flat_map(|chunk| {
        let invalid = chunk.invalid().len();
        let replaced = (invalid > 0).then_some((char::REPLACEMENT_CHARACTER, invalid));
        let valid = chunk.valid().chars().map(|c| (c, c.len_utf8()));
        valid.chain(replaced)
    })
}

/// A text of at most `most_bytes`, which ends with `…` if there was more of it.
#[must_use]
pub fn shortened(bytes: &[u8], most_bytes: usize) -> String {
    let mark = '…';
    if bytes.len() <= most_bytes {
        let whole = String::from_utf8_lossy(bytes);
        if whole.len() <= most_bytes {
            return whole.into_owned();
        }
    }
    let room = most_bytes.saturating_sub(mark.len_utf8());
    let start = bytes.get(..room.saturating_add(3)).unwrap_or(bytes);
    let mut text = String::new();
    for (c, _) in decoded(start) {
        if text.len() + c.len_utf8() > room {
            break;
        }
        text.push(c);
    }
    text.push(mark);
    text
}

/// The beginning of a redacted text that may be shown, where the text that was redacted is itself the beginning of a
/// longer one and only its first `most_bytes` are meant to be seen; the rest was looked at for secrets.
///
/// At its end a secret may be cut in two, which is then not known for one. What redacting takes away must not bring
/// that into view.
pub(crate) fn before_half_secrets<'a>(seen: &str, redacted: &'a str, most_bytes: usize) -> &'a str {
    let behind_secrets = seen
        .bytes()
        .rev()
        .zip(redacted.bytes().rev())
        .take_while(|(seen, redacted)| seen == redacted)
        .count();
    let left_out = seen.len().saturating_sub(most_bytes).min(behind_secrets);
    let end = redacted.floor_char_boundary(redacted.len() - left_out);
    redacted.get(..end).unwrap_or_default()
}

/// A string cut to `limit` characters, with the count of those left out.
#[must_use]
pub fn cut_text(text: &str, limit: usize) -> (String, usize) {
    match text.char_indices().nth(limit) {
        None => (text.to_owned(), 0),
        Some((at, _)) => {
            let (shown, rest) = text.split_at(at);
            (shown.to_owned(), rest.chars().count())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(bytes: &[u8], most: usize) -> (String, LeftOut) {
        let shown = ShownText::cut(bytes, most);
        (shown.text, shown.left_out)
    }

    #[test]
    fn a_text_within_the_limit_is_shown_whole() {
        for text in ["", "a", "äöü", "😀😀"] {
            assert_eq!(
                cut(text.as_bytes(), 3),
                (text.to_owned(), LeftOut::NOTHING),
                "{text}"
            );
        }
    }

    #[test]
    fn characters_are_never_cut_in_two() {
        let text = "a😀é€z".repeat(3);
        for most in 0..=15 {
            let expected = cut_text(&text, most);
            let shown = cut(text.as_bytes(), most);
            assert_eq!(
                shown,
                (expected.0, LeftOut::Characters(expected.1)),
                "{most}"
            );
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced_and_counted() {
        assert_eq!(
            cut(b"a\xff\xffb\xe2\x82", 2),
            ("a\u{fffd}".to_owned(), LeftOut::Characters(3))
        );
    }

    #[test]
    fn of_a_long_text_the_bytes_that_are_left_out_are_told() {
        let text = "é".repeat(COUNTED);
        let shown = ShownText::cut(text.as_bytes(), 1);
        assert_eq!(
            shown.to_string(),
            format!("é… {} more bytes", 2 * COUNTED - 2)
        );
        assert_eq!(shown.length(), (2 * COUNTED, "bytes"));
    }

    #[test]
    fn a_shortened_text_keeps_its_limit_and_says_that_it_was_cut() {
        assert_eq!(shortened(b"abc", 3), "abc");
        assert_eq!(shortened(b"abcdef", 5), "ab…");
        assert_eq!(shortened("äöü".as_bytes(), 5), "ä…");
        assert_eq!(shortened(b"\xff\xff", 5), "…");
        assert_eq!(shortened(b"ab", 1), "…");
    }
}
