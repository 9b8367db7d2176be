//! A Rego query as a module: its modules, its data, and one entry point that collects its solutions.

use std::collections::BTreeSet;
use std::time::Instant;

use super::instance::Instance;
use super::module::{OpaModule, no_clock};
use super::project::{HostCalls, Sources, module_file, rewritten};
use super::runtime::{self, Time};
use super::{ModuleCache, deadline, fault, wire};
use crate::evaluator::rego::{Failures, Module, check_source};
use crate::evaluator::{Moment, PolicyFault};
use crate::opa::OpaChoice;
use crate::rego_builtins::BuiltinErrorKind;
use crate::value::Value;

const PACKAGE: &str = "llmspell_query";
const ENTRY: &str = "llmspell_query/solutions";
const WORDS: [&str; 10] = [
    "data", "input", "some", "every", "in", "not", "with", "as", "true", "false",
];

/// A compiled query.
#[derive(Debug)]
pub(crate) struct WasmQuery {
    module: OpaModule,
    entry: i32,
    files: Vec<String>,
}

/// Why an evaluation has no solutions.
pub(crate) struct Failed {
    pub(crate) fault: PolicyFault,
    /// What kind of error the first function had that failed.
    pub(crate) of_function: Option<BuiltinErrorKind>,
}

impl WasmQuery {
    pub(crate) fn compile(
        modules: &[(&str, &str)],
        data: &Value,
        query: &str,
        failures: Failures,
        (opa, cache): (&OpaChoice, &ModuleCache),
    ) -> Result<Self, PolicyFault> {
        let mut texts = Vec::new();
        let mut files = Vec::new();
        if has_numeric_key(data) && modules.iter().any(|(_, text)| indexes_data(text)) {
            return Err(fault::load(
                "data is looked into by a number where a key is a text: write the key as a text",
            ));
        }
        for (file, text) in modules {
            texts.extend(prepared(file, text, texts.len(), failures)?);
            files.resize(texts.len(), (*file).to_owned());
        }
        let own = rule_of(query);
        texts.extend(prepared("query", &own, texts.len(), failures)?);
        let sources = Sources {
            texts,
            entries: BTreeSet::from([ENTRY.to_owned()]),
        };
        let bytes = sources
            .module(opa, cache)
            .map_err(|failure| fault::load(failure.summary()))?;
        let module = OpaModule::load(&bytes, data, failures, cache)?;
        let entry = module.entries.get(ENTRY).copied();
        Ok(Self {
            entry: entry
                .ok_or_else(|| fault::load("`opa` has made no entry point of the query"))?,
            module,
            files,
        })
    }

    /// The bindings of every solution, and what was printed.
    pub(crate) fn evaluate(
        &self,
        input: &Value,
        moment: Moment,
    ) -> Result<(Vec<Value>, Vec<String>), Failed> {
        let failed = |fault| Failed {
            fault: self.placed(fault),
            of_function: None,
        };
        let until = Instant::now().checked_add(moment.left);
        let time = Time {
            now: moment.now,
            until: until.ok_or_else(|| failed(fault::timeout()))?,
        };
        let engine = runtime::engine().map_err(failed)?;
        let _ticking = deadline::ticking(engine).ok_or_else(|| failed(no_clock()))?;
        let mut instance = self.module.take(time).map_err(failed)?;
        let outcome = self.answer(&mut instance, input, time);
        let of_function = instance.first_error();
        let prints = instance.take_prints();
        let answer = outcome.map_err(|fault| Failed {
            fault: self.placed(fault),
            of_function,
        })?;
        self.module.give_back(instance);
        match answer {
            Value::Set(solutions) => Ok((solutions.iter().cloned().collect(), prints)),
            _ => Err(failed(fault::malformed("the module gives no solutions"))),
        }
    }

    fn answer(
        &self,
        instance: &mut Instance,
        input: &Value,
        time: Time,
    ) -> Result<Value, PolicyFault> {
        let input = match input {
            Value::Undefined => None,
            input => Some(
                wire::write(input)
                    .map_err(|error| fault::evaluation(format!("the input: {error}")))?,
            ),
        };
        instance.begin(input.as_deref(), time)?;
        instance.answer(self.entry)
    }

    /// The fault with the file that the caller knows.
    fn placed(&self, fault: PolicyFault) -> PolicyFault {
        let named = fault.file.as_deref().and_then(|name| {
            let mut files = self.files.iter().enumerate();
            files.find(|(index, _)| module_file(*index) == name)
        });
        let file = named.map(|(_, file)| file.clone());
        PolicyFault { file, ..fault }
    }
}

/// The texts that a module becomes, the first of this number, with their calls led to the host, where functions that
/// fail must not be silent.
fn prepared(
    file: &str,
    text: &str,
    first: usize,
    failures: Failures,
) -> Result<Vec<HostCalls>, PolicyFault> {
    let parsed = check_source(text).and_then(|text| Module::parse(file, &text));
    match (parsed, failures) {
        (Ok(module), _) => Ok((first..)
            .zip(module.parts())
            .map(|(number, module)| rewritten(module, number))
            .collect()),
        (Err(_), Failures::Undefined) => Ok(vec![HostCalls {
            text: text.to_owned(),
            declared: std::collections::BTreeMap::new(),
        }]),
        (Err(fault), Failures::Fail) => Err(fault),
    }
}

/// Whether an object of the data has a key that looks like a number, which OPA finds by the number in some places.
fn has_numeric_key(data: &Value) -> bool {
    let mut pending = vec![data];
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields.iter_sorted() {
                    let digits = crate::value::text(key);
                    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
                    if digits.is_some_and(|text| is_number(text)) {
                        return true;
                    }
                    pending.push(value);
                }
            }
            Value::Array(elements) => pending.extend(elements.iter()),
            _ => {}
        }
    }
    false
}

/// Whether a text looks into `data` by a number.
fn indexes_data(text: &str) -> bool {
    text.match_indices("data").any(|(at, word)| {
        let rest = text.get(at + word.len()..).unwrap_or_default();
        let end = rest
            .find(|next: char| !(next.is_ascii_alphanumeric() || "._[".contains(next)))
            .unwrap_or(rest.len());
        let path = rest.get(..end).unwrap_or_default();
        let index = path.rsplit_once('[').map(|(_, index)| index);
        index.is_some_and(|index| {
            !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit())
        })
    })
}

/// The rule that collects the solutions of a query.
fn rule_of(query: &str) -> String {
    let names = variables(query);
    let bindings: Vec<String> = names
        .iter()
        .map(|name| format!("\"{name}\": {name}"))
        .collect();
    let bindings = bindings.join(", ");
    format!("package {PACKAGE}\n\nsolutions contains {{{bindings}}} if {{\n{query}\n}}\n")
}

/// The names that a query binds: those that stand alone, and are no words of the language.
fn variables(query: &str) -> BTreeSet<&str> {
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let mut names = BTreeSet::new();
    let mut is_string = false;
    let mut rest = query;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => {
                is_string = !is_string;
                1
            }
            _ if is_word(first) => rest
                .find(|character| !is_word(character))
                .unwrap_or(rest.len()),
            other => other.len_utf8(),
        };
        let (word, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let is_name = first.is_ascii_alphabetic()
            && !is_string
            && before != '.'
            && !behind.starts_with(['.', '(', '['])
            && !WORDS.contains(&word);
        if is_name {
            names.insert(word);
        }
        before = first;
        rest = behind;
    }
    names
}
