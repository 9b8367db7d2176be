//! Takes our entries out of the text of an agent's settings, and nothing else.

use std::ops::Range;

use llmspell_engine::Harness;

use super::document::{Document, Fault, Member, Node};
use super::edit::Edits;
use super::merge::is_ours;

/// The text without our entries; none, if there are none in it.
pub(crate) fn removed(text: &str, harness: Harness) -> Result<Option<String>, Fault> {
    let document = Document::parse(text)?;
    let mut edits = Edits::default();
    let root = document.root.members().unwrap_or_default();
    let goes = root.iter().map(|member| {
        let goes = member.key == "hooks" && take_events(&mut edits, &member.value, harness);
        (place(member), goes)
    });
    let goes: Vec<_> = goes.collect();
    take(&mut edits, &document.root, &goes);
    Ok((!edits.is_empty()).then(|| edits.apply(&document)))
}

/// The program that our entries name, as it is written in the first of them.
pub(crate) fn program_word(text: &str, harness: Harness) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let events = document.root.get("hooks")?.members()?.iter();
    let commands = events.flat_map(|event| super::entry::groups(harness, &event.value));
    commands
        .filter_map(|found| found.command())
        .find(|command| is_ours(Some(command), harness))
        .and_then(|command| command.split_once(" hook "))
        .map(|(program, _)| program.to_owned())
}

/// Takes our entries out of all events; says whether nothing is left of them.
fn take_events(edits: &mut Edits, hooks: &Node, harness: Harness) -> bool {
    let events = hooks.members().unwrap_or_default().iter();
    let goes = events.map(|event| {
        let goes = take_groups(edits, &event.value, harness);
        (place(event), goes)
    });
    let goes: Vec<_> = goes.collect();
    goes_whole(&goes) || {
        take(edits, hooks, &goes);
        false
    }
}

fn take_groups(edits: &mut Edits, list: &Node, harness: Harness) -> bool {
    let groups = list.elements().unwrap_or_default().iter();
    let goes = groups.map(|group| {
        let goes = match group.get("hooks") {
            Some(handlers) => take_handlers(edits, handlers, harness),
            None => is_our_handler(group, harness),
        };
        (group.place.clone(), goes)
    });
    let goes: Vec<_> = goes.collect();
    goes_whole(&goes) || {
        take(edits, list, &goes);
        false
    }
}

fn take_handlers(edits: &mut Edits, handlers: &Node, harness: Harness) -> bool {
    let list = handlers.elements().unwrap_or_default().iter();
    let goes = list.map(|handler| (handler.place.clone(), is_our_handler(handler, harness)));
    let goes: Vec<_> = goes.collect();
    goes_whole(&goes) || {
        take(edits, handlers, &goes);
        false
    }
}

fn is_our_handler(handler: &Node, harness: Harness) -> bool {
    is_ours(handler.get("command").and_then(Node::text), harness)
}

/// Whether there are parts, and all of them go.
fn goes_whole(parts: &[(Range<usize>, bool)]) -> bool {
    !parts.is_empty() && parts.iter().all(|(_, goes)| *goes)
}

fn take(edits: &mut Edits, from: &Node, parts: &[(Range<usize>, bool)]) {
    if parts.iter().any(|(_, goes)| *goes) {
        edits.remove(from, parts);
    }
}

fn place(member: &Member) -> Range<usize> {
    member.start..member.value.place.end
}
