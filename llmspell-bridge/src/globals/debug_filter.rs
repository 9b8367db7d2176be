//! The part of `Debug` that says which modules may speak.

use llmspell_utils::debug::{FilterAction, FilterError, FilterRule, PatternKind};

use crate::arguments::Arguments;
use crate::globals::debug::{Answer, Debug};
use crate::script_value::ScriptValue;

impl Debug {
    pub(super) fn add_module_filter(&self, arguments: &dyn Arguments) -> Answer {
        const NAME: &str = "Debug.addModuleFilter";
        let pattern = self.text(NAME, arguments, 0);
        let enabled = self.boolean(NAME, arguments, 1);
        let (Some(pattern), Some(enabled)) = (pattern, enabled) else {
            return Ok(false.into());
        };
        let added = self.bridge.manager().add_module_filter(&pattern, enabled);
        Ok(self.accepted(NAME, added, arguments))
    }

    pub(super) fn add_advanced_filter(&self, arguments: &dyn Arguments) -> Answer {
        const NAME: &str = "Debug.addAdvancedFilter";
        let pattern = self.text(NAME, arguments, 0);
        let kind: Option<PatternKind> = arguments.text(1).and_then(|kind| kind.parse().ok());
        if kind.is_none() {
            self.complain(
                NAME,
                "one of exact, hierarchical, wildcard, regex",
                arguments,
                1,
            );
        }
        let enabled = self.boolean(NAME, arguments, 2);
        let (Some(pattern), Some(kind), Some(enabled)) = (pattern, kind, enabled) else {
            return Ok(false.into());
        };
        let rule = FilterRule::new(pattern, kind, FilterAction::from_enabled(enabled));
        let added = self.bridge.manager().add_filter(rule);
        Ok(self.accepted(NAME, added, arguments))
    }

    pub(super) fn remove_module_filter(&self, arguments: &dyn Arguments) -> Answer {
        let pattern = self.text("Debug.removeModuleFilter", arguments, 0);
        Ok(pattern
            .is_some_and(|pattern| self.bridge.manager().remove_filter(&pattern))
            .into())
    }

    pub(super) fn clear_module_filters(&self, _: &dyn Arguments) -> Answer {
        self.bridge.manager().clear_filters();
        Ok(ScriptValue::Nil)
    }

    pub(super) fn set_default_filter_enabled(&self, arguments: &dyn Arguments) -> Answer {
        let enabled = self.boolean("Debug.setDefaultFilterEnabled", arguments, 0);
        if let Some(enabled) = enabled {
            self.bridge.manager().set_default_filter_enabled(enabled);
        }
        Ok(enabled.is_some().into())
    }

    pub(super) fn set_filter(&self, arguments: &dyn Arguments) -> Answer {
        const NAME: &str = "Debug.setFilter";
        let Some(directive) = self.text(NAME, arguments, 0) else {
            return Ok(false.into());
        };
        let set = self.bridge.manager().set_directive(&directive);
        Ok(self.accepted(NAME, set, arguments))
    }

    pub(super) fn filter_summary(&self, _: &dyn Arguments) -> Answer {
        let summary = self.bridge.manager().filter_summary();
        let rules: Vec<_> = summary.rules.iter().map(shown_rule).collect();
        Ok(ScriptValue::Map(vec![
            ("default_enabled", summary.default_enabled.into()),
            ("total_rules", rules.len().into()),
            ("rules", rules.into()),
        ]))
    }

    fn accepted(
        &self,
        function: &str,
        result: Result<(), FilterError>,
        arguments: &dyn Arguments,
    ) -> ScriptValue {
        match result {
            Ok(()) => true.into(),
            Err(error) => {
                self.bridge
                    .complain(&format!("{function}: {error}"), arguments.place());
                false.into()
            }
        }
    }
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
