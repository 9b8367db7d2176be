//! The forms that a reply can have: what is said, whether the agent is stopped, and how the hook exits.

use crate::decision::Verdict;

/// One form of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) act: Act,
    /// Whether the agent is told to stop altogether.
    pub(super) stops: bool,
    pub(super) exit_code: u8,
}

/// What is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// In the format that Claude Code and Factory share.
    Hook(HookAct),
    /// In Cursor's.
    Cursor(CursorAct),
    /// The verdict that OpenCode's plugin reads.
    OpenCode(Verdict),
    /// Nothing is written; the exit code says it.
    NoText,
}

/// What Claude Code and Factory can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HookAct {
    /// Nothing: what the agent program does by itself.
    Nothing,
    /// `permissionDecision: "deny"`.
    PermissionDeny,
    /// `permissionDecision: "ask"`.
    PermissionAsk,
    /// `updatedInput` without a decision, so that nothing is granted that the agent would ask about.
    Rewrite,
    /// `permissionDecision: "ask"` with `updatedInput`.
    AskRewrite,
    /// `decision.behavior: "deny"`; stopping, with `interrupt`.
    BehaviorDeny,
    /// Nothing but a message, because the person is asked anyway.
    PersonAsked,
    /// `decision: "block"`.
    Block,
    /// `action: "decline"`.
    Decline,
    /// `displayContent` in place of what would be shown.
    Withhold,
}

/// What Cursor can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CursorAct {
    /// Nothing.
    Nothing,
    /// `permission: "deny"` with words for the person and for the agent.
    Deny,
    /// `permission: "deny"` with words for the person.
    DenyPerson,
    /// `permission: "deny"` alone.
    DenyBare,
    /// `permission: "ask"`.
    Ask,
    /// `permission: "allow"`.
    Permit,
    /// `permission: "allow"` with `updated_input`.
    PermitRewrite,
    /// `continue: true`.
    Submit,
    /// `continue: false`.
    Refuse,
    /// `followup_message`, with which the agent goes on.
    FollowUp,
    /// `additional_context`, which the agent reads.
    Tell,
    /// Every no at once, for an event that is not known.
    Everything,
}

/// Where the agent finds what it is told whatever the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    /// `hookSpecificOutput.additionalContext`.
    AdditionalContext,
    /// `systemMessage`, which the person reads.
    SystemMessage,
    /// The reason of a denial, otherwise `systemMessage`.
    Reason,
    /// Cursor's `agent_message`.
    AgentMessage,
    /// Cursor's `additional_context`.
    CursorContext,
    /// The list `context` of OpenCode's plugin.
    List,
    /// The words of a denial; otherwise nowhere.
    DenialOnly,
}

impl Form {
    pub(super) const fn hook(act: HookAct) -> Self {
        Self::of(Act::Hook(act))
    }

    pub(super) const fn cursor(act: CursorAct) -> Self {
        Self::of(Act::Cursor(act))
    }

    pub(super) const fn opencode(verdict: Verdict) -> Self {
        Self::of(Act::OpenCode(verdict))
    }

    pub(super) const fn of(act: Act) -> Self {
        Self {
            act,
            stops: false,
            exit_code: 0,
        }
    }

    /// The same, and the agent is stopped.
    pub(super) const fn stopping(self) -> Self {
        Self {
            stops: true,
            ..self
        }
    }

    /// The same, with the exit code that blocks by itself.
    pub(super) const fn exiting(self) -> Self {
        Self {
            exit_code: super::general::BLOCKING,
            ..self
        }
    }

    /// How the table shows it.
    pub(super) fn shown(self) -> String {
        let mut parts = Vec::new();
        if self.stops {
            parts.push("`continue: false`".to_owned());
        }
        parts.extend(self.act.shown());
        if self.exit_code != 0 {
            parts.push(format!("exit {}", self.exit_code));
        }
        match parts.is_empty() {
            true => "`{}`".to_owned(),
            false => parts.join(" + "),
        }
    }
}

impl Act {
    /// Whether a person is asked.
    pub(super) const fn asks(self) -> bool {
        matches!(
            self,
            Self::Hook(HookAct::PermissionAsk | HookAct::PersonAsked)
                | Self::Cursor(CursorAct::Ask)
                | Self::OpenCode(Verdict::Ask)
        )
    }

    /// Whether the tool gets the changed input.
    pub(super) const fn rewrites(self) -> bool {
        matches!(
            self,
            Self::Hook(HookAct::Rewrite | HookAct::AskRewrite)
                | Self::Cursor(CursorAct::PermitRewrite)
        )
    }

    /// Whether it refuses, and has no word for stopping the agent.
    pub(super) const fn is_only_a_denial(self) -> bool {
        matches!(
            self,
            Self::Cursor(CursorAct::Deny | CursorAct::DenyPerson | CursorAct::Everything)
        )
    }

    pub(super) const fn is_silent(self) -> bool {
        matches!(
            self,
            Self::Hook(HookAct::Nothing) | Self::Cursor(CursorAct::Nothing)
        )
    }

    fn shown(self) -> Option<String> {
        match self {
            Self::Hook(act) => act.shown().map(str::to_owned),
            Self::Cursor(act) => act.shown().map(str::to_owned),
            Self::OpenCode(verdict @ (Verdict::Halt | Verdict::Modify)) => {
                Some(format!("`decision: deny` + `verdict: {}`", verdict.name()))
            }
            Self::OpenCode(verdict) => Some(format!("`decision: {}`", verdict.name())),
            Self::NoText => Some("nothing written".to_owned()),
        }
    }
}

impl HookAct {
    const fn shown(self) -> Option<&'static str> {
        Some(match self {
            Self::Nothing => return None,
            Self::PermissionDeny => "`permissionDecision: deny`",
            Self::PermissionAsk => "`permissionDecision: ask`",
            Self::Rewrite => "`updatedInput`",
            Self::AskRewrite => "`permissionDecision: ask` + `updatedInput`",
            Self::BehaviorDeny => "`behavior: deny`",
            Self::PersonAsked => "`systemMessage`",
            Self::Block => "`decision: block`",
            Self::Decline => "`action: decline`",
            Self::Withhold => "`displayContent`",
        })
    }
}

impl CursorAct {
    const fn shown(self) -> Option<&'static str> {
        Some(match self {
            Self::Nothing => return None,
            Self::Deny | Self::DenyPerson | Self::DenyBare => "`permission: deny`",
            Self::Ask => "`permission: ask`",
            Self::Permit => "`permission: allow`",
            Self::PermitRewrite => "`permission: allow` + `updated_input`",
            Self::Submit => "`continue: true`",
            Self::Refuse => "`continue: false`",
            Self::FollowUp => "`followup_message`",
            Self::Tell => "`additional_context`",
            Self::Everything => "`permission: deny` + `continue: false`",
        })
    }
}

impl Carrier {
    pub(super) const fn shown(self) -> &'static str {
        match self {
            Self::AdditionalContext => "`additionalContext`",
            Self::SystemMessage => "`systemMessage`",
            Self::Reason => "the reason, or `systemMessage`",
            Self::AgentMessage => "`agent_message`",
            Self::CursorContext => "`additional_context`",
            Self::List => "`context`",
            Self::DenialOnly => "the words of a denial",
        }
    }
}
