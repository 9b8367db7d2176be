//! One reading of an event, which all guardrails of a layer share.

use std::cell::OnceCell;
use std::rc::Rc;

use super::action::Action;
use super::station::Station;
use crate::evaluator::PolicyFault;
use crate::preprocess::paths::Lookups;
use crate::value::Value;

/// What one event is about to do: read when the first guardrail asks for it, and kept until the event is decided.
#[derive(Debug)]
pub struct Reading {
    // INVARIANT: one reading serves one event and one layer, whose guardrails all stand at the same place.
    action: OnceCell<Result<Action, PolicyFault>>,
    lookups: Rc<Lookups>,
}

impl Reading {
    pub(crate) fn new(lookups: Rc<Lookups>) -> Self {
        Self {
            action: OnceCell::new(),
            lookups,
        }
    }

    /// What the event is about to do.
    ///
    /// # Errors
    ///
    /// When nobody can say what it does.
    pub(super) fn action(&self, event: &Value, station: &Station) -> Result<&Action, PolicyFault> {
        let action = self.action.get_or_init(|| {
            let action = Action::of(event, station)?;
            Ok(Action {
                lookups: Rc::clone(&self.lookups),
                ..action
            })
        });
        action.as_ref().map_err(Clone::clone)
    }
}
