//! Secrets are taken out of texts and data before anything keeps them.

mod alphabet;
mod anchors;
mod assignment;
mod data;
mod name;
mod rare;
mod scan;
mod token;
mod value;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, LazyLock};

use regex::Regex;
use serde_json::Value;

use super::entry::{DebugEntry, Place};
use super::filter::{FilterError, FilterErrorKind, compile_regex};
use super::text::cut;
use anchors::Anchors;
use scan::{Scan, Span};

/// The most patterns of a user, and the most names.
const RULES: usize = 64;

/// The longest name of a user, in bytes.
const KEY_BYTES: usize = 64;

/// How many places of a text are looked at. Only a text that was made for it, or one of very many bytes, has more: from
/// there on nobody knows what is in it, and nothing of it is shown.
const LOOKS: usize = 65_536;

/// How far before its anchor a secret may begin, in bytes.
const BEFORE_ANCHOR: usize = 64;

/// How many bytes behind its cut a text is looked at, so that a secret which the cut goes through is seen as a whole.
const BEHIND_CUT: usize = 4_096;

/// What a user adds to the built-in rules: the keys of `[debug.redact]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedactConfig {
    /// Whether anything is redacted; true.
    pub enabled: bool,
    /// Regular expressions of more secrets. What a group called `secret` matches is redacted, or else the whole match.
    pub patterns: Vec<String>,
    /// More names whose values are secret, in any case and with any separators.
    pub keys: Vec<String>,
}

impl Default for RedactConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            patterns: Vec::new(),
            keys: Vec::new(),
        }
    }
}

/// Finds secrets in texts and data, and puts `[redacted:KIND]` in their place.
///
/// It knows the shapes of tokens and keys of well-known services, private keys, passwords in addresses, and what stands
/// behind names such as `password`, `api_key` or `Authorization`. It never changes: whoever wants other rules makes
/// another one and sets it.
///
/// A text is looked at as a whole, however long it is; the time is in proportion to its length. In one text at most
/// 65,536 places are looked at where a secret might be: what stands behind the last of them becomes
/// `[redacted:unread]`.
///
/// ```
/// use llmspell_utils::debug::Redactor;
///
/// let redactor = Redactor::builtin();
/// assert_eq!(redactor.text("login with password=hunter2 failed"), "login with password=[redacted:password] failed");
/// assert_eq!(redactor.text("a plain sentence"), "a plain sentence");
/// assert!(redactor.is_secret_key("dbPassword") && !redactor.is_secret_key("token_count"));
/// ```
#[derive(Clone)]
pub struct Redactor {
    enabled: bool,
    anchors: Option<Arc<Anchors>>,
    /// The names of a user, in lower case and without separators.
    keys: Arc<[Box<str>]>,
    patterns: Arc<[Regex]>,
    config: Arc<RedactConfig>,
}

/// The anchors of the built-in rules, made when the first text is looked at.
static BUILTIN: LazyLock<Anchors> = LazyLock::new(|| Anchors::new(&[]));

/// Making one.
impl Redactor {
    /// The built-in rules.
    #[must_use]
    pub fn builtin() -> Self {
        Self {
            enabled: true,
            anchors: None,
            keys: Arc::default(),
            patterns: Arc::default(),
            config: Arc::default(),
        }
    }

    /// One that redacts nothing.
    #[must_use]
    pub fn disabled() -> Self {
        let config = RedactConfig {
            enabled: false,
            ..RedactConfig::default()
        };
        Self {
            enabled: false,
            config: Arc::new(config),
            ..Self::builtin()
        }
    }

    /// The built-in rules and those of a user.
    ///
    /// # Errors
    ///
    /// A pattern that is no regular expression, with the character where it is wrong; a name without a letter or digit;
    /// more than 64 of either.
    pub fn new(config: &RedactConfig) -> Result<Self, FilterError> {
        if config.enabled {
            Self::builtin().with(config)
        } else {
            // What is refused is refused also while it is not used.
            Self::builtin().with(config)?;
            Ok(Self {
                enabled: false,
                config: Arc::new(config.clone()),
                ..Self::builtin()
            })
        }
    }

    /// These rules and more: nothing that is redacted now is let through, whatever `more.enabled` says.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with(&self, more: &RedactConfig) -> Result<Self, FilterError> {
        let mut config = RedactConfig::clone(&self.config);
        config.enabled |= more.enabled;
        for pattern in &more.patterns {
            push_new(&mut config.patterns, pattern);
        }
        for key in &more.keys {
            push_new(&mut config.keys, key);
        }
        if config.patterns.len() > RULES || config.keys.len() > RULES {
            let message = format!("there are more than {RULES} patterns or keys to redact");
            return Err(FilterError::new(FilterErrorKind::TooManyRules, message));
        }
        let patterns = config
            .patterns
            .iter()
            .map(|pattern| compile_regex(pattern))
            .collect::<Result<Vec<_>, _>>()?;
        let keys = config
            .keys
            .iter()
            .map(|key| normal_key(key))
            .collect::<Result<Vec<_>, _>>()?;
        let words: Vec<Box<str>> = config.keys.iter().map(|key| name::anchor(key)).collect();
        let anchors = (!words.is_empty()).then(|| Arc::new(Anchors::new(&words)));
        Ok(Self {
            enabled: config.enabled,
            anchors,
            keys: keys.into(),
            patterns: patterns.into(),
            config: Arc::new(config),
        })
    }

    /// What the rules were made of beside the built-in ones.
    #[must_use]
    pub fn config(&self) -> &RedactConfig {
        &self.config
    }

    /// Whether anything is redacted.
    #[must_use]
    pub const fn is_enabled(&self) -> bool {
        self.enabled
    }
}

fn push_new(known: &mut Vec<String>, text: &str) {
    if !known.iter().any(|known| known == text) {
        known.push(text.to_owned());
    }
}

fn normal_key(key: &str) -> Result<Box<str>, FilterError> {
    let normal = name::normal(key);
    if normal.is_empty() || key.len() > KEY_BYTES {
        let message = format!("a key to redact has between one letter and {KEY_BYTES} bytes");
        return Err(
            FilterError::new(FilterErrorKind::Empty, message).help_with("name a field or a header")
        );
    }
    Ok(normal.into())
}

/// Redacting.
impl Redactor {
    /// The text without its secrets; the same text, not copied, if it has none.
    #[inline]
    #[must_use]
    pub fn text<'text>(&self, text: &'text str) -> Cow<'text, str> {
        if self.may_hold(text) {
            self.without_secrets(text)
        } else {
            Cow::Borrowed(text)
        }
    }

    /// Whether the value of a field, a variable or a header with this name is secret, whatever it looks like.
    ///
    /// Case and separators do not count: `api_key`, `apiKey` and `X-API-Key` are one name.
    #[must_use]
    pub fn is_secret_key(&self, key: &str) -> bool {
        self.secret_kind(key).is_some()
    }

    /// What stands in the place of the value of a secret name, such as `[redacted:password]`; nothing if the name is
    /// not secret.
    #[must_use]
    pub fn mark_of_key(&self, key: &str) -> Option<String> {
        self.secret_kind(key).map(mark)
    }

    /// Takes the secrets out of data: texts as [`text`](Self::text) does, and everything under a secret name but null,
    /// true and false. Keys are texts too.
    pub fn value(&self, value: &mut Value) {
        if self.enabled {
            data::redact(self, value);
        }
    }

    /// The beginning of a text, so many bytes at most before its secrets are taken out. One that the cut goes through is
    /// found too.
    #[must_use]
    pub fn beginning(&self, text: &str, bytes: usize) -> String {
        let seen = cut(text, bytes.saturating_add(BEHIND_CUT));
        let kept = cut(text, bytes);
        if !self.may_hold(seen) {
            return kept.to_owned();
        }
        let mut spans = self.spans(seen);
        spans.retain(|span| span.start < kept.len());
        replaced(kept, &spans)
    }

    /// Takes the secrets out of an entry: its message, its data, its module, its place and what it is tied to.
    pub(super) fn redact_entry(&self, entry: &mut DebugEntry) {
        if !self.enabled {
            return;
        }
        self.string(&mut entry.message);
        if let Some(data) = &mut entry.data {
            data::redact(self, data);
        }
        let shared = [&mut entry.module, &mut entry.correlation];
        for text in shared.into_iter().flatten() {
            self.shared(text);
        }
        if let Some(Place { file, .. }) = &mut entry.place {
            self.shared(file);
        }
    }

    fn secret_kind(&self, key: &str) -> Option<&'static str> {
        // Every secret name holds an anchor.
        if !self.enabled || !self.anchors().any_in(key) {
            return None;
        }
        name::secret(key, &self.keys).map(|(kind, _)| kind)
    }

    fn string(&self, text: &mut String) {
        if let Cow::Owned(redacted) = self.text(text) {
            *text = redacted;
        }
    }

    fn shared(&self, text: &mut Arc<str>) {
        if let Cow::Owned(redacted) = self.text(text) {
            *text = redacted.into();
        }
    }

    fn anchors(&self) -> &Anchors {
        self.anchors.as_deref().unwrap_or_else(|| &BUILTIN)
    }

    /// Whether a closer look is worth its time.
    fn may_hold(&self, text: &str) -> bool {
        self.enabled
            && (self.anchors().any_in(text)
                || self.patterns.iter().any(|pattern| pattern.is_match(text)))
    }

    #[cold]
    fn without_secrets<'text>(&self, text: &'text str) -> Cow<'text, str> {
        let spans = self.spans(text);
        if spans.is_empty() {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(replaced(text, &spans))
        }
    }

    /// Where the secrets of a text are, in the order of their beginnings.
    fn spans(&self, text: &str) -> Vec<Span> {
        let mut scan = Scan::new(text, &self.keys);
        let mut unread = None;
        for (rule, start, end) in self.anchors().each_in(text) {
            if scan.looks() >= LOOKS {
                unread = Some(text.floor_char_boundary(start.saturating_sub(BEFORE_ANCHOR)));
                break;
            }
            scan.look(rule, start, end);
        }
        let mut spans = scan.finish();
        spans.extend(unread.map(|start| Span {
            start,
            end: text.len(),
            kind: "unread",
        }));
        for pattern in self.patterns.iter() {
            spans.extend(custom(pattern, text));
        }
        spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
        spans
    }
}

/// What a pattern of a user matches.
fn custom<'a>(pattern: &'a Regex, text: &'a str) -> impl Iterator<Item = Span> + 'a {
    pattern.captures_iter(text).filter_map(|found| {
        let secret = found.name("secret").or_else(|| found.get(0))?;
        (!secret.is_empty()).then_some(Span {
            start: secret.start(),
            end: secret.end(),
            kind: "custom",
        })
    })
}

/// What stands in a secret's place.
fn mark(kind: &str) -> String {
    format!("[redacted:{kind}]")
}

/// The text with marks for spans, which are in the order of their beginnings; those that overlap become one.
fn replaced(text: &str, spans: &[Span]) -> String {
    let mut output = String::with_capacity(text.len());
    let mut copied = 0;
    for span in spans {
        let end = text.ceil_char_boundary(span.end);
        if span.start >= copied {
            output.push_str(text.get(copied..span.start).unwrap_or_default());
            output.push_str("[redacted:");
            output.push_str(span.kind);
            output.push(']');
        }
        copied = copied.max(end);
    }
    output.push_str(text.get(copied..).unwrap_or_default());
    output
}

impl Default for Redactor {
    fn default() -> Self {
        Self::builtin()
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Redactor")
            .field("enabled", &self.enabled)
            .field("patterns", &self.config.patterns)
            .field("keys", &self.config.keys)
            .finish()
    }
}
