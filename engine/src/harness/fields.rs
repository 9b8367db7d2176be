//! The names that other agent programs have for what policies look for; what the agent sent stays beside them.

use crate::value::{self, Value};

/// Names in camel case, and those that policies look for.
const CAMEL: [(&str, &str); 4] = [
    ("hookEventName", "hook_event_name"),
    ("permissionMode", "permission_mode"),
    ("sessionId", "session_id"),
    ("transcriptPath", "transcript_path"),
];
/// The fields of a tool's call, and those that policies look for.
const CALL: [(&str, &str); 2] = [("args", "tool_input"), ("result", "tool_response")];
/// The tools of OpenCode by the names that policies have for them.
const TOOLS: [(&str, &str); 12] = [
    ("bash", "Bash"),
    ("edit", "Edit"),
    ("glob", "Glob"),
    ("grep", "Grep"),
    ("list", "List"),
    ("patch", "Patch"),
    ("read", "Read"),
    ("task", "Task"),
    ("todoread", "TodoRead"),
    ("todowrite", "TodoWrite"),
    ("webfetch", "WebFetch"),
    ("write", "Write"),
];
/// The events that are about a tool's call.
const CALLS: [&str; 3] = ["PermissionRequest", "PostToolUse", "PreToolUse"];

/// Adds the names that policies look for to an event that names itself in camel case.
pub(crate) fn add_snake_case(event: &mut Value) {
    CAMEL
        .iter()
        .for_each(|(camel, snake)| copy(event, camel, snake));
}

/// Adds the names that policies look for to an event of OpenCode, which calls a tool `tool` and its input `args`.
pub(crate) fn add_tool(event: &mut Value, name: &str) {
    let Some(tool) = text(event, "tool").filter(|_| CALLS.contains(&name)) else {
        return;
    };
    if !is_absent(event, "tool_name") {
        return;
    }
    let known = TOOLS.iter().find(|(own, _)| *own == tool);
    let tool = known.map_or_else(|| Value::from(tool), |(_, known)| Value::from(*known));
    insert(event, "tool_name", tool);
    CALL.iter().for_each(|(own, known)| copy(event, own, known));
}

fn copy(event: &mut Value, from: &str, to: &str) {
    if is_absent(event, to)
        && let Some(value) = get(event, from).cloned()
    {
        insert(event, to, value);
    }
}

fn is_absent(event: &Value, key: &str) -> bool {
    matches!(get(event, key), None | Some(Value::Null))
}

fn get<'event>(event: &'event Value, key: &str) -> Option<&'event Value> {
    event.as_object().ok()?.get(&Value::from(key))
}

fn text<'event>(event: &'event Value, key: &str) -> Option<&'event str> {
    get(event, key).and_then(value::text).map(AsRef::as_ref)
}

fn insert(event: &mut Value, key: &str, value: Value) {
    if let Ok(fields) = event.as_object_mut() {
        fields.insert(Value::from(key), value);
    }
}
