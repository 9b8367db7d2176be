//! What policies see: the event, what is known about it, and the signals of their own configuration.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::LazyLock;

use crate::event::Event;
use crate::guardrails::Reading;
use crate::policy_set::Layer;
use crate::preprocess::paths::Lookups;
use crate::preprocess::{PreprocessSettings, with_additions};
use crate::signals::Gathered;
use crate::value::Value;

static SIGNALS: LazyLock<Value> = LazyLock::new(|| Value::from("signals"));
static BUILTIN_CONFIG: LazyLock<Value> = LazyLock::new(|| Value::from("builtin_config"));

/// What policies see of one event; nothing of it is made before a policy is matched, and nothing twice.
#[derive(Debug)]
pub(crate) struct PolicyInput<'event> {
    event: &'event Event,
    settings: PreprocessSettings,
    project: &'event Path,
    lookups: Rc<Lookups>,
    whole: OnceCell<Value>,
    text: OnceCell<String>,
}

impl<'event> PolicyInput<'event> {
    pub(crate) fn new(
        event: &'event Event,
        settings: PreprocessSettings,
        project: &'event Path,
    ) -> Self {
        Self {
            event,
            settings,
            project,
            lookups: Rc::default(),
            whole: OnceCell::new(),
            text: OnceCell::new(),
        }
    }

    /// The event with what is known about it.
    pub(crate) fn value(&self) -> &Value {
        self.whole.get_or_init(|| {
            with_additions(
                self.event.value(),
                self.settings,
                self.project,
                &self.lookups,
            )
        })
    }

    /// What native policies of one layer share about the event.
    pub(crate) fn reading(&self) -> Reading {
        Reading::new(Rc::clone(&self.lookups))
    }

    /// The event as JSON, which signals read.
    pub(crate) fn text(&self) -> &str {
        // What was read from JSON can be written as JSON.
        self.text
            .get_or_init(|| serde_json::to_string(self.event.value()).unwrap_or_default())
    }

    /// The same as policies of a layer see it, with the signals that were gathered for them.
    pub(crate) fn of_layer(&self, layer: &Layer, signals: &[Gathered<'_>]) -> Value {
        let mut whole = self.value().clone();
        if signals.is_empty() && layer.builtin_config.is_none() {
            return whole;
        }
        if let Ok(fields) = whole.as_object_mut() {
            if !signals.is_empty() {
                let entries: BTreeMap<Value, Value> = signals.iter().map(Gathered::entry).collect();
                fields.insert(SIGNALS.clone(), Value::from(entries));
            }
            if let Some(config) = &layer.builtin_config {
                fields.insert(BUILTIN_CONFIG.clone(), config.clone());
            }
        }
        whole
    }
}
