//! Stack traces as both languages give them: frames, text and JSON.

use std::borrow::Cow;
use std::fmt::Write as _;

use llmspell_utils::debug::{Redactor, escaped};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

/// How many frames one trace has, whatever its options.
pub const MAX_STACK_FRAMES: usize = 1000;

/// How much of the stack is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackTraceOptions {
    /// The most frames that are read; more are counted as truncated.
    pub max_depth: usize,
    /// Whether local variables are read. JavaScript has no way to read them.
    pub capture_locals: bool,
    /// Whether the variables that a function closes over are read. JavaScript has no way to read them.
    pub capture_upvalues: bool,
    /// Whether frames say which source they are in.
    pub include_source: bool,
}

impl Default for StackTraceOptions {
    fn default() -> Self {
        Self {
            max_depth: 50,
            capture_locals: false,
            capture_upvalues: false,
            include_source: true,
        }
    }
}

impl StackTraceOptions {
    /// The same options, with no more frames than a trace has in all.
    #[must_use]
    pub fn clamped(self) -> Self {
        Self {
            max_depth: self.max_depth.min(MAX_STACK_FRAMES),
            ..self
        }
    }
}

/// A variable of a frame: its name and its value as a compact dump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// The name in the source.
    pub name: String,
    /// The value, cut to a length that fits a line.
    pub value: String,
}

/// One function call on the stack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StackFrame {
    /// The function's name, if the engine knows one.
    pub name: Option<String>,
    /// The source, as the script was named when it was loaded; `None` for native code.
    pub source: Option<String>,
    /// The line that runs, from 1.
    pub line: Option<u32>,
    /// The column that runs, from 1; Lua knows none.
    pub column: Option<u32>,
    /// The line where the function begins, from 1; JavaScript knows none.
    pub line_defined: Option<u32>,
    /// `main`, `Lua`, `JavaScript` or `native`.
    pub what: &'static str,
    /// How many parameters the function has, where the engine says.
    pub num_params: Option<u32>,
    /// How many variables the function closes over, where the engine says.
    pub num_upvalues: Option<u32>,
    /// Parameters and local variables that are in scope at `line`.
    pub locals: Vec<Variable>,
    /// The variables that the function closes over.
    pub upvalues: Vec<Variable>,
}

/// The calls that led to a point in a script, innermost first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StackTrace {
    /// The frames, innermost first.
    pub frames: Vec<StackFrame>,
    /// Whether there were more frames than were read.
    pub truncated: bool,
}

impl StackTrace {
    /// The innermost frame that is in a script.
    #[must_use]
    pub fn script_frame(&self) -> Option<&StackFrame> {
        self.frames
            .iter()
            .find(|frame| frame.source.is_some() && frame.line.is_some())
    }

    /// The same without the secrets in names that a script chose; variables were redacted when they were read.
    #[must_use]
    pub(crate) fn redacted(mut self, redactor: &Redactor) -> Self {
        for frame in &mut self.frames {
            let texts = [&mut frame.name, &mut frame.source];
            for text in texts.into_iter().flatten() {
                if let Cow::Owned(redacted) = redactor.text(text) {
                    *text = redacted;
                }
            }
        }
        self
    }

    /// The trace as text, one line a frame and one more for each variable that was read.
    ///
    /// ```
    /// use llmspell_bridge::{StackFrame, StackTrace};
    ///
    /// let frame = StackFrame {
    ///     name: Some("check".into()),
    ///     source: Some("gate.lua".into()),
    ///     line: Some(7),
    ///     ..StackFrame::default()
    /// };
    /// let trace = StackTrace { frames: vec![frame], truncated: false };
    /// assert_eq!(trace.to_text(), "#0 check at gate.lua:7\n");
    /// ```
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (index, frame) in self.frames.iter().enumerate() {
            write_frame(&mut text, index, frame);
        }
        if self.truncated {
            text.push_str("… more frames\n");
        }
        text
    }

    /// The trace as one JSON object; what was not read is absent.
    #[must_use]
    pub fn to_json(&self) -> Json {
        json!({
            "frames": self.frames.iter().map(frame_json).collect::<Vec<_>>(),
            "truncated": self.truncated,
        })
    }
}

impl Serialize for StackTrace {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

// Writing to a `String` cannot fail, so the results are dropped.
fn write_frame(text: &mut String, index: usize, frame: &StackFrame) {
    let name = frame.name.as_deref().unwrap_or(match frame.what {
        "main" => "main chunk",
        "native" => "native function",
        _ => "anonymous function",
    });
    // A script chooses these names, and a line of a trace must stay one line.
    let _ = write!(text, "#{index} {}", escaped(name));
    if let Some(source) = &frame.source {
        let _ = write!(text, " at {}", escaped(source));
        if let Some(line) = frame.line {
            let _ = write!(text, ":{line}");
        }
        if let Some(column) = frame.column {
            let _ = write!(text, ":{column}");
        }
    }
    text.push('\n');
    for variable in &frame.locals {
        let name = escaped(&variable.name);
        let _ = writeln!(text, "     {name} = {}", variable.value);
    }
    for variable in &frame.upvalues {
        let name = escaped(&variable.name);
        let _ = writeln!(text, "     upvalue {name} = {}", variable.value);
    }
}

/// A frame as a JSON object; what was not read is absent.
pub(crate) fn frame_json(frame: &StackFrame) -> Json {
    let mut fields = Map::new();
    let mut put = |key: &str, value: Option<Json>| {
        if let Some(value) = value {
            fields.insert(key.to_owned(), value);
        }
    };
    put("name", frame.name.clone().map(Json::from));
    put("source", frame.source.clone().map(Json::from));
    put("line", frame.line.map(Json::from));
    put("column", frame.column.map(Json::from));
    put("line_defined", frame.line_defined.map(Json::from));
    put("what", Some(Json::from(frame.what)));
    put("num_params", frame.num_params.map(Json::from));
    put("num_upvalues", frame.num_upvalues.map(Json::from));
    put("locals", variables_json(&frame.locals));
    put("upvalues", variables_json(&frame.upvalues));
    Json::Object(fields)
}

fn variables_json(variables: &[Variable]) -> Option<Json> {
    let fields: Map<_, _> = variables
        .iter()
        .map(|variable| (variable.name.clone(), Json::from(variable.value.clone())))
        .collect();
    (!fields.is_empty()).then_some(Json::Object(fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_script_chose_stays_on_its_line() {
        let frame = StackFrame {
            name: Some("a\n#9 forged \u{1b}[31m".to_owned()),
            ..StackFrame::default()
        };
        let trace = StackTrace {
            frames: vec![frame],
            truncated: false,
        };
        assert_eq!(trace.to_text(), "#0 a\\n#9 forged \\u{1b}[31m\n");
    }
}
