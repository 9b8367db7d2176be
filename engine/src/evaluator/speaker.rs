//! Who speaks: what every rule and error of a policy says about its origin.

use std::sync::{Arc, LazyLock};

use super::PolicyFault;
use crate::decision::{DecisionError, DecisionErrorKind, Verb};

/// The severity of a decision that names none.
const DEFAULT_SEVERITY: &str = "MEDIUM";

static MEDIUM: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from(DEFAULT_SEVERITY));

/// One definition of a verb in a policy's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The verb.
    pub verb: Verb,
    /// The line where the definition begins.
    pub line: u32,
    /// Its text, in which the ids of its rules stand; empty where that is not known.
    pub source: String,
}

/// Who speaks: what every rule and error of a policy says about its origin.
#[derive(Debug)]
pub(crate) struct Speaker {
    pub(crate) id: Arc<str>,
    pub(crate) file: Arc<str>,
    /// The severity of decisions that name none.
    pub(crate) severity: Option<Arc<str>>,
    /// The line of the package, or where else the policy begins.
    pub(crate) line: u32,
    /// Where each verb is defined.
    pub(crate) definitions: Vec<Definition>,
}

impl Speaker {
    /// The line of the definition that spoke: the one that holds the rule's id, else the verb's first.
    pub(crate) fn line_of(&self, verb: Verb, rule_id: Option<&str>) -> u32 {
        let definitions = || {
            self.definitions
                .iter()
                .filter(|definition| definition.verb == verb)
        };
        let Some(first) = definitions().next().map(|definition| definition.line) else {
            return self.line_of_id(rule_id);
        };
        if definitions().nth(1).is_none() {
            return first;
        }
        let Some(rule_id) = rule_id else { return first };
        let quoted = format!("\"{rule_id}\"");
        definitions()
            .find(|definition| definition.source.contains(&quoted))
            .map_or(first, |definition| definition.line)
    }

    /// The line of a rule whose verb somebody has changed: that of the first definition that holds its id.
    fn line_of_id(&self, rule_id: Option<&str>) -> u32 {
        let quoted = rule_id.map(|rule_id| format!("\"{rule_id}\""));
        let mut definitions = self.definitions.iter();
        let found = definitions.find(|definition| {
            let quoted = quoted.as_deref();
            quoted.is_some_and(|quoted| definition.source.contains(quoted))
        });
        found.map_or(1, |definition| definition.line)
    }

    /// Whether a definition of the verb, or of any if none is given, holds the rule's id.
    pub(crate) fn mentions(&self, verb: Option<Verb>, rule_id: &str) -> bool {
        let quoted = format!("\"{rule_id}\"");
        self.definitions.iter().any(|definition| {
            verb.is_none_or(|verb| definition.verb == verb) && definition.source.contains(&quoted)
        })
    }

    /// The verbs that it defines, the strongest first.
    pub(crate) fn verbs(&self) -> Vec<Verb> {
        let defines = |verb: &Verb| {
            self.definitions
                .iter()
                .any(|definition| definition.verb == *verb)
        };
        Verb::ALL.into_iter().filter(defines).collect()
    }

    pub(crate) fn error(
        &self,
        kind: DecisionErrorKind,
        message: String,
        line: u32,
    ) -> DecisionError {
        DecisionError {
            kind,
            policy: Arc::clone(&self.id),
            message,
            file: Some(Arc::clone(&self.file)),
            line: Some(line),
        }
    }

    /// The error of a fault; without a line of its own it is that of the verb, else of the policy.
    pub(crate) fn fault(&self, fault: PolicyFault, verb: Option<Verb>) -> DecisionError {
        let line = fault
            .line
            .unwrap_or_else(|| verb.map_or(self.line, |verb| self.line_of(verb, None)));
        let mut error = self.error(fault.kind, fault.message, line);
        if let Some(file) = fault.file {
            error.file = Some(Arc::from(file));
        }
        error
    }

    /// The severity of what names none: the policy's, else the default.
    pub(crate) fn severity(&self) -> Arc<str> {
        self.severity
            .as_ref()
            .map_or_else(|| Arc::clone(&MEDIUM), Arc::clone)
    }
}
