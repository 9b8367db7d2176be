//! The walk over a rule's expressions that finds what it calls, names and binds.

use std::collections::BTreeSet;

use regorus::Value;
use regorus::unstable::{AssignOp, Expr, Literal, Query, Ref, RuleAssign, RuleHead, Span};

use super::{Call, Reference, Shape, extent, order, range};
use crate::evaluator::rego::fault::Fault;

/// Statements of one body: regorus sorts them in quadratic time.
const MAX_STATEMENTS: usize = 500;
/// Parts of one reference.
const MAX_REFERENCE: usize = 64;

/// A walk over expressions with a list of its own instead of recursion.
#[derive(Default)]
pub(super) struct Walk<'tree> {
    pending: Vec<(&'tree Expr, usize)>,
    pub(super) calls: Vec<Call>,
    /// The first and last bytes of the calls that are all of a statement.
    statements: BTreeSet<(u32, u32)>,
    pub(super) references: Vec<Reference>,
    /// What stands behind `with`.
    pub(super) replaced: Vec<Reference>,
    /// Names that the rule binds somewhere: they are not those of rules or imports.
    locals: BTreeSet<&'tree str>,
    pub(super) depth: usize,
    /// Regorus evaluates what follows a loop inside it.
    pub(super) loops: usize,
    pub(super) has_queries: bool,
}

impl<'tree> Walk<'tree> {
    /// Remembers every variable of a pattern.
    fn bind(&mut self, pattern: &'tree Ref<Expr>) {
        let mut pending = vec![pattern];
        while let Some(pattern) = pending.pop() {
            match pattern.as_ref() {
                Expr::Var { span, .. } => {
                    self.locals.insert(span.text());
                }
                Expr::Array { items, .. } => pending.extend(items),
                Expr::Object { fields, .. } => {
                    pending.extend(fields.iter().map(|(_, _, value)| value));
                }
                _ => {}
            }
        }
    }

    pub(super) fn push(&mut self, expression: &'tree Ref<Expr>, depth: usize) {
        self.pending.push((expression.as_ref(), depth));
    }

    fn push_all(&mut self, expressions: &'tree [Ref<Expr>], depth: usize) {
        expressions
            .iter()
            .for_each(|expression| self.push(expression, depth));
    }

    pub(super) fn assign(&mut self, assign: Option<&'tree RuleAssign>, depth: usize) {
        if let Some(assign) = assign {
            self.push(&assign.value, depth);
        }
    }

    pub(super) fn head(&mut self, head: &'tree RuleHead) -> (&'tree Ref<Expr>, Shape) {
        match head {
            RuleHead::Compr { refr, assign, .. } => {
                self.assign(assign.as_ref(), 1);
                self.indices(refr);
                (refr, Shape::Value)
            }
            RuleHead::Set { refr, key, .. } => {
                if let Some(key) = key {
                    self.push(key, 1);
                }
                self.indices(refr);
                (refr, Shape::Value)
            }
            RuleHead::Func {
                refr, args, assign, ..
            } => {
                self.assign(assign.as_ref(), 1);
                self.push_all(args, 1);
                args.iter().for_each(|argument| self.bind(argument));
                (refr, Shape::Function(args.len()))
            }
        }
    }

    /// The expressions inside the brackets of a rule's name.
    fn indices(&mut self, reference: &'tree Ref<Expr>) {
        let mut current = reference.as_ref();
        while let Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } = current {
            if let Expr::RefBrack { index, .. } = current {
                self.push(index, 1);
            }
            current = refr;
        }
    }

    /// The depth of queries inside queries is that of braces, which the guard has bounded.
    pub(super) fn query(&mut self, query: &'tree Query, depth: usize) -> Result<(), Fault> {
        self.has_queries = true;
        if query.stmts.len() > MAX_STATEMENTS {
            return Err(Fault::load(
                format!("a body has more than {MAX_STATEMENTS} statements"),
                query.span.line,
            ));
        }
        for statement in &query.stmts {
            match &statement.literal {
                Literal::SomeVars { vars, .. } => {
                    self.locals.extend(vars.iter().map(|span| span.text()));
                }
                Literal::SomeIn {
                    key,
                    value,
                    collection,
                    ..
                } => {
                    self.loops += 1;
                    key.iter().for_each(|key| self.push(key, depth));
                    self.push(value, depth);
                    self.push(collection, depth);
                    key.iter().for_each(|key| self.bind(key));
                    self.bind(value);
                }
                Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => {
                    if let Expr::Call { span, .. } = expr.as_ref() {
                        self.statements.insert((span.start, span.end));
                    }
                    self.push(expr, depth);
                }
                Literal::Every {
                    key,
                    value,
                    domain,
                    query,
                    ..
                } => {
                    self.locals
                        .extend(key.iter().chain([value]).map(|span| span.text()));
                    self.push(domain, depth);
                    self.query(query, depth + 1)?;
                }
            }
            for with in &statement.with_mods {
                self.push(&with.r#as, depth);
                self.replaced.push(Reference {
                    path: static_path(&with.refr).0,
                    line: with.span.line,
                });
            }
        }
        Ok(())
    }

    pub(super) fn run(&mut self) -> Result<(), Fault> {
        while let Some((expression, depth)) = self.pending.pop() {
            self.depth = self.depth.max(depth);
            self.expression(expression, depth + 1)?;
        }
        Ok(())
    }

    /// Of the references of the head, which come first, those that the bodies say nothing of.
    pub(super) fn unbound(&self, in_head: usize) -> Vec<Reference> {
        let (head, bodies) = self.references.split_at(in_head.min(self.references.len()));
        let in_bodies: BTreeSet<Option<&String>> =
            bodies.iter().map(|named| named.path.first()).collect();
        let is_bound =
            |name: &String| self.locals.contains(name.as_str()) || in_bodies.contains(&Some(name));
        let is_wildcard = |name: &String| name == "_";
        head.iter()
            .filter(|named| {
                !named
                    .path
                    .first()
                    .is_some_and(|name| is_bound(name) || is_wildcard(name))
            })
            .cloned()
            .collect()
    }

    /// Leaves the references to rules and imports, in the order of their lines.
    pub(super) fn forget_locals(&mut self) {
        let locals = &self.locals;
        self.references.retain(|named| {
            !named
                .path
                .first()
                .is_some_and(|name| locals.contains(name.as_str()))
        });
        self.calls.sort_by_key(|call| call.line);
        self.references.sort_by_key(|named| named.line);
    }

    fn expression(&mut self, expression: &'tree Expr, depth: usize) -> Result<(), Fault> {
        match expression {
            Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Number { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. } => {}
            Expr::Var { .. } => self.reference(expression),
            Expr::Array { items, .. } | Expr::Set { items, .. } => self.push_all(items, depth),
            Expr::Object { fields, .. } => {
                for (_, key, value) in fields {
                    self.push(key, depth);
                    self.push(value, depth);
                }
            }
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.push(term, depth);
                self.query(query, depth)?;
            }
            Expr::ObjectCompr {
                key, value, query, ..
            } => {
                self.push(key, depth);
                self.push(value, depth);
                self.query(query, depth)?;
            }
            Expr::Call {
                span, fcn, params, ..
            } => {
                self.call(span, fcn, params);
                self.push_all(params, depth);
            }
            Expr::UnaryExpr { expr, .. } => self.push(expr, depth),
            Expr::RefDot { .. } | Expr::RefBrack { .. } => self.chain(expression, depth)?,
            Expr::AssignExpr {
                op: AssignOp::ColEq,
                lhs,
                rhs,
                ..
            } => {
                self.bind(lhs);
                self.push(lhs, depth);
                self.push(rhs, depth);
            }
            Expr::BoolExpr { op, lhs, rhs, .. } => {
                order::check(op, lhs, rhs)?;
                self.push(lhs, depth);
                self.push(rhs, depth);
            }
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. }
            | Expr::AssignExpr { lhs, rhs, .. } => {
                self.push(lhs, depth);
                self.push(rhs, depth);
            }
            Expr::Membership {
                key,
                value,
                collection,
                ..
            } => {
                key.iter().for_each(|key| self.push(key, depth));
                self.push(value, depth);
                self.push(collection, depth);
            }
        }
        Ok(())
    }

    fn call(&mut self, span: &Span, function: &Expr, arguments: &[Ref<Expr>]) {
        let last = arguments.last();
        self.calls.push(Call {
            path: static_path(function).0,
            line: span.line,
            arguments: arguments.len(),
            range: range(span),
            last: last.map_or(0..0, |last| extent(last)),
            is_statement: self.statements.contains(&(span.start, span.end)),
        });
    }

    /// A chain such as `a.b[c].d`: its fixed part is a reference, its indices are expressions.
    fn chain(&mut self, expression: &'tree Expr, depth: usize) -> Result<(), Fault> {
        let mut parts = 1;
        let mut current = expression;
        loop {
            match current {
                Expr::RefDot { refr, .. } => current = refr,
                Expr::RefBrack { refr, index, .. } => {
                    self.loops += usize::from(matches!(index.as_ref(), Expr::Var { .. }));
                    self.push(index, depth);
                    current = refr;
                }
                Expr::Var { .. } => {
                    self.reference(expression);
                    break;
                }
                other => {
                    self.pending.push((other, depth));
                    break;
                }
            }
            parts += 1;
        }
        if parts > MAX_REFERENCE {
            return Err(Fault::load(
                format!("a reference has more than {MAX_REFERENCE} parts"),
                expression.span().line,
            ));
        }
        Ok(())
    }

    fn reference(&mut self, expression: &Expr) {
        let (path, _) = static_path(expression);
        if !path.is_empty() {
            self.references.push(Reference {
                path,
                line: expression.span().line,
            });
        }
    }
}

/// The parts of a reference that stand fast, and whether these are all.
pub(in crate::evaluator::rego) fn static_path(expression: &Expr) -> (Vec<String>, bool) {
    let mut parts = Vec::new();
    let mut is_whole = true;
    let mut current = expression;
    loop {
        match current {
            Expr::RefDot { refr, field, .. } => {
                parts.push(field.0.text().to_owned());
                current = refr;
            }
            Expr::RefBrack { refr, index, .. } => {
                match index.as_ref() {
                    Expr::String {
                        value: Value::String(text),
                        ..
                    } => parts.push(text.to_string()),
                    _ => {
                        is_whole = false;
                        parts.clear();
                    }
                }
                current = refr;
            }
            Expr::Var { span, .. } => {
                parts.push(span.text().to_owned());
                parts.reverse();
                return (parts, is_whole);
            }
            _ => return (Vec::new(), false),
        }
    }
}
