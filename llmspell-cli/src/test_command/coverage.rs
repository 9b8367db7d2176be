//! Which lines the tests reached, for programs.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use llmspell_engine::{FileCoverage, TestReport};
use serde_json::{Map, Value, json};

/// A record a file, as `lcov` reads it.
pub(super) fn as_lcov(report: &TestReport, root: &Path) -> String {
    let mut text = String::new();
    for file in &report.coverage {
        let path = root.join(&file.file);
        // Writing to a text cannot fail.
        let _ = writeln!(text, "TN:\nSF:{}", path.display());
        let lines: BTreeSet<u32> = file.covered.union(&file.not_covered).copied().collect();
        for line in &lines {
            let count = u8::from(file.covered.contains(line));
            let _ = writeln!(text, "DA:{line},{count}");
        }
        let _ = writeln!(
            text,
            "LF:{}\nLH:{}\nend_of_record",
            lines.len(),
            file.covered.len()
        );
    }
    text
}

/// One document, as `opa test --coverage` writes it.
pub(super) fn as_json(report: &TestReport) -> Value {
    let files: Map<String, Value> = report
        .coverage
        .iter()
        .map(|file| (file.file.clone(), of_file(file)))
        .collect();
    json!({ "files": files, "coverage": report.percent().map(rounded) })
}

fn of_file(file: &FileCoverage) -> Value {
    json!({
        "covered": ranges(&file.covered),
        "not_covered": ranges(&file.not_covered),
        "covered_lines": file.covered.len(),
        "not_covered_lines": file.not_covered.len(),
        "coverage": file.percent().map(rounded),
    })
}

fn rounded(percent: f64) -> f64 {
    (percent * 100.0).round() / 100.0
}

fn ranges(lines: &BTreeSet<u32>) -> Vec<Value> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for line in lines {
        match ranges.last_mut() {
            Some((_, end)) if *end + 1 == *line => *end = *line,
            _ => ranges.push((*line, *line)),
        }
    }
    let range = |(start, end)| json!({ "start": { "row": start }, "end": { "row": end } });
    ranges.into_iter().map(range).collect()
}
