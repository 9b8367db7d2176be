//! Colours for what is typed: words, texts, numbers and comments of both languages.

use anstyle::{AnsiColor, Style};
use llmspell_bridge::Language;

/// Longer inputs are shown as they are: each key press would have to walk through all of it.
const LONGEST: usize = 20_000;

const LUA_WORDS: &str = "and break continue do else elseif end false for function if in local nil not or repeat \
    return then true until while export type";

const JAVASCRIPT_WORDS: &str = "async await break case catch class const continue debugger default delete do else \
    export extends false finally for function if import in instanceof let new null of return static super switch \
    this throw true try typeof undefined var void while with yield";

/// What a piece of source text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Plain,
    Word,
    Host,
    Text,
    Number,
    Comment,
}

impl Piece {
    fn style(self) -> Style {
        let colour = |colour: AnsiColor| colour.on_default();
        match self {
            Self::Plain => Style::new(),
            Self::Word => colour(AnsiColor::Magenta),
            Self::Host => colour(AnsiColor::Blue).bold(),
            Self::Text => colour(AnsiColor::Green),
            Self::Number => colour(AnsiColor::Cyan),
            Self::Comment => colour(AnsiColor::BrightBlack),
        }
    }
}

/// The source with colours.
pub(super) fn highlighted(source: &str, language: Language) -> String {
    if source.len() > LONGEST {
        return source.to_owned();
    }
    let mut text = String::with_capacity(source.len() * 2);
    let mut rest = source;
    while !rest.is_empty() {
        let (piece, length) = next_piece(rest, language);
        let (shown, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        match piece {
            Piece::Plain => text.push_str(shown),
            _ => {
                let style = piece.style();
                text.push_str(&format!("{style}{shown}{style:#}"));
            }
        }
        rest = after;
    }
    text
}

/// What the source begins with, and how many bytes that has: at least one character.
fn next_piece(source: &str, language: Language) -> (Piece, usize) {
    let comment = comment(source, language);
    if comment > 0 {
        return (Piece::Comment, comment);
    }
    let text = quoted(source, language);
    if text > 0 {
        return (Piece::Text, text);
    }
    let Some(first) = source.chars().next() else {
        return (Piece::Plain, 0);
    };
    let word = source
        .find(|c: char| !(c == '_' || c == '$' || c.is_alphanumeric()))
        .unwrap_or(source.len());
    if word == 0 {
        return (Piece::Plain, first.len_utf8());
    }
    if first.is_ascii_digit() {
        return (Piece::Number, number(source));
    }
    let words = match language {
        Language::Lua => LUA_WORDS,
        Language::JavaScript => JAVASCRIPT_WORDS,
    };
    let name = source.get(..word).unwrap_or_default();
    if words.split_whitespace().any(|known| known == name) {
        (Piece::Word, word)
    } else if matches!(name, "Debug" | "Cupcake" | "print" | "console") {
        (Piece::Host, word)
    } else {
        (Piece::Plain, word)
    }
}

fn number(source: &str) -> usize {
    let end = source.find(|c: char| !(c == '.' || c == '_' || c.is_ascii_alphanumeric()));
    end.unwrap_or(source.len())
}

/// How many bytes of comment the source begins with.
fn comment(source: &str, language: Language) -> usize {
    let to_line_end = || source.find('\n').unwrap_or(source.len());
    match language {
        Language::Lua => match source.strip_prefix("--") {
            Some(rest) => match long_bracket(rest) {
                0 => to_line_end(),
                length => 2 + length,
            },
            None => 0,
        },
        Language::JavaScript if source.starts_with("//") => to_line_end(),
        Language::JavaScript if source.starts_with("/*") => {
            source.find("*/").map_or(source.len(), |at| at + 2)
        }
        Language::JavaScript => 0,
    }
}

/// How many bytes of text in quotes or long brackets the source begins with.
fn quoted(source: &str, language: Language) -> usize {
    let Some(quote) = source.chars().next() else {
        return 0;
    };
    match (quote, language) {
        ('[', Language::Lua) => long_bracket(source),
        ('"' | '\'' | '`', _) => {
            let ends_at_line = quote != '`' || language == Language::Lua;
            let mut is_escaped = false;
            for (at, c) in source.char_indices().skip(1) {
                match c {
                    _ if is_escaped => is_escaped = false,
                    '\\' => is_escaped = true,
                    '\n' if ends_at_line => return at,
                    c if c == quote => return at + c.len_utf8(),
                    _ => {}
                }
            }
            source.len()
        }
        _ => 0,
    }
}

/// How many bytes from `[[` or `[=[` to its end the source begins with.
fn long_bracket(source: &str) -> usize {
    let Some(rest) = source.strip_prefix('[') else {
        return 0;
    };
    let level = rest.len() - rest.trim_start_matches('=').len();
    let open = rest.trim_start_matches('=');
    if !open.starts_with('[') {
        return 0;
    }
    let close = format!("]{}]", "=".repeat(level));
    source
        .find(&close)
        .map_or(source.len(), |at| at + close.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(source: &str, language: Language) -> Vec<(Piece, String)> {
        let mut pieces = Vec::new();
        let mut rest = source;
        while !rest.is_empty() {
            let (piece, length) = next_piece(rest, language);
            let (shown, after) = rest.split_at(length);
            if piece != Piece::Plain {
                pieces.push((piece, shown.to_owned()));
            }
            rest = after;
        }
        pieces
    }

    #[test]
    fn both_languages_are_told_apart() {
        let lua = pieces("local x = [[a]] .. 'b' -- note", Language::Lua);
        let expected = [
            (Piece::Word, "local"),
            (Piece::Text, "[[a]]"),
            (Piece::Text, "'b'"),
            (Piece::Comment, "-- note"),
        ];
        assert_eq!(lua, expected.map(|(piece, text)| (piece, text.to_owned())));
        let javascript = pieces(
            "const x = `a\nb` + 0x1f; Debug // note",
            Language::JavaScript,
        );
        let expected = [
            (Piece::Word, "const"),
            (Piece::Text, "`a\nb`"),
            (Piece::Number, "0x1f"),
            (Piece::Host, "Debug"),
            (Piece::Comment, "// note"),
        ];
        assert_eq!(
            javascript,
            expected.map(|(piece, text)| (piece, text.to_owned()))
        );
    }

    #[test]
    fn whatever_is_typed_stays_as_it_is_beneath_the_colours() {
        let sources = [
            "",
            "\"",
            "'a\\",
            "--[[",
            "--[==[ x ]] ]==] y",
            "[=",
            "/*",
            "`${",
            "größe = 'ß' -- ü",
            "1..2",
            "a\n\"b\nc",
        ];
        for source in sources {
            for language in Language::ALL {
                let coloured = highlighted(source, language);
                let mut plain = String::new();
                let mut is_colour = false;
                for c in coloured.chars() {
                    match c {
                        '\u{1b}' => is_colour = true,
                        'm' if is_colour => is_colour = false,
                        _ if is_colour => {}
                        c => plain.push(c),
                    }
                }
                assert_eq!(plain, source);
            }
        }
    }
}
