//! `llmspell record`: runs another command and keeps what happens in a recording.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use clap::Args;
use llmspell_bridge::{DecisionObserver, ScriptOutput};
use llmspell_engine::Value as EngineValue;
use llmspell_utils::debug::report::{ReportFormat, render};
use llmspell_utils::debug::{
    DebugLevel, DebugManager, FanOut, Profile, RecordKind, RecordingWriter, TimerStatistics,
};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::failure::Failure;

/// What `llmspell record` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The file to write, which must not exist [default: recording-ID.llmrec here]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// The command to run: `run` or `eval` with its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

const EXAMPLE: &str = "\
Example:
  llmspell record --to gate.llmrec -- run examples/policy_gate/policy_gate.lua --debug info
  llmspell recording gate.llmrec --kind decision";

/// How long a profile may be as JSON, in bytes; a record holds little more.
const LONGEST_PROFILE: usize = 900 << 10;

/// What is to be recorded where; set once, before the command runs.
static WANTED: OnceLock<Wanted> = OnceLock::new();

/// The recording of this process, from when the debug infrastructure is set up.
static RECORDING: OnceLock<Arc<Recording>> = OnceLock::new();

#[derive(Debug)]
struct Wanted {
    file: PathBuf,
    command: Vec<String>,
}

/// Runs the command, which `run` understands, with a recording.
pub(crate) fn record(
    arguments: Arguments,
    run: impl FnOnce(Vec<OsString>) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let wanted = Wanted {
        file: arguments
            .to
            .unwrap_or_else(|| PathBuf::from(RecordingWriter::new_name())),
        command: arguments
            .command
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect(),
    };
    // It is the first: a command that is recorded is none that records.
    let _ = WANTED.set(wanted);
    let ran = run(arguments.command);
    if let (Some(recording), Err(failure)) = (RECORDING.get(), &ran) {
        recording.failed(failure);
    }
    match (RECORDING.get().map(|recording| recording.finish()), ran) {
        (Some(Err(failure)), Err(first)) => {
            failure.report();
            Err(first)
        }
        (Some(Err(failure)), Ok(_)) => Err(failure),
        (_, ran) => ran,
    }
}

/// Begins the recording, if there is to be one: the entries of `manager` are the first that it hears.
pub(crate) fn attach(manager: &DebugManager) -> Result<(), Failure> {
    let Some(wanted) = WANTED.get() else {
        return Ok(());
    };
    let about = json!({
        "program": concat!("llmspell ", env!("CARGO_PKG_VERSION")),
        "command": wanted.command,
    });
    let clock = Arc::clone(manager.clock());
    let writer = RecordingWriter::create(&wanted.file, &about, manager.redactor(), clock).map_err(
        |error| {
            Failure::fault(
                format_args!("{}: {}", wanted.file.display(), error.message()),
                "name a file that does not exist yet: `--to FILE`",
            )
        },
    )?;
    let writer = Arc::new(writer);
    manager.set_output(Arc::new(FanOut::new(vec![
        manager.output(),
        Arc::clone(&writer) as _,
    ])));
    let _ = RECORDING.set(Arc::new(Recording {
        writer,
        events: AtomicU64::new(0),
    }));
    Ok(())
}

/// Whether this process records.
pub(crate) fn is_on() -> bool {
    RECORDING.get().is_some()
}

/// Puts a profile into the recording, if there is one.
pub(crate) fn profiled(profile: &Profile) {
    if let Some(recording) = RECORDING.get() {
        recording.record(RecordKind::Profile, shown_profile(profile));
    }
}

/// Who is told of events and decisions, if there is a recording.
pub(crate) fn observer() -> Option<Arc<dyn DecisionObserver>> {
    RECORDING
        .get()
        .map(|recording| Arc::clone(recording) as Arc<dyn DecisionObserver>)
}

/// The same output; if there is a recording, it keeps the lines too.
pub(crate) fn overheard(output: Arc<dyn ScriptOutput>) -> Arc<dyn ScriptOutput> {
    match RECORDING.get() {
        Some(recording) => Arc::new(Overheard {
            output,
            recording: Arc::clone(recording),
        }),
        None => output,
    }
}

/// A recording that is being written.
#[derive(Debug)]
struct Recording {
    writer: Arc<RecordingWriter>,
    events: AtomicU64,
}

impl Recording {
    /// A record that is lost is counted by the writer and told at the end.
    fn record(&self, kind: RecordKind, body: Value) {
        let _ = self.writer.record(kind, body);
    }

    /// Keeps what standard error says of the end.
    fn failed(&self, failure: &Failure) {
        for line in failure.plain().lines() {
            self.record(
                RecordKind::ScriptOutput,
                json!({ "stream": "err", "text": line }),
            );
        }
    }

    fn finish(&self) -> Result<(), Failure> {
        let manager = llmspell_utils::debug::global();
        for timer in manager.profiler().statistics() {
            self.record(RecordKind::Timer, shown_timer(&timer));
        }
        let file = self.writer.path().display().to_string();
        let finished = self.writer.finish();
        let summary = self.writer.summary();
        if let (Err(error), 0) = (&finished, summary.lost) {
            return Err(Failure::internal(format_args!(
                "{file}: the recording cannot be finished: {error}"
            )));
        }
        if summary.lost > 0 {
            let why = summary.failure.unwrap_or_default();
            return Err(Failure::internal(format_args!(
                "{file}: {} records are lost: {why}",
                summary.lost
            )));
        }
        let told = format!("recorded {} records in {file}\n", summary.records);
        // Nobody is left to tell if standard error is gone.
        let _ = std::io::stderr().lock().write_all(told.as_bytes());
        Ok(())
    }
}

impl DecisionObserver for Recording {
    fn decided(&self, event: &EngineValue, decision: &EngineValue) {
        let number = self.events.fetch_add(1, Ordering::Relaxed) + 1;
        let shown = |value: &EngineValue| serde_json::to_value(value).unwrap_or_default();
        self.record(
            RecordKind::Event,
            json!({ "number": number, "event": shown(event) }),
        );
        self.record(
            RecordKind::Decision,
            json!({ "number": number, "decision": shown(decision) }),
        );
    }
}

/// A profile with everything that is known of it, or the stacks alone where that is too much for one record.
///
/// Each name and each stack is a text of its own, because the redactor looks at no more than the beginning of a long one.
fn shown_profile(profile: &Profile) -> Value {
    let whole = render(profile, ReportFormat::Json).ok();
    let whole = whole
        .filter(|text| text.len() <= LONGEST_PROFILE)
        .and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let (kind, what) = match whole {
        Some(whole) => ("profile", whole),
        None => {
            let stacks = render(profile, ReportFormat::Folded).unwrap_or_default();
            ("stacks", stacks.lines().collect())
        }
    };
    json!({
        "title": profile.title(),
        "total_us": profile.total().as_secs_f64() * 1e6,
        kind: what,
    })
}

fn shown_timer(timer: &TimerStatistics) -> Value {
    let us = |duration: std::time::Duration| duration.as_secs_f64() * 1e6;
    json!({
        "name": &*timer.name,
        "count": timer.count,
        "total_us": us(timer.total),
        "mean_us": us(timer.mean),
        "min_us": us(timer.min),
        "max_us": us(timer.max),
        "p50_us": us(timer.p50),
        "p95_us": us(timer.p95),
        "p99_us": us(timer.p99),
    })
}

/// Lines that go to an output and into a recording.
struct Overheard {
    output: Arc<dyn ScriptOutput>,
    recording: Arc<Recording>,
}

impl ScriptOutput for Overheard {
    fn line(&self, level: DebugLevel, text: &str) {
        self.output.line(level, text);
        let stream = match level {
            DebugLevel::Error | DebugLevel::Warn => "err",
            _ => "out",
        };
        self.recording.record(
            RecordKind::ScriptOutput,
            json!({ "stream": stream, "text": text }),
        );
    }
}
