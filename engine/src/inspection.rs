//! What a project holds, as it was loaded: policies, routes and what they need.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use crate::decision::DecisionError;
use crate::error::EngineError;
use crate::policy::PolicySummary;
use crate::policy_engine::EngineOptions;
use crate::policy_set::{Layer, PolicySet};
use crate::project::Project;
use crate::settings::Mode;

/// The tool that stands for every tool.
const ANY: &str = "*";
/// What evaluates a guardrail.
const GUARDRAIL: &str = "guardrail";

/// What a project holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// The harness whose policies were loaded.
    pub harness: &'static str,
    /// `enforce` or `monitor`.
    pub mode: &'static str,
    /// The digest that every decision names.
    pub policy_digest: Arc<str>,
    /// Every policy, the broken ones included, in the order of their files; those of the machine come first.
    pub policies: Vec<InspectedPolicy>,
    /// The guardrails that are switched on.
    pub guardrails: Vec<InspectedPolicy>,
    /// Where events lead, in the order of their names.
    pub routes: Vec<InspectedRoute>,
    /// The signals that are declared.
    pub signals: Vec<InspectedSignal>,
    /// The files among the policies that are none by their names, and are not read.
    pub passed_over: Vec<String>,
    /// What is wrong, and so with every decision.
    pub errors: Vec<DecisionError>,
}

/// One policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InspectedPolicy {
    /// Its id.
    pub id: Arc<str>,
    /// Its title, empty if it has none.
    pub title: String,
    /// Its file, relative to the project.
    pub file: Arc<str>,
    /// Its package, empty if it has none.
    pub package: String,
    /// The events that it is evaluated for.
    pub events: Vec<String>,
    /// The tools that it is evaluated for; empty is every tool.
    pub tools: Vec<String>,
    /// The signals that it asks for.
    pub signals: Vec<String>,
    /// The verbs that it defines.
    pub verbs: Vec<&'static str>,
    /// What evaluates it: `rego`, `wasm`, the name of a script language, or `guardrail`.
    pub evaluator: &'static str,
    /// Whether it was compiled for a virtual machine.
    pub is_compiled: bool,
    /// Why it cannot be evaluated, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<DecisionError>,
}

/// The policies of one event and one tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InspectedRoute {
    /// The event.
    pub event: String,
    /// The tool; `*` is every tool, and none.
    pub tool: String,
    /// The ids of the policies, in the order in which they are asked.
    pub policies: Vec<Arc<str>>,
}

/// A signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InspectedSignal {
    /// Its name.
    pub name: String,
    /// What is run: a command for a shell, or a file; none where it is broken.
    pub command: Option<String>,
    /// How long it may take, in milliseconds.
    pub timeout_ms: u64,
    /// Where it is declared.
    pub file: String,
    /// The ids of the policies that ask for it.
    pub policies: Vec<Arc<str>>,
}

/// Loads the project at a path, and says what it holds.
///
/// ```
/// use llmspell_engine::{EngineOptions, inspect_project};
///
/// # let project = tempfile::tempdir().unwrap();
/// # let policies = project.path().join(".cupcake/policies");
/// # std::fs::create_dir_all(&policies).unwrap();
/// # std::fs::write(policies.join("no_root.rego"), r#"
/// # # METADATA
/// # # custom:
/// # #   id: NO-ROOT
/// # #   routing:
/// # #     required_events: [PreToolUse]
/// # package cupcake.policies.no_root
/// # deny contains {"reason": "not as root", "rule_id": "NO-ROOT-1", "severity": "HIGH"} if {
/// #     contains(input.tool_input.command, "sudo")
/// # }
/// # "#).unwrap();
/// let inspection = inspect_project(project.path(), &EngineOptions::default())?;
/// let route = &inspection.routes[0];
/// assert_eq!((route.event.as_str(), route.tool.as_str()), ("PreToolUse", "*"));
/// assert_eq!(&*route.policies[0], "NO-ROOT");
/// # Ok::<(), llmspell_engine::EngineError>(())
/// ```
///
/// # Errors
///
/// When there is no project, or its rulebook or its settings are broken.
pub fn inspect_project(path: &Path, options: &EngineOptions) -> Result<Inspection, EngineError> {
    let project = Project::at(path)?;
    let set = PolicySet::load(&project, options, None)?;
    let working = || set.summaries.iter().filter(|policy| policy.error.is_none());
    let (guardrails, policies) = set
        .summaries
        .iter()
        .map(inspected)
        .partition(|policy| policy.evaluator == GUARDRAIL);
    Ok(Inspection {
        harness: set.harness.name(),
        mode: match set.mode {
            Mode::Enforce => "enforce",
            Mode::Monitor => "monitor",
        },
        policy_digest: Arc::clone(&set.digest),
        policies,
        guardrails,
        routes: routes(working()),
        signals: set.layers.iter().flat_map(signals).collect(),
        passed_over: set.passed_over.clone(),
        errors: set.standing_errors.clone(),
    })
}

fn inspected(policy: &PolicySummary) -> InspectedPolicy {
    InspectedPolicy {
        id: Arc::clone(&policy.id),
        title: policy.title.clone(),
        file: Arc::clone(&policy.file),
        package: policy.package.clone(),
        events: policy.events.clone(),
        tools: policy.tools.clone(),
        signals: policy.signals.clone(),
        verbs: policy.verbs.iter().map(|verb| verb.name()).collect(),
        evaluator: policy.evaluator,
        is_compiled: policy.is_compiled,
        error: policy.error.clone(),
    }
}

fn routes<'policy>(policies: impl Iterator<Item = &'policy PolicySummary>) -> Vec<InspectedRoute> {
    let mut routes: BTreeMap<(&str, &str), Vec<Arc<str>>> = BTreeMap::new();
    for policy in policies {
        let is_any = policy.tools.is_empty() || policy.tools.iter().any(|tool| tool == ANY);
        let tools: BTreeSet<&str> = if is_any {
            BTreeSet::from([ANY])
        } else {
            policy.tools.iter().map(String::as_str).collect()
        };
        for event in &policy.events {
            for tool in &tools {
                let route = routes.entry((event, tool)).or_default();
                route.push(Arc::clone(&policy.id));
            }
        }
    }
    routes
        .into_iter()
        .map(|((event, tool), policies)| InspectedRoute {
            event: event.to_owned(),
            tool: tool.to_owned(),
            policies,
        })
        .collect()
}

fn signals(layer: &Layer) -> Vec<InspectedSignal> {
    let users = |name: &str| {
        let policies = layer.policies.iter().map(|policy| &policy.summary);
        policies
            .filter(|policy| policy.signals.iter().any(|signal| signal == name))
            .map(|policy| Arc::clone(&policy.id))
            .collect()
    };
    let listed = layer.signals.listed();
    listed
        .map(|signal| InspectedSignal {
            name: signal.name.to_owned(),
            command: signal.command,
            timeout_ms: u64::try_from(signal.timeout.as_millis()).unwrap_or(u64::MAX),
            file: signal.file.to_owned(),
            policies: users(signal.name),
        })
        .collect()
}
