//! `llmspell eval`: one event in, one decision out.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use llmspell_engine::{Decision, EngineOptions, Harness, PolicyEngine};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::read_event;
use crate::settings::find_project;

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
    let here = PathBuf::from(".");
    let project = match &arguments.project {
        Some(project) => project.clone(),
        // Not found: the engine's own error says what to do.
        None => find_project(&here).unwrap_or(here),
    };
    let options = EngineOptions {
        harness: arguments.harness,
        ..EngineOptions::default()
    };
    let engine = PolicyEngine::load(&project, &options)?;
    let event = read_event(&arguments.event, engine.event_limits())?.event;
    let decision = engine.evaluate(&event);
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

// Writing to a `String` cannot fail, so the results are dropped.
fn as_text(decision: &Decision) -> String {
    let mut text = decision.decision.name().to_owned();
    if !decision.reason.is_empty() {
        let _ = write!(text, ": {}", decision.reason);
    }
    let _ = write!(text, "\n  event    {}", decision.event);
    if let Some(tool) = &decision.tool {
        let _ = write!(text, " {tool}");
    }
    for rule in &decision.rules {
        let _ = write!(
            text,
            "\n  rule     {} says {} ({}) at {}:{}",
            rule.rule_id,
            rule.verb.name(),
            rule.severity,
            rule.file,
            rule.line
        );
    }
    for context in &decision.context {
        let _ = write!(text, "\n  context  {context}");
    }
    for error in &decision.errors {
        let _ = write!(
            text,
            "\n  error    {} in {}: {}",
            error.kind.code(),
            error.policy,
            error.message
        );
        if let Some(file) = &error.file {
            let _ = write!(text, " ({file}");
            if let Some(line) = error.line {
                let _ = write!(text, ":{line}");
            }
            text.push(')');
        }
    }
    if decision.default {
        text.push_str("\n  no policy had anything to say");
    }
    let timings = &decision.timings_us;
    let _ = writeln!(
        text,
        "\n  took     {:.0} µs: route {:.0}, evaluate {:.0}, synthesize {:.0}",
        timings.total, timings.route, timings.evaluate, timings.synthesize
    );
    text
}
