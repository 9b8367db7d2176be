//! What an agent makes of a hook's answer.

use llmspell_engine::Harness;
use serde_json::Value;

use super::running::Ran;

/// What an agent does after an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It does not do what was asked, for a reason.
    Refused(String),
    /// It goes on.
    Allowed,
    /// It cannot read the answer, and goes on.
    Unread(String),
}

/// What this agent makes of an exit code and an output.
pub(super) fn judge(harness: Harness, ran: &Ran) -> Judgement {
    match (harness, ran.code) {
        (_, Some(0)) => by_output(harness, &ran.output),
        (Harness::OpenCode, _) | (_, Some(2)) => Judgement::Refused(refusal_text(ran)),
        (_, Some(code)) => Judgement::Unread(format!("it ends with {code}")),
        (_, None) => Judgement::Unread("a signal ends it".to_owned()),
    }
}

fn refusal_text(ran: &Ran) -> String {
    let text = if ran.error.trim().is_empty() {
        &ran.output
    } else {
        &ran.error
    };
    text.trim().to_owned()
}

fn by_output(harness: Harness, output: &str) -> Judgement {
    if output.trim().is_empty() {
        return match harness {
            Harness::OpenCode => Judgement::Refused("no answer".to_owned()),
            _ => Judgement::Allowed,
        };
    }
    let Ok(reply) = serde_json::from_str::<Value>(output) else {
        return match harness {
            Harness::OpenCode => Judgement::Refused(output.trim().to_owned()),
            _ => Judgement::Unread("its answer is not one JSON object".to_owned()),
        };
    };
    match reason_of_refusal(harness, &reply) {
        Some(reason) => Judgement::Refused(reason),
        None => Judgement::Allowed,
    }
}

fn reason_of_refusal(harness: Harness, reply: &Value) -> Option<String> {
    let text = |path: &str| reply.pointer(path).and_then(Value::as_str);
    let (is_refused, reasons): (bool, &[&str]) = match harness {
        Harness::Claude | Harness::Factory => (
            text("/hookSpecificOutput/permissionDecision") == Some("deny")
                || text("/decision") == Some("block")
                || reply.get("continue") == Some(&Value::Bool(false)),
            &[
                "/hookSpecificOutput/permissionDecisionReason",
                "/reason",
                "/stopReason",
            ],
        ),
        Harness::Cursor => (
            text("/permission") == Some("deny"),
            &["/user_message", "/agent_message"],
        ),
        Harness::OpenCode => (text("/decision") != Some("allow"), &["/reason"]),
    };
    let reason = reasons.iter().find_map(|reason| text(reason));
    is_refused.then(|| reason.unwrap_or_default().to_owned())
}
