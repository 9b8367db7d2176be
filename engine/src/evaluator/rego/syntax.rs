//! What the engine must know of a parsed module: its package, rules, calls and references.

mod comprehension;
mod extent;
mod hoist;
mod negation;
mod order;
mod parts;
mod results;
mod walk;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::ops::Range;

use regorus::Engine;
use regorus::unstable::{Expr, Module as Tree, Ref, Rule, RuleHead, Span};
use regorus::utils::limits::PolicyLengthConfig;

use super::fault::Fault;
use super::rewrite;
use crate::decision::Verb;

pub(super) use extent::extent;
pub(super) use hoist::own_text;
use negation::Negated;
pub(super) use parts::{indices, parts};
pub(super) use results::with_quotes;
use walk::Walk;
pub(super) use walk::static_path;

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
    tree: Ref<Tree>,
    /// An engine that holds this module and nothing else, so that it need not be parsed again.
    pub(super) engine: Engine,
    /// The modules of the rules of this file that are named by a keyword.
    pub(super) others: Vec<Self>,
    /// The module before what regorus needs was bound in it, if something was.
    unbound: Option<Box<Self>>,
}

/// One definition of a rule.
#[derive(Debug)]
pub(crate) struct RuleFacts {
    /// The parts of its name; more than one for a rule like `a.b := 1`.
    pub(super) name: Vec<String>,
    pub(crate) line: u32,
    /// The bytes of the file that hold it, up to the next rule.
    pub(super) range: Range<usize>,
    pub(super) shape: Shape,
    /// Whether its name has a variable in brackets: the name is what stands before.
    pub(super) is_open: bool,
    pub(super) calls: Vec<Call>,
    /// What stands behind `with`.
    pub(super) replaced: Vec<Reference>,
    pub(super) references: Vec<Reference>,
    /// Names of the head that nothing in the rule binds: regorus looks for them in bodies only.
    pub(super) unbound: Vec<Reference>,
    /// Names behind `not` that nothing in the rule binds.
    pub(super) negated: Vec<Reference>,
    /// Names in brackets behind `not` that only a later statement binds, if they are those of no rule.
    pub(super) early: Vec<Reference>,
    /// Expressions and loops inside each other, at most.
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
    /// The bytes of the call.
    pub(super) range: Range<usize>,
    /// The bytes of the last argument.
    pub(super) last: Range<usize>,
    /// Whether it is all of a statement.
    pub(super) is_statement: bool,
}

/// Something that is named: the parts that stand fast.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    pub(super) path: Vec<String>,
    pub(super) line: u32,
}

/// An engine for a text that the guard has accepted, whose lines are longer once it is rewritten.
pub(super) fn new_engine() -> Engine {
    const MAX_COLUMNS: NonZeroU32 = NonZeroU32::MIN.saturating_add(1 << 22);
    let mut engine = Engine::new();
    engine.set_policy_length_config(PolicyLengthConfig {
        max_col: MAX_COLUMNS,
        ..PolicyLengthConfig::default()
    });
    engine
}

impl Module {
    /// Parses a module whose text the guard has accepted.
    pub(crate) fn parse(file: &str, text: &str) -> Result<Self, Fault> {
        let Some(split) = rewrite::split(text)? else {
            return Self::parse_one(file, text);
        };
        let others = split.others.iter();
        Ok(Self {
            others: others
                .map(|text| Self::parse_one(file, text))
                .collect::<Result<_, _>>()?,
            ..Self::parse_one(file, &split.main)?
        })
    }

    fn parse_one(file: &str, text: &str) -> Result<Self, Fault> {
        let module = Self::read(file, text)?;
        let calls = module.rules.iter().flat_map(|rule| &rule.calls);
        let module = match results::in_front(text, calls) {
            Some(text) => Self::read(file, &text)?,
            None => module,
        };
        module.hoisted()
    }

    /// The module with what stands behind `not` bound before.
    fn hoisted(self) -> Result<Self, Fault> {
        let Some(text) = hoist::bound(&self.text, &self.tree)? else {
            return Ok(self);
        };
        let mut module = Self::read(&self.file, &text)?;
        // What is bound for `not` or a head alone is bound nowhere.
        for (rule, before) in module.rules.iter_mut().zip(&self.rules) {
            rule.negated.clone_from(&before.negated);
            rule.unbound.clone_from(&before.unbound);
            rule.early.clone_from(&before.early);
        }
        module.unbound = Some(Box::new(self));
        Ok(module)
    }

    fn read(file: &str, text: &str) -> Result<Self, Fault> {
        let mut engine = new_engine();
        engine
            .add_policy(file.to_owned(), text.to_owned())
            .map_err(|error| Fault::of_text(&error.to_string()))?;
        let components = engine
            .get_policy_package_components()
            .map_err(|error| Fault::of_text(&error.to_string()))?;
        let package = components
            .into_iter()
            .next()
            .map(|package| package.components)
            .unwrap_or_default();
        let Some(tree) = engine.get_modules().first().cloned() else {
            return Err(Fault::load("the file holds no module", 1));
        };
        Self::of(file, text, package, &tree, engine)
    }

    fn of(
        file: &str,
        text: &str,
        package: Vec<String>,
        tree: &Ref<Tree>,
        engine: Engine,
    ) -> Result<Self, Fault> {
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
            tree: Ref::clone(tree),
            engine,
            others: Vec::new(),
            unbound: None,
        })
    }

    /// The syntax tree.
    pub(super) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The module as OPA is to see it: what is bound for regorus alone gives OPA bodies another order.
    pub(crate) fn for_opa(&self) -> &Self {
        self.unbound.as_deref().unwrap_or(self)
    }

    /// The module, and those of its rules that are named by a keyword.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.others)
    }

    /// Everything that its rules call.
    pub(super) fn calls(&self) -> impl Iterator<Item = &Call> {
        self.rules.iter().flat_map(|rule| &rule.calls)
    }

    /// Where functions are called that are no rules of the project: the name, its line, and the byte at which it begins.
    pub(crate) fn outside_calls(&self) -> impl Iterator<Item = (String, u32, usize)> {
        let is_own = |first: &String| {
            self.imports.contains_key(first)
                || self
                    .rules
                    .iter()
                    .any(|rule| rule.name.first() == Some(first))
        };
        let calls = self.rules.iter().flat_map(|rule| &rule.calls);
        calls.filter_map(move |call| {
            let outside = call.path.first().is_some_and(|first| !is_own(first));
            outside.then(|| (call.path.join("."), call.line, call.range.start))
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
    range(rule.span()).start
}

/// The bytes of a span.
pub(super) fn range(span: &Span) -> Range<usize> {
    let at = |place: u32| usize::try_from(place).unwrap_or(usize::MAX);
    at(span.start)..at(span.end)
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
    let negated = negation::negated(rule);
    check_negated(&negated)?;
    if matches!(rule, Rule::Default { .. }) && has_brackets(reference) {
        let message = "the default of a name in brackets would be silent: write the name with dots";
        return Err(Fault::load(message, rule.span().line));
    }
    if let Some(line) = call_as_argument(rule) {
        let message = "a function cannot be called, nor a template string stand, where another is defined: compare with it in the body";
        return Err(Fault::load(message, line));
    }
    if let Some(line) = comprehension::taken_for_one(rule) {
        let message =
            "OPA takes `{ a | b` for a set, which always holds: put parentheses around `a | b`";
        return Err(Fault::load(message, line));
    }
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
        is_open: !is_whole,
        calls: walk.calls,
        replaced: walk.replaced,
        references: walk.references,
        unbound,
        negated: negated.unbound,
        early: negated.early,
        depth: walk.depth + walk.loops,
    })
}

/// Refuses what regorus would be silent about behind `not`.
fn check_negated(negated: &Negated) -> Result<(), Fault> {
    let first = |named: &[Reference]| {
        let named = named.first()?;
        Some((named.path.first()?.clone(), named.line))
    };
    if let Some((name, line)) = first(&negated.of_every) {
        let message = format!(
            "`[{name}]` behind `not` inside `every` would be silent: write `item := {name}` before, and `[item]`"
        );
        return Err(Fault::load(message, line));
    }
    match first(&negated.declared) {
        Some((name, line)) => Err(early(&name, line)),
        None => Ok(()),
    }
}

/// The fault of a name behind `not` that a later statement binds.
pub(super) fn early(name: &str, line: u32) -> Fault {
    let message = format!(
        "`[{name}]` stands behind `not` before it has a value: move the statement behind the one that gives it"
    );
    Fault::load(message, line)
}

/// The line of an argument in the head of a function that is a call, which regorus cannot prepare.
fn call_as_argument(rule: &Rule) -> Option<u32> {
    let Rule::Spec {
        head: RuleHead::Func { args, .. },
        ..
    } = rule
    else {
        return None;
    };
    let call = args
        .iter()
        .find(|argument| matches!(argument.as_ref(), Expr::Call { .. }));
    call.map(|call| call.span().line)
}

fn has_brackets(reference: &Expr) -> bool {
    matches!(reference, Expr::RefBrack { .. })
        || matches!(reference, Expr::RefDot { refr, .. } if has_brackets(refr))
}
