//! Tables of a TOML document that know where their keys and values stand.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::super::entry::Place;
use super::super::error::{DebugError, DebugErrorKind};
use super::super::text::quoted;
use crate::nearest;

/// A parsed TOML text that knows where its keys and values stand, so that every error names line and column.
///
/// Each room of the house reads its own table of `llmspell.toml` with it.
///
/// ```
/// use std::path::Path;
/// use llmspell_utils::debug::Document;
///
/// let document = Document::parse("[script]\ntimout = '2s'\n", Path::new("llmspell.toml"))?;
/// let error = document.table("script", &["timeout", "memory"]).err().map(|error| error.to_string());
/// let expected = "llmspell.toml:2:1: unknown key `timout` in `script` (did you mean `timeout`?)";
/// assert_eq!(error.as_deref(), Some(expected));
/// # Ok::<(), llmspell_utils::debug::DebugError>(())
/// ```
#[derive(Debug)]
pub struct Document<'text> {
    text: &'text str,
    file: Arc<str>,
    root: DeTable<'text>,
}

/// A table, every key of which is known.
#[derive(Debug)]
pub struct Table<'document> {
    document: &'document Document<'document>,
    path: String,
    table: &'document DeTable<'document>,
    offset: usize,
}

/// The value of a key.
#[derive(Debug)]
pub struct Setting<'document> {
    document: &'document Document<'document>,
    /// The keys that lead here, with dots between.
    path: String,
    value: &'document Spanned<DeValue<'document>>,
}

impl<'text> Document<'text> {
    /// Reads a text; `file` is its name for errors.
    ///
    /// # Errors
    ///
    /// A text that is not TOML.
    pub fn parse(text: &'text str, file: &Path) -> Result<Self, DebugError> {
        let file: Arc<str> = file.display().to_string().into();
        match DeTable::parse(text) {
            Ok(root) => Ok(Self {
                text,
                file,
                root: root.into_inner(),
            }),
            Err(error) => {
                let offset = error.span().map_or(0, |span| span.start);
                let message = format!("the configuration is not TOML: {}", error.message());
                Err(DebugError::new(DebugErrorKind::Syntax, message)
                    .at(Some(place(text, &file, offset))))
            }
        }
    }
}

impl<'document> Document<'document> {
    /// Refuses tables and keys at the top that are not known.
    ///
    /// # Errors
    ///
    /// The first unknown one, with the nearest known one.
    pub fn check_tables(&self, known: &[&str]) -> Result<(), DebugError> {
        check_keys(self, &self.root, "the configuration", known)
    }

    /// A table at the top, if it is there.
    ///
    /// # Errors
    ///
    /// What is there is no table, or has a key that is not known.
    pub fn table(
        &'document self,
        name: &'static str,
        known: &[&str],
    ) -> Result<Option<Table<'document>>, DebugError> {
        let Some(value) = self.root.get(name) else {
            return Ok(None);
        };
        let setting = Setting {
            document: self,
            path: name.to_owned(),
            value,
        };
        setting.table(known).map(Some)
    }
}

impl<'document> Table<'document> {
    /// The value of a key, if it is there.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<Setting<'document>> {
        let value = self.table.get(key)?;
        let path = format!("{}.{key}", self.path);
        Some(Setting {
            document: self.document,
            path,
            value,
        })
    }

    /// The value of a key.
    ///
    /// # Errors
    ///
    /// The key is not there.
    pub fn required(&self, key: &str) -> Result<Setting<'document>, DebugError> {
        self.setting(key).ok_or_else(|| {
            let message = format!("`{}` has no `{key}`", self.path);
            DebugError::new(DebugErrorKind::Value, message)
                .at(Some(self.document.place(self.offset)))
        })
    }
}

impl<'document> Setting<'document> {
    /// The key with its table, in backticks.
    #[must_use]
    pub fn name(&self) -> String {
        format!("`{}`", self.path)
    }

    /// Where the value stands.
    #[must_use]
    pub fn place(&self) -> Place {
        self.document.place(self.value.span().start)
    }

    pub(super) fn error(&self, kind: DebugErrorKind, message: String) -> DebugError {
        DebugError::new(kind, message).at(Some(self.place()))
    }

    /// The error about this value, where `allowed` says what the key takes.
    #[must_use]
    pub fn not_allowed(&self, allowed: impl Display) -> DebugError {
        let message = format!("{} cannot be {}", self.name(), quoted(self.source()));
        self.error(DebugErrorKind::Value, message)
            .help_with(allowing(allowed))
    }

    /// The value as a type, where `allowed` says what the key takes.
    ///
    /// # Errors
    ///
    /// The value is of another type, or its type refuses it.
    pub fn read<T: DeserializeOwned>(&self, allowed: &str) -> Result<T, DebugError> {
        T::deserialize(ValueDeserializer::from(self.value.clone()))
            .map_err(|_| self.not_allowed(allowed))
    }

    /// The one of some named values that the text names.
    ///
    /// # Errors
    ///
    /// The value is no text, or none of the names; the nearest is proposed.
    pub fn one_of<T: Copy>(&self, named: &[(&str, T)]) -> Result<T, DebugError> {
        let names: Vec<&str> = named.iter().map(|(name, _)| *name).collect();
        let text: String = self.read(&format!("one of {}", names.join(", ")))?;
        match named.iter().find(|(name, _)| *name == text) {
            Some((_, value)) => Ok(*value),
            None => {
                let message = format!("{} cannot be {}", self.name(), quoted(self.source()));
                Err(self
                    .error(DebugErrorKind::Value, message)
                    .help_with(nearest(&text, &names)))
            }
        }
    }

    /// The value as true or false.
    ///
    /// # Errors
    ///
    /// The value is neither.
    pub fn boolean(&self) -> Result<bool, DebugError> {
        self.read("true or false")
    }

    /// The value as a number of bytes above 0, with its unit in quotes.
    ///
    /// # Errors
    ///
    /// The value is no such text.
    pub fn size(&self) -> Result<u64, DebugError> {
        let allowed = "a number above 0 and its unit, in quotes, such as `10MiB`";
        let text: String = self.read(allowed)?;
        match text.parse::<bytesize::ByteSize>() {
            Ok(size) if size.as_u64() > 0 => Ok(size.as_u64()),
            _ => Err(self.not_allowed(allowed)),
        }
    }

    /// The items of a list, under the list's key; nothing if the value is no list.
    #[must_use]
    pub fn items(&self) -> Option<impl Iterator<Item = Self>> {
        let items = self.value.get_ref().as_array()?;
        Some(items.iter().map(|value| Self {
            document: self.document,
            path: self.path.clone(),
            value,
        }))
    }

    /// Whether the value is a table.
    #[must_use]
    pub fn is_table(&self) -> bool {
        self.value.get_ref().as_table().is_some()
    }

    /// The value as a table with these keys.
    ///
    /// # Errors
    ///
    /// The value is no table, or has a key that is not known.
    pub fn table(&self, known: &[&str]) -> Result<Table<'document>, DebugError> {
        let Some(table) = self.value.get_ref().as_table() else {
            return Err(self.not_allowed("a table"));
        };
        let offset = self.value.span().start;
        let table = Table {
            document: self.document,
            path: self.path.clone(),
            table,
            offset,
        };
        check_keys(self.document, table.table, &self.name(), known)?;
        Ok(table)
    }

    /// The value as it stands in the text.
    fn source(&self) -> &'document str {
        self.document
            .text
            .get(self.value.span())
            .unwrap_or_default()
    }
}

impl Document<'_> {
    fn place(&self, offset: usize) -> Place {
        place(self.text, &self.file, offset)
    }
}

/// Refuses the first key, in the order of the text, that is not known.
fn check_keys(
    document: &Document<'_>,
    table: &DeTable<'_>,
    name: &str,
    known: &[&str],
) -> Result<(), DebugError> {
    let unknown = table
        .keys()
        .filter(|key| !known.contains(&key.get_ref().as_ref()));
    let Some(key) = unknown.min_by_key(|key| key.span().start) else {
        return Ok(());
    };
    let message = format!("unknown key {} in {name}", quoted(key.get_ref()));
    Err(DebugError::new(DebugErrorKind::UnknownKey, message)
        .at(Some(document.place(key.span().start)))
        .help_with(nearest(key.get_ref(), known)))
}

/// The line and column of a byte offset.
fn place(text: &str, file: &Arc<str>, offset: usize) -> Place {
    let before = text.get(..text.floor_char_boundary(offset)).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
    Place::new(Arc::clone(file), number(line)).with_column(number(column))
}

fn allowing(allowed: impl Display) -> String {
    let allowed = allowed.to_string();
    if allowed.starts_with("use ") {
        allowed
    } else {
        format!("use {allowed}")
    }
}
