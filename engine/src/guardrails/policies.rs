//! Guardrails as policies of a layer, which is what the rest of the engine knows.

use std::sync::Arc;

use super::Guardrail;
use crate::evaluator::{Definition, Speaker};
use crate::policy::{Policy, PolicySummary, Prepared};

/// The policies that guardrails are, with the line of their key in the rulebook's text.
pub(crate) fn policies(guardrails: Vec<Guardrail>, file: &str, rulebook: Option<&str>) -> Vec<Policy> {
    let guardrails = guardrails.into_iter();
    guardrails.map(|guardrail| policy(guardrail, file, rulebook.unwrap_or_default())).collect()
}

fn policy(guardrail: Guardrail, file: &str, rulebook: &str) -> Policy {
    let line = line_of(guardrail.name, rulebook);
    let id: Arc<str> = Arc::from(guardrail.id);
    let file: Arc<str> = Arc::from(file);
    let definitions = guardrail.verbs.iter().map(|verb| Definition {
        verb: *verb,
        line,
        source: String::new(),
    });
    let speaker = Speaker {
        id: Arc::clone(&id),
        file: Arc::clone(&file),
        severity: Some(Arc::from(guardrail.severity)),
        line,
        definitions: definitions.collect(),
    };
    let summary = PolicySummary {
        id,
        title: guardrail.title.to_owned(),
        package: format!("cupcake.policies.builtins.{}", guardrail.name),
        events: guardrail.events,
        tools: guardrail.tools,
        verbs: guardrail.verbs,
        ..PolicySummary::unread(&file)
    };
    Policy {
        summary,
        prepared: Some(Prepared {
            speaker,
            evaluator: guardrail.evaluator,
        }),
    }
}

/// The line of a key; the first, if the rulebook does not name it.
fn line_of(name: &str, rulebook: &str) -> u32 {
    let short = name.strip_prefix("claude_code_").unwrap_or(name);
    let stands = |line: &str| {
        let key = line.trim().trim_start_matches(['"', '\'']);
        [name, short].iter().any(|name| key.strip_prefix(name).is_some_and(|rest| rest.trim_start_matches(['"', '\'', ' ']).starts_with(':')))
    };
    let index = rulebook.lines().position(stands);
    index.map_or(1, |index| u32::try_from(index + 1).unwrap_or(u32::MAX))
}
