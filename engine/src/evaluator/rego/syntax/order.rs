//! Comparisons that OPA and regorus order differently: for OPA a set is greater than an object, for regorus it is less.

use regorus::unstable::{BoolOp, Expr};

use super::walk::static_path;
use crate::evaluator::rego::fault::Fault;

/// Builtin functions whose result is a set.
const SETS: [&str; 4] = ["intersection", "object.keys", "set", "union"];

/// Refuses `<`, `<=`, `>` and `>=` between a set and what may be an object.
///
/// Whoever writes it thinks of subsets, which Rego compares in another way.
pub(super) fn check(operator: &BoolOp, left: &Expr, right: &Expr) -> Result<(), Fault> {
    let sign = match operator {
        BoolOp::Lt => "<",
        BoolOp::Le => "<=",
        BoolOp::Gt => ">",
        BoolOp::Ge => ">=",
        BoolOp::Eq | BoolOp::Ne => return Ok(()),
    };
    let unequal = |set, other| is_set(set) && may_be_object(other);
    if unequal(left, right) || unequal(right, left) {
        let message = format!(
            "`{sign}` asks which of a set and something else comes first, not which holds the other: write `small - large == set()`"
        );
        return Err(Fault::load(message, left.span().line));
    }
    Ok(())
}

fn is_set(expression: &Expr) -> bool {
    match expression {
        Expr::Set { .. } | Expr::SetCompr { .. } | Expr::BinExpr { .. } => true,
        Expr::Call { fcn, .. } => SETS.contains(&static_path(fcn).0.join(".").as_str()),
        _ => false,
    }
}

fn may_be_object(expression: &Expr) -> bool {
    matches!(
        expression,
        Expr::Object { .. }
            | Expr::ObjectCompr { .. }
            | Expr::Var { .. }
            | Expr::RefDot { .. }
            | Expr::RefBrack { .. }
            | Expr::Call { .. }
    ) && !is_set(expression)
}
