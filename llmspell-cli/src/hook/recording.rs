//! The line that the audit log gets before the agent gets its reply.

use llmspell_engine::{
    AuditEntry, AuditLog, AuditSettings, AuditedEvent, Decision, Event, Harness, Mode, Project,
    Reply, TraceContext,
};

use super::budget::Budget;

/// Who asked, whose policies decide, and the event, or the bytes of what is none.
type Asked<'a> = (Harness, &'a Project, Result<&'a Event, &'a [u8]>);

/// Writes down what was decided, or why nothing was, if the project wants it. A log that cannot be written and need not
/// be changes no answer: it is told to people.
///
/// # Errors
///
/// When it cannot be written and has to be.
pub(super) fn record(
    (harness, project, event): Asked<'_>,
    settings: &AuditSettings,
    decided: Result<(&Decision, Mode), &str>,
    reply: &mut Reply,
    trace: Option<&TraceContext>,
    budget: Budget,
) -> Result<(), String> {
    if settings.file.is_none() {
        return Ok(());
    }
    let entry = AuditEntry {
        harness,
        event: event.map_or_else(AuditedEvent::Unread, AuditedEvent::Read),
        decision: decided.ok().map(|(decision, _)| decision),
        refusal: decided.err(),
        mode: decided.map_or(Mode::Enforce, |(_, mode)| mode),
        reply: &reply.text,
        exit_code: Some(reply.exit_code),
        trace,
        took: budget.spent(),
    };
    let log = AuditLog::open(project.root(), settings).map(|log| {
        // Time has to be left to say that the log could not be had.
        log.map(|log| log.waiting(budget.left() / 2))
    });
    let written = log.and_then(|log| log.map_or(Ok(()), |log| log.record(&entry)));
    match written {
        Ok(()) => Ok(()),
        Err(error) if settings.required => Err(format!(
            "the audit log is required and cannot be written: {error}"
        )),
        Err(error) => {
            let told = format!("the audit log cannot be written: {error}");
            reply.notice.get_or_insert(told);
            Ok(())
        }
    }
}
