//! Results of tests as `opa test --format json` writes them.

use data_encoding::BASE64;
use llmspell_engine::{TestCase, TestOutcome, TestReport, TestResult};
use serde_json::{Map, Value, json};

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
    // Bytes are written in base64, each print being a line.
    let output = (!result.prints.is_empty()).then(|| result.prints.join("\n") + "\n");
    let output = output.map(|output| ("output", json!(BASE64.encode(output.as_bytes()))));
    let cases = (!result.cases.is_empty()).then(|| ("sub_results", sub_results(&result.cases)));
    if let Some(object) = object.as_object_mut() {
        let more = more.into_iter().chain(output).chain(cases);
        object.extend(more.map(|(key, value)| (key.to_owned(), value)));
    }
    object
}

/// The cases of a test by their names.
fn sub_results(cases: &[TestCase]) -> Value {
    let case = |case: &TestCase| {
        let mut fields = Map::from_iter([("name".to_owned(), json!(case.name))]);
        if !case.passed {
            fields.insert("fail".to_owned(), json!(true));
        }
        if !case.cases.is_empty() {
            fields.insert("sub_results".to_owned(), sub_results(&case.cases));
        }
        (case.name.clone(), Value::Object(fields))
    };
    Value::Object(cases.iter().map(case).collect())
}
