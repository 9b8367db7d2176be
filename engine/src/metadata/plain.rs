//! A metadata block that is written in the plainest way, read without a parser of YAML, which takes most of a load.
//!
//! Everything that might mean something else to YAML is left to it: other keys, escapes, colons, words that stand for no text.

use super::{CustomKeys, Keys, Names, Routing};

/// Bytes of a block that is plain.
const MAX_BYTES: usize = 4096;
/// Words that are no texts for some version of YAML.
const NO_TEXTS: [&str; 11] = [
    "true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan",
];

/// The keys of a block; none where YAML must say.
pub(super) fn read(text: &str) -> Option<Keys> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let mut block = Block::default();
    for line in text.lines() {
        block.line(line)?;
    }
    block.is_complete().then_some(block.keys)
}

/// What was read so far, and where.
#[derive(Default)]
struct Block {
    keys: Keys,
    /// How far the keys of each level are indented: those of the block, of `custom` and of `routing`.
    indents: [Option<usize>; 3],
    /// The level that the last key opened, if it has no value of its own.
    opened: Option<usize>,
    level: usize,
    /// The keys that have a value.
    seen: Vec<&'static str>,
}

impl Block {
    fn line(&mut self, line: &str) -> Option<()> {
        let content = line.trim_start_matches(' ');
        let (key, value) = content.split_once(':')?;
        self.indent(line.len() - content.len())?;
        let value = match value {
            "" => None,
            value => Some(value.strip_prefix(' ')?),
        };
        let level = self.level;
        let known = ["scope", "title", "custom", "id", "severity", "routing"];
        let lists = ["required_events", "required_tools", "required_signals"];
        let key = known.into_iter().chain(lists).find(|known| *known == key)?;
        if self.seen.contains(&key) {
            return None;
        }
        self.seen.push(key);
        match (level, key, value) {
            (0, "scope", Some(value)) => self.keys.scope = Some(plain(value)?),
            (0, "title", Some(value)) => self.keys.title = Some(plain(value)?),
            (0, "custom", None) => {
                self.keys.custom = Some(CustomKeys::default());
                self.opened = Some(1);
            }
            (1, "id", Some(value)) => self.custom()?.id = Some(plain(value)?),
            (1, "severity", Some(value)) => self.custom()?.severity = Some(plain(value)?),
            (1, "routing", None) => {
                self.custom()?.routing = Some(Routing::default());
                self.opened = Some(2);
            }
            (2, key, Some(value)) => {
                let names = list(value)?;
                let routing = self.custom()?.routing.as_mut()?;
                match key {
                    "required_events" => routing.required_events = names,
                    "required_tools" => routing.required_tools = names,
                    "required_signals" => routing.required_signals = names,
                    _ => return None,
                }
            }
            _ => return None,
        }
        Some(())
    }

    fn custom(&mut self) -> Option<&mut CustomKeys> {
        self.keys.custom.as_mut()
    }

    /// Finds the level of a line: that of a mapping that was opened just now, or of one that stands open.
    fn indent(&mut self, indent: usize) -> Option<()> {
        if let Some(level) = self.opened.take() {
            let outer = self.indents.get(level.checked_sub(1)?)?.as_ref()?;
            if indent <= *outer {
                return None;
            }
            *self.indents.get_mut(level)? = Some(indent);
            self.level = level;
            return Some(());
        }
        let [first, ..] = &mut self.indents;
        first.get_or_insert(indent);
        let open = self.indents.get(..=self.level)?;
        self.level = open.iter().position(|open| *open == Some(indent))?;
        Some(())
    }

    /// Whether the last mapping that was opened has something in it.
    const fn is_complete(&self) -> bool {
        self.opened.is_none()
    }
}

/// A text without quotes that begins with a letter, and is nothing but a text.
fn plain(value: &str) -> Option<String> {
    let is_plain = value.starts_with(|first: char| first.is_ascii_alphabetic())
        && !value.ends_with(' ')
        && value
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || " _-".contains(character))
        && !NO_TEXTS.contains(&value.to_ascii_lowercase().as_str());
    is_plain.then(|| value.to_owned())
}

/// A list in brackets of such texts, with quotes or without, or of `"*"`.
fn list(value: &str) -> Option<Names> {
    let inner = value.strip_prefix('[')?.strip_suffix(']')?;
    let mut names: Vec<String> = Vec::new();
    for item in inner.split(',') {
        let item = item.trim_matches(' ');
        let name = match item.strip_prefix('"') {
            Some(rest) => match rest.strip_suffix('"')? {
                "*" => "*".to_owned(),
                quoted => plain(quoted)?,
            },
            None => plain(item)?,
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Some(Names(names))
}

#[cfg(test)]
mod tests {
    use super::super::Keys;
    use super::read;
    use crate::document;

    fn both(text: &str) -> (Option<String>, String) {
        let parsed: Result<Option<Keys>, _> = document::from_yaml(text);
        let plain = read(text).map(|keys| format!("{keys:?}"));
        (
            plain,
            format!("{:?}", parsed.map(Option::unwrap_or_default)),
        )
    }

    const USUAL: &str = " scope: package\n title: Policy 7\n custom:\n   id: P-7\n   severity: HIGH\n   routing:\n     required_events: [PreToolUse, Stop]\n     required_tools: [\"Bash\", \"*\"]";

    #[test]
    fn a_usual_block_is_read_as_yaml_reads_it() {
        let (plain, parsed) = both(USUAL);
        assert_eq!(format!("Ok({})", plain.unwrap()), parsed);
    }

    #[test]
    fn whatever_is_read_is_what_yaml_reads() {
        let mut read_at_all = 0;
        let pieces = [
            "",
            " ",
            "  ",
            "#",
            ":",
            "\"",
            "'",
            "[",
            "]",
            ",",
            "-",
            "x",
            "true",
            "\n",
            "\t",
            "&a ",
            "*a",
            "1",
            "~",
            "\\",
            "\n custom:",
            "\n   id: Q",
            "\nid: Q",
            "|",
            ">",
            "{",
            "}",
            "?",
            "!",
            "%",
            "@",
            "\u{e9}",
        ];
        for (at, _) in USUAL.char_indices() {
            for piece in pieces {
                for removed in [0, 1] {
                    let (before, behind) = USUAL.split_at(at);
                    let behind = behind.get(removed..).unwrap_or_default();
                    let text = format!("{before}{piece}{behind}");
                    let (plain, parsed) = both(&text);
                    if let Some(plain) = plain {
                        read_at_all += 1;
                        assert_eq!(format!("Ok({plain})"), parsed, "{text}");
                    }
                }
            }
        }
        assert!(read_at_all > 500, "{read_at_all}");
    }

    #[test]
    fn what_yaml_may_read_otherwise_is_left_to_it() {
        for text in [
            " title: yes",
            " title: 7",
            " title: a: b",
            " title: a # b",
            " title: a\n title: b",
            " custom:\n   routing:\n     required_events: []",
            " custom:\n   routing:\n     required_events: [1]",
            " custom:",
            " other: a",
            " custom:\n   other: a",
            " custom:\n id: a",
            "",
        ] {
            let (plain, _) = both(text);
            assert!(plain.is_none() || text.is_empty(), "{text}");
        }
    }
}
