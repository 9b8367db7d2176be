//! What policies see of the guardrails' settings, as `input.builtin_config`.

use std::collections::BTreeMap;

use yaml_serde::Value as Yaml;

use super::Rulebook;
use crate::value::Value;

/// Settings that hold commands, which are no policy's business.
const HIDDEN: [&str; 2] = ["git_pre_check", "post_edit_check"];
const ENABLED: &str = "enabled";

impl Rulebook {
    /// Whether the rulebook names a guardrail and does not switch it off.
    pub(crate) fn switches_on_guardrails(&self) -> bool {
        let mut builtins = self.builtins.iter().flatten();
        builtins.any(|(_, settings)| is_on(settings))
    }

    /// The settings of every guardrail that is switched on; none if there is none.
    pub(crate) fn builtin_config(&self) -> Option<Value> {
        let builtins = self.builtins.as_ref()?.iter();
        let shown = builtins.filter_map(|(name, settings)| {
            let name = name.as_str().filter(|name| !HIDDEN.contains(name))?;
            is_on(settings).then(|| (Value::from(name), value_of(settings)))
        });
        let shown: BTreeMap<Value, Value> = shown.collect();
        (!shown.is_empty()).then(|| Value::from(shown))
    }
}

/// Whether the settings of a guardrail switch it on, as they do unless they say otherwise.
fn is_on(settings: &Yaml) -> bool {
    settings.get(ENABLED).and_then(Yaml::as_bool) != Some(false)
}

/// The settings as a value; what is no JSON is left out.
fn value_of(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::Bool(value) => Value::from(*value),
        Yaml::String(text) => Value::from(text.as_str()),
        Yaml::Number(number) => {
            let whole = number.as_i64().map(Value::from);
            whole
                .or_else(|| number.as_f64().map(Value::from))
                .unwrap_or(Value::Null)
        }
        Yaml::Sequence(items) => Value::from(items.iter().map(value_of).collect::<Vec<_>>()),
        Yaml::Mapping(entries) => {
            let entries = entries
                .iter()
                .filter_map(|(key, value)| Some((key.as_str()?, value)))
                .filter(|(key, _)| *key != ENABLED);
            let entries = entries.map(|(key, value)| (Value::from(key), value_of(value)));
            Value::from(entries.collect::<BTreeMap<_, _>>())
        }
        Yaml::Null | Yaml::Tagged(_) => Value::Null,
    }
}
