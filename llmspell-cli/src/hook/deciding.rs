//! The way from the event to the reply.

use std::sync::Arc;

use llmspell_engine::{
    AuditSettings, Decision, EngineError, EngineOptions, Event, EventLimits, Mode, PolicyEngine,
    Project, Reply,
};
use llmspell_utils::debug;

use super::answer::Answer;
use super::budget::Budget;
use super::recording::{Asked, record};
use super::{Arguments, event, place};
use crate::settings::{self, Settings};

/// What was decided, and by whom.
struct Decided {
    decision: Decision,
    mode: Mode,
    audit: AuditSettings,
}

/// Decides about the event of standard input.
///
/// # Errors
///
/// Why there is no decision, for whoever reads the refusal.
pub(super) fn reply(arguments: &Arguments, answer: &mut Answer) -> Result<Reply, String> {
    let mut budget = Budget::begin();
    let limits = EventLimits::default();
    let text =
        event::read(&limits).map_err(|error| format!("the event cannot be read: {error}"))?;
    let event = event::parse(&text, &limits);
    if let Ok(event) = &event {
        answer.is_about(event.name());
    }
    let harness = arguments.harness;
    let project = place::project(arguments.project.as_deref(), harness, event.as_ref().ok())
        .map_err(|error| reason(&error))?;
    let decided = match &event {
        Ok(event) => decide(arguments, &project, event, &mut budget),
        Err(reason) => Err(reason.clone()),
    };
    let asked = Asked {
        harness,
        project: &project,
        event: event.as_ref().map_err(|_| text.as_slice()),
    };
    match decided {
        Ok(decided) => {
            let mut reply = match decided.mode {
                Mode::Enforce => harness.reply(asked.name(), &decided.decision),
                Mode::Monitor => harness.monitored(asked.name(), &decided.decision),
            };
            if let Some(error) = decided.decision.errors.first() {
                let told = || format!("`{}`: {}", error.policy, error.message);
                reply.notice.get_or_insert_with(told);
            }
            record(
                &asked,
                &decided.audit,
                Ok((&decided.decision, decided.mode)),
                &reply,
                budget,
            )?;
            Ok(reply)
        }
        Err(reason) => {
            let reply = answer.refusal(&reason);
            // What stands in the way of the decision may stand in the way of the settings too.
            if let Ok(audit) = AuditSettings::of_project(&project) {
                record(&asked, &audit, Err(&reason), &reply, budget)?;
            }
            Ok(reply)
        }
    }
}

fn decide(
    arguments: &Arguments,
    project: &Project,
    event: &Event,
    budget: &mut Budget,
) -> Result<Decided, String> {
    let listens =
        Settings::for_hook(project.root(), budget).map_err(|failure| failure.one_line())?;
    let options = budget.split(EngineOptions {
        harness: Some(arguments.harness),
        debug: listens.then(|| Arc::clone(debug::global())),
        ..arguments.machine.options()
    });
    let engine =
        PolicyEngine::load_for(project.root(), event, &options).map_err(|error| reason(&error))?;
    let decision = engine.evaluate(event);
    if listens {
        settings::flush_debug();
    }
    Ok(Decided {
        decision,
        mode: engine.mode(),
        audit: engine.audit(),
    })
}

fn reason(error: &EngineError) -> String {
    let place = error.place.as_ref().map(|place| format!("{place}: "));
    format!(
        "{}{}: {}",
        place.unwrap_or_default(),
        error.message,
        error.help
    )
}
