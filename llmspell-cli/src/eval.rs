//! `llmspell eval`: one event in, one decision out.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use llmspell_engine::{
    Decision, DecisionError, EngineOptions, Harness, PolicyEngine, Project, RuleReport, Timings,
};
use llmspell_utils::debug::{self, escaped};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::read_event;
use crate::record;
use crate::settings::{Settings, find_project};

/// What `llmspell eval` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The file that holds the event, or `-` for standard input
    #[arg(default_value = "-", value_name = "EVENT")]
    event: PathBuf,
    /// The directory with `.cupcake` [default: here or the nearest one above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// The agent whose policies decide: claude, cursor, factory or opencode
    #[arg(long, value_name = "H", value_parser = harness)]
    harness: Option<Harness>,
    /// Prints the decision as one JSON document
    #[arg(long)]
    json: bool,
}

const EXAMPLE: &str = "\
Example:
  echo '{\"hook_event_name\":\"PreToolUse\",\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"ls\"}}' |
    llmspell eval --project examples/policy_gate --json";

fn harness(name: &str) -> Result<Harness, String> {
    Harness::from_name(name)
        .ok_or_else(|| "expected claude, cursor, factory or opencode".to_owned())
}

/// Runs the command.
pub(crate) fn eval(arguments: &Arguments) -> Result<Exit, Failure> {
    // Not found: the engine's own error says what to do.
    let here = PathBuf::from(".");
    let project = find_project(arguments.project.as_deref(), &here)?;
    let root = project.as_ref().map_or(here.as_path(), Project::root);
    Settings::load(root)?.configure_debug(None)?;
    let options = EngineOptions {
        harness: arguments.harness,
        debug: Some(Arc::clone(debug::global())),
        ..EngineOptions::default()
    };
    let engine = PolicyEngine::load(root, &options)?;
    let event = read_event(&arguments.event, engine.event_limits())?.event;
    let decision = engine.evaluate(&event);
    if let Some(observer) = record::observer() {
        observer.decided(event.value(), &decision.to_value());
    }
    let text = if arguments.json {
        as_json(&decision)?
    } else {
        as_text(&decision)
    };
    answer(&text)?;
    Ok(Exit::of(&decision))
}

/// Writes the answer. Who asked and did not get it must not take the exit code for an answer.
fn answer(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    let written = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
    written
        .map_err(|error| Failure::internal(format_args!("the decision cannot be written: {error}")))
}

fn as_json(decision: &Decision) -> Result<String, Failure> {
    let mut text = serde_json::to_string_pretty(decision).map_err(Failure::internal)?;
    text.push('\n');
    Ok(text)
}

/// The decision for a person. Policies and events choose much of the text: each line is escaped, so that
/// none of it looks like a line of ours or drives the terminal.
fn as_text(decision: &Decision) -> String {
    let mut lines = vec![headline(decision), event(decision)];
    lines.extend(decision.rules.iter().map(rule));
    lines.extend(
        decision
            .context
            .iter()
            .map(|text| format!("  context  {text}")),
    );
    lines.extend(decision.errors.iter().map(error));
    if decision.default {
        lines.push("  no policy had anything to say".to_owned());
    }
    lines.push(took(&decision.timings_us));
    lines.iter().map(|line| escaped(line) + "\n").collect()
}

fn headline(decision: &Decision) -> String {
    match decision.reason.as_str() {
        "" => decision.decision.name().to_owned(),
        reason => format!("{}: {reason}", decision.decision.name()),
    }
}

fn event(decision: &Decision) -> String {
    let tool = decision.tool.as_deref().map(|tool| format!(" {tool}"));
    format!("  event    {}{}", decision.event, tool.unwrap_or_default())
}

fn rule(rule: &RuleReport) -> String {
    let RuleReport {
        rule_id,
        severity,
        file,
        line,
        ..
    } = rule;
    format!(
        "  rule     {rule_id} says {} ({severity}) at {file}:{line}",
        rule.verb.name()
    )
}

fn error(error: &DecisionError) -> String {
    let place = match (&error.file, error.line) {
        (Some(file), Some(line)) => format!(" ({file}:{line})"),
        (Some(file), None) => format!(" ({file})"),
        (None, _) => String::new(),
    };
    format!(
        "  error    {} in {}: {}{place}",
        error.kind.code(),
        error.policy,
        error.message
    )
}

fn took(timings: &Timings) -> String {
    format!(
        "  took     {:.0} µs: route {:.0}, evaluate {:.0}, synthesize {:.0}",
        timings.total, timings.route, timings.evaluate, timings.synthesize
    )
}
