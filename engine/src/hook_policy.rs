//! A policy that belongs to no project, but to a script that runs.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::digest;
use crate::evaluator::{Definition, Evaluator, PolicyFault, Speaker};
use crate::event::Event;
use crate::metadata::{Names, Routing};
use crate::policy::PolicySummary;
use crate::route;

/// What a script says of a policy that it registers.
#[derive(Debug, Clone, Default)]
pub struct HookDescription<'a> {
    /// The policy's id.
    pub id: &'a str,
    /// Its title, empty if it has none.
    pub title: &'a str,
    /// The severity of decisions that name none.
    pub severity: Option<&'a str>,
    /// The events that it is evaluated for.
    pub events: Vec<String>,
    /// The tools that it is evaluated for; empty, like `*` among them, is every tool.
    pub tools: Vec<String>,
    /// The script's file, or the name that it was loaded under.
    pub file: &'a str,
    /// The line where the policy is registered.
    pub line: u32,
    /// Where its verbs are defined.
    pub definitions: Vec<Definition>,
    /// The text of the script, of which the decisions' digest is made.
    pub source: &'a str,
}

/// A policy that a running script registered, to be asked beside those of a project.
///
/// Only the script's own state can run it, so that whoever asks for a decision brings the evaluator along: a
/// [`Hook`] is both.
///
/// ```
/// use llmspell_engine::{Definition, HookDescription, HookPolicy, Verb};
///
/// let policy = HookPolicy::new(HookDescription {
///     id: "NO-ROOT",
///     events: vec!["PreToolUse".to_owned()],
///     definitions: vec![Definition { verb: Verb::Deny, line: 3, source: String::new() }],
///     file: "agent.lua",
///     line: 1,
///     ..HookDescription::default()
/// })?;
/// assert_eq!(policy.summary().verbs, [Verb::Deny]);
/// # Ok::<(), llmspell_engine::PolicyFault>(())
/// ```
#[derive(Debug)]
pub struct HookPolicy {
    summary: PolicySummary,
    pub(crate) speaker: Speaker,
    /// What stands for it in the digest of a decision.
    digest: [u8; 32],
}

/// A registered policy together with what evaluates it now.
#[derive(Debug, Clone, Copy)]
pub struct Hook<'a> {
    /// Who speaks, and when.
    pub policy: &'a HookPolicy,
    /// What runs it, in the state of the script that registered it.
    pub evaluator: &'a dyn Evaluator,
}

impl HookPolicy {
    /// Checks what a script says of a policy.
    ///
    /// # Errors
    ///
    /// When it has no id or no verb, or its routing would never choose an event.
    pub fn new(description: HookDescription<'_>) -> Result<Self, PolicyFault> {
        let line = description.line;
        if description.id.trim().is_empty() {
            return Err(PolicyFault::load("the `id` of the policy is empty", line));
        }
        if description.definitions.is_empty() {
            let message = "the policy has no verb: halt, deny, block, ask, modify or add_context";
            return Err(PolicyFault::load(message, line));
        }
        let routing = Routing {
            required_events: Names(description.events),
            required_tools: Names(description.tools),
            required_signals: Names::default(),
        };
        routing.check(None).map_err(|(key, fault)| {
            let said = format!("{}: {}", fault.message, fault.help);
            PolicyFault::load(as_scripts_write(&said, key), line)
        })?;
        let digest = digest(description.id, description.file, description.source);
        let id: Arc<str> = Arc::from(description.id);
        let file: Arc<str> = Arc::from(description.file);
        let speaker = Speaker {
            id: Arc::clone(&id),
            file: Arc::clone(&file),
            severity: description.severity.map(Arc::from),
            line,
            definitions: description.definitions,
        };
        let summary = PolicySummary {
            id,
            title: description.title.to_owned(),
            file,
            package: String::new(),
            events: routing.required_events.0,
            tools: routing.required_tools.0,
            signals: Vec::new(),
            verbs: speaker.verbs(),
            evaluator: "script",
            is_compiled: false,
            error: None,
        };
        Ok(Self {
            summary,
            speaker,
            digest,
        })
    }

    /// What a list of policies says about it.
    #[must_use]
    pub const fn summary(&self) -> &PolicySummary {
        &self.summary
    }

    /// Whether it is evaluated for an event.
    pub(crate) fn concerns(&self, event: &Event) -> bool {
        let is_event = self.summary.events.iter().any(|name| name == event.name());
        is_event && route::names_tool(&self.summary.tools, event.tool())
    }
}

/// The fault of a routing in the words of scripts, whose keys are shorter.
fn as_scripts_write(message: &str, key: &str) -> String {
    let short = |text: &str, key: &str| text.replace(key, key.trim_start_matches("required_"));
    let message = short(message, "required_events");
    let message = short(&message, "required_tools");
    short(&message, key).replace("the routing has", "the policy has")
}

fn digest(id: &str, file: &str, source: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in [id, file, source] {
        digest::add(&mut hasher, part.as_bytes());
    }
    hasher.finalize().into()
}

/// The digest of a set together with the policies that a script brings along.
pub(crate) fn digest_with(set: &Arc<str>, hooks: &[Hook<'_>]) -> Arc<str> {
    if hooks.is_empty() {
        return Arc::clone(set);
    }
    let mut hasher = Sha256::new();
    hasher.update(set.as_bytes());
    hooks
        .iter()
        .for_each(|hook| hasher.update(hook.policy.digest));
    Arc::from(digest::shown(hasher))
}
