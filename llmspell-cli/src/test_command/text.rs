//! Results of tests for people.

use llmspell_engine::{FileCoverage, TestOutcome, TestReport, TestResult};
use llmspell_utils::debug::escaped;
use llmspell_utils::debug::report::{Side, duration, table};

/// Lines that were not reached, as far as a table names them.
const MOST_LINES: usize = 8;

/// The tests that did not pass, or all of them, how many passed, and what they reached.
pub(super) fn as_text(report: &TestReport, verbose: bool) -> String {
    let mut text = String::new();
    let mut file = "";
    for result in &report.results {
        if result.outcome == TestOutcome::Passed && !verbose {
            continue;
        }
        if file != result.file {
            text.push_str(&escaped(&result.file));
            text.push('\n');
            file = &result.file;
        }
        of_test(result).iter().for_each(|line| {
            text.push_str("  ");
            text.push_str(&escaped(line));
            text.push('\n');
        });
    }
    text.push_str(&counts(report));
    if let Some(percent) = report.percent() {
        text.push('\n');
        text.push_str(&coverage(&report.coverage, percent));
    }
    text
}

fn of_test(result: &TestResult) -> Vec<String> {
    let name = match result.name.as_str() {
        "" => "the file cannot be read".to_owned(),
        name => format!("{}.{name}", result.package),
    };
    let took = duration(result.took);
    let mut lines = match &result.outcome {
        TestOutcome::Passed => vec![format!("PASS   {name} ({took})")],
        TestOutcome::Skipped => vec![format!("SKIP   {name}")],
        TestOutcome::Failed { message, line } => vec![
            format!("FAIL   {name} ({took})"),
            format!("       line {}: {message}", line.unwrap_or(result.line)),
        ],
        TestOutcome::Broken(fault) => {
            let file = fault.file.as_deref().unwrap_or(&result.file);
            let line = fault.line.unwrap_or(result.line);
            vec![
                format!("ERROR  {name}"),
                format!(
                    "       {file}:{line}: {}: {}",
                    fault.kind.code(),
                    fault.message
                ),
            ]
        }
    };
    lines.extend(result.prints.iter().map(|text| format!("       {text}")));
    lines
}

fn counts(report: &TestReport) -> String {
    let all = report.results.len();
    if all == 0 && report.found == 0 {
        return "there are no tests: a test is a rule `test_…` in a file `*_test.rego`, or a function `test_…` of a policy in Lua or JavaScript\n"
            .to_owned();
    }
    if all == 0 {
        return format!("no test was chosen of {}\n", report.found);
    }
    let mut text = format!("PASS: {}/{all}\n", report.passed());
    let others = [
        ("FAIL", report.failed()),
        ("ERROR", report.broken()),
        ("SKIPPED", report.skipped()),
    ];
    for (name, count) in others.into_iter().filter(|(_, count)| *count > 0) {
        text.push_str(&format!("{name}: {count}/{all}\n"));
    }
    text
}

fn coverage(files: &[FileCoverage], percent: f64) -> String {
    let mut rows: Vec<[String; 3]> = files
        .iter()
        .map(|file| {
            [
                escaped(&file.file),
                file.percent()
                    .map(|percent| format!("{percent:.1} %"))
                    .unwrap_or_default(),
                missed(file),
            ]
        })
        .collect();
    rows.push([
        "together".to_owned(),
        format!("{percent:.1} %"),
        String::new(),
    ]);
    table(
        [
            ("file", Side::Left),
            ("reached", Side::Right),
            ("lines that were not", Side::Left),
        ],
        &rows,
    )
}

fn missed(file: &FileCoverage) -> String {
    let lines = file.not_covered.iter().take(MOST_LINES);
    let lines: Vec<String> = lines.map(u32::to_string).collect();
    let more = if file.not_covered.len() > MOST_LINES {
        ", …"
    } else {
        ""
    };
    format!("{}{more}", lines.join(", "))
}
