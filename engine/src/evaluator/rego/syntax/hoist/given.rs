//! What OPA binds beside a `not`, so that the body ends where it is undefined.

use regorus::unstable::{AssignOp, BoolOp, Expr};

use super::super::{indices, parts};

/// What OPA binds before it negates an expression.
pub(super) fn given(negated: &Expr) -> Vec<&Expr> {
    let mut given: Vec<&Expr> = Vec::new();
    match negated {
        Expr::Call { params, .. } => given.extend(params.iter().map(AsRef::as_ref)),
        Expr::BoolExpr {
            op: BoolOp::Eq,
            lhs,
            rhs,
            ..
        }
        | Expr::AssignExpr {
            op: AssignOp::Eq,
            lhs,
            rhs,
            ..
        } => {
            // What is compared and not there makes the comparison undefined, and not the body.
            for side in [lhs.as_ref(), rhs.as_ref()] {
                match side {
                    Expr::Var { .. } => {}
                    Expr::RefDot { .. } | Expr::RefBrack { .. } => indices(side, &mut given),
                    other => given.push(other),
                }
            }
        }
        Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::BinExpr { lhs, rhs, .. } => given.extend([lhs.as_ref(), rhs.as_ref()]),
        Expr::Membership {
            key,
            value,
            collection,
            ..
        } => {
            given.extend(key.iter().map(AsRef::as_ref));
            given.extend([value.as_ref(), collection.as_ref()]);
        }
        Expr::UnaryExpr { expr, .. } => given.push(expr),
        Expr::Array { .. } | Expr::Set { .. } | Expr::Object { .. } => given.push(negated),
        Expr::RefDot { .. } | Expr::RefBrack { .. } => indices(negated, &mut given),
        _ => {}
    }
    given.retain(|argument| may_be_undefined(argument));
    given
}

/// Whether a value may be missing; one with a wildcard is none that can be bound.
fn may_be_undefined(expression: &Expr) -> bool {
    let mut is_open = false;
    let mut pending = vec![expression];
    let mut queries = Vec::new();
    while let Some(expression) = pending.pop() {
        match expression {
            Expr::Var { span, .. } if span.text() == "_" => return false,
            Expr::Var { .. } | Expr::Call { .. } => is_open = true,
            // A comprehension has a value always, and its body is read on its own.
            Expr::ArrayCompr { .. } | Expr::SetCompr { .. } | Expr::ObjectCompr { .. } => continue,
            _ => {}
        }
        parts(expression, &mut pending, &mut queries);
    }
    is_open
}
