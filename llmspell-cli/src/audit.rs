//! `llmspell audit`: what is in the audit log, and whether it is as it was written.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use llmspell_engine::{
    AuditFault, AuditReport, AuditSettings, Project, read_audit_log, verify_audit_log,
};
use llmspell_utils::debug::{escaped, safe_json};
use serde_json::{Value, json};

use crate::answer::{answer, counted};
use crate::exit::Exit;
use crate::failure::Failure;

/// What `llmspell audit` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// The directory with `.cupcake` [default: here or the nearest one above]
    #[arg(long, value_name = "DIR", global = true)]
    project: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says whether the log is as it was written, over all its files
    Verify {
        /// The log [default: the project's, by `[audit] file`]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// A last hash that was printed earlier: its record must still be there
        #[arg(long, value_name = "HASH", value_parser = hash)]
        expect_last: Option<String>,
        /// Prints the answer as one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Shows the newest records, one line each
    Show {
        /// The log [default: the project's, by `[audit] file`]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// How many records
        #[arg(long, value_name = "N", default_value_t = 20)]
        last: usize,
        /// Prints each record as one line of JSON
        #[arg(long)]
        json: bool,
    },
}

const EXAMPLE: &str = "\
Example:
  llmspell audit show --last 5
  llmspell audit verify      exits with 1 where the log is not as it was written";

/// How many torn lines are told one by one.
const TOLD: usize = 20;

fn hash(text: &str) -> Result<String, String> {
    let is_hash = text.strip_prefix("sha256:").is_some_and(|digits| {
        digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    let wrong = "expected `sha256:` and 64 digits, as `llmspell audit verify` prints it";
    is_hash
        .then(|| text.to_ascii_lowercase())
        .ok_or_else(|| wrong.to_owned())
}

/// Runs the command.
pub(crate) fn audit(arguments: &Arguments) -> Result<Exit, Failure> {
    match &arguments.command {
        Command::Verify {
            file,
            expect_last,
            json,
        } => {
            let file = arguments.log(file.as_ref())?;
            let report = verify_audit_log(&file, expect_last.as_deref())?;
            verified(&report, *json)
        }
        Command::Show { file, last, json } => {
            let records = read_audit_log(&arguments.log(file.as_ref())?, *last)?;
            let line = if *json { json_line } else { text_line };
            let text: String = records.iter().map(|record| line(record) + "\n").collect();
            answer(&text).map(|()| Exit::Done)
        }
    }
}

impl Arguments {
    /// The log that is named, or that of the project.
    fn log(&self, named: Option<&PathBuf>) -> Result<PathBuf, Failure> {
        if let Some(file) = named {
            return Ok(file.clone());
        }
        let project = match &self.project {
            Some(path) => Project::at(path)?,
            None => Project::find(&PathBuf::from("."))?,
        };
        let settings = AuditSettings::of_project(&project)?;
        let file = settings.file.ok_or_else(|| {
            Failure::fault(
                "the project has no audit log",
                "set `[audit] file` in `llmspell.toml`, or name the file of a log",
            )
        })?;
        Ok(project.root().join(file))
    }
}

fn verified(report: &AuditReport, json: bool) -> Result<Exit, Failure> {
    let text = if json {
        format!("{}\n", report_json(report))
    } else {
        report_text(report)
    };
    answer(&text)?;
    Ok(if report.is_whole() {
        Exit::Done
    } else {
        Exit::Fault
    })
}

fn report_json(report: &AuditReport) -> String {
    let mut document = json!(report);
    if let Some(fields) = document.as_object_mut() {
        fields.insert("whole".to_owned(), json!(report.is_whole()));
    }
    safe_json(document.to_string())
}

fn report_text(report: &AuditReport) -> String {
    let mut text = String::new();
    for tear in report.torn.iter().take(TOLD) {
        let _ = writeln!(
            text,
            "  torn     {}:{}: its writer was stopped after {}; the log goes on behind it",
            escaped(&tear.file),
            tear.line,
            counted(usize::try_from(tear.bytes).unwrap_or(usize::MAX), "byte")
        );
    }
    if let Some(more) = report.torn.len().checked_sub(TOLD).filter(|more| *more > 0) {
        let _ = writeln!(text, "  torn     and {} more", counted(more, "line"));
    }
    let records = counted(
        usize::try_from(report.records).unwrap_or(usize::MAX),
        "record",
    );
    if let Some(fault) = &report.fault {
        let _ = writeln!(
            text,
            "{}\n{records} before it, chain broken",
            fault_text(fault)
        );
        return text;
    }
    let _ = writeln!(text, "{records}, chain whole");
    if let Some(first) = report.first.filter(|first| *first > 1) {
        let _ = writeln!(
            text,
            "  it begins with record {first}: files with older ones were put aside and removed"
        );
    }
    if let Some(since) = report.since_expected {
        let since = counted(usize::try_from(since).unwrap_or(usize::MAX), "record");
        let _ = writeln!(
            text,
            "  the record that was expected is there, and {since} behind it"
        );
    }
    if let Some(last) = &report.last_hash {
        let _ = writeln!(text, "  last     {last}");
    }
    if report.since_expected.is_none() {
        text.push_str(
            "  a chain cannot show that records are missing at its end: keep the last hash elsewhere, and give it to --expect-last\n",
        );
    }
    text
}

fn fault_text(fault: &AuditFault) -> String {
    let place = match fault.line {
        Some(line) => format!("{}:{line}", fault.file),
        None => fault.file.clone(),
    };
    escaped(&format!("{place}: {}", fault.message))
}

fn json_line(record: &Value) -> String {
    safe_json(record.to_string())
}

/// A record for a person. Events and policies choose much of the text, so that the line is escaped.
fn text_line(record: &Value) -> String {
    let Value::Object(_) = record else {
        let text = record.as_str().unwrap_or_default();
        return escaped(&format!("no record: {text}"));
    };
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str);
    let decision = text("/result/decision").unwrap_or("refused");
    let reason = text("/result/reason").or_else(|| text("/error/message"));
    let would = text("/would").map(|would| format!("[monitor, would {would}]"));
    let errors = record.pointer("/result/errors").and_then(Value::as_array);
    let failed = errors.map_or(0, Vec::len);
    let errors = (failed > 0).then(|| format!("({})", counted(failed, "error")));
    let parts = [
        text("/timestamp").map(str::to_owned),
        Some(format!("{decision:<7}")),
        text("/harness").map(str::to_owned),
        text("/event").map(str::to_owned),
        text("/tool").map(str::to_owned),
        would,
        errors,
        reason
            .filter(|reason| !reason.is_empty())
            .map(|reason| format!("- {reason}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    escaped(&parts.join(" "))
}
