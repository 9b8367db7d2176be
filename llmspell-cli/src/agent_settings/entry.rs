//! What stands in an agent's settings so that its events reach `llmspell hook`.

use llmspell_engine::Harness;
use serde_json::Value;

use super::document::Node;
use super::written::Written;

/// Seconds that an agent waits for an answer: more than the hook itself takes for a decision, which ends in a denial.
const TIMEOUT: u64 = 10;
/// Seconds below which an agent may give up before the hook has denied.
pub(crate) const LEAST_TIMEOUT: u32 = 3;

/// Events of Claude Code that are left out: a hook for `WorktreeCreate` has to make the worktree itself, and the other
/// events here are for hooks that make or watch something, or come with every line that is shown.
const LEFT_OUT: [&str; 4] = [
    "FileChanged",
    "MessageDisplay",
    "WorktreeCreate",
    "WorktreeRemove",
];
/// Events that a failing hook must prevent.
const GATES: [&str; 14] = [
    "ConfigChange",
    "Elicitation",
    "PermissionRequest",
    "PreModelSwitch",
    "PreToolUse",
    "UserPromptExpansion",
    "UserPromptSubmit",
    "beforeMCPExecution",
    "beforeReadFile",
    "beforeShellExecution",
    "beforeSubmitPrompt",
    "beforeTabFileRead",
    "preToolUse",
    "subagentStart",
];

/// An event that an agent should tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) event: &'static str,
    /// Whether what the event is about must not happen where the hook fails.
    pub(crate) is_gate: bool,
}

/// The events that an agent should tell.
pub(crate) fn wanted(harness: Harness) -> Vec<Wanted> {
    let is_wanted = |event: &&str| harness != Harness::Claude || !LEFT_OUT.contains(event);
    let events = harness.events().filter(is_wanted);
    events
        .map(|event| Wanted {
            event,
            is_gate: GATES.contains(&event),
        })
        .collect()
}

/// The command line of an event.
pub(crate) fn command(harness: Harness, wanted: Wanted, program: &str) -> String {
    // Claude Code and Factory go on after any exit code but 2, and so after a program that is gone; Cursor is told so
    // by a key of its own.
    let takes_exit_codes = matches!(harness, Harness::Claude | Harness::Factory);
    let refusal = if wanted.is_gate && takes_exit_codes && cfg!(unix) {
        " || exit 2"
    } else {
        ""
    };
    format!("{program} hook --harness {harness}{refusal}")
}

/// What an agent is told to run for an event, key by key.
pub(crate) fn handler(
    harness: Harness,
    wanted: Wanted,
    program: &str,
) -> Vec<(&'static str, Value)> {
    let command = Value::from(command(harness, wanted, program));
    let mut keys = vec![("command", command), ("timeout", Value::from(TIMEOUT))];
    if harness != Harness::Cursor {
        keys.insert(0, ("type", Value::from("command")));
    }
    if wanted.is_gate {
        keys.extend(fails_closed(harness));
    }
    keys
}

/// The key by which an agent is told to take a failing hook for a refusal.
pub(crate) fn fails_closed(harness: Harness) -> Option<(&'static str, Value)> {
    match harness {
        Harness::Claude => Some(("onFailure", Value::from("block"))),
        Harness::Cursor => Some(("failClosed", Value::from(true))),
        Harness::Factory | Harness::OpenCode => None,
    }
}

/// The element of an event's list that holds the handler.
pub(crate) fn group(harness: Harness, wanted: Wanted, program: &str) -> Written {
    let keys = handler(harness, wanted, program).into_iter();
    let handler = Written::Map(
        keys.map(|(key, value)| (key.to_owned(), Written::Scalar(value)))
            .collect(),
    );
    if harness == Harness::Cursor {
        return handler;
    }
    Written::map([
        ("matcher", Written::text("*")),
        ("hooks", Written::List(vec![handler])),
    ])
}

/// A handler that stands in settings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found<'document> {
    /// For which tools it is; none is every tool.
    pub(crate) matcher: Option<&'document str>,
    pub(crate) handler: &'document Node,
}

impl<'document> Found<'document> {
    /// Whether it is asked about every tool.
    pub(crate) fn is_for_all(&self) -> bool {
        matches!(self.matcher, None | Some("" | "*"))
    }

    /// What is run.
    pub(crate) fn command(&self) -> Option<&'document str> {
        self.handler.get("command")?.text()
    }
}

/// The handlers in an event's list, in their order.
pub(crate) fn groups(harness: Harness, list: &Node) -> Vec<Found<'_>> {
    let groups = list.elements().unwrap_or_default().iter();
    let found = |matcher, handler| Found { matcher, handler };
    if harness == Harness::Cursor {
        return groups
            .map(|handler| found(matcher(handler), handler))
            .collect();
    }
    groups
        .flat_map(|group| {
            let handlers = group.get("hooks").and_then(Node::elements);
            let handlers = handlers.unwrap_or_default().iter();
            handlers.map(move |handler| found(matcher(group), handler))
        })
        .collect()
}

fn matcher(node: &Node) -> Option<&str> {
    node.get("matcher").and_then(Node::text)
}
