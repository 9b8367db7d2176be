//! What the policies decide about one event, in the form that every face of the product shows.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::value::{Value, array, object, present, shared};

/// What a policy may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Stop the agent.
    Halt,
    /// Refuse the action.
    Deny,
    /// Refuse the action and tell the agent to go on.
    Block,
    /// Ask the person.
    Ask,
    /// Change the tool's input.
    Modify,
    /// Tell the agent something, whatever is decided.
    AddContext,
}

impl Verb {
    /// Every verb, the strongest first.
    pub const ALL: [Self; 6] = [
        Self::Halt,
        Self::Deny,
        Self::Block,
        Self::Ask,
        Self::Modify,
        Self::AddContext,
    ];

    /// The verb of this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.name() == name)
    }

    /// The name of the rule that says it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Halt => "halt",
            Self::Deny => "deny",
            Self::Block => "block",
            Self::Ask => "ask",
            Self::Modify => "modify",
            Self::AddContext => "add_context",
        }
    }
}

/// What is decided, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Stop the agent.
    Halt,
    /// Refuse the action.
    Deny,
    /// Refuse the action and tell the agent to go on.
    Block,
    /// Ask the person.
    Ask,
    /// Let the action go on with `updated_input`.
    Modify,
    /// Let the action go on.
    Allow,
}

impl Verdict {
    /// Every verdict, the strongest first.
    pub const ALL: [Self; 6] = [
        Self::Halt,
        Self::Deny,
        Self::Block,
        Self::Ask,
        Self::Modify,
        Self::Allow,
    ];

    /// The verdict of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.name() == name)
    }

    /// The name that decisions show.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Halt => "halt",
            Self::Deny => "deny",
            Self::Block => "block",
            Self::Ask => "ask",
            Self::Modify => "modify",
            Self::Allow => "allow",
        }
    }

    /// Whether the action is refused: halt, deny or block.
    #[must_use]
    pub const fn refuses(self) -> bool {
        matches!(self, Self::Halt | Self::Deny | Self::Block)
    }
}

/// One rule that spoke.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleReport {
    /// The rule's own id, or its policy's.
    pub rule_id: Arc<str>,
    /// What it said.
    pub verb: Verb,
    /// Why, for people; for `add_context` the context itself.
    pub reason: Arc<str>,
    /// How bad it is, in the policy's words: usually `LOW`, `MEDIUM`, `HIGH` or `CRITICAL`.
    pub severity: Arc<str>,
    /// The id of the rule's policy.
    pub policy: Arc<str>,
    /// The policy's file, relative to the project.
    pub file: Arc<str>,
    /// The line where the rule is defined.
    pub line: u32,
    /// What to tell the agent instead of the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_context: Option<Arc<str>>,
}

/// Why a policy, or the project, could not do its part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionErrorKind {
    /// It cannot be read, parsed or prepared.
    Load,
    /// The engine cannot evaluate what it is written in.
    NoEvaluator,
    /// Its metadata is wrong.
    Metadata,
    /// It calls a function that does not exist.
    UnknownFunction,
    /// It failed while it was evaluated.
    Evaluation,
    /// What it said has the wrong shape.
    Malformed,
    /// It did not finish before the deadline.
    Timeout,
    /// It needed more memory than allowed.
    Memory,
    /// It called too deep.
    Stack,
    /// A signal that it needs is not there.
    Signal,
    /// It is not trusted.
    Trust,
    /// Its evaluator broke down.
    Crashed,
}

impl DecisionErrorKind {
    /// The stable code of this kind.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::NoEvaluator => "no_evaluator",
            Self::Metadata => "metadata",
            Self::UnknownFunction => "unknown_function",
            Self::Evaluation => "evaluation",
            Self::Malformed => "malformed",
            Self::Timeout => "timeout",
            Self::Memory => "memory",
            Self::Stack => "stack",
            Self::Signal => "signal",
            Self::Trust => "trust",
            Self::Crashed => "crashed",
        }
    }
}

/// One thing that went wrong on the way to a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionError {
    /// What kind of fault it is.
    pub kind: DecisionErrorKind,
    /// The id of the policy at fault, or the name of the file that is.
    pub policy: Arc<str>,
    /// One sentence without a full stop.
    pub message: String,
    /// The file at fault, relative to the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Arc<str>>,
    /// The line at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// How long each phase took, in microseconds with their fractions.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Timings {
    /// Finding the policies that the event concerns.
    #[serde(serialize_with = "number")]
    pub route: f64,
    /// Gathering signals.
    #[serde(serialize_with = "number")]
    pub signals: f64,
    /// Evaluating the policies.
    #[serde(serialize_with = "number")]
    pub evaluate: f64,
    /// Making one decision of what they said.
    #[serde(serialize_with = "number")]
    pub synthesize: f64,
    /// All of it.
    #[serde(serialize_with = "number")]
    pub total: f64,
}

/// Writes a number as a value does, so that both ways to JSON give the same text.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn number<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    Value::from(*number).serialize(serializer)
}

/// What is decided about one event.
///
/// It serialises to the same JSON everywhere; the fields stand in that order.
/// Two decisions about the same event by the same policies differ in `decision_id` and `timings_us` only.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// The verdict.
    pub decision: Verdict,
    /// Why, for people; empty for a plain allow.
    pub reason: String,
    /// Every rule that spoke, the strongest verb first.
    pub rules: Vec<RuleReport>,
    /// What the agent is told, whatever the verdict.
    pub context: Vec<Arc<str>>,
    /// The tool's input with every modification merged in; none unless the verdict is modify.
    pub updated_input: Option<Value>,
    /// What the rules of the verdict want the agent to hear.
    pub agent_messages: Vec<Arc<str>>,
    /// Everything that went wrong.
    pub errors: Vec<DecisionError>,
    /// The event's name.
    pub event: Arc<str>,
    /// The tool's name.
    pub tool: Option<Arc<str>>,
    /// Whether nothing spoke and nothing went wrong, so that the verdict is the default.
    pub default: bool,
    /// A UUID of version 7.
    pub decision_id: String,
    /// `sha256:` and the digest of everything that was loaded.
    pub policy_digest: Arc<str>,
    /// How long each phase took.
    pub timings_us: Timings,
}

impl Decision {
    /// The decision as a value with the fields of its JSON, made without a text in between.
    #[must_use]
    pub fn to_value(&self) -> Value {
        object([
            ("decision", Value::from(self.decision.name())),
            ("reason", Value::from(self.reason.as_str())),
            ("rules", array(self.rules.iter().map(RuleReport::to_value))),
            ("context", array(self.context.iter().map(shared))),
            (
                "updated_input",
                self.updated_input.clone().unwrap_or(Value::Null),
            ),
            (
                "agent_messages",
                array(self.agent_messages.iter().map(shared)),
            ),
            (
                "errors",
                array(self.errors.iter().map(DecisionError::to_value)),
            ),
            ("event", shared(&self.event)),
            ("tool", self.tool.as_ref().map_or(Value::Null, shared)),
            ("default", Value::from(self.default)),
            ("decision_id", Value::from(self.decision_id.as_str())),
            ("policy_digest", shared(&self.policy_digest)),
            ("timings_us", self.timings_us.to_value()),
        ])
    }
}

impl RuleReport {
    fn to_value(&self) -> Value {
        let fields = [
            ("rule_id", Some(shared(&self.rule_id))),
            ("verb", Some(Value::from(self.verb.name()))),
            ("reason", Some(shared(&self.reason))),
            ("severity", Some(shared(&self.severity))),
            ("policy", Some(shared(&self.policy))),
            ("file", Some(shared(&self.file))),
            ("line", Some(Value::from(self.line))),
            ("agent_context", self.agent_context.as_ref().map(shared)),
        ];
        present(fields)
    }
}

impl DecisionError {
    fn to_value(&self) -> Value {
        let fields = [
            ("kind", Some(Value::from(self.kind.code()))),
            ("policy", Some(shared(&self.policy))),
            ("message", Some(Value::from(self.message.as_str()))),
            ("file", self.file.as_ref().map(shared)),
            ("line", self.line.map(Value::from)),
        ];
        present(fields)
    }
}

impl Timings {
    fn to_value(self) -> Value {
        object([
            ("route", Value::from(self.route)),
            ("signals", Value::from(self.signals)),
            ("evaluate", Value::from(self.evaluate)),
            ("synthesize", Value::from(self.synthesize)),
            ("total", Value::from(self.total)),
        ])
    }
}
