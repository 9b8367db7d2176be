//! What a project holds, in tables for people.

use llmspell_engine::{
    DecisionError, InspectedPolicy, InspectedRoute, InspectedSignal, Inspection,
};
use llmspell_utils::debug::escaped;
use llmspell_utils::debug::report::{Side, table};

/// Characters of the widest cell of each kind, so that a line fits a terminal.
const LONGEST_NAME: usize = 28;
const LONGEST_LIST: usize = 34;
const LONGEST_FILE: usize = 44;

/// The whole as text.
pub(super) fn as_text(inspection: &Inspection) -> String {
    let head = format!(
        "harness  {}\nmode     {}\ndigest   {}\n",
        inspection.harness, inspection.mode, inspection.policy_digest
    );
    let parts = [
        head,
        policies(&inspection.policies),
        guardrails(&inspection.guardrails),
        routes(&inspection.routes),
        signals(&inspection.signals),
        passed_over(&inspection.passed_over),
        errors(&inspection.errors),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

fn policies(policies: &[InspectedPolicy]) -> String {
    let rows: Vec<[String; 4]> = policies
        .iter()
        .map(|policy| {
            let verbs = if policy.error.is_some() {
                "(broken)".to_owned()
            } else {
                list(&policy.verbs)
            };
            [
                cell(&policy.id, LONGEST_NAME),
                evaluator(policy),
                verbs,
                file(&policy.file),
            ]
        })
        .collect();
    titled(
        [
            ("policy", Side::Left),
            ("evaluator", Side::Left),
            ("verbs", Side::Left),
            ("file", Side::Left),
        ],
        &rows,
    )
}

fn evaluator(policy: &InspectedPolicy) -> String {
    let compiled = if policy.is_compiled { ", compiled" } else { "" };
    cell(&format!("{}{compiled}", policy.evaluator), LONGEST_NAME)
}

fn guardrails(guardrails: &[InspectedPolicy]) -> String {
    let rows: Vec<[String; 4]> = guardrails
        .iter()
        .map(|guardrail| {
            [
                cell(&guardrail.id, LONGEST_NAME + LONGEST_NAME),
                list(&guardrail.verbs),
                cell(&guardrail.title, LONGEST_LIST),
                file(&guardrail.file),
            ]
        })
        .collect();
    titled(
        [
            ("guardrail", Side::Left),
            ("verbs", Side::Left),
            ("", Side::Left),
            ("file", Side::Left),
        ],
        &rows,
    )
}

fn routes(routes: &[InspectedRoute]) -> String {
    let rows: Vec<[String; 3]> = routes
        .iter()
        .map(|route| {
            [
                cell(&route.event, LONGEST_NAME),
                cell(&route.tool, LONGEST_NAME),
                list(&route.policies),
            ]
        })
        .collect();
    titled(
        [
            ("event", Side::Left),
            ("tool", Side::Left),
            ("policies", Side::Left),
        ],
        &rows,
    )
}

fn signals(signals: &[InspectedSignal]) -> String {
    let rows: Vec<[String; 4]> = signals
        .iter()
        .map(|signal| {
            [
                cell(&signal.name, LONGEST_NAME),
                cell(
                    signal.command.as_deref().unwrap_or("(broken)"),
                    LONGEST_LIST,
                ),
                format!("{} ms", signal.timeout_ms),
                list(&signal.policies),
            ]
        })
        .collect();
    titled(
        [
            ("signal", Side::Left),
            ("command", Side::Left),
            ("at most", Side::Right),
            ("policies", Side::Left),
        ],
        &rows,
    )
}

fn passed_over(files: &[String]) -> String {
    let line = |file: &String| format!("not read: {}\n", escaped(file));
    files.iter().map(line).collect()
}

fn errors(errors: &[DecisionError]) -> String {
    errors
        .iter()
        .map(|error| {
            let place = match (&error.file, error.line) {
                (Some(file), Some(line)) => format!("{file}:{line}: "),
                (Some(file), None) => format!("{file}: "),
                (None, _) => String::new(),
            };
            let line = format!("error: {place}{}", error.message);
            escaped(&line) + "\n"
        })
        .collect()
}

fn titled<const COLUMNS: usize>(
    columns: [(&str, Side); COLUMNS],
    rows: &[[String; COLUMNS]],
) -> String {
    if rows.is_empty() {
        String::new()
    } else {
        table(columns, rows)
    }
}

fn list(names: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    cell(&names.join(", "), LONGEST_LIST)
}

/// A text without control characters, its end left out where it is long.
fn cell(text: &str, longest: usize) -> String {
    let text = escaped(text);
    if text.chars().count() <= longest {
        return text;
    }
    text.chars().take(longest - 1).chain(['…']).collect()
}

/// A file, whose end says more than its beginning.
fn file(text: &str) -> String {
    let text = escaped(text);
    let length = text.chars().count();
    if length <= LONGEST_FILE {
        return text;
    }
    std::iter::once('…')
        .chain(text.chars().skip(length - LONGEST_FILE + 1))
        .collect()
}
