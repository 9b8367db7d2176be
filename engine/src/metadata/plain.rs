//! A metadata block that is written in the plainest way, read without a parser of YAML, which takes most of a load, and
//! without a copy of anything.
//!
//! Everything that might mean something else to YAML is left to it: other keys, escapes, colons, words that stand for no text.

use super::{CustomKeys, Keys, Names, Routing};

/// Bytes of a block that is plain.
const MAX_BYTES: usize = 4096;
/// Words that are no texts for some version of YAML.
const NO_TEXTS: [&str; 11] = [
    "true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan",
];
const LONGEST_NO_TEXT: usize = 5;
/// The keys of a block, those of `custom` and those of `routing`.
const KEYS: [&[&str]; 3] = [
    &["scope", "title", "custom"],
    &["id", "severity", "routing"],
    &["required_events", "required_tools", "required_signals"],
];

/// What a block says; none where YAML must say.
pub(super) fn read<'text>(lines: impl Iterator<Item = &'text str>) -> Option<Block<'text>> {
    let mut block = Block::default();
    let mut bytes = 0;
    for line in lines {
        bytes += line.len() + 1;
        if bytes > MAX_BYTES {
            return None;
        }
        if !line.is_empty() {
            block.line(line)?;
        }
    }
    block.is_complete().then_some(block)
}

/// What was read so far, and where.
#[derive(Debug, Default)]
pub(super) struct Block<'text> {
    /// The values of the keys of each level, empty for those that open a level; lists without their brackets.
    values: [[Option<&'text str>; 3]; 3],
    /// How far the keys of each level are indented.
    indents: [Option<usize>; 3],
    /// The level that the last key opened, if it has no value of its own.
    opened: Option<usize>,
    level: usize,
}

impl<'text> Block<'text> {
    fn line(&mut self, line: &'text str) -> Option<()> {
        let indent = line.bytes().position(|byte| byte != b' ')?;
        let content = line.get(indent..)?;
        let end = content.bytes().position(|byte| byte == b':')?;
        let (key, value) = (content.get(..end)?, content.get(end + 1..)?);
        self.indent(indent)?;
        let level = self.level;
        let at = KEYS.get(level)?.iter().position(|known| *known == key)?;
        let opens = level < 2 && at == 2;
        let value = match value.strip_prefix(' ') {
            None if opens && value.is_empty() => "",
            Some(value) if level == 2 => list(value)?,
            Some(value) if !opens => plain(value)?,
            _ => return None,
        };
        let slot = self.values.get_mut(level)?.get_mut(at)?;
        if slot.replace(value).is_some() {
            return None;
        }
        self.opened = opens.then_some(level + 1);
        Some(())
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

    /// What the block is about.
    pub(super) const fn scope(&self) -> Option<&'text str> {
        let [[scope, ..], ..] = self.values;
        scope
    }

    /// The lists of events, tools and signals; none where there is no routing.
    pub(super) fn routing(&self) -> Option<[List<'text>; 3]> {
        let [_, [_, _, routing], lists] = self.values;
        routing.map(|_| lists.map(List))
    }
}

impl From<Block<'_>> for Keys {
    fn from(block: Block<'_>) -> Self {
        let [[scope, title, custom], [id, severity, _], _] = block.values;
        let routing = block.routing().map(|lists| {
            let [events, tools, signals] = lists.map(Names::from);
            Routing {
                required_events: events,
                required_tools: tools,
                required_signals: signals,
            }
        });
        Self {
            scope: scope.map(str::to_owned),
            title: title.map(str::to_owned),
            custom: custom.map(|_| CustomKeys {
                id: id.map(str::to_owned),
                severity: severity.map(str::to_owned),
                routing,
            }),
        }
    }
}

/// What stands between the brackets of a list, or none where there is no list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct List<'text>(Option<&'text str>);

impl<'text> List<'text> {
    /// The names, in their order; one may stand there twice.
    pub(crate) fn names(self) -> impl Iterator<Item = &'text str> + Clone {
        let items = self.0.into_iter().flat_map(|inner| inner.split(','));
        items.map(|item| item.trim_matches(' ').trim_matches('"'))
    }
}

impl From<List<'_>> for Names {
    fn from(list: List<'_>) -> Self {
        let mut names: Vec<String> = Vec::new();
        for name in list.names() {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        Self(names)
    }
}

/// A text without quotes that begins with a letter, and is nothing but a text.
fn plain(value: &str) -> Option<&str> {
    let bytes = value.as_bytes();
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'_' | b'-');
    let is_plain = bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes.last() != Some(&b' ')
        && bytes.iter().all(is_letter)
        && !is_no_text(value);
    is_plain.then_some(value)
}

fn is_no_text(value: &str) -> bool {
    value.len() <= LONGEST_NO_TEXT && NO_TEXTS.iter().any(|word| word.eq_ignore_ascii_case(value))
}

/// What stands between the brackets of a list of such texts, with quotes or without, or of `"*"`.
fn list(value: &str) -> Option<&str> {
    let inner = value.strip_prefix('[')?.strip_suffix(']')?;
    for item in inner.split(',') {
        let item = item.trim_matches(' ');
        match item.strip_prefix('"') {
            Some(rest) => match rest.strip_suffix('"')? {
                "*" => "*",
                quoted => plain(quoted)?,
            },
            None => plain(item)?,
        };
    }
    Some(inner)
}

#[cfg(test)]
mod tests {
    use super::super::Keys;
    use super::read;
    use crate::document;

    fn both(text: &str) -> (Option<String>, String) {
        let parsed: Result<Option<Keys>, _> = document::from_yaml(text);
        let plain = read(text.lines()).map(|block| format!("{:?}", Keys::from(block)));
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
