//! `Cupcake.respond`: what an agent program is told of a decision.

use std::sync::Arc;

use llmspell_engine::{Decision, Event, Harness, Timings, Value, Verdict};

use super::{Answer, Cupcake, expected, from_event};
use crate::arguments::{Arguments, ValueKind};
use crate::script_error::{ScriptError, ScriptErrorKind};
use crate::script_value::ScriptValue;

const FUNCTION: &str = "Cupcake.respond";

impl Cupcake {
    /// The reply to an event in the wire format of a harness: the one that is named, or the host's.
    pub(super) fn respond(&self, arguments: &dyn Arguments) -> Answer {
        let event = self.answered(arguments)?;
        let decision = self.given_decision(&event, arguments)?;
        let harness = self.answering(arguments)?;
        let reply = harness.reply(event.name(), &decision);
        let value = match &*reply.text {
            // Where the exit code says everything, there is nothing to show.
            "" => Value::new_object(),
            text => Value::from_json_str(text)
                .map_err(|_| ScriptError::internal("the reply cannot be read as data"))?,
        };
        Ok(ScriptValue::Data(value))
    }

    /// The event: no project has to be loaded to name it.
    fn answered(&self, arguments: &dyn Arguments) -> Result<Event, ScriptError> {
        let limits = &self.source.options.event_limits;
        match arguments.kind(0) {
            ValueKind::Structure => Event::from_value(arguments.data(0, &self.limits)?, limits),
            ValueKind::Text => {
                let text = arguments.exact_text(0).transpose()?.unwrap_or_default();
                Event::parse(text.as_bytes(), limits)
            }
            _ => {
                let what = "an event: a table, an object or JSON text";
                return Err(expected(FUNCTION, what, arguments, 0));
            }
        }
        .map_err(|error| from_event(&error, None))
    }

    fn given_decision(
        &self,
        event: &Event,
        arguments: &dyn Arguments,
    ) -> Result<Decision, ScriptError> {
        if arguments.kind(1) != ValueKind::Structure {
            let what = "a decision, as `Cupcake.eval` gives it";
            return Err(expected(FUNCTION, what, arguments, 1));
        }
        let given = arguments.data(1, &self.limits)?;
        decision(event, &given).map_err(|fault| {
            ScriptError::new(ScriptErrorKind::Argument, fault)
                .with_help("pass on what `Cupcake.eval` gave")
                .at(arguments.place())
        })
    }

    fn answering(&self, arguments: &dyn Arguments) -> Result<Harness, ScriptError> {
        let named = match arguments.kind(2) {
            ValueKind::Nil => return self.own_harness(),
            _ => arguments.text(2),
        };
        let known = named.as_deref().and_then(Harness::from_name);
        known.ok_or_else(|| {
            let what = "the name of a harness: claude, cursor, factory or opencode";
            expected(FUNCTION, what, arguments, 2)
        })
    }

    /// The harness whose policies are asked; Claude Code's where there are none.
    fn own_harness(&self) -> Result<Harness, ScriptError> {
        if let Some(harness) = self.source.options.harness {
            return Ok(harness);
        }
        if self.source.project.is_none() && !self.source.is_loaded() {
            return Ok(Harness::default());
        }
        Ok(self.source.engine()?.harness())
    }
}

/// The part of a decision that a reply is made of, from its data.
fn decision(event: &Event, given: &Value) -> Result<Decision, String> {
    let verdict = text(given, "decision")?.unwrap_or_default();
    let verdict = Verdict::from_name(&verdict)
        .ok_or("the decision has no `decision`: halt, deny, block, ask, modify or allow")?;
    let updated_input = match field(given, "updated_input") {
        Some(input @ Value::Object(_)) => Some(input.clone()),
        Some(_) => return Err("the decision's `updated_input` is not a table or object".to_owned()),
        None if verdict == Verdict::Modify => {
            return Err("the decision is modify, and has no `updated_input`".to_owned());
        }
        None => None,
    };
    Ok(Decision {
        decision: verdict,
        reason: text(given, "reason")?.unwrap_or_default(),
        rules: Vec::new(),
        context: texts(given, "context")?,
        updated_input,
        agent_messages: texts(given, "agent_messages")?,
        errors: Vec::new(),
        event: event.name().into(),
        tool: event.tool().map(Arc::from),
        default: false,
        decision_id: String::new(),
        policy_digest: "".into(),
        timings_us: Timings::default(),
    })
}

fn field<'given>(given: &'given Value, key: &str) -> Option<&'given Value> {
    let found = given.as_object().ok()?.get(&Value::from(key))?;
    (*found != Value::Null).then_some(found)
}

fn text(given: &Value, key: &str) -> Result<Option<String>, String> {
    match field(given, key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.to_string())),
        Some(_) => Err(format!("the decision's `{key}` is not a string")),
    }
}

fn texts(given: &Value, key: &str) -> Result<Vec<Arc<str>>, String> {
    let fault = || format!("the decision's `{key}` is not a list of strings");
    match field(given, key) {
        None => Ok(Vec::new()),
        // An empty table is a map in Lua as long as nobody says otherwise.
        Some(Value::Object(fields)) if fields.is_empty() => Ok(Vec::new()),
        Some(Value::Array(texts)) => texts
            .iter()
            .map(|text| match text {
                Value::String(text) => Ok(Arc::clone(text)),
                _ => Err(fault()),
            })
            .collect(),
        Some(_) => Err(fault()),
    }
}
