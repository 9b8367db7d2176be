//! Calls whose last argument takes their result: regorus knows these of its own functions only.

use std::ops::Range;

use regorus::unstable::BUILTINS;

use super::Call;
use crate::rego_builtins;

/// The text with `result = f(x)` in place of `f(x, result)` for functions that regorus lacks; none, where there is
/// nothing to rewrite.
pub(super) fn in_front<'call>(
    text: &str,
    calls: impl Iterator<Item = &'call Call>,
) -> Option<String> {
    let mut edits: Vec<(Range<usize>, String)> = calls
        .filter(|call| takes_result(call))
        .filter_map(|call| edit(text, call))
        .collect();
    edits.sort_by_key(|(range, _)| range.start);
    let mut written = String::with_capacity(text.len());
    let mut from = 0;
    for (range, replacement) in &edits {
        // A call inside a call has no result of its own.
        let Some(before) = text.get(from..range.start) else {
            continue;
        };
        written.push_str(before);
        written.push_str(replacement);
        from = range.end;
    }
    written.push_str(text.get(from..).unwrap_or_default());
    (!edits.is_empty()).then_some(written)
}

fn takes_result(call: &Call) -> bool {
    let name = call.path.join(".");
    let builtin = rego_builtins::find(&name);
    builtin.is_some_and(|builtin| {
        call.is_statement
            && call.arguments == usize::from(builtin.arity) + 1
            && BUILTINS
                .get(name.as_str())
                .is_none_or(|(_, arguments)| *arguments != builtin.arity)
    })
}

/// What stands in place of a call; none where a comment or a line's end leaves it open how to write that.
fn edit(text: &str, call: &Call) -> Option<(Range<usize>, String)> {
    let last = with_quotes(text, call.last.clone());
    let result = text.get(last.clone())?;
    let before = text.get(call.range.start..last.start)?.trim_end();
    let arguments = before
        .strip_suffix(',')
        .or_else(|| before.ends_with('(').then_some(before))?;
    if result.contains('\n') {
        return None;
    }
    // The line's ends between the last arguments stay, so that what follows keeps its line.
    let rest = text.get(call.range.start + before.len()..call.range.end)?;
    let lines = "\n".repeat(rest.matches('\n').count());
    Some((
        call.range.clone(),
        format!("{result} = {arguments}{lines})"),
    ))
}

/// The bytes of an argument; those of a string are given without its quotes.
pub(in crate::evaluator::rego) fn with_quotes(text: &str, range: Range<usize>) -> Range<usize> {
    let before = text.get(..range.start).unwrap_or_default();
    let behind = text.get(range.end..).unwrap_or_default();
    let start = range.start - usize::from(before.ends_with(['"', '`']));
    let end = range.end + usize::from(behind.starts_with(['"', '`']));
    start..end
}
