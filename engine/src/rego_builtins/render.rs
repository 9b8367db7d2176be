//! `strings.render_template`: text with values put in, in that part of Go's template language that shows data.
//!
//! There are fields, variables, `if`, `else`, `range`, `with` and comments; functions there are none.

mod parser;

use std::collections::BTreeMap;

use super::arguments::{MAX_BYTES, Outcome, object, text};
use super::{Builtin, BuiltinError, Context};
use crate::value::Value;

use parser::{Action, Part, Path};

pub(super) const TABLE: &[Builtin] = &[Builtin::new("strings.render_template", 2, render)];

/// Parts that are written, loops included.
const MAX_STEPS: usize = 100_000;

fn render(arguments: &[Value], context: &Context) -> Outcome {
    let template = text(arguments, 0)?;
    object(arguments, 1)?;
    let parts = parser::parse(template)?;
    let root = arguments.get(1).cloned().unwrap_or(Value::Undefined);
    let mut writer = Writer {
        text: String::new(),
        steps: 0,
        context,
        root: root.clone(),
    };
    let mut variables = BTreeMap::new();
    writer.write(&parts, &root, &mut variables)?;
    Ok(Value::from(writer.text))
}

type Variables = BTreeMap<String, Value>;

struct Writer<'call> {
    text: String,
    steps: usize,
    context: &'call Context,
    root: Value,
}

impl Writer<'_> {
    fn write(
        &mut self,
        parts: &[Part],
        dot: &Value,
        variables: &mut Variables,
    ) -> Result<(), BuiltinError> {
        for part in parts {
            self.steps += 1;
            if self.steps > MAX_STEPS || self.text.len() > MAX_BYTES {
                return Err(BuiltinError::too_large());
            }
            match part {
                Part::Text(text) => self.text.push_str(text),
                Part::Action(action) => self.act(action, dot, variables)?,
            }
        }
        if self.text.len() > MAX_BYTES {
            return Err(BuiltinError::too_large());
        }
        self.context.check()
    }

    fn act(
        &mut self,
        action: &Action,
        dot: &Value,
        variables: &mut Variables,
    ) -> Result<(), BuiltinError> {
        match action {
            Action::Show(path) => {
                let value = self.value(path, dot, variables)?;
                shown(&value, &mut self.text);
                Ok(())
            }
            Action::Set(name, path) => {
                let value = self.value(path, dot, variables)?;
                variables.insert(name.clone(), value);
                Ok(())
            }
            Action::If(path, then, otherwise) => {
                let value = self.value(path, dot, variables)?;
                let chosen = if is_true(&value) { then } else { otherwise };
                self.write(chosen, dot, &mut variables.clone())
            }
            Action::With(path, then, otherwise) => {
                let value = self.value(path, dot, variables)?;
                let mut inner = variables.clone();
                if is_true(&value) {
                    self.write(then, &value, &mut inner)
                } else {
                    self.write(otherwise, dot, &mut inner)
                }
            }
            Action::Range {
                names,
                path,
                body,
                otherwise,
            } => {
                let value = self.value(path, dot, variables)?;
                let entries = entries(&value)?;
                if entries.is_empty() {
                    return self.write(otherwise, dot, &mut variables.clone());
                }
                for (key, value) in entries {
                    let mut inner = variables.clone();
                    match names.as_slice() {
                        [element] => {
                            inner.insert(element.clone(), value.clone());
                        }
                        [index, element] => {
                            inner.insert(index.clone(), key);
                            inner.insert(element.clone(), value.clone());
                        }
                        _ => {}
                    }
                    self.write(body, &value, &mut inner)?;
                }
                Ok(())
            }
        }
    }

    fn value(
        &self,
        path: &Path,
        dot: &Value,
        variables: &Variables,
    ) -> Result<Value, BuiltinError> {
        let start = match path {
            Path::Literal(value) => return Ok(value.clone()),
            Path::Dot(_) => Some(dot),
            Path::Variable(name, _) if name.is_empty() => Some(&self.root),
            Path::Variable(name, _) => variables.get(name),
        };
        let start = start.ok_or_else(|| {
            BuiltinError::failed("cannot render the template, because a variable is not set")
        })?;
        let (Path::Dot(fields) | Path::Variable(_, fields)) = path else {
            return Ok(start.clone());
        };
        let mut value = start.clone();
        for field in fields {
            let next = match &value {
                Value::Object(entries) => entries.get(&Value::from(field.as_str())).cloned(),
                Value::Undefined => None,
                _ => {
                    return Err(BuiltinError::failed(
                        "cannot render the template, because what has no fields is asked for one",
                    ));
                }
            };
            // What is not there shows as such, and is false.
            value = next.unwrap_or(Value::Undefined);
        }
        Ok(value)
    }
}

fn entries(value: &Value) -> Result<Vec<(Value, Value)>, BuiltinError> {
    match value {
        Value::Array(values) => Ok(values
            .iter()
            .enumerate()
            .map(|(index, value)| (Value::from(index), value.clone()))
            .collect()),
        Value::Set(values) => Ok(values
            .iter_sorted()
            .enumerate()
            .map(|(index, value)| (Value::from(index), value.clone()))
            .collect()),
        Value::Object(entries) => Ok(entries
            .iter_sorted()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()),
        Value::Null | Value::Undefined => Ok(Vec::new()),
        _ => Err(BuiltinError::failed(
            "cannot render the template, because `range` goes over collections only",
        )),
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null | Value::Undefined => false,
        Value::Bool(value) => *value,
        Value::Number(_) => *value != Value::from(0),
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Set(values) => !values.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
    }
}

/// Shows a value as Go does.
fn shown(value: &Value, text: &mut String) {
    match value {
        Value::Undefined => text.push_str("<undefined>"),
        Value::Null => text.push_str("<no value>"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Number(_) => text.push_str(&super::json_text::number(value)),
        Value::String(value) => text.push_str(value),
        Value::Array(values) => list(values.iter(), text),
        Value::Set(values) => list(values.iter_sorted(), text),
        Value::Object(entries) => {
            text.push_str("map[");
            for (index, (key, value)) in entries.iter_sorted().enumerate() {
                if index > 0 {
                    text.push(' ');
                }
                shown(key, text);
                text.push(':');
                shown(value, text);
            }
            text.push(']');
        }
    }
}

fn list<'value>(values: impl Iterator<Item = &'value Value>, text: &mut String) {
    text.push('[');
    for (index, value) in values.enumerate() {
        if index > 0 {
            text.push(' ');
        }
        shown(value, text);
    }
    text.push(']');
}
