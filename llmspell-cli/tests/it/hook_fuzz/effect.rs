//! What a reply does, whatever the event: by the documentation of each agent, and not by the code under test.

use llmspell_engine::{Harness, Reply};
use serde_json::Value as Json;

/// Whether the agent goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Refuses,
    Permits,
}

/// What the agent makes of a reply.
///
/// # Errors
///
/// When it is no reply at all.
pub(super) fn of(harness: Harness, event: &str, reply: &Reply) -> Result<Effect, String> {
    let fields = match reply.text.as_str() {
        "" if reply.exit_code == 2 => return Ok(Effect::Refuses),
        text => serde_json::from_str::<serde_json::Map<String, Json>>(text)
            .map_err(|error| format!("no JSON object: {error}: {text}"))?,
    };
    if reply.text.contains(['\n', '\r']) {
        return Err(format!("more than one line: {}", reply.text));
    }
    if !matches!(reply.exit_code, 0 | 2) {
        return Err(format!("exit code {}", reply.exit_code));
    }
    let fields = Json::Object(fields);
    let effect = match harness {
        Harness::Claude | Harness::Factory => hook_output(event, &fields)?,
        Harness::Cursor => permission(&fields)?,
        Harness::OpenCode => decision(&fields)?,
    };
    match reply.exit_code {
        2 => Ok(Effect::Refuses),
        _ => Ok(effect),
    }
}

/// Whether the agent program lets a hook prevent what the event is about.
pub(super) fn can_be_refused(harness: Harness, event: &str) -> bool {
    // Halt lets an agent end that has ended already.
    harness != Harness::Cursor || !matches!(event, "stop" | "subagentStop")
}

fn hook_output(event: &str, fields: &Json) -> Result<Effect, String> {
    let specific = &fields["hookSpecificOutput"];
    if !specific.is_null() && specific["hookEventName"] != event {
        return Err(format!("the output of another event: {fields}"));
    }
    let grants = specific["permissionDecision"] == "allow"
        || specific["decision"]["behavior"] == "allow"
        || fields["decision"] == "approve";
    let refuses = specific["permissionDecision"] == "deny"
        || specific["decision"]["behavior"] == "deny"
        || specific["action"] == "decline"
        || specific["displayContent"].is_string()
        || fields["decision"] == "block"
        || fields["continue"] == false;
    told(grants, refuses, fields)
}

fn permission(fields: &Json) -> Result<Effect, String> {
    let grants = fields["permission"] == "allow" || fields["continue"] == true;
    let refuses = fields["permission"] == "deny"
        || fields["continue"] == false
        || fields["followup_message"].is_string()
        || fields["additional_context"].is_string();
    told(grants, refuses, fields)
}

fn decision(fields: &Json) -> Result<Effect, String> {
    match fields["decision"].as_str() {
        // Our plugin gives the tool another input then.
        Some("deny") if fields["verdict"] == "modify" => Ok(Effect::Permits),
        Some("deny" | "block") => Ok(Effect::Refuses),
        Some("allow" | "ask") => Ok(Effect::Permits),
        _ => Err(format!("no decision: {fields}")),
    }
}

fn told(grants: bool, refuses: bool, fields: &Json) -> Result<Effect, String> {
    match (grants, refuses) {
        (true, true) => Err(format!("an allow and a denial in one: {fields}")),
        (_, true) => Ok(Effect::Refuses),
        (_, false) => Ok(Effect::Permits),
    }
}
