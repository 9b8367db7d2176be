//! What a negated call is given: regorus takes the call of what is undefined for false, so that its `not` holds.
//!
//! OPA binds the arguments in front of `not`, so that the body ends where one is undefined. So does the text that is
//! written here, on the same line.

use regorus::unstable::{AssignOp, BoolOp, Expr, Literal, LiteralStmt, Query, Rule, RuleHead};

use super::range;
use super::results::with_quotes;
use crate::evaluator::rego::fault::Fault;
use crate::evaluator::rego::operands::is_balanced;
use crate::evaluator::rego::rewrite::end_of_string;

/// The text with the arguments bound in front of each `not`; none, where there is nothing to bind.
///
/// # Errors
///
/// When it is open how to write that.
pub(super) fn in_front<'tree>(
    text: &str,
    rules: impl Iterator<Item = &'tree Rule>,
) -> Result<Option<String>, Fault> {
    let mut hoist = Hoist {
        text,
        insertions: Vec::new(),
        pending: Vec::new(),
        queries: Vec::new(),
        names: 0,
    };
    for rule in rules {
        hoist.rule(rule)?;
    }
    if hoist.insertions.is_empty() {
        return Ok(None);
    }
    // Of two at the same place, the one that was added first comes first.
    hoist.insertions.sort_by_key(|(place, _)| *place);
    let mut written = String::with_capacity(text.len() + 64 * hoist.insertions.len());
    let mut from = 0;
    for (place, insertion) in &hoist.insertions {
        written.push_str(text.get(from..*place).unwrap_or_default());
        written.push_str(insertion);
        from = *place;
    }
    written.push_str(text.get(from..).unwrap_or_default());
    Ok(Some(written))
}

/// What is written in front of what, and what is still to be read.
struct Hoist<'text, 'tree> {
    text: &'text str,
    insertions: Vec<(usize, String)>,
    pending: Vec<&'tree Expr>,
    queries: Vec<&'tree Query>,
    names: usize,
}

impl<'tree> Hoist<'_, 'tree> {
    fn rule(&mut self, rule: &'tree Rule) -> Result<(), Fault> {
        let Rule::Spec { head, bodies, .. } = rule else {
            return Ok(());
        };
        match head {
            RuleHead::Compr { assign, .. } | RuleHead::Func { assign, .. } => {
                let value = assign.iter().map(|assign| assign.value.as_ref());
                self.pending.extend(value);
            }
            RuleHead::Set { key, .. } => self.pending.extend(key.iter().map(AsRef::as_ref)),
        }
        for body in bodies {
            let value = body.assign.iter().map(|assign| assign.value.as_ref());
            self.pending.extend(value);
            self.body(&body.query)?;
        }
        self.run()
    }

    /// A rule's body, which gets braces if it has none.
    fn body(&mut self, query: &'tree Query) -> Result<(), Fault> {
        let Some(first) = query.stmts.first() else {
            return Ok(());
        };
        let start = range(&first.span).start;
        let end = with_quotes(self.text, range(&first.span)).end;
        let behind = code(self.text.get(end..).unwrap_or_default());
        let from = self.insertions.len();
        self.query(query)?;
        if query.stmts.len() == 1 && self.insertions.len() > from && !behind.starts_with('}') {
            self.insertions.insert(from, (start, "{ ".to_owned()));
            self.insertions.push((end, " }".to_owned()));
        }
        Ok(())
    }

    fn query(&mut self, query: &'tree Query) -> Result<(), Fault> {
        for statement in &query.stmts {
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
                parts(expression, &mut self.pending, &mut self.queries);
            } else {
                return Ok(());
            }
        }
    }

    fn negated(&mut self, statement: &LiteralStmt, negated: &Expr) -> Result<(), Fault> {
        let start = range(&statement.span).start;
        let with = match statement.with_mods.first() {
            Some(first) => {
                let end = with_quotes(self.text, range(&statement.span)).end;
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
            let range = with_quotes(self.text, range(argument.span()));
            let text = self.text.get(range).and_then(one_line);
            let text = text.filter(|text| is_whole(text));
            let text = text.ok_or_else(|| fault(argument))?;
            self.names += 1;
            bound.push_str(&format!("__given_{} := {text}{with}; ", self.names));
        }
        if !bound.is_empty() {
            self.insertions.push((start, bound));
        }
        Ok(())
    }
}

fn fault(expression: &Expr) -> Fault {
    let message = "what stands behind `not` cannot be bound before it: write `value := ...` before, and `value` behind `not`";
    Fault::load(message, expression.span().line)
}

/// What OPA binds before it negates an expression.
fn given(negated: &Expr) -> Vec<&Expr> {
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

/// What stands in the brackets of a reference, and the call at its beginning.
fn indices<'tree>(reference: &'tree Expr, given: &mut Vec<&'tree Expr>) {
    let mut current = reference;
    loop {
        match current {
            Expr::RefDot { refr, .. } => current = refr,
            Expr::RefBrack { refr, index, .. } => {
                // A name in brackets may be one that the reference binds.
                if !matches!(index.as_ref(), Expr::Var { .. }) {
                    given.push(index);
                }
                current = refr;
            }
            Expr::Call { .. } => {
                given.push(current);
                return;
            }
            _ => return,
        }
    }
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

/// The expressions and bodies that an expression is made of.
fn parts<'tree>(
    expression: &'tree Expr,
    pending: &mut Vec<&'tree Expr>,
    queries: &mut Vec<&'tree Query>,
) {
    match expression {
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
        _ => {}
    }
}

/// A text from its first character on that is no space, no comment and no semicolon.
fn code(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|first: char| first.is_whitespace() || first == ';');
        if !rest.starts_with('#') {
            return rest;
        }
        rest = rest
            .find('\n')
            .and_then(|end| rest.get(end..))
            .unwrap_or_default();
    }
}

/// Whether the brackets of a text on one line close each other; those in strings count for nothing.
fn is_whole(text: &str) -> bool {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => end_of_string(rest),
            '`' => rest
                .get(1..)
                .and_then(|inner| inner.find('`'))
                .map_or(rest.len(), |end| end + 2),
            other => {
                code.push(other);
                other.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    is_balanced(&code)
}

/// A text on one line and without comments; none, where a raw string goes over lines.
fn one_line(text: &str) -> Option<String> {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, kept) = match first {
            '"' => (end_of_string(rest), true),
            '`' => (rest.get(1..)?.find('`')? + 2, true),
            '#' => (rest.find('\n').unwrap_or(rest.len()), false),
            '\n' | '\r' => {
                written.push(' ');
                (1, false)
            }
            other => (other.len_utf8(), true),
        };
        let (taken, behind) = rest.split_at_checked(length)?;
        if kept {
            if taken.contains('\n') {
                return None;
            }
            written.push_str(taken);
        }
        rest = behind;
    }
    Some(written)
}
