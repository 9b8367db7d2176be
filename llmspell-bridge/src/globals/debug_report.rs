//! The part of `Debug` that looks at values and stacks.

use llmspell_engine::Value;

use crate::arguments::{Arguments, ValueKind};
use crate::globals::debug::{Answer, Debug};
use crate::object_dump::{DumpOptions, dump};
use crate::script_value::ScriptValue;
use crate::stack_trace::StackTraceOptions;

impl Debug {
    /// `Debug.dump(value, [label | options])`.
    pub(super) fn dump(&self, arguments: &dyn Arguments) -> Answer {
        let mut options = DumpOptions::default();
        if arguments.kind(1) == ValueKind::Structure {
            self.read_dump_options("Debug.dump", arguments, &mut options);
        }
        Ok(dumped(arguments, arguments.text(1).as_deref(), &options))
    }

    pub(super) fn dump_compact(&self, arguments: &dyn Arguments) -> Answer {
        Ok(dumped(
            arguments,
            arguments.text(1).as_deref(),
            &DumpOptions::compact(),
        ))
    }

    pub(super) fn dump_verbose(&self, arguments: &dyn Arguments) -> Answer {
        Ok(dumped(
            arguments,
            arguments.text(1).as_deref(),
            &DumpOptions::verbose(),
        ))
    }

    pub(super) fn dump_with_options(&self, arguments: &dyn Arguments) -> Answer {
        let mut options = DumpOptions::default();
        self.read_dump_options("Debug.dumpWithOptions", arguments, &mut options);
        Ok(dumped(arguments, arguments.text(2).as_deref(), &options))
    }

    pub(super) fn stack_trace(&self, arguments: &dyn Arguments) -> Answer {
        let options = self.stack_options("Debug.stackTrace", arguments);
        Ok(arguments.stack(&options).to_text().into())
    }

    pub(super) fn stack_trace_json(&self, arguments: &dyn Arguments) -> Answer {
        let options = self.stack_options("Debug.stackTraceJson", arguments);
        Ok(arguments.stack(&options).to_json().to_string().into())
    }

    pub(super) fn stack_frames(&self, arguments: &dyn Arguments) -> Answer {
        let options = self.stack_options("Debug.stackFrames", arguments);
        let frames = arguments.stack(&options).to_json().get("frames").cloned();
        Ok(frames.map(|frames| ScriptValue::Data(frames.into())).into())
    }

    fn read_dump_options(
        &self,
        function: &str,
        arguments: &dyn Arguments,
        options: &mut DumpOptions,
    ) {
        let Some(given) = self.options(function, arguments, 1) else {
            return;
        };
        for (name, value) in given {
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
            self.refuse_option(taken, function, &name, arguments);
        }
        *options = std::mem::take(options).clamped();
    }

    fn stack_options(&self, function: &str, arguments: &dyn Arguments) -> StackTraceOptions {
        let mut options = StackTraceOptions::default();
        if arguments.kind(0) == ValueKind::Nil {
            return options;
        }
        for (name, value) in self.options(function, arguments, 0).unwrap_or_default() {
            let taken = match name.as_str() {
                "max_depth" => set_count(&mut options.max_depth, &value),
                "capture_locals" => set_flag(&mut options.capture_locals, &value),
                "capture_upvalues" => set_flag(&mut options.capture_upvalues, &value),
                "include_source" => set_flag(&mut options.include_source, &value),
                _ => false,
            };
            self.refuse_option(taken, function, &name, arguments);
        }
        options
    }

    fn options(
        &self,
        function: &str,
        arguments: &dyn Arguments,
        at: usize,
    ) -> Option<Vec<(String, Value)>> {
        match arguments.data(at, &self.limits) {
            Ok(Value::Object(fields)) => Some(
                fields
                    .iter()
                    .filter_map(|(name, value)| {
                        Some((name.as_string().ok()?.to_string(), value.clone()))
                    })
                    .collect(),
            ),
            _ => {
                self.complain(function, "a table or object of options", arguments, at);
                None
            }
        }
    }

    fn refuse_option(&self, taken: bool, function: &str, name: &str, arguments: &dyn Arguments) {
        if !taken {
            let problem =
                format!("{function}: the option `{name}` is unknown or of the wrong type");
            self.bridge.complain(&problem, arguments.place());
        }
    }
}

fn dumped(arguments: &dyn Arguments, label: Option<&str>, options: &DumpOptions) -> ScriptValue {
    dump(&arguments.inspect(0, options), label, options).into()
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
