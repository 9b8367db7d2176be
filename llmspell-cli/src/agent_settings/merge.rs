//! Puts our entries into the text of an agent's settings.

use llmspell_engine::Harness;

use super::document::{Document, Fault, Node};
use super::edit::Edits;
use super::entry::{self, LEAST_TIMEOUT, Wanted, wanted};
use super::shell_words::hook_call;
use super::written::{Style, Written, member};

/// The text with our entries; the same text where they are there already.
pub(crate) fn installed(
    text: Option<&str>,
    harness: Harness,
    program: &str,
) -> Result<String, Fault> {
    let Some(text) = text.filter(|text| !is_blank(text)) else {
        return Ok(fresh(harness, program));
    };
    let document = Document::parse(text)?;
    let Some(members) = document.root.members() else {
        return Err(document.fault(&document.root, "settings are an object"));
    };
    let style = Style::of(document.text);
    let mut edits = Edits::default();
    let mut new_members = Vec::new();
    if harness == Harness::Cursor {
        match document.root.get("version") {
            None => new_members.push(member("version", &version(), &style, 1)),
            Some(node) if node.scalar().and_then(serde_json::Value::as_u64) == Some(1) => {}
            Some(node) => {
                return Err(document.fault(node, "only version 1 of these settings is known"));
            }
        }
    }
    match members.iter().find(|member| member.key == "hooks") {
        None => new_members.push(member("hooks", &all_events(harness, program), &style, 1)),
        Some(hooks) => merge_events(
            &mut edits,
            &document,
            &hooks.value,
            &Ours {
                harness,
                program,
                style: &style,
            },
        )?,
    }
    edits.append(&document.root, &new_members, &style, 0);
    if edits.is_empty() {
        return Ok(text.to_owned());
    }
    Ok(edits.apply(&document))
}

/// Whether a file holds nothing at all.
pub(crate) fn is_blank(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim().is_empty()
}

/// Settings that hold our entries only.
pub(crate) fn fresh(harness: Harness, program: &str) -> String {
    let hooks = ("hooks", all_events(harness, program));
    let root = match harness {
        Harness::Cursor => Written::map([("version", version()), hooks]),
        _ => Written::map([hooks]),
    };
    format!("{}\n", root.render(&Style::usual(), 0))
}

fn version() -> Written {
    Written::Scalar(serde_json::Value::from(1))
}

fn all_events(harness: Harness, program: &str) -> Written {
    let events = wanted(harness).into_iter().map(|wanted| {
        let list = Written::List(vec![entry::group(harness, wanted, program)]);
        (wanted.event.to_owned(), list)
    });
    Written::Map(events.collect())
}

/// What is put in.
struct Ours<'a> {
    harness: Harness,
    program: &'a str,
    style: &'a Style,
}

fn merge_events(
    edits: &mut Edits,
    document: &Document<'_>,
    hooks: &Node,
    ours: &Ours<'_>,
) -> Result<(), Fault> {
    if hooks.members().is_none() {
        return Err(document.fault(hooks, "`hooks` is expected to be an object of events"));
    }
    let mut new_events = Vec::new();
    for wanted in wanted(ours.harness) {
        let group = entry::group(ours.harness, wanted, ours.program);
        match hooks.get(wanted.event) {
            None => {
                let list = Written::List(vec![group]);
                new_events.push(member(wanted.event, &list, ours.style, 2));
            }
            Some(list) if list.elements().is_none() => {
                let message = format!("`{}` is expected to be a list", wanted.event);
                return Err(document.fault(list, &message));
            }
            Some(list) => {
                let found = entry::groups(ours.harness, list);
                let ours_there = found
                    .iter()
                    .filter(|found| found.is_for_all() && is_ours(found.command(), ours.harness));
                let mut is_there = false;
                for found in ours_there {
                    is_there = true;
                    renew(edits, found.handler, wanted, ours);
                }
                if !is_there {
                    edits.append(list, &[group.render(ours.style, 3)], ours.style, 2);
                }
            }
        }
    }
    edits.append(hooks, &new_events, ours.style, 1);
    Ok(())
}

/// Whether a command line is one that we have written.
pub(crate) fn is_ours(command: Option<&str>, harness: Harness) -> bool {
    command
        .and_then(hook_call)
        .is_some_and(|call| call.is_plain(harness.name()))
}

/// Brings what stands there up to date, key by key.
fn renew(edits: &mut Edits, handler: &Node, wanted: Wanted, ours: &Ours<'_>) {
    let mut missing = Vec::new();
    for (key, value) in entry::handler(ours.harness, wanted, ours.program) {
        match handler.get(key) {
            None => missing.push(member(key, &Written::Scalar(value), ours.style, 5)),
            Some(node) if node.scalar() == Some(&value) => {}
            Some(node) if key == "timeout" && is_long_enough(node) => {}
            Some(node) => edits.replace(node.place.clone(), value.to_string()),
        }
    }
    let level = if ours.harness == Harness::Cursor {
        3
    } else {
        5
    };
    edits.append(handler, &missing, ours.style, level);
}

/// Whether somebody has set a time that will do.
fn is_long_enough(node: &Node) -> bool {
    let seconds = node.scalar().and_then(serde_json::Value::as_f64);
    seconds.is_some_and(|seconds| seconds >= f64::from(LEAST_TIMEOUT))
}

impl Document<'_> {
    /// What is wrong with a part.
    pub(crate) fn fault(&self, node: &Node, message: &str) -> Fault {
        let before = self.at(0..node.place.start);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Fault {
            line: 1 + before.matches('\n').count(),
            column: 1 + line.chars().count(),
            message: message.to_owned(),
        }
    }
}
