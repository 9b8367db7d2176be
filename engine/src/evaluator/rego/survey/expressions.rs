//! Every expression of a rule, and what some of them look at.

use std::collections::BTreeMap;

use regorus::Value;
use regorus::unstable::{AssignOp, Expr, Literal, Query, Rule, RuleHead};

use super::{Membership, Spot, start};
use crate::evaluator::rego::syntax::{Module, indices, parts, static_path};

/// What an event holds that is an object, besides the event itself.
const OBJECTS: [&str; 4] = ["tool_input", "tool_response", "signals", "builtin_config"];
const INPUT: &str = "input";
const SIGNALS: &str = "signals";

/// The expressions of a rule, found with a list instead of recursion.
pub(super) struct Expressions<'tree> {
    pub(super) found: Vec<&'tree Expr>,
}

impl<'tree> Expressions<'tree> {
    /// Every expression of a rule, those inside others included; of a chain like `a.b.c` the whole one only.
    pub(super) fn of(rule: &'tree Rule) -> Self {
        let mut walk = Self { found: Vec::new() };
        let mut queries: Vec<&Query> = Vec::new();
        let mut pending: Vec<&Expr> = Vec::new();
        match rule {
            Rule::Default { value, .. } => pending.push(value),
            Rule::Spec { head, bodies, .. } => {
                match head {
                    RuleHead::Compr { assign, .. } => {
                        pending.extend(assign.iter().map(|assign| assign.value.as_ref()));
                    }
                    RuleHead::Set { key, .. } => pending.extend(key.iter().map(AsRef::as_ref)),
                    RuleHead::Func { assign, .. } => {
                        pending.extend(assign.iter().map(|assign| assign.value.as_ref()));
                    }
                }
                for body in bodies {
                    pending.extend(body.assign.iter().map(|assign| assign.value.as_ref()));
                    queries.push(&body.query);
                }
            }
        }
        loop {
            if let Some(expression) = pending.pop() {
                walk.found.push(expression);
                match expression {
                    Expr::RefDot { .. } | Expr::RefBrack { .. } => {
                        indices(expression, &mut pending);
                    }
                    _ => parts(expression, &mut pending, &mut queries),
                }
            } else if let Some(query) = queries.pop() {
                literals(query, &mut pending, &mut queries);
            } else {
                return walk;
            }
        }
    }

    /// The names that stand for objects here: imports of them, and variables that are set to one.
    pub(super) fn objects(&self, module: &Module) -> BTreeMap<String, String> {
        let imported = module.imports.iter().filter(|(_, path)| is_object(path));
        let mut names: BTreeMap<String, String> = imported
            .map(|(name, path)| (name.clone(), path.join(".")))
            .collect();
        for expression in &self.found {
            if let Expr::AssignExpr {
                op: AssignOp::ColEq,
                lhs,
                rhs,
                ..
            } = expression
                && let Expr::Var { span, .. } = lhs.as_ref()
            {
                let (path, is_whole) = static_path(rhs);
                if is_whole && is_object(&path) {
                    names.insert(span.text().to_owned(), path.join("."));
                }
            }
        }
        names
    }
}

fn is_object(path: &[String]) -> bool {
    match path {
        [input] => input == INPUT,
        [input, field] => input == INPUT && OBJECTS.contains(&field.as_str()),
        _ => false,
    }
}

fn literals<'tree>(
    query: &'tree Query,
    pending: &mut Vec<&'tree Expr>,
    queries: &mut Vec<&'tree Query>,
) {
    for statement in &query.stmts {
        match &statement.literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn {
                key,
                value,
                collection,
                ..
            } => {
                pending.extend(key.iter().map(AsRef::as_ref));
                pending.extend([value.as_ref(), collection.as_ref()]);
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => pending.push(expr),
            Literal::Every { domain, query, .. } => {
                pending.push(domain);
                queries.push(query);
            }
        }
        pending.extend(statement.with_mods.iter().map(|with| with.r#as.as_ref()));
    }
}

/// The signal that an expression reads, or nothing where it may be any of them; none if it reads no signals.
#[expect(
    clippy::option_option,
    reason = "no signal and an unknown signal are different answers"
)]
pub(super) fn signal(expression: &Expr, module: &Module) -> Option<Option<(String, Spot)>> {
    if !matches!(
        expression,
        Expr::RefDot { .. } | Expr::RefBrack { .. } | Expr::Var { .. }
    ) {
        return None;
    }
    let path = resolved(path_parts(expression), module);
    let mut path = path.iter();
    let is = |part: Option<&Option<String>>, name: &str| {
        part.is_some_and(|part| part.as_deref() == Some(name))
    };
    if !is(path.next(), INPUT) || !is(path.next(), SIGNALS) {
        return None;
    }
    Some(
        path.next()
            .cloned()
            .flatten()
            .map(|name| (name, start(expression))),
    )
}

/// The parts of a chain from its start; a part that is computed is none.
fn path_parts(expression: &Expr) -> Vec<Option<String>> {
    let mut parts = Vec::new();
    let mut current = expression;
    loop {
        match current {
            Expr::RefDot { refr, field, .. } => {
                parts.push(Some(field.0.text().to_owned()));
                current = refr;
            }
            Expr::RefBrack { refr, index, .. } => {
                parts.push(text(index));
                current = refr;
            }
            Expr::Var { span, .. } => {
                parts.push(Some(span.text().to_owned()));
                parts.reverse();
                return parts;
            }
            _ => return Vec::new(),
        }
    }
}

/// The path with what its first name stands for, where that is imported.
fn resolved(path: Vec<Option<String>>, module: &Module) -> Vec<Option<String>> {
    let target = match path.first() {
        Some(Some(name)) => module.imports.get(name),
        _ => None,
    };
    match target {
        None => path,
        Some(target) => {
            let start = target.iter().cloned().map(Some);
            start.chain(path.into_iter().skip(1)).collect()
        }
    }
}

/// The text that an expression is, where it stands there.
pub(super) fn text(expression: &Expr) -> Option<String> {
    match expression {
        Expr::String {
            value: Value::String(text),
            ..
        }
        | Expr::RawString {
            value: Value::String(text),
            ..
        } => Some(text.to_string()),
        _ => None,
    }
}

/// A text that is looked for among the values of an object.
pub(super) fn membership(
    expression: &Expr,
    objects: &BTreeMap<String, String>,
) -> Option<Membership> {
    let Expr::Membership {
        key: None,
        value,
        collection,
        ..
    } = expression
    else {
        return None;
    };
    let text = text(value)?;
    let (path, is_whole) = static_path(collection);
    let object = match path.as_slice() {
        _ if is_whole && is_object(&path) => path.join("."),
        [name] if is_whole => objects.get(name)?.clone(),
        _ => return None,
    };
    Some(Membership {
        text,
        object,
        spot: start(expression),
    })
}
