//! Finds variables behind `not` with which regorus stays silent: those that get their value nowhere, which OPA refuses,
//! those that get it behind the `not` only, and those of an `every` in brackets, over which regorus loops.

use std::collections::BTreeSet;

use regorus::unstable::{Expr, Literal, Query, Rule, RuleHead};

use super::{Reference, hoist, parts};

const WILDCARD: &str = "_";

/// What stands behind `not` in a rule.
#[derive(Default)]
pub(super) struct Negated {
    /// The variables that nothing in the rule binds; some of them may be names of rules or imports.
    pub(super) unbound: Vec<Reference>,
    /// The variables of an `every` that stand in brackets.
    pub(super) of_every: Vec<Reference>,
    /// The variables in brackets that a statement behind the `not` binds and none before it; some of them may be names
    /// of rules or imports.
    pub(super) early: Vec<Reference>,
    /// Those among them that `some` declares.
    pub(super) declared: Vec<Reference>,
}

/// Finds what stands behind `not` in a rule.
pub(super) fn negated(rule: &Rule) -> Negated {
    let mut found = Negated::default();
    let Rule::Spec { head, bodies, .. } = rule else {
        return found;
    };
    let mut arguments = Names::default();
    let mut terms: Vec<&Expr> = Vec::new();
    let assign = match head {
        RuleHead::Compr { assign, .. } => assign,
        RuleHead::Set { key, .. } => {
            terms.extend(key.iter().map(AsRef::as_ref));
            &None
        }
        RuleHead::Func { args, assign, .. } => {
            args.iter().for_each(|argument| arguments.collect(argument));
            assign
        }
    };
    terms.extend(assign.iter().map(|assign| assign.value.as_ref()));
    let outer = Scope {
        names: arguments.names.iter().map(|(name, _)| *name).collect(),
        of_every: &[],
        outer: None,
    };
    if bodies.is_empty() {
        Block::of(None, &terms).check(&outer, &mut found);
    }
    for body in bodies {
        let otherwise = body.assign.iter().map(|assign| assign.value.as_ref());
        let terms: Vec<&Expr> = terms.iter().copied().chain(otherwise).collect();
        Block::of(Some(&body.query), &terms).check(&outer, &mut found);
    }
    found
}

/// The names that have a value in a body, and in those around it.
struct Scope<'tree, 'outer> {
    names: BTreeSet<&'tree str>,
    /// What the `every` of the body binds.
    of_every: &'outer [&'tree str],
    outer: Option<&'outer Self>,
}

impl Scope<'_, '_> {
    fn is_of_every(&self, name: &str) -> bool {
        self.of_every.contains(&name) || self.outer.is_some_and(|outer| outer.is_of_every(name))
    }

    fn holds(&self, name: &str) -> bool {
        self.names.contains(name)
            || self.of_every.contains(&name)
            || self.outer.is_some_and(|outer| outer.holds(name))
    }
}

fn reference((name, line): &(&str, u32)) -> Reference {
    Reference {
        path: vec![(*name).to_owned()],
        line: *line,
    }
}

/// Variables of expressions with their lines, and the bodies inside these, which have variables of their own.
#[derive(Default)]
struct Names<'tree> {
    names: Vec<(&'tree str, u32)>,
    /// Those that stand in brackets.
    indices: Vec<(&'tree str, u32)>,
    inner: Vec<Block<'tree>>,
}

/// A body, and what is computed with its variables.
#[derive(Default)]
struct Block<'tree> {
    query: Option<&'tree Query>,
    terms: Vec<&'tree Expr>,
    /// What the statement that holds the body binds.
    bound: Vec<&'tree str>,
}

impl<'tree> Block<'tree> {
    fn of(query: Option<&'tree Query>, terms: &[&'tree Expr]) -> Self {
        Self {
            query,
            terms: terms.to_vec(),
            bound: Vec::new(),
        }
    }

    /// Adds the variables that have no value; bodies are nested no deeper than braces, which the guard has bounded.
    fn check(&self, outer: &Scope<'tree, '_>, found: &mut Negated) {
        let mut positive = Names::default();
        let mut negative = Names::default();
        let mut declared: BTreeSet<&str> = BTreeSet::new();
        let mut unbound_so_far: Vec<(&str, u32)> = Vec::new();
        let statements = self.query.iter().flat_map(|query| &query.stmts);
        for statement in statements.filter(|statement| !hoist::is_added(statement)) {
            let names = match &statement.literal {
                Literal::NotExpr { expr, .. } => {
                    unbound_so_far.extend(indices_beyond(expr, &positive));
                    &mut negative
                }
                Literal::SomeVars { vars, .. } => {
                    declared.extend(vars.iter().map(|name| name.text()));
                    &mut positive
                }
                _ => &mut positive,
            };
            names.literal(&statement.literal);
            for with in &statement.with_mods {
                names.collect(&with.r#as);
            }
        }
        let mut terms = Names::default();
        self.terms.iter().for_each(|term| terms.collect(term));

        let bound = positive.names.iter().map(|(name, _)| *name);
        let scope = Scope {
            names: bound.filter(|name| *name != WILDCARD).collect(),
            of_every: &self.bound,
            outer: Some(outer),
        };
        let unbound = negative.names.iter().filter(|(name, _)| !scope.holds(name));
        found.unbound.extend(unbound.map(reference));
        unbound_so_far.retain(|(name, _)| scope.names.contains(name) && !outer.holds(name));
        let (of_some, others): (Vec<_>, Vec<_>) = unbound_so_far
            .iter()
            .partition(|(name, _)| declared.contains(name));
        found.declared.extend(of_some.into_iter().map(reference));
        found.early.extend(others.into_iter().map(reference));
        let indices = negative.indices.iter();
        let of_every = indices.filter(|(name, _)| scope.is_of_every(name));
        found.of_every.extend(of_every.map(reference));
        for inner in [positive, negative, terms]
            .iter()
            .flat_map(|names| &names.inner)
        {
            inner.check(&scope, found);
        }
    }
}

/// The names in brackets of a negated expression that were not bound so far.
fn indices_beyond<'tree>(negated: &'tree Expr, bound: &Names<'tree>) -> Vec<(&'tree str, u32)> {
    let mut names = Names::default();
    names.collect(negated);
    let is_bound = |name: &str| bound.names.iter().any(|(bound, _)| *bound == name);
    names.indices.retain(|(name, _)| !is_bound(name));
    names.indices
}

impl<'tree> Names<'tree> {
    fn literal(&mut self, literal: &'tree Literal) {
        match literal {
            // A declaration gives no value.
            Literal::SomeVars { .. } => {}
            Literal::SomeIn {
                key,
                value,
                collection,
                ..
            } => {
                key.iter().for_each(|key| self.collect(key));
                self.collect(value);
                self.collect(collection);
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => self.collect(expr),
            Literal::Every {
                key,
                value,
                domain,
                query,
                ..
            } => {
                self.collect(domain);
                self.inner.push(Block {
                    query: Some(query),
                    terms: Vec::new(),
                    bound: key.iter().chain([value]).map(|name| name.text()).collect(),
                });
            }
        }
    }

    /// Adds the variables of an expression, with a list of its own instead of recursion.
    fn collect(&mut self, expression: &'tree Expr) {
        let mut pending = vec![expression];
        while let Some(expression) = pending.pop() {
            match expression {
                Expr::Var { span, .. } => self.names.push((span.text(), span.line)),
                Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                    self.inner.push(Block::of(Some(query), &[term]));
                    continue;
                }
                Expr::ObjectCompr {
                    key, value, query, ..
                } => {
                    self.inner.push(Block::of(Some(query), &[key, value]));
                    continue;
                }
                Expr::RefBrack { index, .. } => self.index(index),
                _ => {}
            }
            // The bodies of comprehensions are blocks of their own.
            parts(expression, &mut pending, &mut Vec::new());
        }
    }

    /// Adds the names that stand in brackets, alone or in a pattern.
    fn index(&mut self, index: &'tree Expr) {
        let mut pending = vec![index];
        while let Some(index) = pending.pop() {
            match index {
                Expr::Var { span, .. } => self.indices.push((span.text(), span.line)),
                Expr::Array { items, .. } => pending.extend(items.iter().map(AsRef::as_ref)),
                Expr::Object { fields, .. } => {
                    pending.extend(fields.iter().map(|(_, _, value)| value.as_ref()));
                }
                _ => {}
            }
        }
    }
}
