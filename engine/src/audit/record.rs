//! One record as its line says it, up to what binds it to the line before.

use std::time::Duration;

use llmspell_utils::debug::{Redactor, Timestamp, safe_json};
use serde::Serialize;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::bounds::{Bounds, Changes, bounded, bounded_text};
use super::entry::{AuditEntry, AuditedEvent};
use super::settings::AuditInput;
use crate::decision::{Decision, Verdict};
use crate::digest;
use crate::event::{EventLimits, read_json};
use crate::settings::Mode;
use crate::value::{self, Value};

/// What OPA calls the path of a decision: where Cupcake's policies are gathered.
const PATH: &str = "cupcake/system/evaluate";
const NAME_BYTES: usize = 256;
const PATH_BYTES: usize = 1_024;
const MESSAGE_BYTES: usize = 2_048;
/// The names that agents have for what they call a session.
const SESSION: [&str; 4] = ["session_id", "sessionId", "sessionID", "conversation_id"];

#[derive(Debug, Serialize)]
struct Record<'a> {
    decision_id: String,
    timestamp: Timestamp,
    labels: Labels,
    #[serde(flatten)]
    trace: Trace<'a>,
    path: &'static str,
    harness: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool: Option<String>,
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    would: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cwd: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Refusal>,
    reply: Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<u8>,
    metrics: Metrics,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    erased: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    masked: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Labels {
    program: &'static str,
    version: &'static str,
}

#[derive(Debug, Default, Serialize)]
struct Trace<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_flags: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_note: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Refusal {
    message: String,
}

#[derive(Debug, Serialize)]
struct Metrics {
    timer_server_handler_ns: u64,
}

/// How records are made.
#[derive(Debug)]
pub(super) struct Recorder {
    pub(super) redactor: Redactor,
    pub(super) input: AuditInput,
}

impl Recorder {
    /// The record as one JSON object on one line; what binds it to the line before is still missing.
    ///
    /// # Errors
    ///
    /// Why it cannot be JSON, which never happens to what an engine decides.
    pub(super) fn text(&self, entry: &AuditEntry<'_>, now: Timestamp) -> Result<String, String> {
        let mut changes = Changes::default();
        let mut record = self.record(entry, now, &mut changes);
        record.erased = changes.erased.into_list();
        record.masked = changes.masked.into_list();
        serde_json::to_string(&record)
            .map(safe_json)
            .map_err(|error| error.to_string())
    }

    fn record<'a>(
        &self,
        entry: &AuditEntry<'a>,
        now: Timestamp,
        changes: &mut Changes,
    ) -> Record<'a> {
        let event = entry.event.read();
        let (input, input_digest) = self.input(entry.event, changes);
        Record {
            decision_id: decision_id(entry.decision),
            timestamp: now,
            labels: Labels {
                program: "llmspell",
                version: env!("CARGO_PKG_VERSION"),
            },
            trace: trace(entry),
            path: PATH,
            harness: entry.harness.name(),
            event: event.map(|event| self.short(event.name(), "event", NAME_BYTES, changes)),
            tool: event
                .and_then(|event| Some(self.short(event.tool()?, "tool", NAME_BYTES, changes))),
            mode: mode_name(entry.mode),
            would: (entry.mode == Mode::Monitor).then(|| would(entry.decision).name()),
            session_id: event
                .and_then(|event| text_of(event.value(), &SESSION))
                .map(|text| self.short(text, "session_id", NAME_BYTES, changes)),
            cwd: event
                .and_then(|event| cwd(event.value()))
                .map(|text| self.short(text, "cwd", PATH_BYTES, changes)),
            input,
            input_digest,
            result: entry
                .decision
                .map(|decision| self.result(decision, changes)),
            error: entry.refusal.map(|refusal| Refusal {
                message: self.short(refusal, "error/message", MESSAGE_BYTES, changes),
            }),
            reply: self.reply(entry, changes),
            exit_code: entry.exit_code,
            metrics: Metrics {
                timer_server_handler_ns: nanoseconds(entry.took),
            },
            erased: Vec::new(),
            masked: Vec::new(),
        }
    }

    /// The event, or its digest.
    fn input(
        &self,
        event: AuditedEvent<'_>,
        changes: &mut Changes,
    ) -> (Option<Json>, Option<String>) {
        let bounds = match self.input {
            AuditInput::Redacted => Bounds::USUAL,
            AuditInput::Full => Bounds::FULL,
            AuditInput::Hash | AuditInput::None => {
                changes.erased.add("/input");
                let digest = (self.input == AuditInput::Hash).then(|| input_digest(event));
                return (None, digest);
            }
        };
        let input = match event {
            AuditedEvent::Read(event) => {
                bounded(event.value(), "input", bounds, &self.redactor, changes)
            }
            AuditedEvent::Unread(bytes) => {
                // No more is looked at than could be kept, and some behind it for a secret that the cut goes through.
                let seen = bytes
                    .get(..bytes.len().min(bounds.text * 3))
                    .unwrap_or(bytes);
                let text = String::from_utf8_lossy(seen);
                Json::String(self.short(&text, "input", bounds.text, changes))
            }
        };
        (Some(input), None)
    }

    fn result(&self, decision: &Decision, changes: &mut Changes) -> Json {
        let mut value = decision.to_value();
        if self.hides_input() && decision.updated_input.is_some() {
            changes.erased.add("/result/updated_input");
            if let Ok(fields) = value.as_object_mut() {
                fields.insert(Value::from("updated_input"), Value::Null);
            }
        }
        bounded(&value, "result", Bounds::USUAL, &self.redactor, changes)
    }

    /// The reply as JSON where it is some, else as a text; null where it is empty.
    fn reply(&self, entry: &AuditEntry<'_>, changes: &mut Changes) -> Json {
        let changes_input =
            |decision: &Decision| self.hides_input() && decision.updated_input.is_some();
        if entry.decision.is_some_and(changes_input) {
            changes.erased.add("/reply");
            return Json::Null;
        }
        let reply = entry.reply.trim();
        if reply.is_empty() {
            return Json::Null;
        }
        match read_json(reply, &EventLimits::default()) {
            Ok(value) => bounded(&value, "reply", Bounds::USUAL, &self.redactor, changes),
            Err(_) => Json::String(self.short(reply, "reply", Bounds::USUAL.text, changes)),
        }
    }

    const fn hides_input(&self) -> bool {
        matches!(self.input, AuditInput::Hash | AuditInput::None)
    }

    fn short(&self, text: &str, member: &str, bytes: usize, changes: &mut Changes) -> String {
        bounded_text(text, member, bytes, &self.redactor, changes)
    }
}

fn decision_id(decision: Option<&Decision>) -> String {
    decision.map_or_else(
        || uuid::Uuid::now_v7().to_string(),
        |decision| decision.decision_id.clone(),
    )
}

fn trace<'a>(entry: &AuditEntry<'a>) -> Trace<'a> {
    entry.trace.map_or_else(Trace::default, |trace| Trace {
        trace_id: trace.trace_id(),
        span_id: trace.span_id(),
        parent_span_id: trace.parent_span_id(),
        trace_flags: trace.flags(),
        trace_note: trace.note(),
    })
}

/// What the decision would have been, had it been enforced.
fn would(decision: Option<&Decision>) -> Verdict {
    let Some(decision) = decision else {
        return Verdict::Deny;
    };
    if decision.errors.is_empty() {
        return decision.decision;
    }
    // The stronger verdict is the smaller one.
    decision.decision.min(Verdict::Deny)
}

const fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Enforce => "enforce",
        Mode::Monitor => "monitor",
    }
}

fn text_of<'v>(event: &'v Value, names: &[&str]) -> Option<&'v str> {
    names
        .iter()
        .find_map(|name| value::text(value::field(event, name)?))
        .map(AsRef::as_ref)
}

/// Where the agent works: what the event says, or the first of its workspaces.
fn cwd(event: &Value) -> Option<&str> {
    text_of(event, &["cwd"]).or_else(|| {
        let roots = value::field(event, "workspace_roots")?.as_array().ok()?;
        value::text(roots.first()?).map(AsRef::as_ref)
    })
}

/// The digest of an event as JSON without blanks and with its keys in order, or of the bytes that could not be read.
fn input_digest(event: AuditedEvent<'_>) -> String {
    let mut hasher = Sha256::new();
    match event {
        AuditedEvent::Read(event) => {
            hasher.update(serde_json::to_string(event.value()).unwrap_or_default());
        }
        AuditedEvent::Unread(bytes) => hasher.update(bytes),
    }
    digest::shown(hasher)
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
