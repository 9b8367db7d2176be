//! The part of `Debug` that says which modules may speak.

use llmspell_utils::debug::{Directive, FilterAction, FilterError, FilterRule, PatternKind};

use crate::arguments::Arguments;
use crate::globals::checked_call::{CheckedCall, short_text};
use crate::globals::debug::{Answer, Debug};
use crate::script_value::ScriptValue;

/// How many bytes of the name of a kind are looked at; what is longer is none.
const LONGEST_KIND: usize = 32;

impl Debug {
    pub(super) fn add_module_filter(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.addModuleFilter", arguments);
        let (pattern, enabled) = (call.text(0), call.boolean(1));
        let (Some(pattern), Some(enabled)) = (pattern, enabled) else {
            return Ok(false.into());
        };
        let added = self.bridge.manager().add_module_filter(&pattern, enabled);
        Ok(accepted(call, &added))
    }

    pub(super) fn add_advanced_filter(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.addAdvancedFilter", arguments);
        let pattern = call.text(0);
        let kind: Option<PatternKind> =
            short_text(arguments, 1, LONGEST_KIND).and_then(|kind| kind.parse().ok());
        if kind.is_none() {
            call.expected(1, "one of exact, hierarchical, wildcard, regex");
        }
        let enabled = call.boolean(2);
        let (Some(pattern), Some(kind), Some(enabled)) = (pattern, kind, enabled) else {
            return Ok(false.into());
        };
        let rule = FilterRule::new(pattern, kind, FilterAction::from_enabled(enabled));
        let added = self.bridge.manager().add_filter(rule);
        Ok(accepted(call, &added))
    }

    pub(super) fn remove_module_filter(&self, arguments: &dyn Arguments) -> Answer {
        let pattern = self.call("Debug.removeModuleFilter", arguments).text(0);
        Ok(pattern
            .is_some_and(|pattern| self.bridge.manager().remove_filter(&pattern))
            .into())
    }

    pub(super) fn clear_module_filters(&self, _: &dyn Arguments) -> Answer {
        self.bridge.manager().clear_filters();
        Ok(ScriptValue::Nil)
    }

    pub(super) fn set_default_filter_enabled(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.setDefaultFilterEnabled", arguments);
        let enabled = call.boolean(0);
        if let Some(enabled) = enabled {
            self.bridge.manager().set_default_filter_enabled(enabled);
        }
        Ok(enabled.is_some().into())
    }

    pub(super) fn set_filter(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.setFilter", arguments);
        let Some(directive) = call.text(0) else {
            return Ok(false.into());
        };
        let level = Directive::parse(&directive)
            .ok()
            .and_then(|said| said.level());
        if level.is_some_and(|level| !call.allows(level)) {
            return Ok(false.into());
        }
        let set = self.bridge.manager().set_directive(&directive);
        Ok(accepted(call, &set))
    }

    pub(super) fn filter_summary(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.getFilterSummary", arguments);
        let summary = self.bridge.manager().filter_summary();
        let rules: Vec<_> = summary.rules.iter().map(shown_rule).collect();
        Ok(ScriptValue::Map(vec![
            ("default_enabled", summary.default_enabled.into()),
            ("total_rules", rules.len().into()),
            ("rules", call.list(rules)),
        ]))
    }
}

fn accepted(call: CheckedCall<'_>, result: &Result<(), FilterError>) -> ScriptValue {
    if let Err(error) = result {
        call.complain(&error.to_string());
    }
    result.is_ok().into()
}

fn shown_rule(rule: &FilterRule) -> ScriptValue {
    let (enabled, level) = match rule.action {
        FilterAction::On => (true, None),
        FilterAction::Off => (false, None),
        FilterAction::Level(level) => (true, Some(level.as_str())),
    };
    ScriptValue::Map(vec![
        ("pattern", rule.pattern.as_str().into()),
        ("pattern_type", rule.kind.as_str().into()),
        ("enabled", enabled.into()),
        ("level", level.into()),
    ])
}
