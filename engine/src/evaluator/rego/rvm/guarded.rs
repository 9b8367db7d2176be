//! The text of a module as the virtual machine gets it, with two additions that mean nothing else.
//!
//! The machine of regorus 0.14.1 goes on where the assigned value is undefined: so each name that is assigned is
//! compared with itself. And it reads the input where a body first names it, which may be inside a loop that runs
//! never, and takes it for read ever after: so each body names it first.

use regorus::unstable::{Expr, Literal, Module, Query, Rule, RuleHead};

const READ_INPUT: &str = "llmspell_input := input; ";

/// The text of a module with its guards; none where a body's beginning cannot be found.
pub(super) fn text(module: &Module) -> Option<String> {
    let text = module.package.span.source.get_contents();
    let mut guards = Guards {
        text,
        insertions: Vec::new(),
    };
    for rule in &module.policy {
        guards.rule(rule)?;
    }
    // Of two at the same place, the one that was added first comes first.
    guards.insertions.sort_by_key(|(place, _)| *place);
    let mut guarded = String::with_capacity(text.len() + 48 * guards.insertions.len());
    let mut written = 0;
    for (place, insertion) in guards.insertions {
        guarded.push_str(text.get(written..place)?);
        guarded.push_str(&insertion);
        written = place;
    }
    guarded.push_str(text.get(written..)?);
    Some(guarded)
}

/// What is added where.
struct Guards<'tree> {
    text: &'tree str,
    insertions: Vec<(usize, String)>,
}

impl<'tree> Guards<'tree> {
    fn insert(&mut self, place: u32, insertion: String) {
        self.insertions
            .push((usize::try_from(place).unwrap_or(usize::MAX), insertion));
    }

    /// Adds something behind a statement, whose span leaves out the quote at the end of a string.
    fn insert_behind(&mut self, end: u32, insertion: String) {
        let rest = usize::try_from(end)
            .ok()
            .and_then(|end| self.text.get(end..));
        let is_quoted = rest.is_some_and(|rest| rest.starts_with(['"', '`']));
        self.insert(end.saturating_add(u32::from(is_quoted)), insertion);
    }

    fn rule(&mut self, rule: &'tree Rule) -> Option<()> {
        let Rule::Spec { head, bodies, .. } = rule else {
            return Some(());
        };
        match head {
            RuleHead::Compr { assign, .. } | RuleHead::Func { assign, .. } => {
                assign
                    .iter()
                    .for_each(|assign| self.expression(&assign.value));
            }
            RuleHead::Set { key, .. } => key.iter().for_each(|key| self.expression(key)),
        }
        bodies.iter().for_each(|body| self.query(&body.query));
        bodies.iter().try_for_each(|body| self.body(&body.query))
    }

    /// Names the input at the beginning of a body, which gets braces if it has none.
    fn body(&mut self, query: &'tree Query) -> Option<()> {
        let (Some(first), Some(last)) = (query.stmts.first(), query.stmts.last()) else {
            return Some(());
        };
        let start = usize::try_from(first.span.start).ok()?;
        let before = self.text.get(..start)?.trim_end();
        if before.ends_with('{') {
            self.insert(first.span.start, READ_INPUT.to_owned());
        } else if before.ends_with("if") {
            self.insert(first.span.start, format!("{{ {READ_INPUT}"));
            self.insert_behind(last.span.end, " }".to_owned());
        } else {
            return None;
        }
        Some(())
    }

    fn query(&mut self, query: &'tree Query) {
        for statement in &query.stmts {
            match &statement.literal {
                Literal::SomeVars { .. } => {}
                Literal::SomeIn { collection, .. } => self.expression(collection),
                Literal::Every { domain, query, .. } => {
                    self.expression(domain);
                    self.query(query);
                }
                Literal::Expr { expr, .. } => {
                    if let Expr::AssignExpr { lhs, .. } = expr.as_ref() {
                        let name = lhs.span().text();
                        self.insert_behind(statement.span.end, format!("; {name} == {name}"));
                    }
                    self.expression(expr);
                }
                Literal::NotExpr { expr, .. } => self.expression(expr),
            }
        }
    }

    /// The expressions that hold queries, in which names are assigned too.
    fn expression(&mut self, expression: &'tree Expr) {
        match expression {
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.expression(term);
                self.query(query);
            }
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                items.iter().for_each(|item| self.expression(item));
            }
            Expr::Object { fields, .. } => {
                fields
                    .iter()
                    .for_each(|(_, _, value)| self.expression(value));
            }
            Expr::Call { params, .. } => {
                params.iter().for_each(|argument| self.expression(argument));
            }
            Expr::BoolExpr { lhs, rhs, .. } | Expr::AssignExpr { lhs, rhs, .. } => {
                self.expression(lhs);
                self.expression(rhs);
            }
            Expr::Membership {
                value, collection, ..
            } => {
                self.expression(value);
                self.expression(collection);
            }
            Expr::RefDot { refr, .. } => self.expression(refr),
            Expr::RefBrack { refr, index, .. } => {
                self.expression(refr);
                self.expression(index);
            }
            _ => {}
        }
    }
}
