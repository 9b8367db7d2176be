//! JSON that is written into a text, with its keys in the order that people expect, in the text's own style.

use serde_json::Value;

/// A value to be written.
#[derive(Debug, Clone)]
pub(crate) enum Written {
    Scalar(Value),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

/// How a text is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Style {
    /// The end of a line; empty where everything stands on one.
    newline: &'static str,
    /// What one level is indented by.
    indent: String,
    /// What stands behind a colon.
    gap: &'static str,
}

impl Style {
    /// The style of a new text.
    pub(crate) fn usual() -> Self {
        Self {
            newline: "\n",
            indent: "  ".to_owned(),
            gap: " ",
        }
    }

    /// The style that a text has: the ends of its lines, and the first indent.
    pub(crate) fn of(text: &str) -> Self {
        let text = text.trim_end();
        let indent = text.lines().skip(1).find_map(|line| {
            let rest = line.trim_start_matches([' ', '\t']);
            let length = line.len() - rest.len();
            line.get(..length)
                .filter(|indent| !indent.is_empty() && !rest.is_empty())
        });
        let newline = match text.find('\n') {
            Some(_) if text.contains("\r\n") => "\r\n",
            Some(_) => "\n",
            // A text of a few signs has no style yet.
            None if text.len() < 3 => "\n",
            None => "",
        };
        let is_tight = newline.is_empty() && !text.contains("\": ");
        Self {
            newline,
            indent: indent.unwrap_or("  ").to_owned(),
            gap: if is_tight { "" } else { " " },
        }
    }

    /// What stands before a part at a level.
    pub(crate) fn line(&self, level: usize) -> String {
        if self.newline.is_empty() {
            return String::new();
        }
        format!("{}{}", self.newline, self.indent.repeat(level))
    }
}

impl Written {
    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Scalar(Value::String(text.into()))
    }

    /// A map.
    pub(crate) fn map<const LENGTH: usize>(members: [(&str, Self); LENGTH]) -> Self {
        Self::Map(
            members
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    }

    /// The value as it is written at a level of a text.
    pub(crate) fn render(&self, style: &Style, level: usize) -> String {
        match self {
            Self::Scalar(value) => value.to_string(),
            Self::List(values) => {
                let parts = values.iter().map(|value| value.render(style, level + 1));
                enclosed("[", "]", parts, style, level)
            }
            Self::Map(members) => {
                let parts = members
                    .iter()
                    .map(|(key, value)| member(key, value, style, level + 1));
                enclosed("{", "}", parts, style, level)
            }
        }
    }
}

/// A key with its value as it is written at a level of a text.
pub(crate) fn member(key: &str, value: &Written, style: &Style, level: usize) -> String {
    let key = Value::from(key);
    format!("{key}:{}{}", style.gap, value.render(style, level))
}

fn enclosed(
    open: &str,
    close: &str,
    parts: impl Iterator<Item = String>,
    style: &Style,
    level: usize,
) -> String {
    let before = style.line(level + 1);
    let parts: Vec<String> = parts.map(|part| format!("{before}{part}")).collect();
    if parts.is_empty() {
        return format!("{open}{close}");
    }
    format!("{open}{}{}{close}", parts.join(","), style.line(level))
}
