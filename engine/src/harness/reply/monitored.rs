//! What an agent program is told of a decision that is not enforced.

use serde_json::Value as Json;

use super::Reply;
use super::words::Words;
use crate::decision::{Decision, Verdict};
use crate::harness::Harness;

impl Harness {
    /// What this agent program is told of a decision on an event of this name where policies only look on: nothing is
    /// prevented or changed, and people are told what would have been.
    ///
    /// ```
    /// use llmspell_engine::Harness;
    /// # use llmspell_engine::{EngineOptions, Event, EventLimits, PolicyEngine};
    /// # let project = tempfile::tempdir().unwrap();
    /// # std::fs::create_dir_all(project.path().join(".cupcake/policies")).unwrap();
    /// # std::fs::write(project.path().join(".cupcake/policies/broken.rego"), "package cupcake.policies.broken\n").unwrap();
    /// # let engine = PolicyEngine::load(project.path(), &EngineOptions::default())?;
    /// # let event = Event::parse(br#"{"hook_event_name": "Stop"}"#, &EventLimits::default())?;
    /// # let decision = engine.evaluate(&event);
    ///
    /// let reply = Harness::Claude.monitored("Stop", &decision);
    /// assert_eq!(reply.exit_code, 0);
    /// assert!(reply.text.starts_with(r#"{"systemMessage":"policies only look on here: this would be deny: "#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn monitored(self, event: &str, decision: &Decision) -> Reply {
        let unprevented = Decision {
            decision: Verdict::Allow,
            reason: String::new(),
            updated_input: None,
            agent_messages: Vec::new(),
            ..decision.clone()
        };
        let reply = self.reply(event, &unprevented);
        if decision.decision == Verdict::Allow {
            return reply;
        }
        let reason = Words::of_reason(&decision.reason).reason;
        let verdict = decision.decision.name();
        let message = format!("policies only look on here: this would be {verdict}: {reason}");
        let text = match self {
            Self::Claude | Self::Factory => with_message(&reply.text, &message),
            Self::Cursor | Self::OpenCode => None,
        };
        Reply {
            text: text.unwrap_or(reply.text),
            exit_code: reply.exit_code,
            notice: Some(message),
        }
    }
}

/// The reply with a message to the person in front of the agent.
fn with_message(text: &str, message: &str) -> Option<String> {
    let mut fields: serde_json::Map<String, Json> = match text {
        "" => serde_json::Map::new(),
        text => serde_json::from_str(text).ok()?,
    };
    fields.insert("systemMessage".to_owned(), Json::from(message));
    serde_json::to_string(&fields).ok()
}
