//! `llmspell recording`: what a recording holds, one line a record.

use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use llmspell_utils::debug::report::duration;
use llmspell_utils::debug::{
    Record, RecordKind, RecordingError, RecordingErrorKind, RecordingReader, escaped,
};
use serde_json::Value;

use crate::exit::Exit;
use crate::failure::Failure;

/// What `llmspell recording` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The recording
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only records of this kind: header, entry, timer, profile, event, decision, script_output or end
    #[arg(long, value_name = "K", value_parser = kind)]
    kind: Option<RecordKind>,
    /// Prints each record as one line of JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLE: &str = "\
Example:
  llmspell recording gate.llmrec --kind decision --json";

fn kind(name: &str) -> Result<RecordKind, String> {
    match RecordKind::from_name(name) {
        RecordKind::Other(_) => {
            let known: Vec<String> = RecordKind::ALL.iter().map(ToString::to_string).collect();
            Err(format!("expected one of {}", known.join(", ")))
        }
        known => Ok(known),
    }
}

/// How many damaged places are told one by one.
const TOLD: usize = 20;

/// Runs the command.
pub(crate) fn recording(arguments: &Arguments) -> Result<Exit, Failure> {
    let name = arguments.file.display();
    let fault = |error: &RecordingError| {
        Failure::fault(
            format_args!("{name}: {error}"),
            "name a file that `llmspell record` has written",
        )
    };
    let mut reader = RecordingReader::open(&arguments.file).map_err(|error| fault(&error))?;
    let mut output = std::io::stdout().lock();
    let mut damaged = 0_usize;
    let mut torn = false;
    for record in reader.by_ref() {
        let record = match record {
            Ok(record) => record,
            Err(error) if error.kind() == RecordingErrorKind::Io => return Err(fault(&error)),
            Err(error) => {
                torn = error.kind() == RecordingErrorKind::Torn;
                damaged += usize::from(!torn);
                if damaged <= TOLD {
                    warn(&format!("{name}: {error}"));
                }
                continue;
            }
        };
        if arguments
            .kind
            .as_ref()
            .is_some_and(|kind| *kind != record.kind)
        {
            continue;
        }
        let line = if arguments.json {
            record.to_json()
        } else {
            line(&record)
        };
        match writeln!(output, "{line}") {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(Exit::Done),
            Err(error) => return Err(Failure::internal(error)),
        }
    }
    output.flush().map_err(Failure::internal)?;
    if damaged > 0 {
        return Err(Failure::fault(
            format_args!("{name}: {damaged} places are damaged"),
            "what is shown above is as it was written",
        ));
    }
    // A writer that was killed is no fault of the recording.
    if !torn && !reader.is_ended() {
        warn(&format!(
            "{name}: the recording has no end: it is still written, or its writer was killed"
        ));
    }
    Ok(Exit::Done)
}

fn warn(text: &str) {
    // Nobody is left to tell if standard error is gone.
    let _ = std::io::stderr()
        .lock()
        .write_all(format!("warning: {}\n", escaped(text)).as_bytes());
}

/// A body that was not kept.
fn left_out(body: &Value) -> String {
    let why = body.get("left_out").and_then(Value::as_str);
    match (why, body.get("bytes").and_then(Value::as_u64)) {
        (Some("large"), Some(bytes)) => format!("left out: {bytes} bytes are too large"),
        (Some("deep"), _) => "left out: nested too deeply".to_owned(),
        (why, _) => format!("left out: {}", why.unwrap_or("?")),
    }
}

/// A record for people. What it tells comes from others: it is escaped.
fn line(record: &Record) -> String {
    let text = |path: &str| record.body.pointer(path).and_then(Value::as_str);
    let figure = |name: &str| {
        record
            .body
            .get(name)
            .and_then(Value::as_f64)
            .unwrap_or_default()
    };
    let number = figure("number");
    // A figure that is no time comes from a damaged or a foreign file.
    let time = |name| {
        Duration::try_from_secs_f64(figure(name) / 1e6).map_or_else(|_| "?".to_owned(), duration)
    };
    let told = match &record.kind {
        _ if text("/left_out").is_some() => left_out(&record.body),
        RecordKind::Profile => format!(
            "{}: {} in all, {}",
            text("/title").unwrap_or("?"),
            time("total_us"),
            profile_size(&record.body)
        ),
        RecordKind::Entry => {
            let module = text("/module").map(|module| format!(" [{module}]"));
            format!(
                "{}{} {}",
                text("/level").unwrap_or("?"),
                module.unwrap_or_default(),
                text("/message").unwrap_or_default()
            )
        }
        RecordKind::Event => format!(
            "#{number} {} {}",
            text("/event/hook_event_name")
                .or_else(|| text("/event/hookEventName"))
                .unwrap_or_default(),
            text("/event/tool_name").unwrap_or_default()
        ),
        RecordKind::Decision => format!(
            "#{number} {} {}",
            text("/decision/decision").unwrap_or_default(),
            text("/decision/reason").unwrap_or_default()
        ),
        RecordKind::ScriptOutput => text("/text").unwrap_or_default().to_owned(),
        RecordKind::Timer => format!(
            "{}: {} times, {} in all",
            text("/name").unwrap_or_default(),
            figure("count"),
            time("total_us")
        ),
        _ => record.body.to_string(),
    };
    escaped(
        format!(
            "{:>6} {} {:<13} {told}",
            record.seq, record.time, record.kind
        )
        .trim_end(),
    )
}

/// How much a recorded profile holds.
fn profile_size(body: &Value) -> String {
    let count = |pointer| {
        body.pointer(pointer)
            .and_then(Value::as_array)
            .map(Vec::len)
    };
    match (count("/profile/paths"), count("/stacks")) {
        (Some(paths), _) => format!("{paths} call paths"),
        (None, Some(stacks)) => format!("{stacks} stacks"),
        (None, None) => "?".to_owned(),
    }
}
