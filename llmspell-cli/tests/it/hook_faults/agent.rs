//! The four agents: the event of each, and what each makes of what a hook answers, by its own documentation.
//!
//! The rules are those of `docs/harnesses.md`, written down once more: nothing of the code under test is asked.

use serde_json::Value as Json;

use super::scene::Ended;

/// An agent that calls the hook before a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agent {
    Claude,
    Cursor,
    Factory,
    OpenCode,
}

/// What an agent does after it has called the hook.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It does not run the command, and says this.
    Refused(String),
    /// It runs the command, or asks about it as if there were no hook.
    Allowed,
    /// It may do what it wants: the reply keeps to no rule.
    Undefined(
        #[expect(dead_code, reason = "it is shown where a reply keeps to no rule")] &'static str,
    ),
}

impl Agent {
    pub(super) const ALL: [Self; 4] = [Self::Claude, Self::Cursor, Self::Factory, Self::OpenCode];

    /// The name on the command line.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Cursor => "cursor",
            Self::Factory => "factory",
            Self::OpenCode => "opencode",
        }
    }

    /// The event of a command that is allowed.
    pub(super) const fn event(self) -> &'static str {
        match self {
            Self::Claude => {
                r#"{"session_id":"s","transcript_path":"/t.jsonl","cwd":"/","permission_mode":"default","hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"ls -l"},"tool_use_id":"u"}"#
            }
            Self::Cursor => {
                r#"{"conversation_id":"c","generation_id":"g","hook_event_name":"beforeShellExecution","cursor_version":"2.0","command":"ls -l","cwd":"/"}"#
            }
            Self::Factory => {
                r#"{"sessionId":"s","transcriptPath":"/t.jsonl","cwd":"/","permissionMode":"off","hookEventName":"PreToolUse","tool_name":"Bash","tool_input":{"command":"ls -l"}}"#
            }
            Self::OpenCode => {
                r#"{"session_id":"s","cwd":"/","hook_event_name":"PreToolUse","tool":"bash","args":{"command":"ls -l"}}"#
            }
        }
    }

    /// The key under which the event names itself.
    pub(super) const fn name_key(self) -> &'static str {
        match self {
            Self::Factory => "hookEventName",
            Self::Claude | Self::Cursor | Self::OpenCode => "hook_event_name",
        }
    }

    /// What the event calls itself.
    pub(super) const fn event_name(self) -> &'static str {
        match self {
            Self::Cursor => "beforeShellExecution",
            Self::Claude | Self::Factory | Self::OpenCode => "PreToolUse",
        }
    }

    /// What the agent does.
    pub(super) fn makes_of(self, ended: &Ended) -> Verdict {
        match ended.code {
            Some(0) => self.makes_of_output(ended),
            Some(2) => makes_of_block(ended),
            // For OpenCode's plugin this is a refusal too; for the others it is a hook that failed, and no obstacle.
            _ => Verdict::Allowed,
        }
    }

    fn makes_of_output(self, ended: &Ended) -> Verdict {
        let Some(line) = ended.output.strip_suffix('\n') else {
            return Verdict::Undefined("the reply has no end");
        };
        if line.contains('\n') {
            return Verdict::Undefined("the reply has several lines");
        }
        let Ok(Json::Object(_)) = serde_json::from_str(line) else {
            return Verdict::Undefined("the reply is no JSON object");
        };
        let reply: Json = serde_json::from_str(line).unwrap_or_default();
        match self {
            Self::Claude | Self::Factory => makes_of_hook_output(self, &reply),
            Self::Cursor => makes_of_permission(&reply),
            Self::OpenCode => makes_of_decision(&reply),
        }
    }
}

/// The code that blocks: the reason is on standard error, and what stands on standard output is not read.
fn makes_of_block(ended: &Ended) -> Verdict {
    if ended.is_deaf {
        return Verdict::Refused(String::new());
    }
    let Some(reason) = ended.error.trim_end().lines().last() else {
        return Verdict::Undefined("a block without a reason");
    };
    if ended.error.lines().count() > 1 && !ended.may_be_noisy {
        return Verdict::Undefined("several lines on standard error");
    }
    match reason.strip_prefix("llmspell hook: ") {
        Some(reason) if !reason.trim().is_empty() => Verdict::Refused(reason.to_owned()),
        _ => Verdict::Undefined("a block without a reason"),
    }
}

fn makes_of_hook_output(agent: Agent, reply: &Json) -> Verdict {
    let specific = &reply["hookSpecificOutput"];
    let is_of_event = specific["hookEventName"] == agent.event_name();
    if !specific.is_null() && !is_of_event {
        return Verdict::Undefined("the output is that of another event");
    }
    match specific["permissionDecision"].as_str() {
        Some("deny") => with_reason(&specific["permissionDecisionReason"]),
        Some("allow" | "ask") | None if reply["continue"] == false => {
            with_reason(&reply["stopReason"])
        }
        Some("allow" | "ask") | None => Verdict::Allowed,
        Some(_) => Verdict::Undefined("an unknown decision"),
    }
}

fn makes_of_permission(reply: &Json) -> Verdict {
    match reply["permission"].as_str() {
        Some("deny") if reply["agent_message"].is_null() => with_reason(&reply["user_message"]),
        Some("deny") => with_reason(&reply["agent_message"]),
        Some("allow" | "ask") => Verdict::Allowed,
        _ => Verdict::Undefined("no permission that Cursor knows"),
    }
}

fn makes_of_decision(reply: &Json) -> Verdict {
    match reply["decision"].as_str() {
        Some("deny" | "block") => with_reason(&reply["reason"]),
        Some("allow" | "ask") => Verdict::Allowed,
        _ => Verdict::Undefined("no decision that the plugin knows"),
    }
}

fn with_reason(reason: &Json) -> Verdict {
    match reason.as_str() {
        Some(reason) if !reason.trim().is_empty() => Verdict::Refused(reason.to_owned()),
        _ => Verdict::Undefined("a denial without a reason"),
    }
}
