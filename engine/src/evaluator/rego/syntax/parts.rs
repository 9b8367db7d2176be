//! What an expression is made of, for every walk that needs no more than that.

use regorus::unstable::{Expr, Query};

/// The expressions and bodies that an expression is made of.
pub(in crate::evaluator::rego) fn parts<'tree>(
    expression: &'tree Expr,
    pending: &mut Vec<&'tree Expr>,
    queries: &mut Vec<&'tree Query>,
) {
    match expression {
        Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. }
        | Expr::Var { .. } => {}
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            pending.extend(items.iter().map(AsRef::as_ref));
        }
        Expr::Object { fields, .. } => {
            let parts = fields.iter().flat_map(|(_, key, value)| [key, value]);
            pending.extend(parts.map(AsRef::as_ref));
        }
        Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
            pending.push(term);
            queries.push(query);
        }
        Expr::ObjectCompr {
            key, value, query, ..
        } => {
            pending.extend([key.as_ref(), value.as_ref()]);
            queries.push(query);
        }
        Expr::Call { params, .. } => pending.extend(params.iter().map(AsRef::as_ref)),
        Expr::UnaryExpr { expr, .. } => pending.push(expr),
        Expr::RefDot { refr, .. } => pending.push(refr),
        Expr::RefBrack { refr, index, .. } => pending.extend([refr.as_ref(), index.as_ref()]),
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => pending.extend([lhs.as_ref(), rhs.as_ref()]),
        Expr::Membership {
            key,
            value,
            collection,
            ..
        } => {
            pending.extend(key.iter().map(AsRef::as_ref));
            pending.extend([value.as_ref(), collection.as_ref()]);
        }
    }
}

/// What stands in the brackets of a reference, and what it begins with if that is more than a name.
pub(in crate::evaluator::rego) fn indices<'tree>(
    reference: &'tree Expr,
    found: &mut Vec<&'tree Expr>,
) {
    let mut current = reference;
    loop {
        match current {
            Expr::RefDot { refr, .. } => current = refr,
            Expr::RefBrack { refr, index, .. } => {
                found.push(index);
                current = refr;
            }
            Expr::Var { .. } => return,
            _ => {
                found.push(current);
                return;
            }
        }
    }
}
