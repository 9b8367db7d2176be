//! The format that Cursor reads: one flat object whose keys depend on the event.

use super::Said;
use super::form::{Carrier, CursorAct};
use crate::value::{Value, present};

#[expect(
    clippy::unnecessary_wraps,
    reason = "the formats have one signature, and one of them has a form without text"
)]
pub(super) fn value(said: Said<'_>, act: CursorAct) -> Option<Value> {
    let words = said.words;
    let all = || Some(Value::from(words.all()));
    let reason = || Some(Value::from(words.reason.as_str()));
    let context = || words.context.as_deref().map(Value::from);
    let (permission, submits, person, agent) = match act {
        CursorAct::Nothing | CursorAct::FollowUp | CursorAct::Tell => (None, None, None, None),
        CursorAct::Deny => (Some("deny"), None, reason(), all()),
        CursorAct::DenyPerson => (Some("deny"), None, all(), None),
        CursorAct::DenyBare => (Some("deny"), None, None, None),
        CursorAct::Ask => (Some("ask"), None, reason(), all()),
        CursorAct::Permit | CursorAct::PermitRewrite => (Some("allow"), None, None, told(said)),
        CursorAct::Submit => (None, Some(true), None, None),
        CursorAct::Refuse => (None, Some(false), all(), None),
        CursorAct::Everything => (Some("deny"), Some(false), reason(), all()),
    };
    let input = said.input.filter(|_| act == CursorAct::PermitRewrite);
    Some(present([
        (
            "additional_context",
            match act {
                CursorAct::Tell => all(),
                _ if said.row.carrier() == Carrier::CursorContext => context(),
                _ => None,
            },
        ),
        ("agent_message", agent),
        ("continue", submits.map(Value::from)),
        (
            "followup_message",
            (act == CursorAct::FollowUp).then(all).flatten(),
        ),
        ("permission", permission.map(Value::from)),
        ("updated_input", input.cloned()),
        ("user_message", person),
    ]))
}

/// What the agent is told beside a permission.
fn told(said: Said<'_>) -> Option<Value> {
    let is_carried = said.row.carrier() == Carrier::AgentMessage;
    let context = said.words.context.as_deref().filter(|_| is_carried);
    match said.input {
        Some(_) if is_carried => Some(Value::from(said.words.all())),
        _ => context.map(Value::from),
    }
}
