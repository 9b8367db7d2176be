//! What `some … in` runs through: of what is no collection, the interpreter makes an error and the machine nothing.
//!
//! So it must be certain that there is a collection: because of how the value is made, or because the event is looked
//! at before it is evaluated.

use std::collections::{BTreeMap, BTreeSet};

use regorus::Value;
use regorus::unstable::{Expr, Literal, Module, Query, Ref, Rule, RuleHead};

use crate::evaluator::rego::names::full_name;

/// Functions whose result is a collection whenever there is one.
const MAKE_COLLECTIONS: [&str; 13] = [
    "array.concat",
    "array.reverse",
    "array.slice",
    "intersection",
    "object.keys",
    "object.remove",
    "object.union",
    "regex.find_n",
    "regex.split",
    "sort",
    "split",
    "strings.split",
    "union",
];
/// Names that are followed from one to the next.
const MAX_STEPS: usize = 8;

/// A path into the input, such as `tool_input` and `edits`.
pub(super) type Path = Vec<Value>;

/// The rules of a policy by their full names, and the names that stand for packages.
pub(super) struct Collections<'tree> {
    /// None for what is not a set or a rule of one definition.
    rules: BTreeMap<String, Option<Made<'tree>>>,
    paths: BTreeSet<Path>,
}

/// How a rule makes its value.
#[derive(Clone, Copy)]
enum Made<'tree> {
    Set,
    Value(&'tree Expr, &'tree Module),
}

/// The local names of one rule, and what is assigned to each that is assigned once.
type Locals<'tree> = BTreeMap<&'tree str, Option<&'tree Expr>>;

impl<'tree> Collections<'tree> {
    /// The paths that must lead to collections, or to nothing; none if it cannot be told whether something is one.
    pub(super) fn of(modules: &'tree [Ref<Module>]) -> Option<Vec<Path>> {
        let mut collections = Self {
            rules: BTreeMap::new(),
            paths: BTreeSet::new(),
        };
        for module in modules {
            for rule in &module.policy {
                collections.add(module, rule);
            }
        }
        for module in modules {
            for rule in &module.policy {
                if !collections.rule(module, rule) {
                    return None;
                }
            }
        }
        Some(collections.paths.into_iter().collect())
    }

    fn add(&mut self, module: &'tree Module, rule: &'tree Rule) {
        let (refr, made) = match rule {
            Rule::Default { refr, .. } => (refr, None),
            Rule::Spec { head, .. } => match head {
                RuleHead::Set { refr, .. } => (refr, Some(Made::Set)),
                RuleHead::Compr { refr, assign, .. } | RuleHead::Func { refr, assign, .. } => {
                    let value = assign.as_ref().map(|assign| assign.value.as_ref());
                    (refr, value.map(|value| Made::Value(value, module)))
                }
            },
        };
        let name = format!(
            "{}.{}",
            module.package.refr.span().text(),
            refr.span().text()
        );
        self.rules
            .entry(name)
            .and_modify(|known| {
                if !matches!((*known, made), (Some(Made::Set), Some(Made::Set))) {
                    *known = None;
                }
            })
            .or_insert(made);
    }

    fn rule(&mut self, module: &'tree Module, rule: &'tree Rule) -> bool {
        let Rule::Spec { head, bodies, .. } = rule else {
            return true;
        };
        let parts = Parts::of(head, bodies.iter().map(|body| body.query.as_ref()));
        parts
            .domains
            .iter()
            .all(|domain| self.is_collection(domain, &parts.locals, module, MAX_STEPS))
    }

    fn is_collection(
        &mut self,
        expression: &'tree Expr,
        locals: &Locals<'tree>,
        module: &'tree Module,
        steps: usize,
    ) -> bool {
        let Some(steps) = steps.checked_sub(1) else {
            return false;
        };
        match expression {
            Expr::Array { .. }
            | Expr::Set { .. }
            | Expr::Object { .. }
            | Expr::ArrayCompr { .. }
            | Expr::SetCompr { .. } => true,
            Expr::Call { fcn, .. } => {
                let name = fcn.span().text();
                MAKE_COLLECTIONS.contains(&name) || self.is_rule_of_collections(name, module, steps)
            }
            Expr::Var { span, .. } => match locals.get(span.text()) {
                Some(Some(value)) => self.is_collection(value, locals, module, steps),
                Some(None) => false,
                None => self.is_rule_of_collections(span.text(), module, steps),
            },
            Expr::RefDot { .. } | Expr::RefBrack { .. } => {
                if let Some(path) = input_path(expression) {
                    self.paths.insert(path);
                    return true;
                }
                self.is_rule_of_collections(expression.span().text(), module, steps)
            }
            _ => false,
        }
    }

    fn is_rule_of_collections(&mut self, name: &str, module: &'tree Module, steps: usize) -> bool {
        match self.rules.get(&full_name(name, module)).copied().flatten() {
            Some(Made::Set) => true,
            // Another rule's local names are not known here.
            Some(Made::Value(Expr::Var { .. }, _)) | None => false,
            Some(Made::Value(value, module)) => {
                self.is_collection(value, &Locals::new(), module, steps)
            }
        }
    }
}

/// The path of a reference into the input, if all of it stands fast.
fn input_path(expression: &Expr) -> Option<Path> {
    let mut path = Path::new();
    let mut current = expression;
    loop {
        match current {
            Expr::Var { span, .. } if span.text() == "input" => break,
            Expr::RefDot { refr, field, .. } => {
                path.push(field.1.clone());
                current = refr;
            }
            Expr::RefBrack { refr, index, .. } => {
                match index.as_ref() {
                    Expr::String { value, .. }
                    | Expr::RawString { value, .. }
                    | Expr::Number { value, .. } => path.push(value.clone()),
                    _ => return None,
                }
                current = refr;
            }
            _ => return None,
        }
    }
    path.reverse();
    Some(path)
}

/// Whether each path leads to a collection in this input, or to nothing.
pub(super) fn are_collections(paths: &[Path], input: &Value) -> bool {
    paths.iter().all(|path| {
        let found = path.iter().fold(input, |value, key| &value[key]);
        matches!(
            found,
            Value::Array(_) | Value::Set(_) | Value::Object(_) | Value::Undefined
        )
    })
}

/// What a rule runs through and what its local names stand for.
#[derive(Default)]
struct Parts<'tree> {
    domains: Vec<&'tree Expr>,
    locals: Locals<'tree>,
}

impl<'tree> Parts<'tree> {
    fn of(head: &'tree RuleHead, queries: impl Iterator<Item = &'tree Query>) -> Self {
        let mut parts = Self::default();
        match head {
            RuleHead::Compr { assign, .. } => {
                assign
                    .iter()
                    .for_each(|assign| parts.expression(&assign.value));
            }
            RuleHead::Set { key, .. } => key.iter().for_each(|key| parts.expression(key)),
            RuleHead::Func { args, assign, .. } => {
                args.iter().for_each(|argument| parts.bind(argument, None));
                assign
                    .iter()
                    .for_each(|assign| parts.expression(&assign.value));
            }
        }
        queries.for_each(|query| parts.query(query));
        parts
    }

    /// A name that is bound twice, as in two comprehensions, stands for nothing that is known.
    fn bind(&mut self, name: &'tree Expr, value: Option<&'tree Expr>) {
        self.bind_text(name.span().text(), value);
    }

    fn bind_text(&mut self, name: &'tree str, value: Option<&'tree Expr>) {
        self.locals
            .entry(name)
            .and_modify(|known| *known = None)
            .or_insert(value);
    }

    fn query(&mut self, query: &'tree Query) {
        for statement in &query.stmts {
            match &statement.literal {
                Literal::SomeVars { vars, .. } => {
                    vars.iter()
                        .for_each(|name| self.bind_text(name.text(), None));
                }
                Literal::SomeIn {
                    key,
                    value,
                    collection,
                    ..
                } => {
                    key.iter().for_each(|key| self.bind(key, None));
                    self.bind(value, None);
                    self.domains.push(collection);
                    self.expression(collection);
                }
                Literal::Every {
                    key,
                    value,
                    domain,
                    query,
                    ..
                } => {
                    key.iter()
                        .chain([value])
                        .for_each(|name| self.bind_text(name.text(), None));
                    self.domains.push(domain);
                    self.expression(domain);
                    self.query(query);
                }
                Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => self.expression(expr),
            }
        }
    }

    fn expression(&mut self, expression: &'tree Expr) {
        match expression {
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.expression(term);
                self.query(query);
            }
            Expr::AssignExpr { lhs, rhs, .. } => {
                self.bind(lhs, Some(rhs));
                self.expression(rhs);
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
            Expr::BoolExpr { lhs, rhs, .. } => {
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
