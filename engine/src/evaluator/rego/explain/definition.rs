//! The definitions that a policy consists of, each with its statements as they stand in the file.

use std::ops::Range;

use regorus::unstable::{Expr, LiteralStmt, Module, Query, Ref, Rule, RuleHead, Span};

use crate::decision::Verb;
use crate::evaluator::rego::names::full_name;
use crate::evaluator::rego::syntax::{extent, range};

/// One body of a rule, with the head that it gives a value to.
pub(super) struct Definition<'tree> {
    pub(super) module: &'tree Module,
    /// Which of the policy's modules that is.
    pub(super) module_index: usize,
    /// The rule's name with its package.
    pub(super) full_name: String,
    /// The rule's name as it stands there.
    pub(super) name: &'tree str,
    pub(super) verb: Option<Verb>,
    pub(super) line: u32,
    pub(super) parameters: Option<&'tree [Ref<Expr>]>,
    pub(super) statements: &'tree [LiteralStmt],
    /// What the head makes its value of.
    pub(super) head: Vec<&'tree Expr>,
    /// Whether the definition counts only if the one before it has no value.
    pub(super) is_else: bool,
}

/// Every definition of these modules, in their order; verbs are those of the first one.
pub(super) fn all(modules: &[Ref<Module>]) -> Vec<Definition<'_>> {
    let mut found = Vec::new();
    for (module_index, module) in modules.iter().enumerate() {
        for rule in &module.policy {
            add(&mut found, module, module_index, rule);
        }
    }
    found
}

fn add<'tree>(
    found: &mut Vec<Definition<'tree>>,
    module: &'tree Module,
    module_index: usize,
    rule: &'tree Rule,
) {
    let Rule::Spec { head, bodies, span } = rule else {
        return;
    };
    let (refr, parameters, mut made_of) = match head {
        RuleHead::Compr { refr, assign, .. } => {
            let value = assign.iter().map(|assign| assign.value.as_ref()).collect();
            (refr, None, value)
        }
        RuleHead::Set { refr, key, .. } => (refr, None, key.iter().map(AsRef::as_ref).collect()),
        RuleHead::Func {
            refr, args, assign, ..
        } => {
            let value: Vec<&Expr> = assign.iter().map(|assign| assign.value.as_ref()).collect();
            (refr, Some(args.as_slice()), value)
        }
    };
    if let Expr::RefBrack { index, .. } = refr.as_ref() {
        made_of.push(index);
    }
    let text = refr.span().text();
    let name = text.split('[').next().unwrap_or(text);
    let verb = Verb::ALL
        .into_iter()
        .find(|verb| module_index == 0 && verb.name() == name);
    let definition = |line, query: Option<&'tree Query>, head, is_else| Definition {
        module,
        module_index,
        full_name: full_name(name, module),
        name,
        verb,
        line,
        parameters,
        statements: query.map_or([].as_slice(), |query| &query.stmts),
        head,
        is_else,
    };
    if bodies.is_empty() {
        found.push(definition(span.line, None, made_of.clone(), false));
    }
    for (index, body) in bodies.iter().enumerate() {
        let head = match (&body.assign, index) {
            (Some(assign), _) => vec![assign.value.as_ref()],
            (None, 0) => made_of.clone(),
            (None, _) if body.is_else => Vec::new(),
            (None, _) => made_of.clone(),
        };
        let line = if index == 0 {
            span.line
        } else {
            body.span.line
        };
        found.push(definition(line, Some(&body.query), head, body.is_else));
    }
}

impl<'tree> Definition<'tree> {
    /// The text of every statement.
    pub(super) fn texts(&self) -> Vec<&'tree str> {
        let statements = self.statements.iter();
        statements.map(|statement| text(&statement.span)).collect()
    }
}

/// Where a statement or an expression stands.
pub(super) struct Place<'tree> {
    pub(super) text: &'tree str,
    /// Counted from 1.
    pub(super) line: u32,
    /// Counted from 1 in characters; regorus counts a tab as several.
    pub(super) column: u32,
}

/// The text of a statement.
pub(super) fn text(span: &Span) -> &str {
    place(span).text
}

/// The text of an expression.
pub(super) fn expression_text(expression: &Expr) -> &str {
    expression_place(expression).text
}

/// Where a statement stands.
pub(super) fn place(span: &Span) -> Place<'_> {
    place_of(span, range(span))
}

/// Where an expression stands.
pub(super) fn expression_place(expression: &Expr) -> Place<'_> {
    place_of(expression.span(), extent(expression))
}

/// A place with the quotes that regorus leaves out where it begins or ends with a string.
fn place_of(span: &Span, range: Range<usize>) -> Place<'_> {
    let contents = span.source.get_contents().as_str();
    let quotes = ['"', '`'];
    let before = contents.get(..range.start).unwrap_or_default();
    let after = contents.get(range.end..).unwrap_or_default();
    let before = before.strip_suffix(quotes).unwrap_or(before);
    let end = range
        .end
        .saturating_add(usize::from(after.starts_with(quotes)));
    let line = before.rsplit('\n').next().unwrap_or_default();
    Place {
        text: contents.get(before.len()..end).unwrap_or_default(),
        line: counted(before.matches('\n').count()),
        column: counted(line.chars().count()),
    }
}

fn counted(before: usize) -> u32 {
    u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
}
