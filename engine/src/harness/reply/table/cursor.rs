//! What Cursor is told: its documentation of hooks as of August 2026.

use super::GENERAL;
use crate::harness::reply::form::{Carrier, CursorAct, Form};
use crate::harness::reply::wire::{Columns, WireFit, WireRow};

use WireFit::{Advice, Exact, Lost, NotPreventable, Stronger, Weaker};

const NOTHING: Form = Form::cursor(CursorAct::Nothing);
const EXIT: Form = NOTHING.exiting();
const DENY: Form = Form::cursor(CursorAct::Deny);
const DENY_PERSON: Form = Form::cursor(CursorAct::DenyPerson);
const DENY_BARE: Form = Form::cursor(CursorAct::DenyBare);
const PERMIT: Form = Form::cursor(CursorAct::Permit);
const REFUSE: Form = Form::cursor(CursorAct::Refuse);
const FOLLOW_UP: Form = Form::cursor(CursorAct::FollowUp);
const TELL: Form = Form::cursor(CursorAct::Tell);
const EVERYTHING: Form = Form::cursor(CursorAct::Everything).exiting();

/// A command, or a call of an MCP tool.
static CALL: Columns = Columns {
    halt: (DENY, Weaker),
    deny: (DENY, Exact),
    block: (DENY, Exact),
    ask: (Form::cursor(CursorAct::Ask), Exact),
    modify: (DENY, Stronger),
    context: (Carrier::AgentMessage, Advice),
    allow: (PERMIT, Exact),
    refusal: DENY,
    note: "There is no way to stop the agent; halt tells it to. A changed input cannot be given, so that the agent is told to repeat \
           the call with it. Cursor shows `agent_message` to the agent with a denial.",
};

/// Any tool's call.
static TOOL: Columns = Columns {
    halt: (DENY, Weaker),
    deny: (DENY, Exact),
    block: (DENY, Exact),
    ask: (DENY, Stronger),
    modify: (Form::cursor(CursorAct::PermitRewrite), Exact),
    context: (Carrier::AgentMessage, Advice),
    allow: (PERMIT, Exact),
    refusal: DENY,
    note: "Cursor takes an ask here and does not enforce it.",
};

/// A file that the agent wants to read, or a subagent that it wants to start.
static READ: Columns = Columns {
    halt: (DENY_PERSON, Weaker),
    deny: (DENY_PERSON, Exact),
    block: (DENY_PERSON, Exact),
    ask: (DENY_PERSON, Stronger),
    modify: (DENY_PERSON, Stronger),
    context: (Carrier::DenialOnly, Lost),
    allow: (PERMIT, Exact),
    refusal: DENY_PERSON,
    note: "The words are for the person (`user_message`); there are none for the agent.",
};

/// A file that completion wants to read.
static TAB: Columns = Columns {
    halt: (DENY_BARE, Weaker),
    deny: (DENY_BARE, Exact),
    block: (DENY_BARE, Exact),
    ask: (DENY_BARE, Stronger),
    modify: (DENY_BARE, Stronger),
    context: (Carrier::DenialOnly, Lost),
    allow: (PERMIT, Exact),
    refusal: DENY_BARE,
    note: "There is no word for a reason.",
};

/// A prompt, before the model reads it.
static PROMPT: Columns = Columns {
    halt: (REFUSE, Exact),
    deny: (REFUSE, Exact),
    block: (REFUSE, Exact),
    ask: (REFUSE, Stronger),
    modify: (REFUSE, Stronger),
    context: (Carrier::DenialOnly, Lost),
    allow: (Form::cursor(CursorAct::Submit), Exact),
    refusal: REFUSE,
    note: "The words are for the person (`user_message`).",
};

/// An agent that has ended.
static END: Columns = Columns {
    halt: (NOTHING, Exact),
    deny: (FOLLOW_UP, Exact),
    block: (FOLLOW_UP, Exact),
    ask: (FOLLOW_UP, Stronger),
    modify: (FOLLOW_UP, Stronger),
    context: (Carrier::DenialOnly, Lost),
    allow: (NOTHING, Exact),
    refusal: FOLLOW_UP,
    note: "A denial makes the agent go on, with the reason. Halt lets it end, and says why on standard error.",
};

/// What has happened, and is told to the agent.
static RESULT: Columns = Columns {
    halt: (TELL, Advice),
    deny: (TELL, Advice),
    block: (TELL, Advice),
    ask: (TELL, Advice),
    modify: (TELL, Advice),
    context: (Carrier::CursorContext, Exact),
    allow: (NOTHING, Exact),
    refusal: TELL,
    note: "The agent reads why that was wrong.",
};

/// What has happened.
static PAST: Columns = Columns {
    halt: (EXIT, NotPreventable),
    deny: (EXIT, NotPreventable),
    block: (EXIT, NotPreventable),
    ask: (EXIT, NotPreventable),
    modify: (EXIT, NotPreventable),
    context: (Carrier::DenialOnly, Lost),
    allow: (NOTHING, Exact),
    refusal: EXIT,
    note: "",
};

/// An event that is not known.
static UNKNOWN: Columns = Columns {
    halt: (EVERYTHING, Weaker),
    deny: (EVERYTHING, Exact),
    block: (EVERYTHING, Exact),
    ask: (EVERYTHING, Stronger),
    modify: (EVERYTHING, Stronger),
    context: (Carrier::DenialOnly, Lost),
    allow: (NOTHING, Exact),
    refusal: EVERYTHING,
    note: "An event that is not known.",
};

pub(super) static GENERAL_ROW: WireRow = row(GENERAL, &UNKNOWN);

const fn row(event: &'static str, columns: &'static Columns) -> WireRow {
    WireRow { event, columns }
}

pub(super) static ROWS: [WireRow; 22] = [
    row("beforeShellExecution", &CALL),
    row("beforeMCPExecution", &CALL),
    row("preToolUse", &TOOL),
    row("beforeReadFile", &READ),
    row("subagentStart", &READ),
    row("beforeTabFileRead", &TAB),
    row("beforeSubmitPrompt", &PROMPT),
    row("stop", &END),
    row("subagentStop", &END),
    row("sessionStart", &RESULT),
    row("postToolUse", &RESULT),
    row("postToolUseFailure", &RESULT),
    row("afterShellExecution", &PAST),
    row("afterMCPExecution", &PAST),
    row("afterFileEdit", &PAST),
    row("afterTabFileEdit", &PAST),
    row("afterAgentResponse", &PAST),
    row("afterAgentThought", &PAST),
    row("preCompact", &PAST),
    row("sessionEnd", &PAST),
    row("workspaceOpen", &PAST),
    row(GENERAL, &UNKNOWN),
];
