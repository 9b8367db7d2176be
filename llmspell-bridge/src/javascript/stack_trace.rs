//! Stack traces of JavaScript, read from the text that the engine records.

use super::raw::{Js, Local};
use super::sandbox::{MAX_FRAMES, settle};
use crate::script_error::Place;
use crate::stack_trace::{StackFrame, StackTrace, StackTraceOptions};

/// Frames among which the calling script is nearly always found: the host's function, and a built-in
/// or two that call it back.
const FEW_FRAMES: usize = 4;

/// The stack of the script that calls the host now, innermost script frame first.
pub(super) fn current(js: Js<'_>, options: &StackTraceOptions) -> StackTrace {
    let Some(error) = settle(js, js.error()) else {
        return StackTrace::default();
    };
    let mut trace = of_error(&error);
    let natives = trace
        .frames
        .iter()
        .take_while(|frame| frame.what == NATIVE)
        .count();
    trace.frames.drain(..natives);
    if trace.frames.len() > options.max_depth {
        trace.frames.truncate(options.max_depth);
        trace.truncated = true;
    }
    if !options.include_source {
        for frame in &mut trace.frames {
            frame.source = None;
        }
    }
    trace
}

/// The line of the script that calls the host now.
pub(super) fn place(js: Js<'_>) -> Option<Place> {
    [FEW_FRAMES, MAX_FRAMES].into_iter().find_map(|frames| {
        let error = settle(js, js.realm().originals.error_with(js, frames))?;
        place_of(&of_error(&error))
    })
}

/// The stack that the engine recorded when `error` was made; empty for what is no `Error`.
pub(super) fn of_error(error: &Local<'_>) -> StackTrace {
    let realm = error.js().realm();
    match realm.originals.stack_of(error) {
        Some(text) => {
            let mut trace = parse(&text, &realm.script.borrow());
            realm.calls.borrow().restore_columns(&mut trace.frames);
            trace
        }
        None => StackTrace::default(),
    }
}

/// The innermost place that is in a file, not in text given to `eval` or to `JSON.parse`.
pub(super) fn place_of(trace: &StackTrace) -> Option<Place> {
    trace.frames.iter().find_map(|frame| {
        let file = frame
            .source
            .as_ref()
            .filter(|source| !source.starts_with('<'))?;
        Some(Place {
            file: file.clone(),
            line: frame.line?,
            column: frame.column,
        })
    })
}

const MAIN: &str = "main";
const SCRIPT: &str = "JavaScript";
const NATIVE: &str = "native";

fn parse(text: &str, script: &str) -> StackTrace {
    let known = format!(" ({script}:");
    let frames: Vec<_> = text
        .lines()
        .filter_map(|line| frame(line, &known))
        .collect();
    let truncated = frames.len() >= MAX_FRAMES;
    StackTrace { frames, truncated }
}

/// One line: `at NAME (FILE:LINE:COLUMN)`, `at NAME (native)`, `at NAME (missing)`, or, where a text
/// does not parse, `at FILE:LINE:COLUMN`.
///
/// `known` is how the place begins where the script that runs is.
fn frame(line: &str, known: &str) -> Option<StackFrame> {
    let line = line.strip_prefix("    at ")?;
    let Some((name, location)) = split_location(line, known) else {
        let (source, line, column) = position(line);
        return Some(StackFrame {
            source,
            line,
            column,
            what: MAIN,
            ..StackFrame::default()
        });
    };
    let what = match name {
        "<eval>" => MAIN,
        _ if location == "native" => NATIVE,
        _ => SCRIPT,
    };
    let name = (!matches!(name, "<eval>" | "<anonymous>")).then(|| name.to_owned());
    if matches!(location, "native" | "missing") {
        return Some(StackFrame {
            name,
            what,
            ..StackFrame::default()
        });
    }
    let (source, line, column) = position(location);
    Some(StackFrame {
        name,
        source,
        line,
        column,
        what,
        ..StackFrame::default()
    })
}

/// The parts before and inside the brackets. A function may be called `a (b`, and a file too, which
/// is why the name of the file that runs is looked for first.
fn split_location<'a>(line: &'a str, known: &str) -> Option<(&'a str, &'a str)> {
    let inner = line.strip_suffix(')')?;
    // Nearly always it is the last bracket. Then no other place can be meant, and one byte is quickly found.
    let last = inner.rfind('(').and_then(|at| at.checked_sub(1));
    let at = last
        .filter(|at| inner.get(*at..).is_some_and(|rest| rest.starts_with(known)))
        .or_else(|| inner.rfind(known))
        .or_else(|| inner.rfind(" ("))?;
    let (name, location) = inner.split_at_checked(at)?;
    Some((name, location.strip_prefix(" (")?))
}

fn position(location: &str) -> (Option<String>, Option<u32>, Option<u32>) {
    let place = || {
        let (rest, column) = location.rsplit_once(':')?;
        let (file, line) = rest.rsplit_once(':')?;
        Some((file, line.parse().ok()?, column.parse().ok()?))
    };
    match place() {
        Some((file, line, column)) => (Some(file.to_owned()), Some(line), Some(column)),
        None => (Some(location.to_owned()), None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(line: &str, script: &str) -> StackFrame {
        let mut trace = parse(line, script);
        assert_eq!(trace.frames.len(), 1, "{line}");
        trace.frames.remove(0)
    }

    #[test]
    fn a_frame_has_function_file_line_and_column() {
        let frame = only("    at check (gate.js:7:12)", "gate.js");
        assert_eq!(frame.name.as_deref(), Some("check"));
        assert_eq!(frame.source.as_deref(), Some("gate.js"));
        assert_eq!(
            (frame.line, frame.column, frame.what),
            (Some(7), Some(12), "JavaScript")
        );
    }

    #[test]
    fn a_native_frame_has_no_source() {
        let frame = only("    at forEach (native)", "gate.js");
        assert_eq!(
            (frame.name.as_deref(), frame.source, frame.what),
            (Some("forEach"), None, "native")
        );
    }

    #[test]
    fn a_frame_without_a_line_keeps_its_name() {
        let frame = only("    at hot (missing)", "gate.js");
        assert_eq!(
            (frame.name.as_deref(), frame.line, frame.what),
            (Some("hot"), None, "JavaScript")
        );
    }

    #[test]
    fn the_top_level_is_the_main_chunk() {
        let frame = only("    at <eval> (gate.js:1:1)", "gate.js");
        assert_eq!((frame.name, frame.what), (None, "main"));
    }

    #[test]
    fn a_text_that_does_not_parse_has_one_frame_without_a_function() {
        let frame = only("    at gate.js:2:9", "gate.js");
        assert_eq!(
            (frame.source.as_deref(), frame.line, frame.column),
            (Some("gate.js"), Some(2), Some(9))
        );
    }

    #[test]
    fn brackets_and_colons_in_the_name_of_the_file_do_not_hide_the_line() {
        let frame = only("    at f (C:/my (1).js:2:3)", "C:/my (1).js");
        assert_eq!(
            (frame.source.as_deref(), frame.line),
            (Some("C:/my (1).js"), Some(2))
        );
    }

    #[test]
    fn brackets_in_the_name_of_a_function_do_not_hide_the_file() {
        let frame = only("    at a (b (gate.js:2:3)", "gate.js");
        assert_eq!(
            (frame.name.as_deref(), frame.source.as_deref()),
            (Some("a (b"), Some("gate.js"))
        );
    }

    #[test]
    fn lines_that_are_no_frames_are_left_out() {
        assert!(
            parse("Error: x\nat nowhere\n\n", "gate.js")
                .frames
                .is_empty()
        );
    }
}
