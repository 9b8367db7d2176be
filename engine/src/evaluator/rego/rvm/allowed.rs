//! What a policy may be made of to run on the virtual machine: all that the differential tests prove, and no more.
//!
//! What the machine of regorus 0.14.1 gets wrong, and why it is not in the lists:
//! - `else`, and several bodies: it takes the first body that is defined for the rule's value;
//! - a rule or a function that gets two values: undefined instead of an error, so that the rule is silent;
//! - arithmetic, and set difference, of what is neither numbers nor sets: the same;
//! - `k, v in collection`: it does not look at `k`;
//! - partial objects and object comprehensions: the last value of a key wins, instead of an error;
//! - an undefined value that is assigned: the body goes on, so that `guarded` adds a comparison;
//! - the input, if a body names it first inside a loop that runs never: `guarded` names it before;
//! - an undefined element of an array comprehension: it stays in the array;
//! - a rule without a body whose value holds a query: its parts cannot be guarded;
//! - `some … in` of what is no collection: silent instead of an error, so that `collections` looks at it before;
//! - `some i` alone: the interpreter makes an error of it behind a loop, and the machine does not;
//! - `with`, `walk` and `print`: not compiled, or other than the interpreter has them.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{
    AssignOp, Expr, Literal, LiteralStmt, Module, Query, Ref, Rule, RuleBody, RuleHead,
};

use super::functions;
use super::values::{Complete, constant, parts, value_is_safe};

/// Whether everything in these modules, which make one policy, is allowed.
pub(super) fn are_allowed(modules: &[Ref<Module>]) -> bool {
    let policy = Policy::of(modules);
    modules
        .iter()
        .flat_map(|module| &module.policy)
        .all(|rule| policy.rule(rule))
        && modules.iter().all(|module| imports_are_allowed(module))
        && policy.values_agree()
}

/// Only modules may be imported; a name for a part of the input is resolved by the interpreter alone.
fn imports_are_allowed(module: &Module) -> bool {
    module.imports.iter().all(|import| {
        let first = import.refr.span().text().split(['.', '[']).next();
        matches!(first, Some("data" | "rego" | "future"))
    })
}

/// The rules of a policy by their names.
struct Policy<'tree> {
    /// The names of all rules.
    names: BTreeSet<&'tree str>,
    /// How many arguments functions of this name take.
    functions: BTreeSet<(&'tree str, usize)>,
    /// The definitions of each rule that has one value, of functions too.
    complete: BTreeMap<(&'tree str, &'tree str), Vec<Complete<'tree>>>,
}

impl<'tree> Policy<'tree> {
    fn of(modules: &'tree [Ref<Module>]) -> Self {
        let mut policy = Self {
            names: BTreeSet::new(),
            functions: BTreeSet::new(),
            complete: BTreeMap::new(),
        };
        for module in modules {
            let package = module.package.refr.span().text();
            for rule in &module.policy {
                policy.add(package, rule);
            }
        }
        policy
    }

    fn add(&mut self, package: &'tree str, rule: &'tree Rule) {
        let Rule::Spec { head, bodies, .. } = rule else {
            return;
        };
        let (refr, parameters, assign) = match head {
            RuleHead::Compr { refr, assign, .. } => (refr, [].as_slice(), assign),
            RuleHead::Func {
                refr, args, assign, ..
            } => {
                self.functions.insert((refr.span().text(), args.len()));
                (refr, args.as_slice(), assign)
            }
            RuleHead::Set { refr, .. } => {
                self.names.insert(refr.span().text());
                return;
            }
        };
        self.names.insert(refr.span().text());
        self.complete
            .entry((package, refr.span().text()))
            .or_default()
            .push(Complete {
                value: assign.as_ref().map(|assign| &assign.value),
                parameters,
                body: bodies.first().map(|body| body.query.as_ref()),
            });
    }

    /// Whether no rule can get two values: the machine would make undefined of it, and the interpreter an error.
    fn values_agree(&self) -> bool {
        self.complete
            .values()
            .all(|definitions| match definitions.as_slice() {
                [one] => constant(one.value).is_some() || one.has_one_solution(),
                several => {
                    let mut values = several.iter().map(|one| constant(one.value));
                    let first = values.next().flatten();
                    first.is_some() && values.all(|value| value == first)
                }
            })
    }

    fn rule(&self, rule: &Rule) -> bool {
        match rule {
            Rule::Default {
                refr, args, value, ..
            } => is_name(refr) && args.is_empty() && constant(Some(value)).is_some(),
            Rule::Spec { head, bodies, .. } => {
                self.head(head)
                    && value_is_safe(head, bodies.first())
                    && bodies.len() <= 1
                    && bodies
                        .iter()
                        .all(|body| is_plain(body) && self.query(&body.query))
            }
        }
    }

    fn head(&self, head: &RuleHead) -> bool {
        match head {
            RuleHead::Compr { refr, assign, .. } => {
                is_name(refr)
                    && assign
                        .as_ref()
                        .is_none_or(|assign| self.expression(&assign.value))
            }
            RuleHead::Set { refr, key, .. } => {
                is_name(refr) && key.as_ref().is_some_and(|key| self.expression(key))
            }
            RuleHead::Func {
                refr, args, assign, ..
            } => {
                is_name(refr)
                    && args.iter().all(is_name)
                    && assign
                        .as_ref()
                        .is_none_or(|assign| self.expression(&assign.value))
            }
        }
    }

    fn query(&self, query: &Query) -> bool {
        query
            .stmts
            .iter()
            .all(|statement| self.statement(statement))
    }

    fn statement(&self, statement: &LiteralStmt) -> bool {
        statement.with_mods.is_empty()
            && match &statement.literal {
                Literal::SomeVars { .. } => false,
                Literal::SomeIn {
                    key,
                    value,
                    collection,
                    ..
                } => {
                    key.as_ref().is_none_or(is_name)
                        && is_name(value)
                        && self.expression(collection)
                }
                Literal::Every { domain, query, .. } => {
                    self.expression(domain) && self.query(query)
                }
                Literal::Expr { expr, .. } => match expr.as_ref() {
                    Expr::AssignExpr {
                        op: AssignOp::ColEq,
                        lhs,
                        rhs,
                        ..
                    } => is_name(lhs) && self.expression(rhs),
                    _ => self.expression(expr),
                },
                Literal::NotExpr { expr, .. } => self.expression(expr),
            }
    }

    /// The depth of expressions inside each other is bounded by the guard of the source.
    fn expression(&self, expression: &Expr) -> bool {
        match expression {
            Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Number { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. }
            | Expr::Var { .. } => true,
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                items.iter().all(|item| self.expression(item))
            }
            Expr::Object { fields, .. } => fields
                .iter()
                .all(|(_, key, value)| is_text(key) && self.expression(value)),
            Expr::ArrayCompr { term, query, .. } => {
                self.is_certain(term) && self.expression(term) && self.query(query)
            }
            Expr::SetCompr { term, query, .. } => self.expression(term) && self.query(query),
            Expr::Call { fcn, params, .. } => {
                self.call(fcn.span().text(), params.len())
                    && params.iter().all(|argument| self.expression(argument))
            }
            Expr::UnaryExpr { expr, .. } => matches!(expr.as_ref(), Expr::Number { .. }),
            Expr::RefDot { refr, .. } => self.expression(refr),
            Expr::RefBrack { refr, index, .. } => {
                self.expression(refr) && (is_name(index) || is_text(index) || is_number(index))
            }
            Expr::BoolExpr { lhs, rhs, .. } => self.expression(lhs) && self.expression(rhs),
            Expr::Membership {
                key: None,
                value,
                collection,
                ..
            } => self.expression(value) && self.expression(collection),
            Expr::Membership { key: Some(_), .. }
            | Expr::ObjectCompr { .. }
            | Expr::BinExpr { .. }
            | Expr::ArithExpr { .. }
            | Expr::AssignExpr { .. } => false,
        }
    }

    /// Whether an expression has a value for certain, where the local names in it have one.
    fn is_certain(&self, expression: &Expr) -> bool {
        match expression {
            Expr::RefDot { .. } | Expr::RefBrack { .. } => false,
            Expr::Var { span, .. } => !self.names.contains(span.text()),
            Expr::Call { fcn, params, .. } => {
                functions::arguments_of(fcn.span().text()).is_some()
                    && params.iter().all(|argument| self.is_certain(argument))
            }
            _ => parts(expression)
                .into_iter()
                .all(|part| self.is_certain(part)),
        }
    }

    /// Whether a function may be called so; one argument more is what the result is compared with.
    fn call(&self, name: &str, arguments: usize) -> bool {
        let last = name.rsplit('.').next().unwrap_or(name);
        functions::arguments_of(name) == Some(arguments)
            || self.functions.contains(&(last, arguments))
    }
}

/// A body that is neither an `else` nor one with a value of its own.
fn is_plain(body: &RuleBody) -> bool {
    !body.is_else && body.assign.is_none()
}

fn is_name(expression: &Ref<Expr>) -> bool {
    matches!(expression.as_ref(), Expr::Var { .. })
}

fn is_text(expression: &Ref<Expr>) -> bool {
    matches!(
        expression.as_ref(),
        Expr::String { .. } | Expr::RawString { .. }
    )
}

fn is_number(expression: &Ref<Expr>) -> bool {
    matches!(expression.as_ref(), Expr::Number { .. })
}
