//! Inputs of a prompt in JavaScript: objects in braces, inputs that end too early, and names from the live state.

use std::borrow::Cow;

use super::engine::{Compilation, compile};
use super::inspect::inspect;
use super::raw::{Js, Kind, Local, Property};
use super::sandbox::settle;
use crate::interactive::{
    CandidateKind, Candidates, LONGEST_CHAIN, LONGEST_NAME, SeenNames, Step, Typed,
};
use crate::object_dump::{DumpNode, DumpOptions};
use crate::script_engine::Script;
use crate::script_error::{Place, ScriptError, ScriptErrorKind};

/// How many properties of an object are looked at for one completion.
const MOST_PROPERTIES: usize = 20_000;

const KEYWORDS: [&str; 35] = [
    "async",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "default",
    "delete",
    "do",
    "else",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "in",
    "instanceof",
    "let",
    "new",
    "null",
    "of",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
    "while",
    "yield",
];

/// Compiles an input. One that begins with a brace is an object if it can be one, and else a block.
pub(super) fn compile_input<'js, 's>(
    js: Js<'js>,
    input: &'s Script,
) -> Result<Compilation<'js, 's>, ScriptError> {
    if input.source.trim_start().starts_with('{') {
        let object = Script::new(input.name.as_str(), format!("({}\n)", input.source));
        if let Ok(compiled) = compile(js, Cow::Owned(object)) {
            return Ok(compiled);
        }
    }
    compile(js, Cow::Borrowed(input)).map_err(|error| match ends_early(&error, &input.source) {
        true => error.incomplete(),
        false => error,
    })
}

/// Whether what is missing may still follow. The engine says where it stopped: at the end of the last word.
fn ends_early(error: &ScriptError, source: &str) -> bool {
    let message = error.message();
    let message = message.strip_prefix("SyntaxError: ").unwrap_or(message);
    let Some(place) = error
        .place()
        .filter(|_| error.kind() == ScriptErrorKind::Syntax)
    else {
        return false;
    };
    let rest = rest_at(source, place).unwrap_or_default();
    match message {
        "unexpected end of comment" => true,
        "unexpected end of string" => rest.starts_with('`'),
        "unexpected token in expression: ''" | "Unexpected end of input" => true,
        "invalid property name" | "invalid switch statement" | "variable name expected" => {
            is_blank(rest)
        }
        _ => {
            let is_wanting = message.starts_with("expected ") || message.starts_with("expecting ");
            is_wanting && is_blank(rest)
        }
    }
}

/// The source from a place on.
fn rest_at<'a>(source: &'a str, place: &Place) -> Option<&'a str> {
    let line = usize::try_from(place.line.checked_sub(1)?).ok()?;
    let column = usize::try_from(place.column?.checked_sub(1)?).ok()?;
    let start: usize = source.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = source.get(start..)?;
    let at = rest
        .char_indices()
        .nth(column)
        .map_or(rest.len(), |(at, _)| at);
    rest.get(at..)
}

/// Whether nothing but blanks and comments of a line follows.
fn is_blank(rest: &str) -> bool {
    let mut lines = rest.lines().map(str::trim_start);
    lines.all(|line| line.is_empty() || line.starts_with("//"))
}

/// The value of an input for a dump: nothing for `undefined`.
pub(super) fn shown(value: &Local<'_>, options: &DumpOptions) -> Vec<DumpNode> {
    match value.kind() {
        Kind::Undefined => Vec::new(),
        _ => vec![inspect(value, options)],
    }
}

/// Advice that only helps at a prompt, where one input follows another.
pub(super) fn advised(error: ScriptError, source: &str) -> ScriptError {
    if error.help().is_some() {
        return error;
    }
    let message = error.message();
    if message.starts_with("SyntaxError: redeclaration of ") {
        return error.with_help("an earlier input declared it: assign to it instead");
    }
    let undeclared = message
        .strip_prefix("ReferenceError: ")
        .and_then(|message| message.strip_suffix(" is not defined"))
        .map(|name| name.trim_matches('\'').to_owned());
    match undeclared {
        Some(name) if assigns(source, &name) => {
            error.with_help(format!("declare it first: `let {name} = …`"))
        }
        _ => error,
    }
}

fn assigns(source: &str, name: &str) -> bool {
    let after = source.trim_start().strip_prefix(name).map(str::trim_start);
    after.is_some_and(|after| after.starts_with('=') && !after.starts_with("=="))
}

/// Offers the names that may stand at a place.
pub(super) fn complete(
    js: Js<'_>,
    typed: &Typed,
    seen: &SeenNames,
    candidates: &mut Candidates<'_>,
) {
    let Some((first, rest)) = typed.steps.split_first() else {
        offer_globals(js, typed, seen, candidates);
        return;
    };
    let Step::Name(first) = first else { return };
    let mut value = global(js, first);
    for step in rest {
        value = value.and_then(|value| member(&value, step));
    }
    if let Some(value) = value {
        offer_members(&value, candidates);
    }
}

fn offer_globals(js: Js<'_>, typed: &Typed, seen: &SeenNames, candidates: &mut Candidates<'_>) {
    for name in seen.starting_with(&typed.word) {
        if KEYWORDS.contains(&name) || candidates.is_full() {
            continue;
        }
        if let Some(value) = global(js, name) {
            candidates.offer(name, kind_of(&value));
        }
    }
    offer_own(&js.globals(), candidates);
    for keyword in KEYWORDS {
        candidates.offer(keyword, CandidateKind::Keyword);
    }
}

/// The value of a global or of a variable of a script; `None` if there is none or reading it would run something.
fn global<'js>(js: Js<'js>, name: &str) -> Option<Local<'js>> {
    let globals = js.globals();
    match lookup(&globals, name) {
        Lookup::Found(value) => return Some(value),
        Lookup::Computed => return None,
        Lookup::Absent => {}
    }
    // Variables are no properties. The name alone, which no global object has, reads one and runs nothing.
    let compiled = settle(js, js.compile(name, "completion", false))?;
    settle(js, js.evaluate(compiled))
}

enum Lookup<'js> {
    Found(Local<'js>),
    Computed,
    Absent,
}

/// A property of an object or of what it inherits from.
fn lookup<'js>(object: &Local<'js>, name: &str) -> Lookup<'js> {
    let mut object = object.clone();
    for _ in 0..LONGEST_CHAIN {
        if object.is_proxy() {
            return Lookup::Computed;
        }
        match settle(object.js(), object.named(name)) {
            Some(Property::Value(value)) => return Lookup::Found(value),
            Some(Property::Accessor { .. }) | None => return Lookup::Computed,
            Some(Property::Absent) => {}
        }
        match object.prototype() {
            Some(prototype) => object = prototype,
            None => return Lookup::Absent,
        }
    }
    Lookup::Computed
}

/// The object that has the members of a value.
fn holder<'js>(value: &Local<'js>) -> Option<Local<'js>> {
    let class = match value.kind() {
        Kind::Object => return Some(value.clone()),
        Kind::Text => "String",
        Kind::Integer(_) | Kind::Float(_) => "Number",
        Kind::Bool(_) => "Boolean",
        Kind::BigInteger => "BigInt",
        Kind::Symbol => "Symbol",
        Kind::Undefined | Kind::Null | Kind::Nothing => return None,
    };
    match lookup(&value.js().globals(), class) {
        Lookup::Found(class) if class.kind() == Kind::Object => match lookup(&class, "prototype") {
            Lookup::Found(prototype) => Some(prototype),
            _ => None,
        },
        _ => None,
    }
}

fn member<'js>(value: &Local<'js>, step: &Step) -> Option<Local<'js>> {
    let found = match step {
        Step::Name(name) => lookup(&holder(value)?, name),
        Step::Index(index) => lookup(&holder(value)?, &index.to_string()),
    };
    match found {
        Lookup::Found(value) => Some(value),
        Lookup::Computed | Lookup::Absent => None,
    }
}

fn offer_members(value: &Local<'_>, candidates: &mut Candidates<'_>) {
    let mut next = holder(value);
    for _ in 0..LONGEST_CHAIN {
        let Some(object) = next.filter(|object| !object.is_proxy()) else {
            return;
        };
        offer_own(&object, candidates);
        next = object.prototype();
    }
}

/// Offers the own properties of an object that is no proxy.
fn offer_own(object: &Local<'_>, candidates: &mut Candidates<'_>) {
    let js = object.js();
    if object.is_proxy() {
        return;
    }
    let Some(keys) = settle(js, object.all_keys()) else {
        return;
    };
    for atom in keys.iter().take(MOST_PROPERTIES) {
        let name = settle(js, js.name_text(atom));
        let name = name
            .filter(|name| name.length() as usize <= LONGEST_NAME)
            .and_then(|name| name.text());
        let Some(name) = name.filter(|name| candidates.wants(name)) else {
            continue;
        };
        let kind = match settle(js, object.property(atom)) {
            Some(Property::Value(value)) => kind_of(&value),
            _ => CandidateKind::Value,
        };
        candidates.offer(&name, kind);
    }
}

fn kind_of(value: &Local<'_>) -> CandidateKind {
    match value.is_function() {
        true => CandidateKind::Function,
        false => CandidateKind::Value,
    }
}
