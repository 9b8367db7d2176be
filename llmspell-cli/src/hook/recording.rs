//! The line that the audit log gets before the agent gets its reply.

use llmspell_engine::{
    AuditEntry, AuditError, AuditLog, AuditSettings, AuditedEvent, Decision, Event, Harness, Mode,
    Project, Reply, TraceContext,
};

use super::budget::Budget;

/// Who asked, and what about.
pub(super) struct Asked<'a> {
    pub(super) harness: Harness,
    pub(super) project: &'a Project,
    /// The event, or the bytes of what is none.
    pub(super) event: Result<&'a Event, &'a [u8]>,
}

impl Asked<'_> {
    /// What the event calls itself.
    pub(super) fn name(&self) -> &str {
        self.event.map_or("", Event::name)
    }
}

/// Writes down what was decided, or why nothing was, if the project wants it.
///
/// # Errors
///
/// When it cannot be written and has to be.
pub(super) fn record(
    asked: &Asked<'_>,
    settings: &AuditSettings,
    decided: Result<(&Decision, Mode), &str>,
    reply: &Reply,
    budget: Budget,
) -> Result<(), String> {
    if settings.file.is_none() {
        return Ok(());
    }
    let trace = TraceContext::from_environment();
    let entry = AuditEntry {
        harness: asked.harness,
        event: match asked.event {
            Ok(event) => AuditedEvent::Read(event),
            Err(text) => AuditedEvent::Unread(text),
        },
        decision: decided.ok().map(|(decision, _)| decision),
        refusal: decided.err(),
        mode: decided.map_or(Mode::Enforce, |(_, mode)| mode),
        reply: &reply.text,
        exit_code: Some(reply.exit_code),
        trace: trace.as_ref(),
        took: budget.spent(),
    };
    let log = AuditLog::open(asked.project.root(), settings).map(|log| {
        // Time has to be left to say that the log could not be had.
        log.map(|log| log.waiting(budget.left() / 2))
    });
    let written = log.and_then(|log| log.map_or(Ok(()), |log| log.record(&entry)));
    match written {
        Err(error) if settings.required => Err(unwritten(&error)),
        // A log that need not be written changes no answer; `llmspell audit verify` shows the gap.
        _ => Ok(()),
    }
}

fn unwritten(error: &AuditError) -> String {
    format!("the audit log is required and cannot be written: {error}")
}
