//! The difference between two texts, for people.

use std::time::Duration;

use llmspell_utils::debug::{Redactor, escaped};
use similar::TextDiff;

/// How long a small difference is looked for; a longer one says the same.
const PATIENCE: Duration = Duration::from_secs(1);

/// A unified difference; secrets beside what changes are not shown.
pub(crate) fn difference(path: &str, before: &str, after: &str) -> String {
    let mut configuration = TextDiff::configure();
    let texts = configuration.timeout(PATIENCE).diff_lines(before, after);
    let mut unified = texts.unified_diff();
    let unified = unified.context_radius(3).header(path, path).to_string();
    let redactor = Redactor::builtin();
    let lines = unified.lines().map(|line| {
        let line = redactor.text(line.trim_end_matches('\r'));
        let parts: Vec<_> = line.split('\t').map(escaped).collect();
        format!("{}\n", parts.join("\t"))
    });
    lines.collect()
}
