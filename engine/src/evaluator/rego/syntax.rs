//! What the engine must know of a parsed module: its package, rules, calls and references.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{
    AssignOp, Expr, Literal, Module as Tree, Query, Ref, Rule, RuleAssign, RuleHead,
};
use regorus::{Engine, Value};

use super::fault::Fault;
use super::source;
use crate::decision::{DecisionErrorKind, Verb};

/// Statements of one body: regorus sorts them in quadratic time.
const MAX_STATEMENTS: usize = 500;
/// Parts of one reference.
const MAX_REFERENCE: usize = 64;

/// The parts of what each imported name stands for, with `data` or `input` in front.
type Imports = BTreeMap<String, Vec<String>>;

/// A module that was parsed.
#[derive(Debug)]
pub(crate) struct Module {
    /// The file, relative to the project.
    pub(crate) file: String,
    pub(crate) text: String,
    /// The parts of the package's name, without `data`.
    pub(crate) package: Vec<String>,
    pub(crate) package_line: u32,
    pub(crate) rules: Vec<RuleFacts>,
    pub(super) imports: Imports,
    /// Imports as references, so that what is imported and never used must be there too.
    pub(super) imported: Vec<Reference>,
}

/// One definition of a rule.
#[derive(Debug)]
pub(crate) struct RuleFacts {
    /// The parts of its name; more than one for a rule like `a.b := 1`.
    pub(super) name: Vec<String>,
    pub(crate) line: u32,
    /// The bytes of the file that hold it, up to the next rule.
    pub(super) range: std::ops::Range<usize>,
    pub(super) shape: Shape,
    pub(super) calls: Vec<Call>,
    pub(super) references: Vec<Reference>,
    /// Names of the head that nothing in the rule binds: regorus looks for them in bodies only.
    pub(super) unbound: Vec<Reference>,
    /// Expressions inside each other.
    pub(super) depth: usize,
}

/// How a rule is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A set or a complete value.
    Value,
    /// A value with a key, such as `deny[x] := y`.
    Keyed,
    /// A function of so many arguments.
    Function(usize),
}

/// A function that is called.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) path: Vec<String>,
    pub(super) line: u32,
    pub(super) arguments: usize,
    /// The first argument, where it is a string that stands there.
    pub(super) first: Option<String>,
}

/// Something that is named: the parts that stand fast.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    pub(super) path: Vec<String>,
    pub(super) line: u32,
}

impl Module {
    /// Parses a module after the guard has read its text.
    pub(crate) fn parse(file: &str, text: &str) -> Result<Self, Fault> {
        source::check(text)?;
        let mut engine = Engine::new();
        engine
            .add_policy(file.to_owned(), text.to_owned())
            .map_err(|error| Fault::of(&error.to_string(), DecisionErrorKind::Load))?;
        let components = engine
            .get_policy_package_components()
            .map_err(|error| Fault::of(&error.to_string(), DecisionErrorKind::Load))?;
        let package = components
            .into_iter()
            .next()
            .map(|package| package.components)
            .unwrap_or_default();
        match engine.get_modules().first() {
            Some(tree) => Self::of(file, text, package, tree),
            None => Err(Fault::load("the file holds no module", 1)),
        }
    }

    fn of(file: &str, text: &str, package: Vec<String>, tree: &Tree) -> Result<Self, Fault> {
        let (imports, imported) = imports(tree)?;
        let mut starts: Vec<usize> = tree.policy.iter().map(|rule| start_of(rule)).collect();
        starts.push(text.len());
        let rules = tree
            .policy
            .iter()
            .zip(starts.windows(2))
            .map(|(rule, bounds)| facts(rule, bounds))
            .collect::<Result<Vec<_>, Fault>>()?;
        Ok(Self {
            file: file.to_owned(),
            text: text.to_owned(),
            package,
            package_line: tree.package.span.line,
            rules,
            imports,
            imported,
        })
    }

    /// The package's name with dots.
    pub(crate) fn package_name(&self) -> String {
        self.package.join(".")
    }

    /// The verbs that the module defines, the strongest first.
    pub(crate) fn verbs(&self) -> Vec<Verb> {
        Verb::ALL
            .into_iter()
            .filter(|verb| self.definitions(*verb).next().is_some())
            .collect()
    }

    /// Every definition of a verb.
    pub(crate) fn definitions(&self, verb: Verb) -> impl Iterator<Item = &RuleFacts> {
        self.rules
            .iter()
            .filter(move |rule| rule.name.first().is_some_and(|name| name == verb.name()))
    }
}

fn start_of(rule: &Rule) -> usize {
    usize::try_from(rule.span().start).unwrap_or(usize::MAX)
}

/// The imported names and what they stand for.
fn imports(tree: &Tree) -> Result<(Imports, Vec<Reference>), Fault> {
    let mut names = BTreeMap::new();
    let mut references = Vec::new();
    for import in &tree.imports {
        let line = import.span.line;
        let path = static_path(&import.refr).0;
        match path.first().map(String::as_str) {
            Some("data") => references.push(Reference {
                path: path.clone(),
                line,
            }),
            Some("input") if path.len() > 1 || import.r#as.is_some() => {}
            Some("input") => return Err(Fault::load("`import input` is not needed", line)),
            _ => continue,
        }
        let name = match &import.r#as {
            Some(span) => span.text().to_owned(),
            None => path.last().cloned().unwrap_or_default(),
        };
        names.insert(name, path);
    }
    Ok((names, references))
}

fn facts(rule: &Rule, bounds: &[usize]) -> Result<RuleFacts, Fault> {
    let mut walk = Walk::default();
    let (reference, shape) = match rule {
        Rule::Spec { head, .. } => walk.head(head),
        Rule::Default {
            refr, args, value, ..
        } => {
            walk.push(value, 1);
            let shape = if args.is_empty() {
                Shape::Value
            } else {
                Shape::Function(args.len())
            };
            (refr, shape)
        }
    };
    walk.run()?;
    // What a comprehension binds stands among the references of the head, so that nothing can be told of them.
    let in_head = if walk.has_queries {
        0
    } else {
        walk.references.len()
    };
    if let Rule::Spec { bodies, .. } = rule {
        for body in bodies {
            walk.assign(body.assign.as_ref(), 1);
            walk.query(&body.query, 1)?;
        }
    }
    walk.run()?;
    let unbound = walk.unbound(in_head);
    walk.forget_locals();
    let (name, is_whole) = static_path(reference);
    let shape = if shape == Shape::Value && (!is_whole || name.len() > 1) {
        Shape::Keyed
    } else {
        shape
    };
    Ok(RuleFacts {
        name,
        line: rule.span().line,
        range: bounds.first().copied().unwrap_or(0)..bounds.get(1).copied().unwrap_or(0),
        shape,
        calls: walk.calls,
        references: walk.references,
        unbound,
        depth: walk.depth,
    })
}

/// The parts of a reference that stand fast, and whether these are all.
fn static_path(expression: &Expr) -> (Vec<String>, bool) {
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

/// A walk over expressions with a list of its own instead of recursion.
#[derive(Default)]
struct Walk<'tree> {
    pending: Vec<(&'tree Expr, usize)>,
    calls: Vec<Call>,
    references: Vec<Reference>,
    /// Names that the rule binds somewhere: they are not those of rules or imports.
    locals: BTreeSet<&'tree str>,
    depth: usize,
    has_queries: bool,
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
                    pending.extend(fields.iter().map(|(_, _, value)| value))
                }
                _ => {}
            }
        }
    }

    fn push(&mut self, expression: &'tree Ref<Expr>, depth: usize) {
        self.pending.push((expression.as_ref(), depth));
    }

    fn push_all(&mut self, expressions: &'tree [Ref<Expr>], depth: usize) {
        expressions
            .iter()
            .for_each(|expression| self.push(expression, depth));
    }

    fn assign(&mut self, assign: Option<&'tree RuleAssign>, depth: usize) {
        if let Some(assign) = assign {
            self.push(&assign.value, depth);
        }
    }

    fn head(&mut self, head: &'tree RuleHead) -> (&'tree Ref<Expr>, Shape) {
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
    fn query(&mut self, query: &'tree Query, depth: usize) -> Result<(), Fault> {
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
                    self.locals.extend(vars.iter().map(|span| span.text()))
                }
                Literal::SomeIn {
                    key,
                    value,
                    collection,
                    ..
                } => {
                    key.iter().for_each(|key| self.push(key, depth));
                    self.push(value, depth);
                    self.push(collection, depth);
                    key.iter().for_each(|key| self.bind(key));
                    self.bind(value);
                }
                Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => {
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
            }
        }
        Ok(())
    }

    fn run(&mut self) -> Result<(), Fault> {
        while let Some((expression, depth)) = self.pending.pop() {
            self.depth = self.depth.max(depth);
            self.expression(expression, depth + 1)?;
        }
        Ok(())
    }

    /// Of the references of the head, which come first, those that the bodies say nothing of.
    fn unbound(&self, in_head: usize) -> Vec<Reference> {
        let (head, bodies) = self.references.split_at(in_head.min(self.references.len()));
        let in_bodies: BTreeSet<Option<&String>> =
            bodies.iter().map(|named| named.path.first()).collect();
        let is_bound =
            |name: &String| self.locals.contains(name.as_str()) || in_bodies.contains(&Some(name));
        head.iter()
            .filter(|named| !named.path.first().is_some_and(is_bound))
            .cloned()
            .collect()
    }

    /// Leaves the references to rules and imports, in the order of their lines.
    fn forget_locals(&mut self) {
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
                self.call(fcn, params, span.line);
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
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
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

    fn call(&mut self, function: &Expr, arguments: &[Ref<Expr>], line: u32) {
        let first = arguments
            .first()
            .and_then(|argument| match argument.as_ref() {
                Expr::String {
                    value: Value::String(text),
                    ..
                }
                | Expr::RawString {
                    value: Value::String(text),
                    ..
                } => Some(text.to_string()),
                _ => None,
            });
        self.calls.push(Call {
            path: static_path(function).0,
            line,
            arguments: arguments.len(),
            first,
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
