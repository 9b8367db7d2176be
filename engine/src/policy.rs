//! One policy of a project.

use std::sync::Arc;

use crate::decision::{DecisionError, Verb};

/// What a project's list of policies says about one of them.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicySummary {
    /// Its `custom.id`, else the last part of its package.
    pub id: Arc<str>,
    /// Its title, empty if it has none.
    pub title: String,
    /// Its file, relative to the project.
    pub file: Arc<str>,
    /// Its package, empty if that cannot be read.
    pub package: String,
    /// The events that it is evaluated for.
    pub events: Vec<String>,
    /// The tools that it is evaluated for; empty is every tool.
    pub tools: Vec<String>,
    /// The verbs that it defines.
    pub verbs: Vec<Verb>,
    /// Why it cannot be evaluated, if so.
    pub error: Option<DecisionError>,
}
