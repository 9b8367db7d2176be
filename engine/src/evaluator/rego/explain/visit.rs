//! What the statements of a definition name: parts of the input, rules, and calls with what must hold before them.

use std::collections::BTreeMap;

use regorus::Value;
use regorus::unstable::{Expr, Literal, LiteralStmt, Query, Ref};

use super::definition::{expression_text, text};

/// A path into the input, without `input`.
pub(super) type Path = Vec<Value>;

/// A call of something that is not known to be a builtin function.
pub(super) struct Call<'tree> {
    pub(super) function: &'tree str,
    pub(super) arguments: &'tree [Ref<Expr>],
    /// The statements that must hold for the call to be reached.
    pub(super) context: Vec<&'tree str>,
    /// The same for an `every`: what is bound there.
    pub(super) bindings: Vec<String>,
}

/// What was found in some statements.
#[derive(Default)]
pub(super) struct Visit<'tree> {
    pub(super) inputs: Vec<Path>,
    pub(super) names: Vec<&'tree str>,
    pub(super) calls: Vec<Call<'tree>>,
    /// The names that stand for parts of the input.
    locals: BTreeMap<&'tree str, Path>,
    context: Vec<&'tree str>,
    bindings: Vec<String>,
}

impl<'tree> Visit<'tree> {
    pub(super) fn statement(&mut self, statement: &'tree LiteralStmt) {
        match &statement.literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn { collection, .. } => self.expression(collection),
            Literal::Every {
                key,
                value,
                domain,
                query,
                ..
            } => {
                self.expression(domain);
                let key = key
                    .as_ref()
                    .map_or_else(String::new, |key| format!("{}, ", key.text()));
                let binding = format!("some {key}{} in {}", value.text(), expression_text(domain));
                self.bindings.push(binding);
                self.query(query);
                self.bindings.pop();
            }
            Literal::Expr { expr, .. } => {
                self.expression(expr);
                if let Expr::AssignExpr { lhs, rhs, .. } = expr.as_ref()
                    && let Some(path) = self.input_path(rhs)
                {
                    self.locals.insert(lhs.span().text(), path);
                }
            }
            Literal::NotExpr { expr, .. } => self.expression(expr),
        }
        for with in &statement.with_mods {
            self.expression(&with.r#as);
        }
        self.context.push(text(&statement.span));
    }

    fn query(&mut self, query: &'tree Query) {
        let outer = self.context.len();
        query
            .stmts
            .iter()
            .for_each(|statement| self.statement(statement));
        self.context.truncate(outer);
    }

    /// A comprehension's term is reached when all of its statements hold.
    fn comprehension(&mut self, query: &'tree Query, terms: &[&'tree Expr]) {
        let outer = self.context.len();
        query
            .stmts
            .iter()
            .for_each(|statement| self.statement(statement));
        terms.iter().for_each(|term| self.expression(term));
        self.context.truncate(outer);
    }

    pub(super) fn expression(&mut self, expression: &'tree Expr) {
        match expression {
            Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Number { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. } => {}
            Expr::Var { .. } => self.reference(expression),
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                items.iter().for_each(|item| self.expression(item));
            }
            Expr::Object { fields, .. } => fields.iter().for_each(|(_, key, value)| {
                self.expression(key);
                self.expression(value);
            }),
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.comprehension(query, &[term]);
            }
            Expr::ObjectCompr {
                key, value, query, ..
            } => self.comprehension(query, &[key, value]),
            Expr::Call { fcn, params, .. } => {
                self.calls.push(Call {
                    function: fcn.span().text(),
                    arguments: params,
                    context: self.context.clone(),
                    bindings: self.bindings.clone(),
                });
                params.iter().for_each(|argument| self.expression(argument));
            }
            Expr::UnaryExpr { expr, .. } => self.expression(expr),
            Expr::RefDot { refr, .. } => {
                self.reference(expression);
                self.indices(refr);
            }
            Expr::RefBrack { refr, index, .. } => {
                self.reference(expression);
                self.expression(index);
                self.indices(refr);
            }
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. }
            | Expr::AssignExpr { lhs, rhs, .. } => {
                self.expression(lhs);
                self.expression(rhs);
            }
            Expr::Membership {
                key,
                value,
                collection,
                ..
            } => {
                key.iter().for_each(|key| self.expression(key));
                self.expression(value);
                self.expression(collection);
            }
        }
    }

    /// What stands in the brackets of a longer reference.
    fn indices(&mut self, reference: &'tree Expr) {
        let mut current = reference;
        loop {
            match current {
                Expr::RefDot { refr, .. } => current = refr,
                Expr::RefBrack { refr, index, .. } => {
                    self.expression(index);
                    current = refr;
                }
                Expr::Var { .. } => return,
                other => return self.expression(other),
            }
        }
    }

    fn reference(&mut self, expression: &'tree Expr) {
        match self.input_path(expression) {
            Some(path) => self.inputs.push(path),
            None => self.names.push(expression.span().text()),
        }
    }

    /// The part of the input that a reference begins with, as far as that stands fast.
    fn input_path(&self, expression: &Expr) -> Option<Path> {
        let mut path = Path::new();
        let mut current = expression;
        loop {
            match current {
                Expr::Var { span, .. } => {
                    let mut whole = match span.text() {
                        "input" => Path::new(),
                        name => self.locals.get(name)?.clone(),
                    };
                    whole.extend(path.into_iter().rev());
                    return Some(whole);
                }
                Expr::RefDot { refr, field, .. } => {
                    path.push(field.1.clone());
                    current = refr;
                }
                Expr::RefBrack { refr, index, .. } => {
                    match index.as_ref() {
                        Expr::String { value, .. }
                        | Expr::RawString { value, .. }
                        | Expr::Number { value, .. } => path.push(value.clone()),
                        // What is behind depends on the event.
                        _ => path.clear(),
                    }
                    current = refr;
                }
                _ => return None,
            }
        }
    }
}
