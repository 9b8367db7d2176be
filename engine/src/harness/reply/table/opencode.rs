//! What OpenCode's plugin is told, which is ours: see `opencode_plugin.js`.

use super::GENERAL;
use crate::decision::Verdict;
use crate::harness::reply::form::{Carrier, Form};
use crate::harness::reply::wire::{Columns, WireFit, WireRow};

use WireFit::{Exact, Stronger};

const HALT: Form = Form::opencode(Verdict::Halt);
const DENY: Form = Form::opencode(Verdict::Deny);
const BLOCK: Form = Form::opencode(Verdict::Block);
const ASK: Form = Form::opencode(Verdict::Ask);
const MODIFY: Form = Form::opencode(Verdict::Modify);
const ALLOW: Form = Form::opencode(Verdict::Allow);

/// A tool's call that has not begun.
static CALL: Columns = Columns {
    halt: (HALT, Exact),
    deny: (DENY, Exact),
    block: (BLOCK, Exact),
    ask: (BLOCK, Stronger),
    modify: (MODIFY, Exact),
    context: (Carrier::List, Exact),
    allow: (ALLOW, Exact),
    refusal: DENY,
    note: "The plugin throws, and aborts the session on halt. Nobody can be asked from there. Context is added to the tool's result.",
};

/// The question for permission.
static PERMISSION: Columns = Columns {
    halt: (HALT, Exact),
    deny: (DENY, Exact),
    block: (BLOCK, Exact),
    ask: (ASK, Exact),
    modify: (DENY, Stronger),
    context: (Carrier::List, WireFit::Lost),
    allow: (ALLOW, Exact),
    refusal: DENY,
    note: "An allow grants nothing: the person is asked as before. OpenCode 1.18 declares this hook and does not call it; \
           what counts is `PreToolUse`.",
};

/// A tool's call that is over.
static RESULT: Columns = Columns {
    halt: (HALT, Exact),
    deny: (DENY, WireFit::Advice),
    block: (BLOCK, WireFit::Advice),
    ask: (BLOCK, WireFit::Advice),
    modify: (BLOCK, WireFit::Advice),
    context: (Carrier::List, Exact),
    allow: (ALLOW, Exact),
    refusal: DENY,
    note: "The tool has run; the agent gets the reason in place of its result.",
};

/// An event that is not known.
static UNKNOWN: Columns = Columns {
    halt: (HALT.exiting(), Exact),
    deny: (DENY.exiting(), Exact),
    block: (BLOCK.exiting(), Exact),
    ask: (DENY.exiting(), Stronger),
    modify: (DENY.exiting(), Stronger),
    context: (Carrier::List, WireFit::Lost),
    allow: (ALLOW, Exact),
    refusal: DENY.exiting(),
    note: "An event that is not known.",
};

pub(super) static GENERAL_ROW: WireRow = row(GENERAL, &UNKNOWN);

const fn row(event: &'static str, columns: &'static Columns) -> WireRow {
    WireRow { event, columns }
}

pub(super) static ROWS: [WireRow; 4] = [
    row("PreToolUse", &CALL),
    row("PermissionRequest", &PERMISSION),
    row("PostToolUse", &RESULT),
    row(GENERAL, &UNKNOWN),
];
