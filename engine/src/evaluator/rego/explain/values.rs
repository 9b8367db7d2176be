//! What the parts of an expression were that did not hold.

use llmspell_utils::debug::Redactor;
use regorus::Value;
use regorus::unstable::{AssignOp, Expr, Literal, LiteralStmt};

use super::definition::expression_text;
use crate::explain::SeenValue;

/// Parts of one expression that are told.
const MAX_PARTS: usize = 4;
/// Values of one part that are told.
const MAX_VALUES: usize = 3;
/// Characters of one value.
const MAX_SHOWN: usize = 80;

/// The parts of a statement that say why it does not hold: no constants, and nothing that it binds itself.
pub(super) fn parts(statement: &LiteralStmt) -> Vec<&Expr> {
    if !statement.with_mods.is_empty() {
        // What is behind `with` is not what the parts are by themselves.
        return Vec::new();
    }
    let mut parts = match &statement.literal {
        Literal::SomeVars { .. } => Vec::new(),
        Literal::SomeIn { collection, .. } => vec![collection.as_ref()],
        Literal::Every { domain, .. } => vec![domain.as_ref()],
        Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => compared(expr),
    };
    parts.retain(|part| !is_constant(part));
    parts.truncate(MAX_PARTS);
    parts
}

fn compared(expression: &Expr) -> Vec<&Expr> {
    match expression {
        Expr::BoolExpr { lhs, rhs, .. } => vec![lhs.as_ref(), rhs.as_ref()],
        Expr::AssignExpr {
            op: AssignOp::ColEq,
            rhs,
            ..
        } => vec![rhs.as_ref()],
        Expr::AssignExpr { lhs, rhs, .. } => {
            let sides = [lhs.as_ref(), rhs.as_ref()].into_iter();
            sides
                .filter(|side| !matches!(side, Expr::Var { .. }))
                .collect()
        }
        Expr::Membership {
            value, collection, ..
        } => vec![value.as_ref(), collection.as_ref()],
        Expr::Call { params, .. } => params.iter().map(AsRef::as_ref).collect(),
        other => vec![other],
    }
}

fn is_constant(expression: &Expr) -> bool {
    match expression {
        Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. } => true,
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            items.iter().all(|item| is_constant(item))
        }
        Expr::Object { fields, .. } => fields
            .iter()
            .all(|(_, key, value)| is_constant(key) && is_constant(value)),
        _ => false,
    }
}

/// The part with the values that it had.
pub(super) fn seen(part: &Expr, found: &[Value]) -> SeenValue {
    let expression = expression_text(part);
    let redactor = Redactor::builtin();
    let name = expression
        .rsplit(['.', '"', '['])
        .find(|name| name.len() > 1);
    let mark = name.and_then(|name| redactor.mark_of_key(name));
    let shown = |value: &Value| mark.clone().unwrap_or_else(|| shown(&redactor, value));
    SeenValue {
        expression: expression.to_owned(),
        values: found.iter().take(MAX_VALUES).map(shown).collect(),
    }
}

fn shown(redactor: &Redactor, value: &Value) -> String {
    let Ok(mut json) = serde_json::to_value(value) else {
        return "…".to_owned();
    };
    redactor.value(&mut json);
    let text = json.to_string();
    match text.char_indices().nth(MAX_SHOWN) {
        None => text,
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}
