//! Text that comes from others, made safe for one line: control characters, line breaks and bidirectional overrides are escaped.

use std::fmt::Write as _;

/// How many characters of somebody's input an error repeats.
const QUOTED_CHARACTERS: usize = 60;

/// Whether a character could end the line, drive a terminal or reorder what is read.
pub(crate) const fn is_unsafe(character: char) -> bool {
    matches!(character,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}'
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Appends `text` with every unsafe character escaped as Rust and JavaScript write it.
pub(crate) fn push_escaped(output: &mut String, text: &str) {
    // Nearly every message is plain ASCII, for which a look at the bytes is enough.
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        output.push_str(text);
        return;
    }
    for character in text.chars() {
        push_character(output, character);
    }
}

/// The text with every character escaped that could end the line, drive a terminal or reorder what is read.
///
/// ```
/// assert_eq!(llmspell_utils::debug::escaped("a\nb\u{1b}[31m"), "a\\nb\\u{1b}[31m");
/// ```
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    push_escaped(&mut output, text);
    output
}

/// As [`escaped`], and besides every character that `also` names.
#[must_use]
pub fn escaped_where(text: &str, also: impl Fn(char) -> bool) -> String {
    let mut output = String::with_capacity(text.len());
    for character in text.chars() {
        if also(character) {
            push_code(&mut output, character);
        } else {
            push_character(&mut output, character);
        }
    }
    output
}

fn push_code(output: &mut String, character: char) {
    // Writing to a string does not fail.
    let _ = write!(output, "\\u{{{:x}}}", u32::from(character));
}

fn push_character(output: &mut String, character: char) {
    match character {
        '\n' => output.push_str("\\n"),
        '\r' => output.push_str("\\r"),
        '\t' => output.push_str("\\t"),
        character if is_unsafe(character) => push_code(output, character),
        character => output.push(character),
    }
}

/// A JSON document in which everything is escaped too that JSON itself lets through and that could drive a terminal or
/// reorder what is read.
///
/// ```
/// let document = "[\"a\u{202e}b\"]".to_owned();
/// assert_eq!(llmspell_utils::debug::safe_json(document), r#"["a\u202eb"]"#);
/// ```
#[must_use]
pub fn safe_json(document: String) -> String {
    // What is below stands between texts, or is escaped in them already.
    let is_passed = |character: char| is_unsafe(character) && character >= '\u{7f}';
    if !document.contains(is_passed) {
        return document;
    }
    let mut output = String::with_capacity(document.len() + 64);
    for character in document.chars() {
        if is_passed(character) {
            // Writing to a string does not fail; such a character has four digits at most.
            let _ = write!(output, "\\u{:04x}", u32::from(character));
        } else {
            output.push(character);
        }
    }
    output
}

/// Somebody's input in backticks: escaped, and cut when it is long.
pub(crate) fn quoted(text: &str) -> String {
    let mut output = String::from("`");
    let mut characters = text.chars();
    for character in characters.by_ref().take(QUOTED_CHARACTERS) {
        push_character(&mut output, character);
    }
    if characters.next().is_some() {
        output.push('…');
    }
    output.push('`');
    output
}

/// The beginning of `text` that fits into so many bytes, cut between characters.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_and_foreign_letters_stay_as_they_are() {
        assert_eq!(escaped("a \\ \"b\" 日本 é 🧁"), "a \\ \"b\" 日本 é 🧁");
    }

    #[test]
    fn control_characters_ansi_and_bidi_overrides_are_escaped() {
        assert_eq!(escaped("a\nb\r\t\u{1b}[31m"), "a\\nb\\r\\t\\u{1b}[31m");
        assert_eq!(
            escaped("\u{9b}31m \u{202e}x \u{2066}y \u{2028}z \u{7f}"),
            "\\u{9b}31m \\u{202e}x \\u{2066}y \\u{2028}z \\u{7f}"
        );
    }

    #[test]
    fn a_long_input_is_cut_when_it_is_repeated() {
        let text = quoted(&"é".repeat(1_000));
        assert_eq!(text, format!("`{}…`", "é".repeat(60)));
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("aéb", 2), "a");
        assert_eq!(cut("aéb", 3), "aé");
        assert_eq!(cut("ab", 9), "ab");
    }
}
