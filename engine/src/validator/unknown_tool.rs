//! A tool that the agent program is not known to have.

use super::finding::{CheckFinding, Severity, at_line};
use super::names;
use super::subject::Subject;

pub(super) const ID: &str = "unknown-tool";

/// What the tools of servers begin with: everybody may name them as they like.
const SERVER: &str = "mcp__";

pub(super) fn check(subject: &Subject, findings: &mut Vec<CheckFinding>) {
    for policy in &subject.policies {
        let harness = policy.harness().unwrap_or(subject.harness);
        let Some(known) = names::tools(harness) else {
            continue;
        };
        let is_known =
            |tool: &str| tool == "*" || tool.starts_with(SERVER) || known.contains(&tool);
        for tool in policy.summary.tools.iter().filter(|tool| !is_known(tool)) {
            let (severity, help) = match close(tool, known) {
                Some(meant) => (Severity::Warning, format!("did you mean `{meant}`?")),
                None => (
                    Severity::Note,
                    "correct the name, unless the tool is new".to_owned(),
                ),
            };
            findings.push(at_line(
                severity,
                ID,
                &policy.summary.file,
                policy.line_of("required_tools"),
                format!("`{harness}` is not known to have a tool `{tool}`"),
                help,
            ));
        }
    }
}

/// The known tool that differs in the size of letters, in signs or in one letter only.
fn close<'known>(tool: &str, known: &[&'known str]) -> Option<&'known str> {
    let letters = |name: &str| -> String {
        let letters = name.chars().filter(|letter| letter.is_alphanumeric());
        letters.flat_map(char::to_lowercase).take(64).collect()
    };
    let tool = letters(tool);
    let distance = |known: &str| strsim::damerau_levenshtein(&tool, &letters(known));
    known
        .iter()
        .copied()
        .filter(|known| distance(known) <= usize::from(known.len() > 3))
        .min_by_key(|known| distance(known))
}
