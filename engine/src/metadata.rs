//! The `METADATA` comment block of a policy: its title, its id and its routing.

mod plain;

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

use crate::document::{self, Fault};
use crate::harness::{self, Harness};
pub(crate) use plain::List;

const TITLE_LINE: &str = "METADATA";
const SCOPES: [&str; 4] = ["rule", "document", "package", "subpackages"];

/// What the first `METADATA` block of a file says.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) title: String,
    pub(crate) id: Option<String>,
    pub(crate) severity: Option<String>,
    pub(crate) routing: Option<Routing>,
    /// The line of the block's title.
    pub(crate) line: u32,
}

/// Which events a policy is evaluated for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(crate) struct Routing {
    #[serde(default)]
    pub(crate) required_events: Names,
    #[serde(default)]
    pub(crate) required_tools: Names,
    #[serde(default)]
    pub(crate) required_signals: Names,
}

/// Whom a source is routed to, as its text has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlainRouting<'text> {
    pub(crate) events: List<'text>,
    pub(crate) tools: List<'text>,
    signals: List<'text>,
}

/// A list of names, none twice.
#[derive(Debug, Default)]
pub(crate) struct Names(pub(crate) Vec<String>);

/// The keys of the block; those of OPA's that the engine does not need are read and left.
#[derive(Debug, Default, Deserialize)]
#[serde(expecting = "a mapping")]
struct Keys {
    scope: Option<String>,
    title: Option<String>,
    #[serde(default)]
    custom: Option<CustomKeys>,
}

/// The keys under `custom`; others are the author's own.
#[derive(Debug, Default, Deserialize)]
#[serde(expecting = "a mapping")]
struct CustomKeys {
    id: Option<String>,
    severity: Option<String>,
    routing: Option<Routing>,
}

impl Metadata {
    /// Reads the first block of a source whose comments start with `marker`; none if there is no block.
    pub(crate) fn read(source: &str, marker: &str) -> Result<Option<Self>, Fault> {
        let Some((line, block)) = block(source, marker) else {
            return Ok(None);
        };
        let keys = match plain::read(block) {
            Some(plain) => Keys::from(plain),
            None => {
                let text = first_block(source, marker).map(|(_, text)| text);
                parsed(line, &text.unwrap_or_default())?
            }
        };
        if let Some(scope) = keys.scope.filter(|scope| !SCOPES.contains(&scope.as_str())) {
            let fault = Fault::new(
                format!("unknown scope `{scope}`"),
                llmspell_utils::nearest(&scope, &SCOPES),
            );
            return Err(Fault {
                line: Some(line),
                ..fault
            });
        }
        let custom = keys.custom.unwrap_or_default();
        Ok(Some(Self {
            title: keys.title.unwrap_or_default(),
            id: custom.id,
            severity: custom.severity,
            routing: custom.routing,
            line,
        }))
    }
}

/// The keys of a block that begins in this line.
fn parsed(line: u32, text: &str) -> Result<Keys, Fault> {
    let keys: Option<Keys> = document::from_yaml(text).map_err(|fault| Fault {
        line: Some(line + fault.line.unwrap_or(0)),
        column: None,
        ..fault
    })?;
    Ok(keys.unwrap_or_default())
}

impl Routing {
    /// Whether it names anything.
    pub(crate) fn is_used(&self) -> bool {
        [
            &self.required_events,
            &self.required_tools,
            &self.required_signals,
        ]
        .iter()
        .any(|names| !names.0.is_empty())
    }

    /// Checks that the routing can ever choose an event, and that nothing in it would be ignored.
    ///
    /// The events are those of the harness, if it is known which one the policy is for. A fault comes with its key.
    pub(crate) fn check(&self, harness: Option<Harness>) -> Result<(), (&'static str, Fault)> {
        let lists = [
            &self.required_events,
            &self.required_tools,
            &self.required_signals,
        ];
        check(lists.map(Names::iter), harness)
    }
}

impl PlainRouting<'_> {
    /// The same check.
    pub(crate) fn check(self, harness: Option<Harness>) -> Result<(), (&'static str, Fault)> {
        let lists = [self.events, self.tools, self.signals];
        check(lists.map(List::names), harness)
    }
}

impl Names {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.iter().map(String::as_str)
    }
}

/// Checks the names of events, tools and signals of one routing.
fn check<'names>(
    lists: [impl Iterator<Item = &'names str> + Clone; 3],
    harness: Option<Harness>,
) -> Result<(), (&'static str, Fault)> {
    let keys = ["required_events", "required_tools", "required_signals"];
    for (key, names) in keys.into_iter().zip(lists.clone()) {
        let may_be_any = key == "required_tools";
        for name in names.filter(|name| !(may_be_any && *name == "*")) {
            check_name(key, name).map_err(|fault| (key, fault))?;
        }
    }
    let [mut events, tools, _] = lists;
    check_presence(events.clone(), tools).map_err(|fault| ("routing", fault))?;
    let meant = |name| Some((name, harness::meant(name, harness)?));
    match events.find_map(meant) {
        None => Ok(()),
        Some((name, meant)) => {
            let fault = Fault::new(
                format!("there is no event `{name}`"),
                format!("did you mean `{meant}`?"),
            );
            Err(("required_events", fault))
        }
    }
}

fn check_presence<'names>(
    mut events: impl Iterator<Item = &'names str>,
    mut tools: impl Iterator<Item = &'names str>,
) -> Result<(), Fault> {
    if events.next().is_some() {
        return Ok(());
    }
    let message = if tools.next().is_none() {
        "the routing has no `required_events`, so the policy would never be evaluated"
    } else {
        "the routing has `required_tools` but no `required_events`"
    };
    Err(Fault::new(
        message,
        "list the events under `required_events`, such as [PreToolUse]",
    ))
}

/// Checks that a name is one that an event can have.
fn check_name(key: &str, name: &str) -> Result<(), Fault> {
    let (what, advice) = if name.trim().is_empty() {
        ("is empty", "remove it, or write a name")
    } else if name == "*" && key == "required_events" {
        ("is not an event", "list every event that the policy is for")
    } else if name.trim() != name {
        ("begins or ends with a blank", "remove the blank")
    } else if name.contains(['*', '|', ',']) {
        ("is no name", "write one name an item, and each in full")
    } else {
        return Ok(());
    };
    Err(Fault::new(format!("`{name}` in `{key}` {what}"), advice))
}

/// The line of the block's title, and the block without its comment markers.
pub(crate) fn first_block(source: &str, marker: &str) -> Option<(u32, String)> {
    let (line, block) = block(source, marker)?;
    let lines: Vec<&str> = block.collect();
    Some((line, lines.join("\n")))
}

/// The same, line by line.
fn block<'text>(
    source: &'text str,
    marker: &str,
) -> Option<(u32, impl Iterator<Item = &'text str>)> {
    let comment = move |line: &'text str| {
        let stripped = line.strip_prefix(marker);
        stripped.or_else(|| line.trim_start().strip_prefix(marker))
    };
    let mut lines = Lines(Some(source));
    let index =
        lines.position(|line| comment(line).is_some_and(|text| text.trim() == TITLE_LINE))?;
    Some((u32::try_from(index + 1).ok()?, lines.map_while(comment)))
}

/// The lines of a text as [`str::lines`] has them, found faster where they are short.
struct Lines<'text>(Option<&'text str>);

impl<'text> Iterator for Lines<'text> {
    type Item = &'text str;

    fn next(&mut self) -> Option<&'text str> {
        let text = self.0.take().filter(|text| !text.is_empty())?;
        let end = text.bytes().position(|byte| byte == b'\n');
        let Some((line, rest)) = end.and_then(|end| text.split_at_checked(end)) else {
            return Some(text);
        };
        self.0 = rest.get(1..);
        Some(line.strip_suffix('\r').unwrap_or(line))
    }
}

/// Whom a source is routed to, if its metadata says that in the plainest way: nothing of it is copied.
pub(crate) fn plain_routing<'text>(
    source: &'text str,
    marker: &str,
) -> Option<PlainRouting<'text>> {
    let (_, block) = block(source, marker)?;
    let plain = plain::read(block)?;
    let is_known = plain.scope().is_none_or(|scope| SCOPES.contains(&scope));
    let [events, tools, signals] = plain.routing().filter(|_| is_known)?;
    Some(PlainRouting {
        events,
        tools,
        signals,
    })
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamesVisitor)
    }
}

/// One item of such a list: a text, and nothing that YAML would turn into one.
struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameVisitor)
    }
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = Name;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Name, E> {
        Ok(Name(name.to_owned()))
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of names")
    }

    fn visit_unit<E: Error>(self) -> Result<Names, E> {
        Ok(Names::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Names, A::Error> {
        let mut names: Vec<String> = Vec::new();
        while let Some(Name(name)) = sequence.next_element()? {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Ok(Names(names))
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn lines_are_those_of_the_standard_library() {
        for text in [
            "",
            "\n",
            "a",
            "a\n",
            "a\nb",
            "a\r\nb\r",
            "\r\n",
            "\n\n\u{e9}\n",
            "a\r\r\n\rb\n\n",
            "\r",
        ] {
            assert!(Lines(Some(text)).eq(text.lines()), "{text:?}");
        }
    }
}
