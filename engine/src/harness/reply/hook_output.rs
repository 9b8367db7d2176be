//! The format that Claude Code and Factory read: `hookSpecificOutput` for what one event alone has, the rest at the top.

use super::Said;
use super::form::{Carrier, HookAct};
use crate::value::{Value, present};

/// The output of a hook; none never, so that every form reads alike.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the formats have one signature, and one of them has a form without text"
)]
pub(super) fn value(said: Said<'_>, stops: bool, act: HookAct) -> Option<Value> {
    let reason = || text(&said.words.reason);
    let is_block = act == HookAct::Block;
    Some(present([
        ("continue", stops.then(|| Value::from(false))),
        ("decision", is_block.then(|| text("block"))),
        ("hookSpecificOutput", specific(said, stops, act)),
        ("reason", is_block.then(reason)),
        ("stopReason", stops.then(reason)),
        ("systemMessage", message(said, act)),
    ]))
}

/// What only this event has; none if there is nothing, because an empty one is no valid output.
fn specific(said: Said<'_>, stops: bool, act: HookAct) -> Option<Value> {
    let reason = || Some(text(&said.words.reason));
    let (decision, why) = match act {
        HookAct::PermissionDeny => (Some("deny"), Some(text(&refusing(said)))),
        HookAct::PermissionAsk | HookAct::AskRewrite => (Some("ask"), reason()),
        _ => (None, None),
    };
    let rewrites = matches!(act, HookAct::Rewrite | HookAct::AskRewrite);
    let context = match (act, said.row.carrier()) {
        (HookAct::Decline | HookAct::Withhold, _) => None,
        (HookAct::Rewrite, Carrier::AdditionalContext) => Some(text(&said.words.all())),
        (_, Carrier::AdditionalContext) => said.words.context.as_deref().map(text),
        _ => None,
    };
    let parts = [
        ("action", (act == HookAct::Decline).then(|| text("decline"))),
        ("additionalContext", context),
        ("decision", behavior(said, stops, act)),
        (
            "displayContent",
            (act == HookAct::Withhold).then(reason).flatten(),
        ),
        ("permissionDecision", decision.map(text)),
        ("permissionDecisionReason", why),
        ("updatedInput", said.input.filter(|_| rewrites).cloned()),
    ];
    if parts.iter().all(|(_, part)| part.is_none()) {
        return None;
    }
    let [action, context, decision, display, permission, why, input] = parts;
    Some(present([
        ("hookEventName", Some(text(said.event))),
        action,
        context,
        decision,
        display,
        permission,
        why,
        input,
    ]))
}

/// The reason of a denial, with everything else that the agent is told where it has no other place.
fn refusing(said: Said<'_>) -> String {
    match said.row.carrier() {
        Carrier::Reason => said.words.all(),
        _ => said.words.reason.clone(),
    }
}

/// The answer to a request for permission: that it is denied, and whether the agent is interrupted besides.
fn behavior(said: Said<'_>, stops: bool, act: HookAct) -> Option<Value> {
    (act == HookAct::BehaviorDeny).then(|| {
        present([
            ("behavior", Some(text("deny"))),
            ("interrupt", stops.then(|| Value::from(true))),
            ("message", Some(text(&said.words.all()))),
        ])
    })
}

/// What the person reads, where nothing else carries it.
fn message(said: Said<'_>, act: HookAct) -> Option<Value> {
    let words = said.words;
    match (act, said.row.carrier()) {
        // These have no word for a reason.
        (HookAct::Decline | HookAct::PersonAsked, _) => Some(text(&words.all())),
        // The message of the denial has it already.
        (HookAct::BehaviorDeny, _) | (HookAct::PermissionDeny, Carrier::Reason) => None,
        (_, Carrier::SystemMessage | Carrier::Reason) => words.context.as_deref().map(text),
        _ => None,
    }
}

fn text(text: &str) -> Value {
    Value::from(text)
}
