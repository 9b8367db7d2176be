//! Results of tests as `opa test --format json` writes them.

use llmspell_engine::{TestOutcome, TestReport, TestResult};
use serde_json::{Value, json};

/// A list with an object a test.
pub(super) fn results(report: &TestReport) -> Value {
    report.results.iter().map(result).collect()
}

fn result(result: &TestResult) -> Value {
    let mut object = json!({
        "location": { "file": result.file, "row": result.line, "col": 1 },
        "package": result.package,
        "name": result.name,
        "duration": u64::try_from(result.took.as_nanos()).unwrap_or(u64::MAX),
    });
    let more = match &result.outcome {
        TestOutcome::Passed => None,
        TestOutcome::Failed { .. } => Some(("fail", json!(true))),
        TestOutcome::Skipped => Some(("skip", json!(true))),
        TestOutcome::Broken(fault) => Some((
            "error",
            json!({
                "code": fault.kind.code(),
                "message": fault.message,
                "location": {
                    "file": fault.file.as_deref().unwrap_or(&result.file),
                    "row": fault.line.unwrap_or(result.line),
                    "col": 1,
                },
            }),
        )),
    };
    if let (Some(object), Some((key, value))) = (object.as_object_mut(), more) {
        object.insert(key.to_owned(), value);
    }
    object
}
