//! All rules of a manager, compiled, and the fixed order in which they are asked.

use super::error::{FilterError, FilterErrorKind};
use super::pattern::{Pattern, PatternKind};
use super::rule::{FilterAction, FilterRule, FilterSummary};

/// How many rules a manager may have.
const RULES: usize = 256;

#[derive(Debug, Clone)]
struct CompiledRule {
    rule: FilterRule,
    pattern: Pattern,
}

/// Rules in the order they were added.
///
/// Decisions are remembered per module, so the few rules are simply looked through.
#[derive(Debug, Clone)]
pub(crate) struct RuleSet {
    rules: Vec<CompiledRule>,
    default_enabled: bool,
}

impl Default for RuleSet {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            default_enabled: true,
        }
    }
}

impl RuleSet {
    /// Compiles all of the rules or none.
    pub(crate) fn from_rules(rules: &[FilterRule]) -> Result<Self, FilterError> {
        let mut set = Self::default();
        for rule in rules {
            set.add(rule.clone())?;
        }
        Ok(set)
    }

    /// Adds a rule as the latest; a rule about the same pattern goes.
    pub(crate) fn add(&mut self, rule: FilterRule) -> Result<(), FilterError> {
        let pattern = Pattern::compile(&rule.pattern, rule.kind)?;
        let earlier = self
            .rules
            .iter()
            .position(|known| known.rule.is_about_the_same(&rule));
        match earlier {
            Some(earlier) => {
                self.rules.remove(earlier);
            }
            None if self.rules.len() >= RULES => return Err(too_many_rules()),
            None => {}
        }
        self.rules.push(CompiledRule { rule, pattern });
        Ok(())
    }

    /// Removes every rule that was given with this text.
    pub(crate) fn remove(&mut self, pattern: &str) -> bool {
        let before = self.rules.len();
        self.rules.retain(|known| known.rule.pattern != pattern);
        self.rules.len() != before
    }

    pub(crate) const fn set_default_enabled(&mut self, enabled: bool) {
        self.default_enabled = enabled;
    }

    /// What happens to every module, if no rule is there to ask.
    pub(crate) fn without_rules(&self) -> Option<FilterAction> {
        self.rules
            .is_empty()
            .then(|| FilterAction::from_enabled(self.default_enabled))
    }

    /// The number of the most verbose level that a rule gives to a module.
    pub(crate) fn most_verbose(&self) -> u8 {
        self.rules
            .iter()
            .map(|known| known.rule.action.threshold(0))
            .max()
            .unwrap_or(0)
    }

    /// What happens to a module.
    pub(crate) fn decide(&self, module: &str) -> FilterAction {
        self.exact(module)
            .or_else(|| self.most_specific(module))
            .or_else(|| self.latest(module))
            .unwrap_or_else(|| FilterAction::from_enabled(self.default_enabled))
    }

    pub(crate) fn summary(&self) -> FilterSummary {
        FilterSummary {
            default_enabled: self.default_enabled,
            rules: self.rules.iter().map(|known| known.rule.clone()).collect(),
        }
    }

    fn exact(&self, module: &str) -> Option<FilterAction> {
        self.matching(module, |kind| kind == PatternKind::Exact)
            .next_back()
    }

    fn most_specific(&self, module: &str) -> Option<FilterAction> {
        self.rules
            .iter()
            .filter_map(|known| match &known.pattern {
                Pattern::Hierarchical(base) if known.pattern.matches(module) => {
                    Some((base.len(), known.rule.action))
                }
                _ => None,
            })
            .max_by_key(|(length, _)| *length)
            .map(|(_, action)| action)
    }

    fn latest(&self, module: &str) -> Option<FilterAction> {
        self.matching(module, |kind| {
            matches!(kind, PatternKind::Wildcard | PatternKind::Regex)
        })
        .next_back()
    }

    fn matching(
        &self,
        module: &str,
        kinds: impl Fn(PatternKind) -> bool,
    ) -> impl DoubleEndedIterator<Item = FilterAction> {
        self.rules
            .iter()
            .filter(move |known| kinds(known.rule.kind) && known.pattern.matches(module))
            .map(|known| known.rule.action)
    }
}

fn too_many_rules() -> FilterError {
    let message = format!("there are {RULES} filter rules already");
    FilterError::new(FilterErrorKind::TooManyRules, message)
        .help_with("remove some, or use one pattern for several modules")
}
