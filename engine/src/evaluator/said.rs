//! Reads what a verb says: a set of decisions, or for `add_context` of texts.

use std::sync::{Arc, LazyLock};

use crate::value::Value;

use super::{Finding, Findings, Modification, Speaker};
use crate::decision::{DecisionErrorKind, RuleReport, Verb};
use crate::value::{described, plain};

/// The priority of a modification that names none.
const DEFAULT_PRIORITY: u8 = 50;

/// The keys of a decision, made once because a look-up needs a value.
struct Keys {
    reason: Value,
    rule_id: Value,
    severity: Value,
    agent_context: Value,
    priority: Value,
    updated_input: Value,
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys {
    reason: Value::from("reason"),
    rule_id: Value::from("rule_id"),
    severity: Value::from("severity"),
    agent_context: Value::from("agent_context"),
    priority: Value::from("priority"),
    updated_input: Value::from("updated_input"),
});

/// Adds every decision of a verb to the findings, and an error for each that has the wrong shape.
pub(crate) fn read(speaker: &Speaker, verb: Verb, answer: &Value, found: &mut Findings) {
    match answer {
        Value::Undefined => {}
        Value::Set(decisions) => decisions
            .iter()
            .for_each(|decision| read_one(speaker, verb, decision, found)),
        Value::Array(decisions) => decisions
            .iter()
            .for_each(|decision| read_one(speaker, verb, decision, found)),
        other => {
            let wanted = match verb {
                Verb::AddContext => "a set of strings: write `add_context contains …`",
                _ => "a set of decisions",
            };
            let message = format!("`{}` is {}, not {wanted}", verb.name(), described(other));
            found.errors.push(speaker.error(
                DecisionErrorKind::Malformed,
                message,
                speaker.line_of(verb, None),
            ));
        }
    }
}

fn read_one(speaker: &Speaker, verb: Verb, decision: &Value, found: &mut Findings) {
    if verb == Verb::AddContext {
        return read_context(speaker, decision, found);
    }
    match finding(speaker, verb, decision) {
        Ok(finding) => found.rules.push(finding),
        Err(message) => {
            let rule_id = field(decision, &KEYS.rule_id).and_then(crate::value::text);
            let line = speaker.line_of(verb, rule_id.map(AsRef::as_ref));
            found
                .errors
                .push(speaker.error(DecisionErrorKind::Malformed, message, line));
        }
    }
}

fn read_context(speaker: &Speaker, context: &Value, found: &mut Findings) {
    match context {
        Value::String(text) => found.rules.push(Finding {
            report: RuleReport {
                rule_id: Arc::clone(&speaker.id),
                verb: Verb::AddContext,
                reason: Arc::clone(text),
                severity: speaker.severity(),
                policy: Arc::clone(&speaker.id),
                file: Arc::clone(&speaker.file),
                line: speaker.line_of(Verb::AddContext, None),
                agent_context: None,
            },
            modification: None,
        }),
        Value::Array(texts) if texts.iter().all(is_text) => {
            texts
                .iter()
                .for_each(|text| read_context(speaker, text, found));
        }
        Value::Set(texts) if texts.iter().all(is_text) => {
            texts
                .iter()
                .for_each(|text| read_context(speaker, text, found));
        }
        other => {
            let message = format!(
                "`add_context` holds {}, not a string or a list of strings",
                described(other)
            );
            let line = speaker.line_of(Verb::AddContext, None);
            found
                .errors
                .push(speaker.error(DecisionErrorKind::Malformed, message, line));
        }
    }
}

const fn is_text(value: &Value) -> bool {
    matches!(value, Value::String(_))
}

fn finding(speaker: &Speaker, verb: Verb, decision: &Value) -> Result<Finding, String> {
    if !matches!(decision, Value::Object(_)) {
        return Err(format!(
            "`{}` holds {}, not a decision object",
            verb.name(),
            described(decision)
        ));
    }
    let text = |key: &Value| match field(decision, key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(Arc::clone(text))),
        Some(other) => Err(format!(
            "the {key} of `{}` is {}, not a string",
            verb.name(),
            described(other)
        )
        .replace('"', "`")),
    };
    let keys = &*KEYS;
    let reason = text(&keys.reason)?
        .ok_or_else(|| format!("a decision of `{}` has no `reason`", verb.name()))?;
    let rule_id = text(&keys.rule_id)?;
    let line = speaker.line_of(verb, rule_id.as_deref());
    let report = RuleReport {
        rule_id: rule_id.unwrap_or_else(|| Arc::clone(&speaker.id)),
        verb,
        reason,
        severity: text(&keys.severity)?.unwrap_or_else(|| speaker.severity()),
        policy: Arc::clone(&speaker.id),
        file: Arc::clone(&speaker.file),
        line,
        agent_context: text(&keys.agent_context)?,
    };
    let modification = if verb == Verb::Modify {
        Some(modification(decision)?)
    } else {
        None
    };
    Ok(Finding {
        report,
        modification,
    })
}

fn modification(decision: &Value) -> Result<Modification, String> {
    let priority = match field(decision, &KEYS.priority) {
        None => DEFAULT_PRIORITY,
        Some(priority) => priority.as_u8().map_err(|_| {
            "the `priority` of `modify` is not a whole number from 0 to 255".to_owned()
        })?,
    };
    match field(decision, &KEYS.updated_input) {
        None => Err("a decision of `modify` has no `updated_input`".to_owned()),
        Some(update @ Value::Object(_)) => {
            let updated_input = plain(update).map_err(|fault| {
                format!("the `updated_input` of `modify` holds {fault}, which is not JSON")
            })?;
            Ok(Modification {
                priority,
                updated_input,
            })
        }
        Some(other) => Err(format!(
            "the `updated_input` of `modify` is {}, not an object",
            described(other)
        )),
    }
}

fn field<'value>(decision: &'value Value, key: &Value) -> Option<&'value Value> {
    match decision {
        Value::Object(fields) => fields.get(key),
        _ => None,
    }
}
