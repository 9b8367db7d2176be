//! Bodies that OPA reads as a comprehension where regorus reads statements.

use regorus::unstable::{BinOp, Expr, Literal, Rule};

use super::{extent, range};

/// The line of a rule's body in braces that begins with `a | b`: OPA takes it for a set, which always holds.
///
/// OPA looks for a literal behind the first `if` of a rule only, so bodies behind `else` are not concerned.
pub(super) fn taken_for_one(rule: &Rule) -> Option<u32> {
    let Rule::Spec { bodies, .. } = rule else {
        return None;
    };
    let query = &bodies.first()?.query;
    let Literal::Expr { expr, .. } = &query.stmts.first()?.literal else {
        return None;
    };
    let mut first = expr.as_ref();
    while let Expr::BoolExpr { lhs, .. } | Expr::AssignExpr { lhs, .. } = first {
        first = lhs;
    }
    let Expr::BinExpr {
        span,
        op: BinOp::Union,
        lhs,
        ..
    } = first
    else {
        return None;
    };
    let text = query.span.source.contents();
    let left = extent(lhs);
    let before = text.get(range(&query.span).start..left.start)?;
    let (behind, _) = text.get(left.end..)?.split_once('|')?;
    let is_in_braces = before.starts_with('{');
    let is_in_parentheses = before.matches('(').count() > behind.matches(')').count();
    (is_in_braces && !is_in_parentheses).then_some(span.line)
}
