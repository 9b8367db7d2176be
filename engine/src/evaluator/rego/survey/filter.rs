//! What the bodies of verbs compare the event's name and tool with.

use regorus::unstable::{BoolOp, Expr, Literal, Rule};

use super::expressions::text;
use super::{Spot, start};
use crate::evaluator::rego::syntax::static_path;

/// A statement that is true for some events only.
#[derive(Debug)]
pub(crate) struct Filter {
    pub(crate) of: Filtered,
    /// The names for which it is true.
    pub(crate) names: Vec<String>,
    pub(crate) spot: Spot,
}

/// What a filter looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filtered {
    /// The event's name.
    Event,
    /// The tool's name.
    Tool,
}

/// The filters of one definition, all of which must hold for it to speak.
///
/// A definition with several bodies speaks where one of them does, so that none of their statements must hold.
pub(super) fn filters(rule: &Rule) -> Vec<Filter> {
    let Rule::Spec { bodies, .. } = rule else {
        return Vec::new();
    };
    let [body] = bodies.as_slice() else {
        return Vec::new();
    };
    body.query
        .stmts
        .iter()
        .filter(|statement| statement.with_mods.is_empty())
        .filter_map(|statement| match &statement.literal {
            Literal::Expr { expr, .. } => filter(expr),
            _ => None,
        })
        .collect()
}

fn filter(expression: &Expr) -> Option<Filter> {
    let (subject, names) = match expression {
        Expr::BoolExpr {
            op: BoolOp::Eq,
            lhs,
            rhs,
            ..
        } => match (text(lhs), text(rhs)) {
            (None, Some(name)) => (lhs, vec![name]),
            (Some(name), None) => (rhs, vec![name]),
            _ => return None,
        },
        Expr::Membership {
            key: None,
            value,
            collection,
            ..
        } => match collection.as_ref() {
            Expr::Set { items, .. } | Expr::Array { items, .. } => {
                let names: Option<Vec<String>> = items.iter().map(|item| text(item)).collect();
                (value, names?)
            }
            _ => return None,
        },
        _ => return None,
    };
    let (path, is_whole) = static_path(subject);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let of = match path.as_slice() {
        ["input", "hook_event_name" | "hookEventName"] if is_whole => Filtered::Event,
        ["input", "tool_name"] if is_whole => Filtered::Tool,
        _ => return None,
    };
    Some(Filter {
        of,
        names,
        spot: start(expression),
    })
}
