//! Where an expression stands in its text: regorus lets an object begin with its last field.

use std::ops::Range;

use regorus::unstable::{Expr, Span};

/// The bytes of an expression; those of a string are given without its quotes.
pub(in crate::evaluator::rego) fn extent(expression: &Expr) -> Range<usize> {
    let range = super::range(expression.span());
    start_of_object(expression).map_or(range.clone(), |start| start..range.end)
}

/// Where the brace of an object of several fields stands; none for other expressions.
fn start_of_object(expression: &Expr) -> Option<usize> {
    let Expr::Object { fields, span, .. } = expression else {
        return None;
    };
    let (_, key, _) = fields.first().filter(|_| fields.len() > 1)?;
    brace_before(span, extent(key).start)
}

/// The brace with nothing but comments between it and this byte; a comment may hold braces too.
fn brace_before(span: &Span, end: usize) -> Option<usize> {
    let before = span.source.get_contents().get(..end)?;
    let braces = before.rmatch_indices('{').map(|(at, _)| at);
    let opening = braces.take_while(|at| {
        let between = before.get(at + 1..).unwrap_or_default();
        let mut lines = between.lines().map(str::trim);
        lines.all(|line| matches!(line, "" | "\"" | "`") || line.starts_with('#'))
    });
    opening.last()
}
