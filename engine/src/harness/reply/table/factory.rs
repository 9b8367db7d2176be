//! What Factory's Droid is told: its reference of hooks, in the format that Claude Code had first.

use super::GENERAL;
use crate::harness::reply::form::{Carrier, Form, HookAct};
use crate::harness::reply::wire::{Columns, WireFit, WireRow};

use WireFit::{Advice, Exact, NotPreventable, Stronger};

const NOTHING: Form = Form::hook(HookAct::Nothing);
const STOP: Form = NOTHING.stopping();
const DENY: Form = Form::hook(HookAct::PermissionDeny);
const BLOCK: Form = Form::hook(HookAct::Block);
const GENERAL_NO: Form = BLOCK.stopping().exiting();

/// A tool's call that has not begun.
static CALL: Columns = Columns {
    halt: (DENY.stopping(), Exact),
    deny: (DENY, Exact),
    block: (DENY, Exact),
    ask: (Form::hook(HookAct::PermissionAsk), Exact),
    modify: (Form::hook(HookAct::AskRewrite), Stronger),
    context: (Carrier::Reason, Advice),
    allow: (NOTHING, Exact),
    refusal: DENY,
    note: "An allow grants nothing: the agent's own permissions still hold. \
           A changed input is shown to the person, because to grant it would pass over those permissions. \
           Context reaches the agent with a denial, otherwise the person.",
};

/// A tool's call that is over.
static RESULT: Columns = Columns {
    halt: (BLOCK.stopping(), Exact),
    deny: (BLOCK, Advice),
    block: (BLOCK, Advice),
    ask: (BLOCK, Advice),
    modify: (BLOCK, Advice),
    context: (Carrier::AdditionalContext, Exact),
    allow: (NOTHING, Exact),
    refusal: BLOCK,
    note: "The tool has run; the agent reads why that was wrong.",
};

/// A prompt, before the model reads it.
static PROMPT: Columns = Columns {
    halt: (BLOCK.stopping(), Exact),
    deny: (BLOCK, Exact),
    block: (BLOCK, Exact),
    ask: (BLOCK, Stronger),
    modify: (BLOCK, Stronger),
    context: (Carrier::AdditionalContext, Exact),
    allow: (NOTHING, Exact),
    refusal: BLOCK,
    note: "The prompt is erased.",
};

/// An agent that wants to end.
static END: Columns = Columns {
    halt: (BLOCK.stopping(), Exact),
    deny: (BLOCK, Exact),
    block: (BLOCK, Exact),
    ask: (BLOCK, Stronger),
    modify: (BLOCK, Stronger),
    context: (Carrier::SystemMessage, Advice),
    allow: (NOTHING, Exact),
    refusal: BLOCK.stopping(),
    note: "A denial makes the agent go on, with the reason. Where there is no decision, the agent is stopped.",
};

/// The beginning of a session, which nobody can block.
static BEGINNING: Columns = Columns {
    halt: (STOP, NotPreventable),
    deny: (STOP, NotPreventable),
    block: (STOP, NotPreventable),
    ask: (STOP, NotPreventable),
    modify: (STOP, NotPreventable),
    context: (Carrier::AdditionalContext, Exact),
    allow: (NOTHING, Exact),
    refusal: STOP,
    note: "",
};

/// What has happened, or happens in any case.
static PAST: Columns = Columns {
    halt: (STOP, NotPreventable),
    deny: (STOP, NotPreventable),
    block: (STOP, NotPreventable),
    ask: (STOP, NotPreventable),
    modify: (STOP, NotPreventable),
    context: (Carrier::SystemMessage, Advice),
    allow: (NOTHING, Exact),
    refusal: STOP,
    note: "",
};

/// An event that is not known.
static UNKNOWN: Columns = Columns {
    halt: (GENERAL_NO, Exact),
    deny: (GENERAL_NO, Stronger),
    block: (GENERAL_NO, Stronger),
    ask: (GENERAL_NO, Stronger),
    modify: (GENERAL_NO, Stronger),
    context: (Carrier::SystemMessage, Advice),
    allow: (NOTHING, Exact),
    refusal: GENERAL_NO,
    note: "An event that is not known.",
};

pub(super) static GENERAL_ROW: WireRow = row(GENERAL, &UNKNOWN);

const fn row(event: &'static str, columns: &'static Columns) -> WireRow {
    WireRow { event, columns }
}

pub(super) static ROWS: [WireRow; 10] = [
    row("PreToolUse", &CALL),
    row("PostToolUse", &RESULT),
    row("UserPromptSubmit", &PROMPT),
    row("Stop", &END),
    row("SubagentStop", &END),
    row("SessionStart", &BEGINNING),
    row("SessionEnd", &PAST),
    row("PreCompact", &PAST),
    row("Notification", &PAST),
    row(GENERAL, &UNKNOWN),
];
