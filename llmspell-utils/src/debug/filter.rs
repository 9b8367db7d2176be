//! Whether a message is wanted: rules about modules, the order they are asked in, and the text that writes them down.
//!
//! The order is fixed. For one module the first of these that matches decides:
//!
//! 1. an exact rule,
//! 2. a hierarchical rule, the longer one before the shorter,
//! 3. a wildcard or regular expression, the latest added first,
//! 4. the default, which is "on" until somebody says otherwise.

mod decisions;
mod directive;
mod error;
mod pattern;
mod rule;
mod rule_set;

pub use directive::Directive;
pub use error::{FilterError, FilterErrorKind};
pub use pattern::PatternKind;
pub use rule::{FilterAction, FilterRule, FilterSummary};

pub(crate) use decisions::ModuleFilter;
pub(crate) use pattern::compile_regex;
pub(crate) use rule_set::RuleSet;
