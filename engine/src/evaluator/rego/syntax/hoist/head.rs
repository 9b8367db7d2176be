//! What a rule's head is made of: where a part is undefined in one turn of a loop, regorus forgets the turns before it.
//!
//! So such a part is bound in the body as well, which ends there; and a head that loops itself moves into the body.

use regorus::unstable::{Expr, Literal, Query, Rule, RuleBody, RuleHead};

use super::super::parts;

/// Functions that have a result, or fail, for every argument.
const ALWAYS_DEFINED: [&str; 10] = [
    "concat",
    "count",
    "format_int",
    "json.marshal",
    "lower",
    "replace",
    "split",
    "sprintf",
    "trim_space",
    "upper",
];
const WILDCARD: &str = "_";

/// What the head of a rule computes: its value, its key, and what stands in the brackets of its name.
pub(super) fn computed(head: &RuleHead) -> Vec<&Expr> {
    let (reference, value) = match head {
        RuleHead::Compr { refr, assign, .. } | RuleHead::Func { refr, assign, .. } => {
            (refr, assign.as_ref().map(|assign| &assign.value))
        }
        RuleHead::Set { refr, key, .. } => (refr, key.as_ref()),
    };
    let mut computed: Vec<&Expr> = value.into_iter().map(AsRef::as_ref).collect();
    let mut current = reference.as_ref();
    while let Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } = current {
        if let Expr::RefBrack { index, .. } = current {
            computed.push(index);
        }
        current = refr;
    }
    computed
}

/// The bodies that give the head of a rule its value, with their places.
pub(super) fn bodies(rule: &Rule) -> impl Iterator<Item = (usize, &RuleBody)> {
    let bodies = match rule {
        Rule::Spec { bodies, .. } => bodies.as_slice(),
        Rule::Default { .. } => &[],
    };
    bodies.iter().enumerate().filter(|(_, body)| !body.is_else)
}

/// Whether an expression runs through something by itself.
pub(super) fn loops(expression: &Expr) -> bool {
    outside_queries(expression).any(|part| {
        matches!(part, Expr::RefBrack { index, .. }
            if matches!(index.as_ref(), Expr::Var { span, .. } if span.text() == WILDCARD))
    })
}

/// Whether a body may hold in several ways.
pub(super) fn may_repeat(body: &Query) -> bool {
    let repeats = |part: &Expr| match part {
        Expr::RefBrack { index, .. } => matches!(
            index.as_ref(),
            Expr::Var { .. } | Expr::Array { .. } | Expr::Object { .. }
        ),
        Expr::Call { fcn, .. } => matches!(fcn.span().text(), "walk" | "trace"),
        _ => false,
    };
    body.stmts.iter().any(|statement| match &statement.literal {
        Literal::SomeVars { .. } | Literal::SomeIn { .. } => true,
        Literal::Every { domain, .. } => outside_queries(domain).any(repeats),
        Literal::Expr { expr, .. } => outside_queries(expr).any(repeats),
        Literal::NotExpr { .. } => false,
    })
}

/// The parts of an expression that may be undefined in one turn of a loop and defined in another.
pub(super) fn uncertain(expression: &Expr) -> Vec<&Expr> {
    let mut found = Vec::new();
    let mut pending = vec![expression];
    while let Some(expression) = pending.pop() {
        match expression {
            Expr::RefDot { .. } | Expr::RefBrack { .. } if !is_steady(expression) => {
                found.push(expression);
            }
            Expr::Call { fcn, .. } if !is_steady(expression) => {
                if ALWAYS_DEFINED.contains(&fcn.span().text()) {
                    parts(expression, &mut pending, &mut Vec::new());
                } else {
                    found.push(expression);
                }
            }
            // A comprehension has a value always.
            Expr::RefDot { .. }
            | Expr::RefBrack { .. }
            | Expr::Call { .. }
            | Expr::ArrayCompr { .. }
            | Expr::SetCompr { .. }
            | Expr::ObjectCompr { .. } => {}
            _ => parts(expression, &mut pending, &mut Vec::new()),
        }
    }
    found
}

/// Whether an expression names nothing that a loop may change.
fn is_steady(expression: &Expr) -> bool {
    outside_queries(expression).all(|part| match part {
        Expr::Var { span, .. } => matches!(span.text(), "input" | "data"),
        Expr::ArrayCompr { .. } | Expr::SetCompr { .. } | Expr::ObjectCompr { .. } => false,
        _ => true,
    })
}

/// An expression and all that it is made of, but for what stands inside comprehensions.
fn outside_queries(expression: &Expr) -> impl Iterator<Item = &Expr> {
    let mut pending = vec![expression];
    std::iter::from_fn(move || {
        let expression = pending.pop()?;
        let is_query = matches!(
            expression,
            Expr::ArrayCompr { .. } | Expr::SetCompr { .. } | Expr::ObjectCompr { .. }
        );
        if !is_query {
            parts(expression, &mut pending, &mut Vec::new());
        }
        Some(expression)
    })
}
