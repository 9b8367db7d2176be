//! Verbs that the reply to an event cannot say.

use super::finding::{CheckFinding, Severity, at_line};
use super::names::{self, Reply};
use super::subject::{CheckedPolicy, Subject};
use crate::decision::Verb;

const INCOMPATIBLE: &str = "decision-event-compatibility";
const DEPRECATED: &str = "deprecated-verb";
pub(super) const IDS: [&str; 2] = [INCOMPATIBLE, DEPRECATED];

/// Events before something is done, where `deny` says the same as `block`.
const BEFORE: [&str; 2] = ["PermissionRequest", "PreToolUse"];

pub(super) fn check(subject: &Subject, findings: &mut Vec<CheckFinding>) {
    for policy in &subject.policies {
        for verb in &policy.summary.verbs {
            check_verb(subject, policy, *verb, findings);
        }
    }
}

fn check_verb(
    subject: &Subject,
    policy: &CheckedPolicy,
    verb: Verb,
    findings: &mut Vec<CheckFinding>,
) {
    let harness = policy.harness().unwrap_or(subject.harness);
    let line = line_of(subject, policy, verb);
    let mut add = |severity, rule, message: String, help: String| {
        findings.push(at_line(
            severity,
            rule,
            &policy.summary.file,
            line,
            message,
            help,
        ));
    };
    let name = verb.name();
    let replies: Vec<(&String, &Reply)> = policy
        .summary
        .events
        .iter()
        .filter_map(|event| Some((event, names::reply_to(harness, event)?)))
        .collect();
    let is_lost = |reply: &Reply| !reply.verbs.contains(&verb) && weakened(reply, verb).is_none();
    let is_never_heard = !replies.is_empty() && replies.iter().all(|(_, reply)| is_lost(reply));
    for (event, reply) in &replies {
        if let Some(meant) = weakened(reply, verb) {
            let message = format!(
                "`{name}` is said as `{}` in the reply of `{harness}` to `{event}`",
                meant.name()
            );
            add(
                Severity::Note,
                INCOMPATIBLE,
                message,
                format!("say `{}`", meant.name()),
            );
        } else if is_lost(reply) {
            // Who loses context only knows less; who loses a refusal allows what was refused.
            let severity = if is_never_heard && verb != Verb::AddContext {
                Severity::Error
            } else {
                Severity::Warning
            };
            let message = format!("the reply of `{harness}` to `{event}` cannot say `{name}`");
            add(severity, INCOMPATIBLE, message, can_say(reply));
        } else if verb == Verb::Block && BEFORE.contains(&event.as_str()) {
            let message = format!("`block` says the same as `deny` to `{event}`");
            add(Severity::Note, DEPRECATED, message, "say `deny`".to_owned());
        }
    }
}

fn weakened(reply: &Reply, verb: Verb) -> Option<Verb> {
    let mut weakened = reply.weakened.iter();
    weakened
        .find(|(said, _)| *said == verb)
        .map(|(_, meant)| *meant)
}

fn can_say(reply: &Reply) -> String {
    let names: Vec<String> = reply
        .verbs
        .iter()
        .map(|verb| format!("`{}`", verb.name()))
        .collect();
    match names.as_slice() {
        [] => format!(
            "nothing can be said to `{}`: remove the event from the routing",
            reply.event
        ),
        names => format!("it can say {}", names.join(", ")),
    }
}

/// The line of the verb's first definition.
fn line_of(subject: &Subject, policy: &CheckedPolicy, verb: Verb) -> Option<u32> {
    let rules = &subject.module_of(policy)?.survey.rules;
    let first = rules.iter().find(|rule| rule.name == verb.name())?;
    Some(first.spot.line)
}
