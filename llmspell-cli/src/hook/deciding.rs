//! The way from the event to the reply.

use std::path::Path;

use llmspell_engine::{
    Decision, EngineError, EngineOptions, EventLimits, Mode, PolicyEngine, Reply, Verdict,
};

use super::answer::Answer;
use super::budget::Budget;
use super::{Arguments, event, place};
use crate::settings::{self, Settings};

/// Decides about the event of standard input.
///
/// # Errors
///
/// Why there is no decision, for whoever reads the refusal.
pub(super) fn reply(arguments: &Arguments, answer: &mut Answer) -> Result<Reply, String> {
    let mut budget = Budget::begin();
    let event = event::read(&EventLimits::default())?;
    answer.is_about(event.name());
    let harness = arguments.harness;
    let project = place::project(arguments.project.as_deref(), harness, &event)
        .map_err(|error| reason(&error))?;
    let listens = configure(project.root(), &mut budget)?;
    let options = budget.split(EngineOptions {
        harness: Some(harness),
        debug: listens.then(|| std::sync::Arc::clone(llmspell_utils::debug::global())),
        ..arguments.machine.options()
    });
    let engine =
        PolicyEngine::load_for(project.root(), &event, &options).map_err(|error| reason(&error))?;
    let decision = engine.evaluate(&event);
    let mut reply = match engine.mode() {
        Mode::Enforce => harness.reply(event.name(), &decision),
        Mode::Monitor => harness.reply(event.name(), &unprevented(&decision)),
    };
    if engine.mode() == Mode::Monitor && decision.decision != Verdict::Allow {
        let verdict = decision.decision.name();
        reply.notice = Some(format!(
            "monitor: this would be {verdict}: {}",
            decision.reason
        ));
    }
    if !decision.errors.is_empty() {
        reply.notice.get_or_insert_with(|| decision.reason.clone());
    }
    if listens {
        settings::flush_debug();
    }
    Ok(reply)
}

/// Takes over what the settings beside the project say, and says whether somebody listens to what is decided.
fn configure(root: &Path, budget: &mut Budget) -> Result<bool, String> {
    Settings::for_hook(root, budget).map_err(|failure| failure.plain().replace("\nhelp: ", ": "))
}

/// The decision of a project that only looks on: nothing is prevented.
fn unprevented(decision: &Decision) -> Decision {
    Decision {
        decision: Verdict::Allow,
        reason: String::new(),
        updated_input: None,
        ..decision.clone()
    }
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
