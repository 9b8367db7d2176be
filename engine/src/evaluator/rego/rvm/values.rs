//! How many values a rule can get, and whether machine and interpreter make the same of an undefined part.

use std::collections::BTreeSet;

use regorus::Value;
use regorus::unstable::{Expr, Literal, Query, Ref, RuleBody, RuleHead};

/// One definition of a rule that has one value.
pub(super) struct Complete<'tree> {
    /// None is `true`.
    pub(super) value: Option<&'tree Ref<Expr>>,
    pub(super) parameters: &'tree [Ref<Expr>],
    pub(super) body: Option<&'tree Query>,
}

impl Complete<'_> {
    /// Whether the body holds in one way at most, so that there is one value.
    pub(super) fn has_one_solution(&self) -> bool {
        let Some(body) = self.body else {
            return true;
        };
        let mut bound: BTreeSet<&str> = self
            .parameters
            .iter()
            .map(|parameter| parameter.span().text())
            .collect();
        body.stmts.iter().all(|statement| {
            let holds_once = match &statement.literal {
                Literal::SomeVars { .. } | Literal::SomeIn { .. } => false,
                // What they bind stays inside.
                Literal::Every { domain, .. } => !loops(domain, &bound),
                Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => !loops(expr, &bound),
            };
            if let Literal::Expr { expr, .. } = &statement.literal
                && let Expr::AssignExpr { lhs, .. } = expr.as_ref()
            {
                bound.insert(lhs.span().text());
            }
            holds_once
        }) && self.value.is_none_or(|value| !loops(value, &bound))
    }
}

/// Whether the value in a rule's head is one that machine and interpreter make alike.
///
/// What a value without a body asks cannot be guarded; a part of one with a body that may be undefined is bound in the body.
pub(super) fn value_is_safe(head: &RuleHead, body: Option<&RuleBody>) -> bool {
    let value = match head {
        RuleHead::Set { key, .. } => key.as_ref(),
        RuleHead::Compr { assign, .. } | RuleHead::Func { assign, .. } => {
            assign.as_ref().map(|assign| &assign.value)
        }
    };
    body.is_some() || value.is_none_or(|value| !has_query(value))
}

fn has_query(expression: &Expr) -> bool {
    matches!(
        expression,
        Expr::ArrayCompr { .. } | Expr::SetCompr { .. } | Expr::ObjectCompr { .. }
    ) || parts(expression).into_iter().any(has_query)
}

/// The expressions that an expression is made of; those inside a query are not among them.
pub(super) fn parts(expression: &Expr) -> Vec<&Expr> {
    match expression {
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            items.iter().map(AsRef::as_ref).collect()
        }
        Expr::Object { fields, .. } => fields.iter().map(|(_, _, value)| value.as_ref()).collect(),
        Expr::Call { params, .. } => params.iter().map(AsRef::as_ref).collect(),
        Expr::BoolExpr { lhs, rhs, .. } => vec![lhs.as_ref(), rhs.as_ref()],
        Expr::Membership {
            value, collection, ..
        } => vec![value.as_ref(), collection.as_ref()],
        Expr::RefDot { refr, .. } => vec![refr.as_ref()],
        Expr::RefBrack { refr, index, .. } => vec![refr.as_ref(), index.as_ref()],
        _ => Vec::new(),
    }
}

/// Whether a reference runs through a collection, because its index is not bound.
fn loops(expression: &Expr, bound: &BTreeSet<&str>) -> bool {
    let any = |expressions: &[Ref<Expr>]| expressions.iter().any(|part| loops(part, bound));
    match expression {
        Expr::RefBrack { refr, index, .. } => {
            let is_free =
                matches!(index.as_ref(), Expr::Var { span, .. } if !bound.contains(span.text()));
            is_free || loops(refr, bound) || loops(index, bound)
        }
        Expr::RefDot { refr, .. } => loops(refr, bound),
        Expr::Array { items, .. } | Expr::Set { items, .. } => any(items),
        Expr::Object { fields, .. } => fields.iter().any(|(_, _, value)| loops(value, bound)),
        Expr::Call { params, .. } => any(params),
        Expr::BoolExpr { lhs, rhs, .. } | Expr::AssignExpr { lhs, rhs, .. } => {
            loops(lhs, bound) || loops(rhs, bound)
        }
        Expr::Membership {
            value, collection, ..
        } => loops(value, bound) || loops(collection, bound),
        _ => false,
    }
}

/// The value that stands there, `true` where none does.
pub(super) fn constant(value: Option<&Ref<Expr>>) -> Option<Value> {
    match value.map(AsRef::as_ref) {
        None => Some(Value::Bool(true)),
        Some(
            Expr::String { value, .. }
            | Expr::RawString { value, .. }
            | Expr::Number { value, .. }
            | Expr::Bool { value, .. }
            | Expr::Null { value, .. },
        ) => Some(value.clone()),
        Some(_) => None,
    }
}

/// The same value, of which nothing is shared.
pub(super) fn own_copy(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(text.as_ref()),
        Value::Array(elements) => Value::from(elements.iter().map(own_copy).collect::<Vec<_>>()),
        other => other.clone(),
    }
}
