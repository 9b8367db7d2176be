//! What is undefined and ends a body for OPA, and not for regorus: what a negated call is given, and a part of a head.
//!
//! Regorus takes the call of what is undefined for false, so that its `not` holds; and in a head it forgets what the
//! turns of a loop before have said. So both are bound in the body, on the same line and behind a statement, where
//! what is undefined ends the body.

mod given;
mod head;
mod imported;
mod text;

use std::collections::BTreeMap;
use std::ops::Range;

use regorus::unstable::{Expr, Import, Literal, LiteralStmt, Module, Query, Rule, RuleHead};

use super::results::with_quotes;
use super::{extent, parts, range};
use crate::evaluator::rego::fault::Fault;
use given::given;
use imported::Imported;
use text::{code, is_whole, one_line};

/// The beginning of the names that are bound beside what the file says.
const GIVEN: &str = "__given_";
/// The beginning of the names that stand in heads for what the body binds.
const SAID: &str = "__said_";

/// The text with the arguments of each `not` bound, and what heads are made of; none, where there is nothing to bind.
///
/// # Errors
///
/// When it is open how to write that.
pub(super) fn bound(text: &str, tree: &Module) -> Result<Option<String>, Fault> {
    let mut hoist = Hoist {
        text,
        edits: Vec::new(),
        pending: Vec::new(),
        queries: Vec::new(),
        imported: Imported::of(tree),
        names: 0,
    };
    for import in &tree.imports {
        hoist.import(import);
    }
    for rule in &tree.policy {
        hoist.rule(rule)?;
    }
    let moved: Vec<Range<usize>> = hoist.edits.iter().map(|edit| edit.range.clone()).collect();
    let in_full = hoist.imported.in_full().filter(|edit| {
        let mut moved = moved.iter();
        !moved.any(|range| range.start < edit.range.end && edit.range.start < range.end)
    });
    hoist.edits.extend(in_full);
    if hoist.edits.is_empty() {
        return Ok(None);
    }
    written(text, hoist.edits).map(Some)
}

/// The text of a statement as it stands in the file: without the name to which it is bound besides.
pub(in crate::evaluator::rego) fn own_text(statement: &str) -> &str {
    let is_added = [GIVEN, SAID].iter().any(|name| statement.starts_with(name));
    let bound = statement.split_once(" := ").filter(|_| is_added);
    bound.map_or(statement, |(_, value)| value)
}

/// Whether a statement is none of the file's own.
pub(super) fn is_added(statement: &LiteralStmt) -> bool {
    statement.span.text().starts_with(GIVEN)
}

/// The text with something else in place of these stretches.
fn written(text: &str, mut edits: Vec<Edit>) -> Result<String, Fault> {
    // Of two at the same place, the one that was added first comes first.
    edits.sort_by_key(|edit| edit.range.start);
    let mut written = String::with_capacity(text.len() + 64 * edits.len());
    let mut from = 0;
    for edit in &edits {
        // What is bound inside of a head that moves would be left behind.
        let before = text.get(from..edit.range.start);
        written.push_str(before.ok_or_else(|| fault_in_head(edit.line))?);
        written.push_str(&edit.text);
        from = edit.range.end;
    }
    written.push_str(text.get(from..).unwrap_or_default());
    Ok(written)
}

/// What is written in place of a stretch of text.
struct Edit {
    range: Range<usize>,
    text: String,
    line: u32,
}

/// What is written where, and what is still to be read.
struct Hoist<'text, 'tree> {
    text: &'text str,
    edits: Vec<Edit>,
    pending: Vec<&'tree Expr>,
    queries: Vec<&'tree Query>,
    imported: Imported<'tree>,
    names: usize,
}

impl<'tree> Hoist<'_, 'tree> {
    fn insert(&mut self, place: usize, text: String, line: u32) {
        self.edits.push(Edit {
            range: place..place,
            text,
            line,
        });
    }

    /// Regorus takes `import rego.v1` for a definition of `v1`, which no rule could bind then; the language is the same without.
    fn import(&mut self, import: &Import) {
        const VERSION: &str = "rego.v1";
        let reference = range(import.refr.span());
        let before = self.text.get(..reference.start).unwrap_or_default();
        let is_bare = import.r#as.is_none() && import.refr.span().text() == VERSION;
        if let Some(before) = before.trim_end().strip_suffix("import")
            && is_bare
            && self.text.matches("v1").nth(1).is_some()
        {
            self.edits.push(Edit {
                range: before.len()..reference.end,
                text: String::new(),
                line: import.span.line,
            });
        }
    }

    fn rule(&mut self, rule: &'tree Rule) -> Result<(), Fault> {
        let Rule::Spec { head, bodies, .. } = rule else {
            return Ok(());
        };
        if let RuleHead::Func { args, .. } = head {
            args.iter()
                .for_each(|argument| self.imported.binds_in(argument));
        }
        let computed = head::computed(head);
        self.pending.extend(&computed);
        let mut bound = BTreeMap::new();
        for value in computed {
            self.value(rule, value, &mut bound)?;
        }
        for (index, body) in bodies.iter().enumerate() {
            if let Some(assign) = &body.assign {
                self.pending.push(&assign.value);
                if head::loops(&assign.value) {
                    let has_body = !body.query.stmts.is_empty();
                    let places: Vec<usize> = has_body.then_some(index).into_iter().collect();
                    self.moved(&assign.value, &places, &mut bound)?;
                } else if head::may_repeat(&body.query) {
                    self.bind_parts(&assign.value, index, &mut bound)?;
                }
            }
            let bound = bound.remove(&index).unwrap_or_default();
            self.body(&body.query, &bound)?;
        }
        // What moves needs a body.
        for (_, bound) in bound {
            let range = with_quotes(self.text, range(rule.span()));
            let bound = bound.trim_start_matches("; ");
            self.insert(range.end, format!(" if {{ {bound} }}"), rule.span().line);
        }
        self.run()
    }

    /// Binds the parts of what a head computes in the bodies where one may be undefined in one turn of a loop only; what
    /// loops itself moves into the bodies.
    fn value(
        &mut self,
        rule: &'tree Rule,
        value: &'tree Expr,
        bound: &mut BTreeMap<usize, String>,
    ) -> Result<(), Fault> {
        if head::loops(value) {
            let places = head::bodies(rule).filter(|(_, body)| body.assign.is_none());
            let mut places: Vec<usize> = places.map(|(index, _)| index).collect();
            if places.is_empty() {
                // It gets a body.
                places.push(0);
            }
            return self.moved(value, &places, bound);
        }
        for (index, body) in head::bodies(rule) {
            if body.assign.is_none() && head::may_repeat(&body.query) {
                self.bind_parts(value, index, bound)?;
            }
        }
        Ok(())
    }

    fn bind_parts(
        &mut self,
        value: &Expr,
        body: usize,
        bound: &mut BTreeMap<usize, String>,
    ) -> Result<(), Fault> {
        for part in head::uncertain(value) {
            let text = self
                .line_of(part)
                .ok_or_else(|| fault_in_head(part.span().line))?;
            self.names += 1;
            let name = self.names;
            let bound = bound.entry(body).or_default();
            bound.push_str(&format!("; {GIVEN}{name} := {text}"));
        }
        Ok(())
    }

    /// Has a name stand in a head, which the bodies in these places bind to what stood there; without
    /// one, an `else` gets one.
    fn moved(
        &mut self,
        value: &Expr,
        places: &[usize],
        bound: &mut BTreeMap<usize, String>,
    ) -> Result<(), Fault> {
        let line = value.span().line;
        let text = self.line_of(value).ok_or_else(|| fault_in_head(line))?;
        self.names += 1;
        let name = format!("{SAID}{}", self.names);
        for place in places {
            let bound = bound.entry(*place).or_default();
            bound.push_str(&format!("; {name} := {text}"));
        }
        let mut replacement = name.clone();
        if places.is_empty() {
            replacement.push_str(&format!(" if {{ {name} := {text} }}"));
        }
        let range = with_quotes(self.text, extent(value));
        let lines = self.text.get(range.clone()).unwrap_or_default();
        replacement.push_str(&"\n".repeat(lines.matches('\n').count()));
        self.edits.push(Edit {
            range,
            text: replacement,
            line,
        });
        Ok(())
    }

    /// The text of an expression on one line, if it can be written so.
    fn line_of(&self, expression: &Expr) -> Option<String> {
        let range = with_quotes(self.text, extent(expression));
        let text = self.text.get(range).and_then(one_line);
        text.filter(|text| is_whole(text))
    }

    /// A rule's body with what the head binds in it; it gets braces if it has none.
    fn body(&mut self, query: &'tree Query, bound: &str) -> Result<(), Fault> {
        let (Some(first), Some(last)) = (query.stmts.first(), query.stmts.last()) else {
            return Ok(());
        };
        let start = range(&first.span).start;
        let end = with_quotes(self.text, range(&last.span)).end;
        let behind = code(self.text.get(end..).unwrap_or_default());
        let from = self.edits.len();
        self.query(query)?;
        if !bound.is_empty() {
            self.insert(end, bound.to_owned(), last.span.line);
        }
        if query.stmts.len() == 1 && self.edits.len() > from && !behind.starts_with('}') {
            let line = first.span.line;
            let opening = Edit {
                range: start..start,
                text: "{ ".to_owned(),
                line,
            };
            self.edits.insert(from, opening);
            self.insert(end, " }".to_owned(), line);
        }
        Ok(())
    }

    fn query(&mut self, query: &'tree Query) -> Result<(), Fault> {
        for statement in &query.stmts {
            self.imported.binds(&statement.literal);
            let withs = statement.with_mods.iter().map(|with| with.r#as.as_ref());
            self.pending.extend(withs);
            match &statement.literal {
                Literal::SomeVars { .. } => {}
                Literal::SomeIn { collection, .. } => self.pending.push(collection),
                Literal::Every { domain, query, .. } => {
                    self.pending.push(domain);
                    self.queries.push(query);
                }
                Literal::Expr { expr, .. } => self.pending.push(expr),
                Literal::NotExpr { expr, .. } => {
                    self.pending.push(expr);
                    self.negated(statement, expr)?;
                }
            }
        }
        Ok(())
    }

    /// Reads what is left; queries are nested no deeper than braces, and each is read once.
    fn run(&mut self) -> Result<(), Fault> {
        loop {
            if let Some(query) = self.queries.pop() {
                self.query(query)?;
            } else if let Some(expression) = self.pending.pop() {
                self.imported.names(expression);
                parts(expression, &mut self.pending, &mut self.queries);
            } else {
                return Ok(());
            }
        }
    }

    fn negated(&mut self, statement: &LiteralStmt, negated: &Expr) -> Result<(), Fault> {
        let end = with_quotes(self.text, range(&statement.span)).end;
        let with = match statement.with_mods.first() {
            Some(first) => {
                let with = self.text.get(range(&first.span).start..end);
                format!(
                    " {}",
                    with.and_then(one_line).ok_or_else(|| fault(negated))?
                )
            }
            None => String::new(),
        };
        let mut bound = String::new();
        for argument in given(negated) {
            let text = self.line_of(argument).ok_or_else(|| fault(argument))?;
            self.names += 1;
            bound.push_str(&format!("; {GIVEN}{} := {text}{with}", self.names));
        }
        if !bound.is_empty() {
            // Behind the statement, so that it keeps its column; the order of a body does not matter.
            self.insert(end, bound, negated.span().line);
        }
        Ok(())
    }
}

fn fault_in_head(line: u32) -> Fault {
    let message = "a part of the head may be undefined, and cannot be bound in the body: write `value := ...` there, and `value` in the head";
    Fault::load(message, line)
}

fn fault(expression: &Expr) -> Fault {
    let message = "what stands behind `not` cannot be bound before it: write `value := ...` before, and `value` behind `not`";
    Fault::load(message, expression.span().line)
}
