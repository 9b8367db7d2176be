//! What Claude Code is told: the type declarations of `@anthropic-ai/claude-agent-sdk` 0.3.330 and its reference of hooks.

use super::GENERAL;
use crate::harness::reply::form::{Act, Carrier, Form, HookAct};
use crate::harness::reply::wire::{Columns, WireFit, WireRow};

use WireFit::{Advice, Exact, Lost, NotPreventable, Stronger, Weaker};

const NOTHING: Form = Form::hook(HookAct::Nothing);
const STOP: Form = NOTHING.stopping();
const DENY: Form = Form::hook(HookAct::PermissionDeny);
const ASK: Form = Form::hook(HookAct::PermissionAsk);
const REWRITE: Form = Form::hook(HookAct::Rewrite);
const REFUSE: Form = Form::hook(HookAct::BehaviorDeny);
const BLOCK: Form = Form::hook(HookAct::Block);
const DECLINE: Form = Form::hook(HookAct::Decline);
const WITHHOLD: Form = Form::hook(HookAct::Withhold);
const NO_TEXT: Form = Form::of(Act::NoText).exiting();

/// A tool's call that has not begun.
static CALL: Columns = Columns {
    halt: (DENY.stopping(), Exact),
    deny: (DENY, Exact),
    block: (DENY, Exact),
    ask: (ASK, Exact),
    modify: (REWRITE, Exact),
    context: (Carrier::AdditionalContext, Exact),
    allow: (NOTHING, Exact),
    refusal: DENY,
    note: "An allow and a changed input grant nothing: the agent's own permissions still hold. \
           The changed input is lost if another hook changes it too.",
};

/// The dialog that asks the person for permission.
static PERMISSION: Columns = Columns {
    halt: (REFUSE.stopping(), Exact),
    deny: (REFUSE, Exact),
    block: (REFUSE, Exact),
    ask: (Form::hook(HookAct::PersonAsked), Exact),
    modify: (REFUSE, Stronger),
    context: (Carrier::SystemMessage, Advice),
    allow: (NOTHING, Exact),
    refusal: REFUSE,
    note: "Halt interrupts. The person is asked anyway, so that an ask says nothing but why. \
           A changed input could only be granted, so that the agent is told to repeat the call with it.",
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

/// All calls of one answer of the model are over.
static BATCH: Columns = Columns {
    halt: (BLOCK.stopping(), Exact),
    deny: (BLOCK, Exact),
    block: (BLOCK, Stronger),
    ask: (BLOCK, Stronger),
    modify: (BLOCK, Stronger),
    context: (Carrier::AdditionalContext, Exact),
    allow: (NOTHING, Exact),
    refusal: BLOCK,
    note: "The tools have run; the model is not asked again.",
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
    note: "A denial makes the agent go on, with the reason. Context is for the person: were the agent told, it would go on. \
           Where there is no decision, the agent is stopped.",
};

/// What can be blocked, and carries nothing for the agent.
static BLOCKABLE: Columns = Columns {
    halt: (BLOCK.stopping(), Exact),
    deny: (BLOCK, Exact),
    block: (BLOCK, Exact),
    ask: (BLOCK, Stronger),
    modify: (BLOCK, Stronger),
    context: (Carrier::SystemMessage, Advice),
    allow: (NOTHING, Exact),
    refusal: BLOCK,
    note: "",
};

/// What is blocked by the exit code.
static WORK: Columns = Columns {
    halt: (BLOCK.stopping(), Exact),
    deny: (BLOCK.exiting(), Exact),
    block: (BLOCK.exiting(), Exact),
    ask: (BLOCK.exiting(), Stronger),
    modify: (BLOCK.exiting(), Stronger),
    context: (Carrier::SystemMessage, Advice),
    allow: (NOTHING, Exact),
    refusal: BLOCK.exiting(),
    note: "A denial makes the agent go on, with the reason.",
};

/// A task that is to be made.
static TASK: Columns = Columns {
    halt: (BLOCK.stopping().exiting(), Weaker),
    deny: (BLOCK.exiting(), Exact),
    block: (BLOCK.exiting(), Exact),
    ask: (BLOCK.exiting(), Stronger),
    modify: (BLOCK.exiting(), Stronger),
    context: (Carrier::SystemMessage, Advice),
    allow: (NOTHING, Exact),
    refusal: BLOCK.exiting(),
    note: "The task is taken back; `continue: false` is not read here.",
};

/// The change to another model.
static MODEL: Columns = Columns {
    halt: (DENY.stopping(), Exact),
    deny: (DENY, Exact),
    block: (DENY, Exact),
    ask: (ASK, Exact),
    modify: (DENY, Stronger),
    context: (Carrier::SystemMessage, Advice),
    allow: (NOTHING, Exact),
    refusal: DENY,
    note: "Where nobody can be asked, an ask is a refusal.",
};

/// The beginning of something, which nobody can block.
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

/// What an MCP server asks of the person, and what the person answers.
static ELICITATION: Columns = Columns {
    halt: (DECLINE.stopping(), Exact),
    deny: (DECLINE, Exact),
    block: (DECLINE, Exact),
    ask: (DECLINE, Stronger),
    modify: (DECLINE, Stronger),
    context: (Carrier::SystemMessage, Advice),
    allow: (NOTHING, Exact),
    refusal: DECLINE,
    note: "The reason is shown to the person.",
};

/// What is about to be shown.
static DISPLAY: Columns = Columns {
    halt: (WITHHOLD.stopping(), Exact),
    deny: (WITHHOLD, Exact),
    block: (WITHHOLD, Exact),
    ask: (WITHHOLD, Stronger),
    modify: (WITHHOLD, Stronger),
    context: (Carrier::SystemMessage, Advice),
    allow: (NOTHING, Exact),
    refusal: WITHHOLD,
    note: "The reason is shown instead of the text; the model has written it all the same.",
};

/// What has happened.
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

/// The making of a worktree, which a hook for it has to do itself.
static WORKTREE: Columns = Columns {
    halt: (NO_TEXT, Weaker),
    deny: (NO_TEXT, Exact),
    block: (NO_TEXT, Exact),
    ask: (NO_TEXT, Stronger),
    modify: (NO_TEXT, Stronger),
    context: (Carrier::DenialOnly, Lost),
    allow: (NO_TEXT, Stronger),
    refusal: NO_TEXT,
    note: "Do not install a hook for it: whoever has one must make the worktree and print its path. Everything is refused.",
};

/// An event that is not known; what a single event has would make the whole output invalid.
static UNKNOWN: Columns = Columns {
    halt: (BLOCK.stopping().exiting(), Exact),
    deny: (BLOCK.stopping().exiting(), Stronger),
    block: (BLOCK.stopping().exiting(), Stronger),
    ask: (BLOCK.stopping().exiting(), Stronger),
    modify: (BLOCK.stopping().exiting(), Stronger),
    context: (Carrier::SystemMessage, Advice),
    allow: (NOTHING, Exact),
    refusal: BLOCK.stopping().exiting(),
    note: "An event that is not known.",
};

pub(super) static GENERAL_ROW: WireRow = WireRow {
    event: GENERAL,
    columns: &UNKNOWN,
};

const fn row(event: &'static str, columns: &'static Columns) -> WireRow {
    WireRow { event, columns }
}

pub(super) static ROWS: [WireRow; 34] = [
    row("PreToolUse", &CALL),
    row("PermissionRequest", &PERMISSION),
    row("PermissionDenied", &PAST),
    row("PostToolUse", &RESULT),
    row("PostToolUseFailure", &RESULT),
    row("PostToolBatch", &BATCH),
    row("UserPromptSubmit", &PROMPT),
    row("UserPromptExpansion", &PROMPT),
    row("Stop", &END),
    row("SubagentStop", &END),
    row("StopFailure", &PAST),
    row("TeammateIdle", &WORK),
    row("TaskCreated", &TASK),
    row("TaskCompleted", &WORK),
    row("SessionStart", &BEGINNING),
    row("Setup", &BEGINNING),
    row("SubagentStart", &BEGINNING),
    row("SessionEnd", &PAST),
    row("PreCompact", &BLOCKABLE),
    row("PostCompact", &PAST),
    row("PreModelSwitch", &MODEL),
    row("PostModelSwitch", &BEGINNING),
    row("Notification", &BEGINNING),
    row("ConfigChange", &BLOCKABLE),
    row("Elicitation", &ELICITATION),
    row("ElicitationResult", &ELICITATION),
    row("MessageDisplay", &DISPLAY),
    row("WorktreeCreate", &WORKTREE),
    row("WorktreeRemove", &PAST),
    row("InstructionsLoaded", &PAST),
    row("CwdChanged", &PAST),
    row("FileChanged", &PAST),
    row("DirectoryAdded", &PAST),
    row(GENERAL, &UNKNOWN),
];
