//! What a module says that the engine does not need for a decision, but that people want to have checked.

mod decision;
mod expressions;
mod filter;

use std::collections::BTreeSet;

use regorus::unstable::{Expr, Ref, Rule, RuleHead, Span};

use super::library::absolute;
use super::syntax::Module;
use crate::decision::Verb;
use expressions::Expressions;

pub(crate) use decision::{Said, StatedDecision, StatedField, StatedValue};
pub(crate) use filter::{Filter, Filtered};

/// What a test's name begins with, and one that is still to be written.
const TEST: &str = "test_";
pub(super) const TODO_TEST: &str = "todo_test_";

/// A place in the module's file; line and column start at 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// What a module says.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// Every rule in the order of the file.
    pub(crate) rules: Vec<SurveyedRule>,
    /// The decisions that stand in the verbs as literals.
    pub(crate) decisions: Vec<StatedDecision>,
    /// What the bodies of the verbs compare the event's name and tool with.
    pub(crate) filters: Vec<Filter>,
    /// The signals that are read.
    pub(crate) signals: Vec<(String, Spot)>,
    /// Whether signals are also read in a way that does not say which.
    pub(crate) reads_any_signal: bool,
    /// Texts that are looked for among the values of what is an object.
    pub(crate) memberships: Vec<Membership>,
    /// The full paths of other packages' documents that are named, without `data`.
    pub(crate) reads: Vec<Vec<String>>,
}

/// One definition of a rule.
#[derive(Debug)]
pub(crate) struct SurveyedRule {
    /// Its name with dots.
    pub(crate) name: String,
    pub(crate) spot: Spot,
    /// Whether it adds to a set: `name contains …`.
    pub(crate) is_set: bool,
    /// Whether another rule of the module names it.
    pub(crate) is_used: bool,
}

/// A text that is looked for in an object.
#[derive(Debug)]
pub(crate) struct Membership {
    pub(crate) text: String,
    pub(crate) object: String,
    pub(crate) spot: Spot,
}

impl Survey {
    /// Reads a module.
    pub(crate) fn of(module: &Module) -> Self {
        let mut survey = Self {
            reads: reads(module),
            ..Self::default()
        };
        let used = used(module);
        for (rule, facts) in module.tree().policy.iter().zip(&module.rules) {
            let name = facts.name.join(".");
            if let Some(verb) = facts.name.first().and_then(|name| verb(name)) {
                survey.decisions.extend(decision::stated(rule, verb));
                survey.filters.extend(filter::filters(rule));
            }
            let first = facts.name.first();
            let is_used = first.is_some_and(|name| used.contains(name.as_str()));
            survey.rules.push(SurveyedRule {
                name,
                spot: spot(rule.span()),
                is_set: is_set(rule),
                is_used,
            });
            survey.look_inside(rule, module);
        }
        survey.signals.sort_by_key(|(_, spot)| *spot);
        survey
    }

    /// The tests of the module: the name of each, and where it stands first.
    pub(crate) fn tests(&self) -> Vec<(&str, Spot)> {
        let mut tests: Vec<(&str, Spot)> = Vec::new();
        for rule in &self.rules {
            let is_test = rule.name.starts_with(TEST) || rule.name.starts_with(TODO_TEST);
            if is_test && !tests.iter().any(|(name, _)| *name == rule.name) {
                tests.push((&rule.name, rule.spot));
            }
        }
        tests
    }

    fn look_inside(&mut self, rule: &Rule, module: &Module) {
        let expressions = Expressions::of(rule);
        let objects = expressions.objects(module);
        for expression in &expressions.found {
            if let Some(named) = expressions::signal(expression, module) {
                match named {
                    Some((name, spot)) => self.signals.push((name, spot)),
                    None => self.reads_any_signal = true,
                }
            }
            self.memberships
                .extend(expressions::membership(expression, &objects));
        }
    }
}

/// Every expression of a rule; of a chain like `a.b.c` the whole one only.
pub(super) fn expressions_of(rule: &Rule) -> Vec<&Expr> {
    Expressions::of(rule).found
}

/// The names that stand in rules of another name.
fn used(module: &Module) -> BTreeSet<&str> {
    let mut used = BTreeSet::new();
    for rule in &module.rules {
        let named = rule.references.iter().map(|named| &named.path);
        let called = rule.calls.iter().map(|call| &call.path);
        let first = named.chain(called).filter_map(|path| path.first());
        used.extend(
            first
                .filter(|name| rule.name.first() != Some(*name))
                .map(String::as_str),
        );
    }
    used
}

/// Where a span begins; regorus counts a tab as several columns.
fn spot(span: &Span) -> Spot {
    spot_at(span, span.start)
}

/// Where an object begins: regorus puts one with several fields at the last of them.
fn start_of_object(span: &Span, first_key: &Span) -> Spot {
    let end = usize::try_from(first_key.start).unwrap_or(usize::MAX);
    let before = span.source.contents().get(..end).unwrap_or_default();
    let start = before
        .rfind('{')
        .and_then(|start| u32::try_from(start).ok());
    spot_at(span, start.unwrap_or(span.start))
}

/// The place of a byte of the line of a span.
fn spot_at(span: &Span, start: u32) -> Spot {
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let before = span.source.contents().get(..start).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let column = u32::try_from(line.chars().count()).unwrap_or(u32::MAX);
    Spot {
        line: span.line,
        column: column.saturating_add(1),
    }
}

/// Where an expression begins: regorus puts those with an operator at the operator.
fn start(expression: &Expr) -> Spot {
    let mut current = expression;
    loop {
        current = match current {
            Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => refr,
            Expr::BoolExpr { lhs, .. }
            | Expr::BinExpr { lhs, .. }
            | Expr::ArithExpr { lhs, .. } => lhs,
            Expr::Membership { value, .. } => value,
            Expr::Object { span, fields, .. } if !fields.is_empty() => {
                let first = fields.first().map_or(span, |(_, key, _)| key.span());
                return start_of_object(span, first);
            }
            other => return spot(other.span()),
        };
    }
}

/// What a rule's head defines.
pub(super) const fn reference(head: &RuleHead) -> &Ref<Expr> {
    match head {
        RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } | RuleHead::Func { refr, .. } => {
            refr
        }
    }
}

/// The lines on which something is evaluated.
pub(super) fn expression_lines(module: &Module) -> BTreeSet<u32> {
    let rules = module.tree().policy.iter();
    rules
        .flat_map(|rule| Expressions::of(rule).found)
        .map(|expression| expression.span().line)
        .collect()
}

fn verb(name: &str) -> Option<Verb> {
    Verb::ALL.into_iter().find(|verb| verb.name() == name)
}

fn is_set(rule: &Rule) -> bool {
    matches!(
        rule,
        Rule::Spec {
            head: RuleHead::Set { .. },
            ..
        }
    )
}

fn reads(module: &Module) -> Vec<Vec<String>> {
    let references = module.rules.iter().flat_map(|rule| &rule.references);
    let calls = module.rules.iter().flat_map(|rule| &rule.calls);
    references
        .chain(&module.imported)
        .map(|named| &named.path)
        .chain(calls.map(|call| &call.path))
        .filter_map(|path| absolute(module, path))
        .collect()
}
