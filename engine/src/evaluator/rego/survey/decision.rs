//! The decisions that stand in a policy as literals.

use regorus::Value;
use regorus::unstable::{AssignOp, Expr, Literal, Query, Rule, RuleHead};

use super::expressions::text;
use super::{Spot, spot, start};
use crate::decision::Verb;
use crate::value::described;

/// What a verb says, where that stands in the policy.
#[derive(Debug)]
pub(crate) struct StatedDecision {
    pub(crate) verb: Verb,
    pub(crate) spot: Spot,
    pub(crate) said: Said,
}

/// The shape of what is said.
#[derive(Debug)]
pub(crate) enum Said {
    /// An object with these fields.
    Object {
        fields: Vec<StatedField>,
        /// Whether every key stands there.
        is_whole: bool,
    },
    /// A list of texts, or of what cannot be told.
    List,
    /// A text.
    Text,
    /// Something else, in words for people.
    Other(&'static str),
}

/// One field of a decision.
#[derive(Debug)]
pub(crate) struct StatedField {
    pub(crate) key: String,
    pub(crate) spot: Spot,
    pub(crate) value: StatedValue,
}

/// The value of a field as far as it stands there.
#[derive(Debug, PartialEq)]
pub(crate) enum StatedValue {
    Text(String),
    Number(Option<u64>),
    Object,
    /// Something that is no text, no number and no object, in words for people.
    Other(&'static str),
    /// Known with the event only.
    Computed,
}

/// The decisions that one definition of a verb states.
pub(super) fn stated(rule: &Rule, verb: Verb) -> Vec<StatedDecision> {
    let Rule::Spec {
        head: RuleHead::Set { key: Some(key), .. },
        bodies,
        ..
    } = rule
    else {
        return Vec::new();
    };
    let of = |expression: &Expr| {
        let said = said(expression)?;
        Some(StatedDecision {
            verb,
            spot: start(expression),
            said,
        })
    };
    match key.as_ref() {
        Expr::Var { span, .. } => bodies
            .iter()
            .filter_map(|body| of(assigned(&body.query, span.text())?))
            .collect(),
        literal => of(literal).into_iter().collect(),
    }
}

/// What a variable is set to in a body.
fn assigned<'tree>(query: &'tree Query, name: &str) -> Option<&'tree Expr> {
    query.stmts.iter().find_map(|statement| {
        let Literal::Expr { expr, .. } = &statement.literal else {
            return None;
        };
        let Expr::AssignExpr { op, lhs, rhs, .. } = expr.as_ref() else {
            return None;
        };
        let is_set = matches!(op, AssignOp::ColEq | AssignOp::Eq);
        match lhs.as_ref() {
            Expr::Var { span, .. } if is_set && span.text() == name => Some(rhs.as_ref()),
            _ => None,
        }
    })
}

fn said(expression: &Expr) -> Option<Said> {
    match expression {
        Expr::Object { fields, .. } => {
            let known: Vec<StatedField> = fields
                .iter()
                .filter_map(|(_, key, value)| {
                    Some(StatedField {
                        key: text(key)?,
                        spot: spot(key.span()),
                        value: stated_value(value),
                    })
                })
                .collect();
            Some(Said::Object {
                is_whole: known.len() == fields.len(),
                fields: known,
            })
        }
        Expr::String { .. } | Expr::RawString { .. } => Some(Said::Text),
        Expr::Array { .. } | Expr::Set { .. } | Expr::ArrayCompr { .. } | Expr::SetCompr { .. } => {
            Some(Said::List)
        }
        Expr::Number { value, .. } | Expr::Bool { value, .. } | Expr::Null { value, .. } => {
            Some(Said::Other(described(value)))
        }
        _ => None,
    }
}

fn stated_value(expression: &Expr) -> StatedValue {
    match expression {
        Expr::String { .. } | Expr::RawString { .. } => {
            text(expression).map_or(StatedValue::Computed, StatedValue::Text)
        }
        Expr::Number { value, .. } => StatedValue::Number(value.as_u64().ok()),
        Expr::Object { .. } | Expr::ObjectCompr { .. } => StatedValue::Object,
        Expr::Bool { value, .. } | Expr::Null { value, .. } => StatedValue::Other(described(value)),
        Expr::Array { .. } | Expr::ArrayCompr { .. } => {
            StatedValue::Other(described(&Value::new_array()))
        }
        Expr::Set { .. } | Expr::SetCompr { .. } => {
            StatedValue::Other(described(&Value::new_set()))
        }
        _ => StatedValue::Computed,
    }
}
