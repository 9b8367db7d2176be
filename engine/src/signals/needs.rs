//! Which policy must see which signals, and whether it looks at their failures itself.

use llmspell_utils::nearest;

use super::{Action, Signals};
use crate::decision::DecisionErrorKind;
use crate::policy::Policy;
use crate::project::SourceFile;

/// The keys by which a policy sees that a signal has failed.
const FAILURE_KEYS: [&str; 2] = ["success", "exit_code"];

/// One signal that a policy must see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    /// Its place among the signals.
    pub(crate) signal: usize,
    /// Whether the policy looks at the failure of the command itself, so that the failure is no error.
    pub(crate) sees_failure: bool,
}

impl Signals {
    /// What a policy needs of the signals; a policy that needs one that is not there becomes a broken one.
    ///
    /// The sources are in the order of their paths.
    pub(crate) fn needs_of(&self, policy: &mut Policy, sources: &[SourceFile]) -> Vec<Need> {
        if policy.prepared.is_none() || policy.summary.signals.is_empty() {
            return Vec::new();
        }
        let source = text_of(&policy.summary.file, sources);
        match self.find_all(&policy.summary.signals, source) {
            Ok(needs) => needs,
            Err(message) => {
                let line = line_of("required_signals", source);
                let error = policy
                    .summary
                    .error(DecisionErrorKind::Signal, message, Some(line));
                policy.summary.error = Some(error);
                policy.prepared = None;
                Vec::new()
            }
        }
    }

    fn find_all(&self, names: &[String], source: &str) -> Result<Vec<Need>, String> {
        names.iter().map(|name| self.need(name, source)).collect()
    }

    fn need(&self, name: &str, source: &str) -> Result<Need, String> {
        let index = self.find(name).ok_or_else(|| self.unknown(name))?;
        if let Some(Action::Broken(fault)) = self.signals.get(index).map(|signal| &signal.action) {
            return Err(format!(
                "the signal `{name}` cannot be gathered: {}",
                fault.message
            ));
        }
        Ok(Need {
            signal: index,
            sees_failure: sees_failure(name, source),
        })
    }

    fn unknown(&self, name: &str) -> String {
        let known: Vec<&str> = self.signals.iter().map(|signal| &*signal.name).collect();
        let help = if known.is_empty() {
            "declare it under `signals` in the rulebook, or put an executable file of that name into `signals/`"
                .to_owned()
        } else {
            nearest(name, &known)
        };
        format!("there is no signal `{name}`: {help}")
    }
}

/// The text of a file; empty where it has none.
fn text_of<'sources>(file: &str, sources: &'sources [SourceFile]) -> &'sources str {
    let at = sources.partition_point(|source| *source.path < *file);
    let behind = sources.get(at..).unwrap_or_default();
    let mut same = behind.iter().take_while(|source| source.path == file);
    let text = same.find_map(|source| source.text.as_deref().ok());
    text.unwrap_or_default()
}

fn line_of(key: &str, source: &str) -> u32 {
    let index = source.lines().position(|line| line.contains(key));
    index.map_or(1, |index| u32::try_from(index + 1).unwrap_or(u32::MAX))
}

/// Whether a policy's code reads `success` or `exit_code` of a signal, right where it names the signal.
///
/// Only the plain ways are known: where one is missed, a failure is an error, which is the safe side.
fn sees_failure(name: &str, source: &str) -> bool {
    let ways = [
        format!(".{name}"),
        format!("[\"{name}\"]"),
        format!("['{name}']"),
    ];
    let lines = source.lines().map(without_comment);
    lines.into_iter().any(|line| {
        line.match_indices("signals").any(|(at, word)| {
            let rest = line.get(at + word.len()..).unwrap_or_default();
            ways.iter()
                .filter_map(|way| rest.strip_prefix(way.as_str()))
                .any(names_failure)
        })
    })
}

/// Whether what follows a signal's name is one of the keys of a failure.
fn names_failure(rest: &str) -> bool {
    FAILURE_KEYS.iter().any(|key| {
        let ways = [
            format!(".{key}"),
            format!("[\"{key}\"]"),
            format!("['{key}']"),
            format!(", \"{key}\""),
        ];
        let follows = |way: &String| rest.strip_prefix(way.as_str());
        ways.iter()
            .filter_map(follows)
            .any(|after| !after.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
    })
}

/// The line up to what may be a comment in any of the languages; a sign inside a text counts as one too.
fn without_comment(line: &str) -> &str {
    let ends = ["#", "--", "//"].iter().filter_map(|sign| line.find(sign));
    line.get(..ends.min().unwrap_or(line.len())).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_counts_as_seen_where_the_code_reads_it() {
        for source in [
            "deny contains d if { input.signals.tests.success == false }",
            "input.signals[\"tests\"].exit_code != 0",
            "if input.signals['tests']['success'] == false then",
            "object.get(input.signals.tests, \"success\", true) == false",
        ] {
            assert!(sees_failure("tests", source), "{source}");
        }
    }

    #[test]
    fn a_failure_does_not_count_as_seen_by_a_comment_or_another_signal() {
        for source in [
            "# input.signals.tests.success is looked at elsewhere",
            "x := 1 # input.signals.tests.success",
            "-- signals.tests.success",
            "// signals.tests.success",
            "input.signals.tests == \"ok\"",
            "input.signals.tests_two.success",
            "input.signals.tests.successful",
            "input.signals.other.success",
            "input.tests.success",
        ] {
            assert!(!sees_failure("tests", source), "{source}");
        }
    }
}
