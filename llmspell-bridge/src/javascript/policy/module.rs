//! The text of a module as a function that gives what the module exports, anew each time it is called.
//!
//! An engine evaluates a module once. A policy is evaluated for every event, and must see what it keeps in its module
//! as it was at first.

use std::fmt::Write as _;

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    BindingPattern, Declaration, ExportDefaultDeclaration, ExportDefaultDeclarationKind,
    ExportNamedDeclaration, Statement,
};
use oxc_parser::Parser;
use oxc_span::{GetSpan, SourceType, Span};

use super::deep_stack;

/// Why a module is no policy: a sentence and the line.
pub(super) type Unfit = (String, u32);

/// The text of a function that runs the module and returns its exports; each line stays where it is.
pub(super) fn as_function(source: &str) -> Result<String, Unfit> {
    check_comments(source)?;
    let text = source.to_owned();
    deep_stack::run(move || rewrite(&text))
        .unwrap_or_else(|| Err(("the policy cannot be read".to_owned(), 1)))
}

/// Refuses what is a comment in a function's text and none in a module's.
fn check_comments(source: &str) -> Result<(), Unfit> {
    for (number, line) in (1..).zip(source.lines()) {
        let is_end = line.find("-->").is_some_and(|at| {
            let before = line.get(..at).unwrap_or_default().trim();
            before.is_empty() || before.ends_with("*/")
        });
        if is_end || line.contains("<!--") {
            let message =
                "`<!--` and `-->` may be comments: write them apart, as in `\"<!\" + \"--\"`";
            return Err((message.to_owned(), number));
        }
    }
    Ok(())
}

fn rewrite(source: &str) -> Result<String, Unfit> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, SourceType::mjs()).parse();
    if parsed.panicked || !parsed.diagnostics.is_empty() {
        return Err(("the policy cannot be read as a module".to_owned(), 1));
    }
    let mut exports = Exports::new(source);
    for statement in &parsed.program.body {
        exports.statement(statement)?;
    }
    exports.finish()
}

/// What is gathered on the way through the statements of a module.
struct Exports<'a> {
    source: &'a str,
    text: String,
    /// How much of the source was taken over.
    taken: usize,
    /// The exported names, and what each is called inside.
    names: Vec<(String, String)>,
    /// The name of the default export inside.
    default: Option<String>,
}

impl<'a> Exports<'a> {
    fn new(source: &'a str) -> Self {
        Self {
            source,
            text: "(function () { ".to_owned(),
            taken: 0,
            names: Vec::new(),
            default: None,
        }
    }

    fn statement(&mut self, statement: &Statement<'_>) -> Result<(), Unfit> {
        match statement {
            Statement::ExportDeclaration(export) => {
                let from = export.span.start;
                self.blank(Span::new(from, export.declaration.span().start), "");
                self.declared(&export.declaration)
            }
            Statement::ExportNamedDeclaration(export) => {
                self.listed(export);
                Ok(())
            }
            Statement::ExportDefaultDeclaration(export) => self.default(export),
            Statement::ImportDeclaration(import) => self.imports(import.span),
            Statement::ExportAllDeclaration(export) => self.imports(export.span),
            Statement::ExportFromDeclaration(export) => self.imports(export.span),
            _ => Ok(()),
        }
    }

    fn imports(&self, at: Span) -> Result<(), Unfit> {
        let message = "a policy is one file, and cannot import another";
        Err((message.to_owned(), self.line(at)))
    }

    fn declared(&mut self, declaration: &Declaration<'_>) -> Result<(), Unfit> {
        let mut add = |name: &str| self.names.push((name.to_owned(), name.to_owned()));
        match declaration {
            Declaration::FunctionDeclaration(function) => {
                function.id.iter().for_each(|id| add(id.name.as_str()));
            }
            Declaration::ClassDeclaration(class) => {
                class.id.iter().for_each(|id| add(id.name.as_str()));
            }
            Declaration::VariableDeclaration(variables) => {
                for variable in &variables.declarations {
                    let BindingPattern::BindingIdentifier(id) = &variable.id else {
                        let message = "a policy exports its functions by simple names";
                        return Err((message.to_owned(), self.line(variable.span)));
                    };
                    add(id.name.as_str());
                }
            }
            other => {
                let message = "a policy exports functions";
                return Err((message.to_owned(), self.line(other.span())));
            }
        }
        Ok(())
    }

    fn listed(&mut self, export: &ExportNamedDeclaration<'_>) {
        for specifier in &export.specifiers {
            self.names.push((
                specifier.exported.name().to_string(),
                specifier.local.name().to_string(),
            ));
        }
        self.blank(export.span, ";");
    }

    fn default(&mut self, export: &ExportDefaultDeclaration<'_>) -> Result<(), Unfit> {
        let (ExportDefaultDeclarationKind::FunctionDeclaration(_)
        | ExportDefaultDeclarationKind::ClassDeclaration(_)) = &export.declaration
        else {
            let name = self.unused_name();
            let start = export.declaration.span().start;
            let before = format!("const {name} = ");
            self.blank(Span::new(export.span.start, start), &before);
            self.default = Some(name);
            return Ok(());
        };
        let message = "the default export is no object of functions named after verbs";
        Err((message.to_owned(), self.line(export.span)))
    }

    fn unused_name(&self) -> String {
        let mut name = "policy_".to_owned();
        while self.source.contains(&name) {
            name.push('_');
        }
        name
    }

    /// Takes over what comes before a part of the source, and something else in its place, on the same lines.
    fn blank(&mut self, part: Span, instead: &str) {
        let (start, end) = (part.start as usize, part.end as usize);
        let before = self.source.get(self.taken..start).unwrap_or_default();
        let lost = self.source.get(start..end).unwrap_or_default();
        self.text.push_str(before);
        self.text
            .extend(lost.chars().filter(|character| is_line_end(*character)));
        self.text.push_str(instead);
        self.taken = end;
    }

    fn line(&self, at: Span) -> u32 {
        let before = self.source.get(..at.start as usize).unwrap_or_default();
        u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX)
    }

    fn finish(mut self) -> Result<String, Unfit> {
        let rest = self.source.get(self.taken..).unwrap_or_default();
        self.text.push_str(rest);
        self.text.push_str("\n; return ");
        match (&self.default, self.names.is_empty()) {
            (Some(_), false) => {
                let message = "a policy has named exports or a default one, not both";
                return Err((message.to_owned(), 1));
            }
            (Some(name), true) => self.text.push_str(name),
            (None, _) => {
                self.text.push('{');
                for (exported, local) in &self.names {
                    let exported = serde_json::Value::from(exported.as_str());
                    // Writing to a string cannot fail.
                    let _ = write!(self.text, "[{exported}]: {local}, ");
                }
                self.text.push('}');
            }
        }
        self.text.push_str("; })");
        Ok(self.text)
    }
}

const fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::as_function;

    fn function(source: &str) -> String {
        as_function(source).unwrap()
    }

    #[test]
    fn exports_become_what_the_function_returns() {
        let cases = [
            (
                "export function deny(input) {}",
                "(function () { function deny(input) {}\n; return {[\"deny\"]: deny, }; })",
            ),
            (
                "const a = 1;\nexport { a as deny };\nlet b",
                "(function () { const a = 1;\n;\nlet b\n; return {[\"deny\"]: a, }; })",
            ),
            (
                "export\n const deny = 1, ask = 2",
                "(function () { \nconst deny = 1, ask = 2\n; return {[\"deny\"]: deny, [\"ask\"]: ask, }; })",
            ),
            (
                "export default {\n deny() {} } // end",
                "(function () { const policy_ = {\n deny() {} } // end\n; return policy_; })",
            ),
            ("", "(function () { \n; return {}; })"),
        ];
        for (source, expected) in cases {
            assert_eq!(function(source), expected, "{source}");
        }
    }

    #[test]
    fn what_is_no_policy_is_refused_with_its_line() {
        let cases = [
            (
                "\nimport x from 'y'",
                "a policy is one file, and cannot import another",
                2,
            ),
            (
                "export * from 'y'",
                "a policy is one file, and cannot import another",
                1,
            ),
            (
                "export { a } from 'y'",
                "a policy is one file, and cannot import another",
                1,
            ),
            (
                "export const { deny } = {}",
                "a policy exports its functions by simple names",
                1,
            ),
            (
                "export default function deny() {}",
                "the default export is no object of functions named after verbs",
                1,
            ),
            (
                "export default {}; export function deny() {}",
                "a policy has named exports or a default one, not both",
                1,
            ),
            (
                "});\nglobalThis.x = 1; (function () {",
                "the policy cannot be read as a module",
                1,
            ),
            (
                "x\n--> y",
                "`<!--` and `-->` may be comments: write them apart, as in `\"<!\" + \"--\"`",
                2,
            ),
        ];
        for (source, message, line) in cases {
            assert_eq!(
                as_function(source),
                Err((message.to_owned(), line)),
                "{source}"
            );
        }
    }
}
