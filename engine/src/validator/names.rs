//! The tools that agent programs are known to have, the events that carry one, and the verbs that their replies can say.

use crate::decision::Verb::{self, AddContext, Ask, Block, Deny, Halt, Modify};
use crate::harness::Harness;

const CLAUDE_TOOLS: [&str; 37] = [
    "Agent",
    "AskUserQuestion",
    "Bash",
    "BashOutput",
    "Edit",
    "EnterPlanMode",
    "EnterWorktree",
    "ExitPlanMode",
    "ExitWorktree",
    "Glob",
    "Grep",
    "KillBash",
    "KillShell",
    "LS",
    "LSP",
    "ListMcpResourcesTool",
    "MultiEdit",
    "NotebookEdit",
    "NotebookRead",
    "Read",
    "ReadMcpResourceTool",
    "SendMessage",
    "Skill",
    "SlashCommand",
    "Task",
    "TaskCreate",
    "TaskGet",
    "TaskList",
    "TaskOutput",
    "TaskStop",
    "TaskUpdate",
    "TodoRead",
    "TodoWrite",
    "ToolSearch",
    "WebFetch",
    "WebSearch",
    "Write",
];
/// Factory's own names, and those of Claude Code that its hooks also send.
const FACTORY_TOOLS: [&str; 18] = [
    "ApplyPatch",
    "Bash",
    "Create",
    "Edit",
    "Execute",
    "ExitSpecMode",
    "FetchUrl",
    "Glob",
    "Grep",
    "LS",
    "MultiEdit",
    "NotebookEdit",
    "Read",
    "Task",
    "TodoWrite",
    "WebFetch",
    "WebSearch",
    "Write",
];
const OPENCODE_TOOLS: [&str; 13] = [
    "Bash",
    "Edit",
    "Glob",
    "Grep",
    "List",
    "NotebookEdit",
    "Patch",
    "Read",
    "Task",
    "TodoRead",
    "TodoWrite",
    "WebFetch",
    "Write",
];

/// The events of Claude Code, Factory and OpenCode that carry a tool.
const TOOL_EVENTS: [&str; 5] = [
    "PermissionDenied",
    "PermissionRequest",
    "PostToolUse",
    "PostToolUseFailure",
    "PreToolUse",
];
const CURSOR_TOOL_EVENTS: [&str; 5] = [
    "afterMCPExecution",
    "beforeMCPExecution",
    "postToolUse",
    "postToolUseFailure",
    "preToolUse",
];

/// What an event's reply can say: the verbs that it has, and those that it says as another one.
pub(super) struct Reply {
    pub(super) event: &'static str,
    pub(super) verbs: &'static [Verb],
    pub(super) weakened: &'static [(Verb, Verb)],
}

const fn reply(
    event: &'static str,
    verbs: &'static [Verb],
    weakened: &'static [(Verb, Verb)],
) -> Reply {
    Reply {
        event,
        verbs,
        weakened,
    }
}

const DENY_AS_BLOCK: &[(Verb, Verb)] = &[(Deny, Block)];

static CLAUDE_REPLIES: [Reply; 10] = [
    reply("PreToolUse", &Verb::ALL, &[]),
    reply(
        "PermissionRequest",
        &[Halt, Deny, Block, Ask],
        &[(Modify, Deny)],
    ),
    reply("PostToolUse", &[Halt, Block, AddContext], DENY_AS_BLOCK),
    reply("Stop", &[Halt, Block], DENY_AS_BLOCK),
    reply("SubagentStop", &[Halt, Block], DENY_AS_BLOCK),
    reply(
        "UserPromptSubmit",
        &[Halt, Block, AddContext],
        DENY_AS_BLOCK,
    ),
    reply(
        "SessionStart",
        &[Halt, AddContext],
        &[(Deny, Halt), (Block, Halt)],
    ),
    reply("SessionEnd", &[], &[]),
    reply(
        "PreCompact",
        &[Halt, AddContext],
        &[(Deny, Halt), (Block, Halt)],
    ),
    reply("Notification", &[Halt, Block], &[(Deny, Halt)]),
];
static CURSOR_REPLIES: [Reply; 11] = [
    reply("preToolUse", &[Halt, Deny, Block, Modify], &[(Ask, Deny)]),
    reply("beforeShellExecution", &[Halt, Deny, Block, Ask], &[]),
    reply("beforeMCPExecution", &[Halt, Deny, Block, Ask], &[]),
    reply("beforeReadFile", &[Halt, Deny, Block], &[(Ask, Deny)]),
    reply("beforeSubmitPrompt", &[Halt, Deny, Block], &[(Ask, Block)]),
    reply("stop", &[Halt, Block], DENY_AS_BLOCK),
    reply("afterShellExecution", &[], &[]),
    reply("afterMCPExecution", &[], &[]),
    reply("afterFileEdit", &[], &[]),
    reply("afterAgentResponse", &[], &[]),
    reply("afterAgentThought", &[], &[]),
];
static OPENCODE_REPLIES: [Reply; 3] = [
    reply("PreToolUse", &Verb::ALL, &[]),
    reply("PermissionRequest", &[Halt, Deny, Block, Ask], &[]),
    reply("PostToolUse", &[Halt, Block, AddContext], DENY_AS_BLOCK),
];

/// What the reply to an event can say; none for an event of which that is not known.
pub(super) fn reply_to(harness: Harness, event: &str) -> Option<&'static Reply> {
    let replies: &'static [Reply] = match harness {
        Harness::Claude | Harness::Factory => &CLAUDE_REPLIES,
        Harness::Cursor => &CURSOR_REPLIES,
        Harness::OpenCode => &OPENCODE_REPLIES,
    };
    replies.iter().find(|reply| reply.event == event)
}

/// The tools that a harness is known to have; none where every tool comes from elsewhere.
pub(super) fn tools(harness: Harness) -> Option<&'static [&'static str]> {
    let tools: &'static [&'static str] = match harness {
        Harness::Claude => &CLAUDE_TOOLS,
        Harness::Factory => &FACTORY_TOOLS,
        Harness::OpenCode => &OPENCODE_TOOLS,
        Harness::Cursor => return None,
    };
    Some(tools)
}

/// Whether an event of a harness carries a tool; none for an event of which that is not known.
pub(super) fn carries_tool(harness: Harness, event: &str) -> Option<bool> {
    let with_tool: &[&str] = match harness {
        Harness::Cursor => &CURSOR_TOOL_EVENTS,
        Harness::Claude | Harness::Factory | Harness::OpenCode => &TOOL_EVENTS,
    };
    let is_known = crate::harness::is_known(event, harness);
    is_known.then(|| with_tool.contains(&event))
}
