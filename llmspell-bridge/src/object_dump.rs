//! Script values as text for people: nested, with limits, types and addresses where asked for.
//!
//! A language walks its own values into a [`DumpNode`] within the limits of [`DumpOptions`]; how the
//! tree looks is decided here, once.

use std::fmt::Write as _;

use llmspell_utils::debug::{Redactor, escaped_where};

use crate::sandbox::StopFlag;
use crate::shown_text::{LeftOut, ShownText, before_half_secrets};

/// How much of a value is shown, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DumpOptions {
    /// How many levels of nesting are opened.
    pub max_depth: usize,
    /// How many blanks a level is indented by.
    pub indent_size: usize,
    /// How many characters of a string are shown.
    pub max_string_length: usize,
    /// How many elements of a list are shown.
    pub max_array_elements: usize,
    /// How many entries of a map are shown.
    pub max_table_pairs: usize,
    /// Whether each value is followed by its type.
    pub show_types: bool,
    /// Whether structures and functions show where they are in memory.
    pub show_addresses: bool,
    /// Whether all is written on one line.
    pub compact_mode: bool,
}

impl Default for DumpOptions {
    fn default() -> Self {
        Self {
            max_depth: 10,
            indent_size: 2,
            max_string_length: 200,
            max_array_elements: 50,
            max_table_pairs: 50,
            show_types: true,
            show_addresses: false,
            compact_mode: false,
        }
    }
}

impl DumpOptions {
    /// One line, shallow and without types.
    #[must_use]
    pub fn compact() -> Self {
        Self {
            max_depth: 3,
            max_string_length: 50,
            max_array_elements: 10,
            max_table_pairs: 10,
            show_types: false,
            compact_mode: true,
            ..Self::default()
        }
    }

    /// Deep, long, with types and addresses.
    #[must_use]
    pub fn verbose() -> Self {
        Self {
            max_depth: 20,
            indent_size: 4,
            max_string_length: 1000,
            max_array_elements: 200,
            max_table_pairs: 200,
            show_addresses: true,
            ..Self::default()
        }
    }

    /// The same options, with no count beyond what a dump shows in all.
    #[must_use]
    pub fn clamped(self) -> Self {
        Self {
            max_depth: self.max_depth.min(DEEPEST),
            indent_size: self.indent_size.min(WIDEST_INDENT),
            max_string_length: self.max_string_length.min(MAX_DUMP_BYTES),
            max_array_elements: self.max_array_elements.min(MAX_DUMP_NODES),
            max_table_pairs: self.max_table_pairs.min(MAX_DUMP_NODES),
            ..self
        }
    }
}

/// How many values one dump shows in all, whatever its options: text that nobody can read helps nobody.
pub const MAX_DUMP_NODES: usize = 20_000;

/// How many bytes all strings and keys of one dump have together, and how long its text gets.
pub const MAX_DUMP_BYTES: usize = 1 << 20;

/// More levels than this are not opened, whatever the options say, since each takes native stack.
const DEEPEST: usize = 100;

const WIDEST_INDENT: usize = 16;

/// How many characters of a text are looked at for secrets beyond those that are shown.
pub(crate) const BEYOND: usize = 512;

/// A value that was walked for a dump.
#[derive(Debug, Clone, PartialEq)]
pub struct DumpNode {
    /// The type as the language calls it: `table`, `string`, `Array`, `number` …
    pub type_name: String,
    /// Where the value is in memory, for values that have an identity.
    pub address: Option<usize>,
    /// What the value looks like.
    pub shape: DumpShape,
}

/// What a dumped value looks like.
#[derive(Debug, Clone, PartialEq)]
pub enum DumpShape {
    /// A value that is one word: `nil`, `true`, `1.5`, `function`.
    Atom(String),
    /// A string, cut to about the limit; the dump cuts it to exactly that.
    Text(ShownText),
    /// A list: its elements, and how many there are in all.
    List(Vec<DumpNode>, usize),
    /// A map: its entries in the order of their keys, and how many there are in all.
    Map(Vec<(ShownText, DumpNode)>, usize),
    /// A structure that contains itself; the number says how many levels above.
    Cycle(usize),
    /// A structure below the depth limit, or beyond what a dump shows in all.
    Deeper,
}

impl DumpNode {
    /// Whether this may stand under the name of a secret and is none.
    fn says_nothing(&self) -> bool {
        match &self.shape {
            DumpShape::Atom(word) => SAYS_NOTHING.contains(&word.as_str()),
            _ => false,
        }
    }

    /// Stands for a value that there was no budget left to look at.
    pub(crate) fn unseen() -> Self {
        Self {
            type_name: String::new(),
            address: None,
            shape: DumpShape::Deeper,
        }
    }
}

/// What is left of one walk for dumps: all values of one stack trace share it.
///
/// When the script is told to stop, no structure is looked into any more, so that no walk outlives a
/// deadline.
#[derive(Debug)]
pub(crate) struct DumpBudget<'a> {
    values: usize,
    bytes: usize,
    /// The structures that are being walked, outermost first.
    open: Vec<usize>,
    stop: &'a StopFlag,
}

impl<'a> DumpBudget<'a> {
    pub(crate) fn new(stop: &'a StopFlag) -> Self {
        Self {
            values: MAX_DUMP_NODES,
            bytes: MAX_DUMP_BYTES,
            open: Vec::new(),
            stop,
        }
    }

    /// Whether no structure is looked into any more.
    pub(crate) fn is_spent(&self) -> bool {
        self.is_used_up() || self.is_stopped()
    }

    /// Whether no value is shown any more.
    pub(crate) fn is_used_up(&self) -> bool {
        self.values == 0 || self.bytes == 0
    }

    /// Whether the script was told to stop.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.is_set()
    }

    /// How many bytes of text may still be shown.
    pub(crate) fn bytes_left(&self) -> usize {
        self.bytes
    }

    /// Spends a value; false if there is none left, and then the value is [unseen](DumpNode::unseen).
    ///
    /// A stop does not hinder it: the variables of a script that ran too long are what its writer wants
    /// to see, and values that are no structures take no time.
    pub(crate) fn spend_value(&mut self) -> bool {
        let can = !self.is_used_up();
        if can {
            self.values -= 1;
        }
        can
    }

    /// As much of a string or a key as may be shown, and a little more: a secret that is cut in two is not known for
    /// one. The dump cuts it to the limit.
    pub(crate) fn text(&mut self, bytes: &[u8], most_characters: usize) -> ShownText {
        let shown = ShownText::within(
            bytes,
            most_characters.saturating_add(BEYOND),
            self.bytes.saturating_add(BEYOND),
        );
        let end = shown.text.char_indices().nth(most_characters);
        let charged = end.map_or(shown.text.len(), |(end, _)| end);
        self.bytes = self.bytes.saturating_sub(charged);
        shown
    }

    /// Goes into the structure at an address, and [`leave`](Self::leave) comes out again.
    ///
    /// # Errors
    /// What is shown instead: a cycle, or a structure that is too deep.
    pub(crate) fn enter(&mut self, address: usize, max_depth: usize) -> Result<(), DumpShape> {
        if let Some(at) = self.open.iter().rposition(|open| *open == address) {
            return Err(DumpShape::Cycle(self.open.len() - at));
        }
        if self.open.len() >= max_depth.min(DEEPEST) || self.is_spent() {
            return Err(DumpShape::Deeper);
        }
        self.open.push(address);
        Ok(())
    }

    /// Comes out of the structure that was entered last.
    pub(crate) fn leave(&mut self) {
        self.open.pop();
    }
}

/// The text of a walked value.
///
/// ```
/// use llmspell_bridge::{DumpNode, DumpOptions, DumpShape, dump};
///
/// let one = DumpNode {
///     type_name: "number".into(),
///     address: None,
///     shape: DumpShape::Atom("1".into()),
/// };
/// let list = DumpNode {
///     type_name: "table".into(),
///     address: None,
///     shape: DumpShape::List(vec![one], 1),
/// };
/// assert_eq!(dump(&list, None, &DumpOptions::compact()), "[1]");
/// ```
///
/// Nothing is redacted; see [`redacted_dump`].
#[must_use]
pub fn dump(node: &DumpNode, label: Option<&str>, options: &DumpOptions) -> String {
    redacted_dump(node, label, options, &Redactor::disabled())
}

/// The text of a walked value without its secrets: those in its texts and keys, and what stands under the name of
/// a secret.
///
/// ```
/// use llmspell_bridge::{DumpNode, DumpOptions, DumpShape, ShownText, redacted_dump};
/// use llmspell_utils::debug::Redactor;
///
/// let text = |text: &str| DumpNode {
///     type_name: "string".into(),
///     address: None,
///     shape: DumpShape::Text(ShownText::whole(text.into())),
/// };
/// let user = DumpNode {
///     type_name: "table".into(),
///     address: None,
///     shape: DumpShape::Map(vec![(ShownText::whole("password".into()), text("hunter2"))], 1),
/// };
/// assert_eq!(
///     redacted_dump(&user, None, &DumpOptions::compact(), &Redactor::builtin()),
///     "{password = [redacted:password]}"
/// );
/// ```
#[must_use]
pub fn redacted_dump(
    node: &DumpNode,
    label: Option<&str>,
    options: &DumpOptions,
    redactor: &Redactor,
) -> String {
    let mut text = String::new();
    if let Some(label) = label {
        text.push_str(&escaped(&redactor.text(label)));
        text.push_str(if options.compact_mode { ": " } else { ":\n" });
    }
    Writer {
        text: &mut text,
        options,
        redactor,
    }
    .node(node, 0);
    text
}

/// What may stand under the name of a secret and is none.
const SAYS_NOTHING: [&str; 5] = ["nil", "null", "undefined", "true", "false"];

/// The value of a variable without its secrets.
pub(crate) fn redacted_value(
    name: &str,
    node: &DumpNode,
    options: &DumpOptions,
    redactor: &Redactor,
) -> String {
    match redactor.mark_of_key(name) {
        Some(mark) if !node.says_nothing() => mark,
        _ => redacted_dump(node, None, options, redactor),
    }
}

struct Writer<'a> {
    text: &'a mut String,
    options: &'a DumpOptions,
    redactor: &'a Redactor,
}

// Writing to a `String` cannot fail, so the results of `write!` are dropped.
impl Writer<'_> {
    fn node(&mut self, node: &DumpNode, depth: usize) {
        match &node.shape {
            DumpShape::Atom(word) => {
                self.text.push_str(&escaped(&self.redactor.text(word)));
                self.note(node, None);
            }
            DumpShape::Text(shown) => {
                let narrow = self.narrowed(shown);
                let text = escaped_text(&narrow.text);
                let _ = write!(self.text, "\"{text}\"{}", narrow.left_out);
                self.note(node, Some(shown.length()));
            }
            DumpShape::Cycle(levels) => {
                let _ = write!(self.text, "<cycle to {levels} above>");
            }
            DumpShape::Deeper => self.text.push('…'),
            DumpShape::List(elements, total) => {
                self.open('[', node, *total, "elements");
                let mut shown = 0;
                for element in elements {
                    if !self.has_room() {
                        break;
                    }
                    self.separate(shown, depth + 1);
                    self.node(element, depth + 1);
                    shown += 1;
                }
                self.close(']', shown, *total, depth);
            }
            DumpShape::Map(entries, total) => {
                self.open('{', node, *total, "entries");
                let mut shown = 0;
                for (key, value) in entries {
                    if !self.has_room() {
                        break;
                    }
                    self.separate(shown, depth + 1);
                    self.key(key);
                    self.text.push_str(" = ");
                    self.value_of(key, value, depth + 1);
                    shown += 1;
                }
                self.close('}', shown, *total, depth);
            }
        }
    }

    fn open(&mut self, bracket: char, node: &DumpNode, total: usize, unit: &str) {
        self.text.push(bracket);
        if total > 0 || !self.options.compact_mode {
            let before = self.text.len();
            self.note(node, Some((total, unit)));
            if self.options.compact_mode && self.text.len() > before {
                self.text.push(' ');
            }
        }
    }

    /// Blanks and escapes make the text longer than the strings in it, and it is bounded all the same.
    fn has_room(&self) -> bool {
        self.text.len() < MAX_DUMP_BYTES
    }

    fn separate(&mut self, index: usize, depth: usize) {
        if self.options.compact_mode {
            if index > 0 {
                self.text.push_str(", ");
            }
            return;
        }
        if index > 0 {
            self.text.push(',');
        }
        self.line(depth);
    }

    fn close(&mut self, bracket: char, shown: usize, total: usize, depth: usize) {
        if shown < total {
            self.separate(shown, depth + 1);
            let _ = write!(self.text, "… {} more", total - shown);
        }
        if total > 0 && !self.options.compact_mode {
            self.line(depth);
        }
        self.text.push(bracket);
    }

    fn line(&mut self, depth: usize) {
        self.text.push('\n');
        let blanks = depth.saturating_mul(self.options.indent_size.min(WIDEST_INDENT));
        self.text.extend(std::iter::repeat_n(' ', blanks));
    }

    fn note(&mut self, node: &DumpNode, count: Option<(usize, &str)>) {
        let address = node.address.filter(|_| self.options.show_addresses);
        if !self.options.show_types && address.is_none() {
            return;
        }
        self.text.push_str(" (");
        if self.options.show_types {
            let name = self.redactor.text(&node.type_name);
            self.text.push_str(&escaped(&name));
            if let Some((count, unit)) = count {
                let _ = write!(self.text, ", {count} {unit}");
            }
        }
        if let Some(address) = address {
            let comma = if self.options.show_types { ", " } else { "" };
            let _ = write!(self.text, "{comma}0x{address:x}");
        }
        self.text.push(')');
    }

    /// The value of a key, unless the key says that it is secret.
    fn value_of(&mut self, key: &ShownText, value: &DumpNode, depth: usize) {
        match self.redactor.mark_of_key(&key.text) {
            Some(mark) if !value.says_nothing() => self.text.push_str(&mark),
            _ => self.node(value, depth),
        }
    }

    /// A text without its secrets, and no more of it than is shown.
    fn narrowed(&self, shown: &ShownText) -> ShownText {
        let most = self.options.max_string_length;
        let redacted = self.redactor.text(&shown.text);
        let may_be_shown = match shown.text.char_indices().nth(most) {
            Some((end, _)) if shown.left_out != LeftOut::NOTHING => {
                let part = before_half_secrets(&shown.text, &redacted, end);
                part.chars().count()
            }
            _ => most,
        };
        shown
            .with_text(redacted.into_owned())
            .narrowed(most.min(may_be_shown))
    }

    fn key(&mut self, key: &ShownText) {
        let key = self.narrowed(key).to_string();
        let key = key.as_str();
        let plain = key
            .chars()
            .enumerate()
            .all(|(at, c)| c == '_' || c == '$' || c.is_alphabetic() || (at > 0 && c.is_numeric()));
        if plain && !key.is_empty() {
            self.text.push_str(key);
        } else if key.parse::<f64>().is_ok() {
            let _ = write!(self.text, "[{key}]");
        } else {
            let _ = write!(self.text, "[\"{}\"]", escaped_text(key));
        }
    }
}

fn escaped_text(text: &str) -> String {
    escaped(&text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The text with control characters and everything that reorders or hides text made visible.
fn escaped(text: &str) -> String {
    escaped_where(text, is_invisible)
}

/// Characters that a line may hold, but that a person who looks at a value must see.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
