//! The part of `Debug` that looks at values and stacks.

use llmspell_engine::Value;

use crate::arguments::{Arguments, ValueKind};
use crate::globals::checked_call::CheckedCall;
use crate::globals::debug::{Answer, Debug};
use crate::object_dump::{DumpOptions, redacted_dump};
use crate::script_value::ScriptValue;
use crate::stack_trace::{StackTrace, StackTraceOptions, frame_json};

/// How many bytes of a label a dump shows.
const LONGEST_LABEL: usize = 1024;

impl Debug {
    /// `Debug.dump(value, [label | options])`.
    pub(super) fn dump(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.dump", arguments);
        let mut options = DumpOptions::default();
        if arguments.kind(1) == ValueKind::Structure {
            read_dump_options(call, &mut options);
            return Ok(dumped(call, None, &options));
        }
        Ok(dumped(call, Some((1, "a label or options")), &options))
    }

    pub(super) fn dump_compact(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.dumpCompact", arguments);
        Ok(dumped(call, LABEL, &DumpOptions::compact()))
    }

    pub(super) fn dump_verbose(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.dumpVerbose", arguments);
        Ok(dumped(call, LABEL, &DumpOptions::verbose()))
    }

    pub(super) fn dump_with_options(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.dumpWithOptions", arguments);
        let mut options = DumpOptions::default();
        if arguments.kind(1) == ValueKind::Nil {
            call.expected(1, "a table or object of options");
        }
        read_dump_options(call, &mut options);
        Ok(dumped(call, Some((2, "a label")), &options))
    }

    pub(super) fn stack_trace(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.stackTrace", arguments);
        let trace = stack(call);
        Ok(call.answer(trace.to_text()))
    }

    pub(super) fn stack_trace_json(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.stackTraceJson", arguments);
        let trace = stack(call);
        Ok(call.answer(trace.to_json().to_string()))
    }

    pub(super) fn stack_frames(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.stackFrames", arguments);
        let trace = stack(call);
        let frames = trace.frames.iter();
        let shown = frames.map(|frame| ScriptValue::Data(frame_json(frame).into()));
        Ok(call.list(shown.collect()))
    }
}

/// Which argument may be a label, and what it may be else.
const LABEL: Option<(usize, &str)> = Some((1, "a label"));

fn read_dump_options(call: CheckedCall<'_>, options: &mut DumpOptions) {
    for (name, value) in call.options(1).unwrap_or_default() {
        let taken = match name.as_str() {
            "max_depth" => set_count(&mut options.max_depth, &value),
            "indent_size" => set_count(&mut options.indent_size, &value),
            "max_string_length" => set_count(&mut options.max_string_length, &value),
            "max_array_elements" => set_count(&mut options.max_array_elements, &value),
            "max_table_pairs" => set_count(&mut options.max_table_pairs, &value),
            "show_types" => set_flag(&mut options.show_types, &value),
            "show_addresses" => set_flag(&mut options.show_addresses, &value),
            "compact_mode" => set_flag(&mut options.compact_mode, &value),
            _ => false,
        };
        if !taken {
            call.refuse_option(&name);
        }
    }
    *options = std::mem::take(options).clamped();
}

/// The caller's stack, as the options of the call ask for it.
fn stack(call: CheckedCall<'_>) -> StackTrace {
    let trace = call.arguments.stack(&stack_options(call));
    trace.redacted(&call.bridge.redactor())
}

fn stack_options(call: CheckedCall<'_>) -> StackTraceOptions {
    let mut options = StackTraceOptions::default();
    for (name, value) in call.options(0).unwrap_or_default() {
        let taken = match name.as_str() {
            "max_depth" => set_count(&mut options.max_depth, &value),
            "capture_locals" => set_flag(&mut options.capture_locals, &value),
            "capture_upvalues" => set_flag(&mut options.capture_upvalues, &value),
            "include_source" => set_flag(&mut options.include_source, &value),
            _ => false,
        };
        if !taken {
            call.refuse_option(&name);
        }
    }
    options.clamped()
}

/// The first argument as a dump, under the label that another one may be.
fn dumped(
    call: CheckedCall<'_>,
    label: Option<(usize, &str)>,
    options: &DumpOptions,
) -> ScriptValue {
    let label = label.and_then(|(at, what)| {
        let label = call.redacted_text(at, LONGEST_LABEL);
        if label.is_none() && call.arguments.kind(at) != ValueKind::Nil {
            call.expected(at, what);
        }
        label
    });
    let node = call.arguments.inspect(0, options);
    let redactor = call.bridge.redactor();
    call.answer(redacted_dump(&node, label.as_deref(), options, &redactor))
}

fn set_count(option: &mut usize, value: &Value) -> bool {
    let Value::Number(number) = value else {
        return false;
    };
    let Some(count) = number.as_u64() else {
        return false;
    };
    // Saturates where counts are smaller than 64 bits: more than that cannot be shown anyway.
    *option = usize::try_from(count).unwrap_or(usize::MAX);
    true
}

fn set_flag(option: &mut bool, value: &Value) -> bool {
    let Value::Bool(flag) = value else {
        return false;
    };
    *option = *flag;
    true
}
