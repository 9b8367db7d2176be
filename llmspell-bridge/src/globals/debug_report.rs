//! The part of `Debug` that looks at values and stacks.

use llmspell_engine::Value;

use crate::arguments::{Arguments, ValueKind};
use crate::globals::checked_call::{CheckedCall, short_text};
use crate::globals::debug::{Answer, Debug};
use crate::object_dump::{DumpOptions, dump};
use crate::script_value::ScriptValue;
use crate::shown_text::shortened;
use crate::stack_trace::StackTraceOptions;

/// How many bytes of a label a dump shows.
const LONGEST_LABEL: usize = 1024;

/// How many bytes of the name of an option a complaint shows.
const LONGEST_NAME: usize = 120;

impl Debug {
    /// `Debug.dump(value, [label | options])`.
    pub(super) fn dump(&self, arguments: &dyn Arguments) -> Answer {
        let mut options = DumpOptions::default();
        if arguments.kind(1) == ValueKind::Structure {
            read_dump_options(self.call("Debug.dump", arguments), &mut options);
        }
        Ok(dumped(arguments, 1, &options))
    }

    pub(super) fn dump_compact(&self, arguments: &dyn Arguments) -> Answer {
        Ok(dumped(arguments, 1, &DumpOptions::compact()))
    }

    pub(super) fn dump_verbose(&self, arguments: &dyn Arguments) -> Answer {
        Ok(dumped(arguments, 1, &DumpOptions::verbose()))
    }

    pub(super) fn dump_with_options(&self, arguments: &dyn Arguments) -> Answer {
        let mut options = DumpOptions::default();
        read_dump_options(self.call("Debug.dumpWithOptions", arguments), &mut options);
        Ok(dumped(arguments, 2, &options))
    }

    pub(super) fn stack_trace(&self, arguments: &dyn Arguments) -> Answer {
        let options = stack_options(self.call("Debug.stackTrace", arguments));
        Ok(arguments.stack(&options).to_text().into())
    }

    pub(super) fn stack_trace_json(&self, arguments: &dyn Arguments) -> Answer {
        let options = stack_options(self.call("Debug.stackTraceJson", arguments));
        Ok(arguments.stack(&options).to_json().to_string().into())
    }

    pub(super) fn stack_frames(&self, arguments: &dyn Arguments) -> Answer {
        let options = stack_options(self.call("Debug.stackFrames", arguments));
        let frames = arguments.stack(&options).to_json().get("frames").cloned();
        Ok(frames.map(|frames| ScriptValue::Data(frames.into())).into())
    }
}

fn read_dump_options(call: CheckedCall<'_>, options: &mut DumpOptions) {
    for (name, value) in given_options(call, 1) {
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
        refuse_option(taken, call, &name);
    }
    *options = std::mem::take(options).clamped();
}

fn stack_options(call: CheckedCall<'_>) -> StackTraceOptions {
    let mut options = StackTraceOptions::default();
    if call.arguments.kind(0) == ValueKind::Nil {
        return options;
    }
    for (name, value) in given_options(call, 0) {
        let taken = match name.as_str() {
            "max_depth" => set_count(&mut options.max_depth, &value),
            "capture_locals" => set_flag(&mut options.capture_locals, &value),
            "capture_upvalues" => set_flag(&mut options.capture_upvalues, &value),
            "include_source" => set_flag(&mut options.include_source, &value),
            _ => false,
        };
        refuse_option(taken, call, &name);
    }
    options.clamped()
}

fn given_options(call: CheckedCall<'_>, at: usize) -> Vec<(String, Value)> {
    let Ok(Value::Object(fields)) = call.arguments.data(at, call.limits) else {
        call.expected(at, "a table or object of options");
        return Vec::new();
    };
    let named = fields
        .iter()
        .filter_map(|(name, value)| Some((name.as_string().ok()?.to_string(), value.clone())));
    named.collect()
}

fn refuse_option(taken: bool, call: CheckedCall<'_>, name: &str) {
    if !taken {
        let name = shortened(name.as_bytes(), LONGEST_NAME);
        call.complain(&format!(
            "the option `{name}` is unknown or of the wrong type"
        ));
    }
}

/// The first argument as a dump, under the label that another one may be.
fn dumped(arguments: &dyn Arguments, label: usize, options: &DumpOptions) -> ScriptValue {
    let label = short_text(arguments, label, LONGEST_LABEL);
    dump(&arguments.inspect(0, options), label.as_deref(), options).into()
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
