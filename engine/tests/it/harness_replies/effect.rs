//! What a reply does in the agent program that reads it, read from its text and its exit code alone.

use llmspell_engine::{Harness, Reply};
use serde_json::Value as Json;

fn read(reply: &Reply) -> Json {
    serde_json::from_str(&reply.text).unwrap_or(Json::Null)
}

/// Whether the reply is one of the forms with which this agent program refuses, or is told that something was wrong.
pub(crate) fn refuses(harness: Harness, reply: &Reply) -> bool {
    let json = read(reply);
    let specific = &json["hookSpecificOutput"];
    let by_words = match harness {
        Harness::Claude | Harness::Factory => {
            json["continue"] == false
                || json["decision"] == "block"
                || specific["permissionDecision"] == "deny"
                || specific["decision"]["behavior"] == "deny"
                || specific["action"] == "decline"
                || specific["displayContent"].is_string()
        }
        Harness::Cursor => {
            json["permission"] == "deny"
                || json["continue"] == false
                || json["followup_message"].is_string()
                || json["additional_context"].is_string()
        }
        Harness::OpenCode => {
            (json["decision"] == "deny" || json["decision"] == "block")
                && json["verdict"] != "modify"
        }
    };
    (by_words || reply.exit_code == 2) && !grants(reply)
}

/// Whether anything in the reply says yes to what would otherwise be asked or judged.
pub(crate) fn grants(reply: &Reply) -> bool {
    let json = read(reply);
    let specific = &json["hookSpecificOutput"];
    json["permission"] == "allow"
        || json["decision"] == "approve"
        || specific["permissionDecision"] == "allow"
        || specific["decision"]["behavior"] == "allow"
        || specific["action"] == "accept"
        || specific["retry"] == true
}

/// Whether the agent is stopped altogether.
pub(crate) fn stops(reply: &Reply) -> bool {
    read(reply)["continue"] == false
}
