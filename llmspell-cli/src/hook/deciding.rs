//! The way from the event to the reply.

use std::sync::Arc;

use llmspell_engine::{
    AuditSettings, Decision, DecisionError, EngineError, EngineErrorKind, EngineOptions, Event,
    EventLimits, Harness, Mode, PolicyEngine, Project, Reply, TraceContext,
};
use llmspell_utils::debug;

use super::answer::Answer;
use super::budget::Budget;
use super::program::Program;
use super::recording::record;
use super::{Arguments, event, place, server};

use crate::settings::{self, Settings};

/// One event on its way, and whose policies decide about it.
pub(crate) struct Call<'a> {
    pub(crate) harness: Harness,
    pub(crate) project: &'a Project,
    pub(crate) event: &'a Event,
    pub(crate) trace: Option<&'a TraceContext>,
}

/// Decides about the event of standard input.
///
/// # Errors
///
/// Why there is no decision, for whoever reads the refusal.
pub(super) fn reply(
    arguments: &Arguments,
    own: &Program,
    answer: &mut Answer,
) -> Result<Reply, String> {
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
    let trace = TraceContext::from_environment();
    let outcome = match &event {
        Ok(event) => {
            let call = Call {
                harness,
                project: &project,
                event,
                trace: trace.as_ref(),
            };
            decide((arguments, own), &call, &text, &mut budget)
        }
        Err(reason) => Err(reason.clone()),
    };
    let Err(reason) = outcome else {
        return outcome;
    };
    let mut reply = answer.refusal(&reason);
    // What stands in the way of the decision may stand in the way of the settings too.
    if let Ok(audit) = AuditSettings::of_project(&project) {
        let asked = (
            harness,
            &project,
            event.as_ref().map_err(|_| text.as_slice()),
        );
        record(
            asked,
            &audit,
            Err(&reason),
            &mut reply,
            trace.as_ref(),
            budget,
        )?;
    }
    Ok(reply)
}

/// Has a server decide that keeps the project warm, or decides here.
fn decide(
    (arguments, own): (&Arguments, &Program),
    call: &Call<'_>,
    text: &[u8],
    budget: &mut Budget,
) -> Result<Reply, String> {
    let settings = Settings::for_hook(call.project.root()).map_err(|failure| failure.one_line())?;
    budget.configure(settings.deadline);
    let listens = settings.debug.is_some();
    if let Some(debug) = &settings.debug {
        settings::attach(debug).map_err(|failure| failure.one_line())?;
    }
    // Whoever listens here would hear nothing of a decision that is made elsewhere.
    let may_be_served = !listens && (settings.server || server::is_named());
    let served = may_be_served.then(|| {
        let global_config = arguments.machine.global_config();
        server::ask(call, global_config, text, *budget)
    });
    let served = served.flatten();
    if let Some(answer) = served {
        return answer;
    }
    let options = budget.split(EngineOptions {
        harness: Some(call.harness),
        debug: listens.then(|| Arc::clone(debug::global())),
        global: arguments.machine.global(),
        ..own.options()
    });
    let engine = match (
        PolicyEngine::load_for(call.project.root(), call.event, &options),
        own.hand_over,
    ) {
        (Ok(engine), _) => engine,
        (Err(error), Some(hand_over)) if error.kind == EngineErrorKind::NoEvaluator => {
            return Err(hand_over(Some(text)));
        }
        (Err(error), _) => return Err(reason(&error)),
    };
    let reply = settle(&engine, call, *budget);
    if listens {
        settings::flush_debug();
    }
    reply
}

/// Decides, writes the audit log, and says what the agent is told.
///
/// # Errors
///
/// When the audit log cannot be written and has to be.
pub(crate) fn settle(
    engine: &PolicyEngine,
    call: &Call<'_>,
    budget: Budget,
) -> Result<Reply, String> {
    let decision = engine.evaluate(call.event);
    let mode = engine.mode();
    let mut reply = told(&decision, mode, call);
    let asked = (call.harness, call.project, Ok(call.event));
    record(
        asked,
        &engine.audit(),
        Ok((&decision, mode)),
        &mut reply,
        call.trace,
        budget,
    )?;
    Ok(reply)
}

/// What the agent is told, and whoever mends what failed.
fn told(decision: &Decision, mode: Mode, call: &Call<'_>) -> Reply {
    let mut reply = match mode {
        Mode::Enforce => call.harness.reply(call.event.name(), decision),
        Mode::Monitor => call.harness.monitored(call.event.name(), decision),
    };
    if let Some(error) = decision.errors.first() {
        let reason = reply.notice.take().map(|reason| format!("{reason}: "));
        reply.notice = Some(format!("{}{}", reason.unwrap_or_default(), failed(error)));
    }
    reply
}

/// What is wrong where.
fn failed(error: &DecisionError) -> String {
    match (&error.file, error.line) {
        (Some(file), Some(line)) => format!("{file}:{line}: {}", error.message),
        (Some(file), None) => format!("{file}: {}", error.message),
        (None, _) => format!("`{}`: {}", error.policy, error.message),
    }
}

/// What is wrong, where, and what to do.
pub(crate) fn reason(error: &EngineError) -> String {
    let place = error.place.as_ref().map(|place| format!("{place}: "));
    format!(
        "{}{}: {}",
        place.unwrap_or_default(),
        error.message,
        error.help
    )
}
