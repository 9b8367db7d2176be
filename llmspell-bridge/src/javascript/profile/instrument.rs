//! Inserts probes into the text of a script, so that every call of its functions can be noted.
//!
//! All that is inserted stays on the lines where it is inserted, between marks that no script can know; leaving out
//! what stands between marks gives back the script's own text. A function's body becomes
//! `let token = enter(id); try { … } finally { leave(token) }`, and what pauses a function is wrapped as
//! `resume(token, await pause(token, value))`.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::thread;

use oxc_allocator::{Allocator, Vec as ArenaVec};
use oxc_ast::AstKind;
use oxc_ast::ast::{
    ArrowFunctionBody, ArrowFunctionExpression, AssignmentTarget, BindingPattern, Class,
    Expression, FunctionBody, MethodDefinition, MethodDefinitionKind, ObjectProperty, PropertyKey,
    PropertyKind, Statement, TryStatement, VariableDeclarationKind,
};
use oxc_ast_visit::{VisitJs, walk_js};
use oxc_parser::Parser;
use oxc_span::{GetSpan, SourceType};

/// How much stack the parser and the walk over its tree get. The engine has compiled the text before with 1 MiB at
/// most, which bounds how deeply it is nested; of this only what is used takes memory.
const STACK: usize = 256 << 20;

/// How deeply expressions may be nested. The engine needs no stack for `1 + 1 + 1 …`, the walk does.
const DEEPEST: usize = 10_000;

/// A text with probes.
#[derive(Debug)]
pub(super) struct Instrumented {
    /// The text.
    pub(super) text: String,
    /// The functions whose calls are noted; the first has the id after the script's own.
    pub(super) functions: Vec<ProbedFunction>,
    /// What was inserted where.
    pub(super) columns: Columns,
}

/// Where something was inserted into lines, in the order of the text.
#[derive(Debug, Default)]
pub(super) struct Columns(Vec<InsertedColumns>);

/// Some columns of a line that the script does not have.
#[derive(Debug, Clone, Copy)]
struct InsertedColumns {
    line: u32,
    /// The first of them, from 1.
    first: u32,
    count: u32,
}

impl Columns {
    /// The column of the script that a column of the text with probes stands for; both count bytes from 1,
    /// as the engine does.
    pub(super) fn original(&self, line: u32, column: u32) -> u32 {
        let from = self.0.partition_point(|inserted| inserted.line < line);
        let of_line = self.0.iter().skip(from);
        let before =
            of_line.take_while(|inserted| inserted.line == line && inserted.first < column);
        before.fold(column, |original, inserted| {
            let skipped = inserted.count.min(column - inserted.first);
            original.saturating_sub(skipped)
        })
    }
}

/// The place in a text up to which it is written.
struct Written {
    text: String,
    line: u32,
    column: u32,
}

impl Written {
    fn push(&mut self, part: &str) {
        self.text.push_str(part);
        let breaks = part.matches('\n').count();
        let last = part.rsplit('\n').next().unwrap_or_default();
        let bytes = u32::try_from(last.len()).unwrap_or(u32::MAX);
        self.line += u32::try_from(breaks).unwrap_or(u32::MAX);
        self.column = if breaks == 0 { self.column } else { 1 } + bytes;
    }
}

/// A function whose calls are noted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ProbedFunction {
    /// The name that the engine gives it too; empty for none.
    pub(super) name: String,
    /// The line where it begins, from 1.
    pub(super) line: u32,
}

/// What the text is to be made of.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) source: &'a str,
    /// Whether `await` may stand outside of functions.
    pub(super) is_asynchronous: bool,
    /// How all names begin that the probes use; nothing else in the text may contain it.
    pub(super) prefix: &'a str,
    /// The id of the script itself, outside of its functions; the next ones are its functions'.
    pub(super) main: u32,
}

/// The text with probes; none if it cannot be understood.
pub(super) fn instrument(wanted: Wanted<'_>) -> Option<Instrumented> {
    if wanted.source.contains(wanted.prefix) {
        return None;
    }
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .name("script-probes".to_owned())
            .stack_size(STACK);
        let running = thread.spawn_scoped(scope, || instrument_here(wanted));
        running.ok()?.join().ok()?
    })
}

/// The text without what stands between marks.
pub(super) fn without_probes<'a>(text: &'a str, prefix: &str) -> Cow<'a, str> {
    let mark = mark(prefix);
    if !text.contains(&mark) {
        return Cow::Borrowed(text);
    }
    text.split(&mark).step_by(2).collect::<String>().into()
}

fn mark(prefix: &str) -> String {
    format!("/*{prefix}*/")
}

fn instrument_here(wanted: Wanted<'_>) -> Option<Instrumented> {
    let allocator = Allocator::default();
    let kind = if wanted.is_asynchronous {
        SourceType::mjs()
    } else {
        SourceType::script()
    };
    let parsed = Parser::new(&allocator, wanted.source, kind).parse();
    if parsed.panicked || !parsed.diagnostics.is_empty() {
        return None;
    }
    let mut probes = Probes::new(wanted);
    probes.visit_program(&parsed.program);
    probes.finish()
}

/// A function whose body is being walked, or the script itself.
struct Scope {
    /// Its place in [`Probes::declared`].
    number: usize,
    /// Whether it can be left in its middle: a generator, an asynchronous function, or both.
    can_pause: bool,
    /// What its probes pass to say which call they belong to.
    token: String,
}

/// What is inserted somewhere.
struct Insertion {
    at: u32,
    /// The scope that it is a probe of.
    scope: usize,
    text: String,
}

/// Names that a function declares.
#[derive(Default)]
struct Declared<'a> {
    functions: HashSet<&'a str>,
    variables: HashSet<&'a str>,
    has_twins: bool,
}

impl Declared<'_> {
    /// Whether the body can become a block: there, a function may not have the name of another or of a variable.
    fn fits_block(&self) -> bool {
        !self.has_twins && self.functions.is_disjoint(&self.variables)
    }
}

/// The name that a function or a class gets from where it stands, and where that begins.
struct Given {
    name: String,
    begins: u32,
}

struct Probes<'w, 'a> {
    wanted: Wanted<'w>,
    insertions: Vec<Insertion>,
    functions: Vec<ProbedFunction>,
    declared: Vec<Declared<'a>>,
    scopes: Vec<Scope>,
    classes: Vec<String>,
    /// By where the function or the class begins.
    given: HashMap<u32, Given>,
    /// Where lines end.
    line_ends: Vec<usize>,
    depth: usize,
    is_too_deep: bool,
}

impl<'w, 'a> Probes<'w, 'a> {
    fn new(wanted: Wanted<'w>) -> Self {
        let main = Scope {
            number: 0,
            can_pause: wanted.is_asynchronous,
            token: wanted.main.to_string(),
        };
        Self {
            wanted,
            insertions: Vec::new(),
            functions: Vec::new(),
            declared: vec![Declared::default()],
            scopes: vec![main],
            classes: Vec::new(),
            given: HashMap::new(),
            line_ends: wanted
                .source
                .match_indices('\n')
                .map(|(at, _)| at)
                .collect(),
            depth: 0,
            is_too_deep: false,
        }
    }

    fn finish(mut self) -> Option<Instrumented> {
        if self.is_too_deep {
            return None;
        }
        self.insertions
            .retain(|insertion| match self.declared.get(insertion.scope) {
                Some(declared) => declared.fits_block(),
                None => false,
            });
        // What was put at the same place first stays first.
        self.insertions.sort_by_key(|insertion| insertion.at);
        let (source, mark) = (self.wanted.source, mark(self.wanted.prefix));
        let mut written = Written {
            text: String::with_capacity(source.len() * 2),
            line: 1,
            column: 1,
        };
        let mut columns = Vec::with_capacity(self.insertions.len());
        let mut done = 0;
        for insertion in &self.insertions {
            let at = insertion.at as usize;
            written.push(source.get(done..at)?);
            let (line, first) = (written.line, written.column);
            for part in [mark.as_str(), &insertion.text, &mark] {
                written.push(part);
            }
            let count = written.column - first;
            columns.push(InsertedColumns { line, first, count });
            done = at;
        }
        written.push(source.get(done..)?);
        Some(Instrumented {
            text: written.text,
            functions: self.functions,
            columns: Columns(columns),
        })
    }

    fn put(&mut self, at: u32, text: String) {
        if let Some(scope) = self.scopes.last() {
            let scope = scope.number;
            self.insertions.push(Insertion { at, scope, text });
        }
    }

    /// The beginning of a call of a probe of the current scope, with the token.
    fn call(&self, probe: char) -> String {
        let token = self.scopes.last().map_or("", |scope| &scope.token);
        format!("{}{probe}({token}", self.wanted.prefix)
    }

    fn can_pause(&self) -> bool {
        self.scopes.last().is_some_and(|scope| scope.can_pause)
    }

    /// A statement that notes that the call runs again. It has no value, because a script's last value is its result.
    fn resumed(&self) -> String {
        format!("{{let {}x={})}}", self.wanted.prefix, self.call('r'))
    }

    fn line(&self, at: u32) -> u32 {
        let before = self.line_ends.partition_point(|end| *end < at as usize);
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }

    /// Goes into a function, and gives what its body begins with.
    fn enter_function(&mut self, own_name: Option<&str>, begins: u32, can_pause: bool) -> String {
        let given = self.given.remove(&begins);
        let line = self.line(given.as_ref().map_or(begins, |given| given.begins));
        let name = match own_name {
            Some(name) => name.to_owned(),
            None => given.map(|given| given.name).unwrap_or_default(),
        };
        self.functions.push(ProbedFunction { name, line });
        let token = format!("{}t", self.wanted.prefix);
        self.scopes.push(Scope {
            number: self.declared.len(),
            can_pause,
            token: token.clone(),
        });
        self.declared.push(Declared::default());
        let id = self.wanted.main as usize + self.functions.len();
        format!("let {token}={}e({id});try{{", self.wanted.prefix)
    }

    fn leaving(&self) -> String {
        format!("}}finally{{{})}}", self.call('l'))
    }

    fn enter_body(&mut self, body: &FunctionBody<'a>, entering: &str) {
        let directives = body.directives.last();
        let at = directives.map_or(body.span.start + 1, |directive| directive.span.end);
        self.put(at, format!(";{entering}"));
        for statement in &body.statements {
            if let Statement::FunctionDeclaration(function) = statement
                && let (Some(id), Some(declared)) = (&function.id, self.declared.last_mut())
            {
                declared.has_twins |= !declared.functions.insert(id.name.as_str());
            }
        }
    }

    fn leave_body(&mut self, body: &FunctionBody<'a>) {
        let leaving = self.leaving();
        self.put(body.span.end.saturating_sub(1), leaving);
    }

    fn enter_arrow(&mut self, arrow: &ArrowFunctionExpression<'a>) {
        let entering = self.enter_function(None, arrow.span.start, arrow.r#async);
        match &arrow.body {
            ArrowFunctionBody::FunctionBody(body) => self.enter_body(body, &entering),
            expression => self.put(expression.span().start, format!("{{{entering}return(")),
        }
    }

    fn leave_arrow(&mut self, arrow: &ArrowFunctionExpression<'a>) {
        match &arrow.body {
            ArrowFunctionBody::FunctionBody(body) => self.leave_body(body),
            expression => {
                let leaving = self.leaving();
                self.put(expression.span().end, format!("){leaving}}}"));
            }
        }
        self.scopes.pop();
    }

    /// Something pauses the function, and gives a value when it runs again.
    fn enter_pause(&mut self, at: u32, argument: Option<&Expression<'a>>) {
        let resume = format!("{},", self.call('r'));
        self.put(at, resume);
        if let Some(argument) = argument {
            let pause = format!("{},", self.call('p'));
            self.put(argument.span().start, pause);
        }
    }

    fn leave_pause(&mut self, at: u32, argument: Option<&Expression<'a>>) {
        let end = match argument {
            Some(_) => "))".to_owned(),
            None => format!(" {}))", self.call('p')),
        };
        self.put(at, end);
    }

    /// Names a function or a class after where it stands, if it has no name of its own.
    fn name_value(&mut self, value: &Expression<'a>, name: &str) {
        let begins = match value.without_parentheses() {
            Expression::FunctionExpression(function) => function.span.start,
            Expression::ArrowFunctionExpression(arrow) => arrow.span.start,
            Expression::ClassExpression(class) => class.span.start,
            _ => return,
        };
        self.name_at(begins, name.to_owned(), begins);
    }

    fn name_at(&mut self, at: u32, name: String, begins: u32) {
        self.given.insert(at, Given { name, begins });
    }

    fn name_property(&mut self, property: &ObjectProperty<'a>) {
        let name = key_name(&property.key).unwrap_or_default();
        let prefix = match property.kind {
            PropertyKind::Init => "",
            PropertyKind::Get => "get ",
            PropertyKind::Set => "set ",
        };
        match &property.value {
            Expression::FunctionExpression(function)
                if property.method || property.kind != PropertyKind::Init =>
            {
                let begins = property.span.start;
                self.name_at(function.span.start, format!("{prefix}{name}"), begins);
            }
            value => self.name_value(value, &name),
        }
    }

    fn name_method(&mut self, method: &MethodDefinition<'a>) {
        let name = key_name(&method.key).unwrap_or_default();
        let name = match method.kind {
            MethodDefinitionKind::Constructor => self.classes.last().cloned().unwrap_or_default(),
            MethodDefinitionKind::Method => name,
            MethodDefinitionKind::Get => format!("get {name}"),
            MethodDefinitionKind::Set => format!("set {name}"),
        };
        // As the engine counts.
        let begins = match method.r#static {
            true => method.key.span().start,
            false => method.span.start,
        };
        self.name_at(method.value.span.start, name, begins);
    }

    fn enter_class(&mut self, class: &Class<'a>) {
        let given = self.given.remove(&class.span.start);
        let name = match &class.id {
            Some(id) => id.name.to_string(),
            None => given.map(|given| given.name).unwrap_or_default(),
        };
        self.classes.push(name);
    }

    /// A call that was resumed by an exception runs again where that is caught.
    fn enter_try(&mut self, statement: &TryStatement<'a>) {
        if !self.can_pause() {
            return;
        }
        let handler = statement.handler.as_ref().map(|handler| &handler.body);
        for block in handler.into_iter().chain(&statement.finalizer) {
            let resumed = self.resumed();
            self.put(block.span.start + 1, resumed);
        }
    }

    /// What follows a statement was another one for the script, and could belong to a call of a probe.
    fn end_statement(&mut self, statement: &Statement<'a>) {
        let ends_openly = matches!(
            statement,
            Statement::ExpressionStatement(_)
                | Statement::VariableDeclaration(_)
                | Statement::ReturnStatement(_)
                | Statement::ThrowStatement(_)
        );
        let end = statement.span().end;
        let before = self.wanted.source.get(..end as usize).unwrap_or_default();
        if ends_openly && self.can_pause() && !before.ends_with(';') {
            self.put(end, ";".to_owned());
        }
    }
}

/// The name of a property that is known without running anything.
fn key_name(key: &PropertyKey<'_>) -> Option<String> {
    match key {
        PropertyKey::PrivateIdentifier(name) => Some(format!("#{}", name.name)),
        key => key.static_name().map(Cow::into_owned),
    }
}

/// Whether a statement is a loop that waits before each turn.
fn is_waiting_loop(statement: &Statement<'_>) -> bool {
    match statement {
        Statement::ForOfStatement(looped) => looped.r#await,
        Statement::LabeledStatement(labeled) => is_waiting_loop(&labeled.body),
        _ => false,
    }
}

impl<'a> VisitJs<'a> for Probes<'_, 'a> {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        match kind {
            AstKind::Function(function) => {
                let name = function.id.as_ref().map(|id| id.name.as_str());
                let can_pause = function.generator || function.r#async;
                let entering = self.enter_function(name, function.span.start, can_pause);
                if let Some(body) = &function.body {
                    self.enter_body(body, &entering);
                }
            }
            AstKind::ArrowFunctionExpression(arrow) => self.enter_arrow(arrow),
            AstKind::YieldExpression(it) => self.enter_pause(it.span.start, it.argument.as_ref()),
            AstKind::AwaitExpression(it) => self.enter_pause(it.span.start, Some(&it.argument)),
            AstKind::TryStatement(statement) => self.enter_try(statement),
            AstKind::Class(class) => self.enter_class(class),
            AstKind::MethodDefinition(method) => self.name_method(method),
            AstKind::ObjectProperty(property) => self.name_property(property),
            AstKind::PropertyDefinition(field) => {
                if let (Some(name), Some(value)) = (key_name(&field.key), &field.value) {
                    self.name_value(value, &name);
                }
            }
            AstKind::VariableDeclarator(declarator) => {
                if let (BindingPattern::BindingIdentifier(id), Some(value)) =
                    (&declarator.id, &declarator.init)
                {
                    self.name_value(value, id.name.as_str());
                }
            }
            AstKind::AssignmentExpression(assignment) => {
                if let AssignmentTarget::AssignmentTargetIdentifier(id) = &assignment.left {
                    self.name_value(&assignment.right, id.name.as_str());
                }
            }
            AstKind::AssignmentPattern(pattern) => {
                if let BindingPattern::BindingIdentifier(id) = &pattern.left {
                    self.name_value(&pattern.right, id.name.as_str());
                }
            }
            AstKind::VariableDeclaration(declaration)
                if declaration.kind == VariableDeclarationKind::Var =>
            {
                for declarator in &declaration.declarations {
                    let names = declarator.id.get_binding_identifiers();
                    if let Some(scope) = self.scopes.last()
                        && let Some(declared) = self.declared.get_mut(scope.number)
                    {
                        declared
                            .variables
                            .extend(names.iter().map(|id| id.name.as_str()));
                    }
                }
            }
            AstKind::ForOfStatement(looped) if looped.r#await => {
                if let Statement::BlockStatement(block) = &looped.body {
                    let resumed = self.resumed();
                    self.put(block.span.start + 1, resumed);
                }
            }
            _ => {}
        }
    }

    fn leave_node(&mut self, kind: AstKind<'a>) {
        match kind {
            AstKind::Function(function) => {
                if let Some(body) = &function.body {
                    self.leave_body(body);
                }
                self.scopes.pop();
            }
            AstKind::ArrowFunctionExpression(arrow) => self.leave_arrow(arrow),
            AstKind::YieldExpression(it) => self.leave_pause(it.span.end, it.argument.as_ref()),
            AstKind::AwaitExpression(it) => self.leave_pause(it.span.end, Some(&it.argument)),
            AstKind::Class(_) => {
                self.classes.pop();
            }
            _ => {}
        }
    }

    fn visit_statements(&mut self, statements: &ArenaVec<'a, Statement<'a>>) {
        for statement in statements {
            self.visit_statement(statement);
            if is_waiting_loop(statement) {
                let resumed = self.resumed();
                self.put(statement.span().end, resumed);
            }
        }
    }

    fn visit_statement(&mut self, statement: &Statement<'a>) {
        walk_js::walk_statement(self, statement);
        self.end_statement(statement);
    }

    fn visit_expression(&mut self, expression: &Expression<'a>) {
        if self.depth >= DEEPEST {
            self.is_too_deep = true;
            return;
        }
        self.depth += 1;
        walk_js::walk_expression(self, expression);
        self.depth -= 1;
    }
}
