//! The arguments of one call from JavaScript.

use std::cell::{RefCell, RefMut};
use std::sync::Arc;

use llmspell_engine::Value;
use llmspell_utils::debug::{FrameId, MemoryUse, ProfileBuilder};

use super::inspect::inspect;
use super::raw::{Given, Js, Kind, Local, Pending};
use super::{convert, error, policy, profile, stack_trace};
use crate::arguments::{Arguments, DataLimits, Entry, KeptFunction, Returned, ValueKind, fits};
use crate::host_object::HostObject;
use crate::language::Language;
use crate::object_dump::{DumpNode, DumpOptions, dump};
use crate::sandbox::{StopFlag, StopReason, Stopper};
use crate::script_error::{Place, ScriptError, ScriptErrorKind};
use crate::shown_text::shortened;
use crate::stack_trace::{StackTrace, StackTraceOptions};

/// What part of the heap's limit an answer may take before anybody asks whether it fits.
const LITTLE: usize = 64;

/// One call of a method from a script.
pub(super) struct Call<'js> {
    given: Given<'js>,
    /// What the function returned that the method called.
    returned: RefCell<Option<Local<'js>>>,
    /// What the function raised that the method called, and as which error the method knows it.
    raised: RefCell<Option<(ScriptError, Local<'js>)>>,
}

impl<'js> Call<'js> {
    pub(super) fn new(given: Given<'js>) -> Self {
        Self {
            given,
            returned: RefCell::default(),
            raised: RefCell::default(),
        }
    }

    /// What [`Returned`](crate::ScriptValue::Returned) stands for.
    pub(super) fn returned(&self) -> RefMut<'_, Option<Local<'js>>> {
        self.returned.borrow_mut()
    }

    /// Goes on stopping a script that was stopped in a function that the method called, whatever the
    /// method made of it: a script must not outlive its deadline with the help of a method.
    pub(super) fn resume_stop(&self) -> Option<Pending> {
        let mut raised = self.raised.borrow_mut();
        let stopped = raised.take_if(|(_, value)| value.is_uncatchable());
        stopped.map(|(_, value)| self.js().throw(value))
    }

    /// Raises the method's error in the script; if it is the one of a function that the method
    /// called, the script gets back the very value that the function threw.
    pub(super) fn raise(&self, error: &ScriptError) -> Pending {
        match self.raised.take() {
            Some((known, value)) if is_same(&known, error) => self.js().throw(value),
            _ => error::throw(self.js(), error),
        }
    }

    fn js(&self) -> Js<'js> {
        self.given.js()
    }
}

fn is_same(one: &ScriptError, other: &ScriptError) -> bool {
    one.kind() == other.kind() && one.message() == other.message()
}

impl Arguments for Call<'_> {
    fn language(&self) -> Language {
        Language::JavaScript
    }

    fn count(&self) -> usize {
        self.given.len()
    }

    fn kind(&self, index: usize) -> ValueKind {
        let value = self.given.get(index);
        match value.kind() {
            Kind::Undefined | Kind::Null => ValueKind::Nil,
            Kind::Bool(_) => ValueKind::Bool,
            Kind::Integer(_) | Kind::Float(_) => ValueKind::Number,
            Kind::Text => ValueKind::Text,
            Kind::Object => object_kind(&value),
            Kind::Symbol | Kind::BigInteger | Kind::Nothing => ValueKind::Other,
        }
    }

    fn boolean(&self, index: usize) -> Option<bool> {
        match self.given.get(index).kind() {
            Kind::Bool(value) => Some(value),
            _ => None,
        }
    }

    fn number(&self, index: usize) -> Option<f64> {
        match self.given.get(index).kind() {
            Kind::Integer(value) => Some(f64::from(value)),
            Kind::Float(value) => Some(value),
            _ => None,
        }
    }

    fn text(&self, index: usize) -> Option<String> {
        self.given.get(index).text()
    }

    fn exact_text(&self, index: usize) -> Option<Result<String, ScriptError>> {
        let value = self.given.get(index);
        if value.kind() != Kind::Text {
            return None;
        }
        Some(match value.bytes()? {
            Ok(text) => text.as_str().map(str::to_owned).ok_or_else(no_text),
            Err(Pending) => {
                drop(self.js().take_exception());
                Err(ScriptError::out_of_memory())
            }
        })
    }

    fn display(&self, index: usize, most_bytes: usize) -> Result<String, ScriptError> {
        let value = self.given.get(index);
        let options = DumpOptions::compact();
        // One unit more than may be shown says that something was cut; each unit is a byte or more.
        let most_units = u32::try_from(most_bytes)
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let text = self.js().realm().originals.text_start(&value, most_units);
        let text = text.unwrap_or_else(|| dump(&inspect(&value, &options), None, &options));
        Ok(shortened(text.as_bytes(), most_bytes))
    }

    fn data(&self, index: usize, limits: &DataLimits) -> Result<Value, ScriptError> {
        convert::to_data(&self.given.get(index), limits)
    }

    fn inspect(&self, index: usize, options: &DumpOptions) -> DumpNode {
        inspect(&self.given.get(index), options)
    }

    fn object(&self, index: usize) -> Option<Arc<dyn HostObject>> {
        let value = self.given.get(index);
        let held = self.js().realm().objects.held(&value)?;
        Some(Arc::clone(&held.object))
    }

    fn call(&self, function: usize, first: usize) -> Result<(), ScriptError> {
        let kind = self.kind(function);
        let function = self.given.get(function);
        if !function.is_function() {
            return Err(ScriptError::no_function(kind));
        }
        match function.call(&self.js().undefined(), &self.given.rest(first)) {
            Ok(value) => {
                *self.returned.borrow_mut() = Some(value);
                Ok(())
            }
            Err(Pending) => {
                let exception = self.js().take_exception();
                let error = error::caught(&exception, self.js().realm().stop.reason());
                *self.raised.borrow_mut() = Some((error.clone(), exception));
                Err(error)
            }
        }
    }

    fn entries(&self, index: usize, limits: &DataLimits) -> Result<Vec<Entry>, ScriptError> {
        policy::entries(&self.given.get(index), limits)
    }

    fn call_kept(
        &self,
        function: &KeptFunction,
        input: &Value,
        limits: &DataLimits,
    ) -> Result<Returned, ScriptError> {
        policy::call_kept(self.js(), *function, input, limits)
    }

    fn stopper(&self) -> Arc<dyn Stopper> {
        Arc::<StopFlag>::clone(&self.js().realm().stop)
    }

    fn stack(&self, options: &StackTraceOptions) -> StackTrace {
        stack_trace::current(self.js(), options)
    }

    fn profile_stack(&self, builder: &mut ProfileBuilder) -> Vec<FrameId> {
        profile::calling_stack(self.js(), builder)
    }

    fn stop_reason(&self) -> Option<StopReason> {
        self.js().realm().stop.reason()
    }

    fn memory(&self) -> MemoryUse {
        self.js().memory()
    }

    fn has_room_for(&self, bytes: usize) -> bool {
        // The engine walks its heap to tell what it holds. Of garbage it has cycles only, which it collects itself.
        bytes < self.js().realm().memory / LITTLE || fits(&self.memory(), bytes)
    }

    fn place(&self) -> Option<Place> {
        stack_trace::place(self.js())
    }
}

fn no_text() -> ScriptError {
    let message = "the string has half a surrogate pair, which is no text";
    ScriptError::new(ScriptErrorKind::Conversion, message)
}

fn object_kind(value: &Local<'_>) -> ValueKind {
    let realm = value.js().realm();
    if value.is_function() {
        ValueKind::Function
    } else if value.class() == realm.plain || value.class() == realm.array {
        ValueKind::Structure
    } else {
        ValueKind::Other
    }
}

#[cfg(test)]
mod tests {
    use crate::javascript::testing::Fixture;

    #[test]
    fn each_argument_has_a_kind() {
        let source = "[undefined, null, true, 1, 1.5, 'x', {}, [], () => 1, host, host.item(1), Symbol(), 1n,
            new Date(), new Proxy({}, {}), class {}].map(v => host.kind(v))";
        assert_eq!(
            Fixture::new().json(source),
            r#"["nothing","nothing","a boolean","a number","a number","a string","a table or object","a table or object","a function","a table or object","a value of another kind","a value of another kind","a value of another kind","a value of another kind","a value of another kind","a function"]"#
        );
    }

    #[test]
    fn an_argument_that_is_absent_is_nothing() {
        let source =
            "[host.kind(), host.text() === undefined, host.number() === undefined, host.count()]";
        assert_eq!(Fixture::new().json(source), r#"["nothing",true,true,0]"#);
        assert_eq!(Fixture::new().json("host.data()"), "null");
    }

    #[test]
    fn arguments_are_not_coerced() {
        let source = "[host.text(1), host.number('1'), host.boolean(1), host.boolean(false)].map(v => v ?? null)";
        assert_eq!(Fixture::new().json(source), "[null,null,null,false]");
    }

    #[test]
    fn half_a_surrogate_pair_becomes_one_replacement_character() {
        let source = "[host.text('a\\ud800b\\udc00é😀'), host.text('\\u0000')]";
        assert_eq!(
            Fixture::new().json(source),
            "[\"a\u{fffd}b\u{fffd}é😀\",\"\\u0000\"]"
        );
    }

    #[test]
    fn text_is_displayed_as_it_is_and_other_values_as_dumps() {
        let source =
            "[host.show('a \"b\"\\n'), host.show(), host.show({ a: ['x'] }), host.show(1.5)]";
        assert_eq!(
            Fixture::new().json(source),
            r#"["a \"b\"\n","undefined","{a = [\"x\"]}","1.5"]"#
        );
    }

    #[test]
    fn a_function_is_called_with_the_rest_of_the_arguments() {
        let mut fixture = Fixture::new();
        assert_eq!(
            fixture.json("host.call((a, b) => [a, b], 1, 'x')"),
            r#"[1,"x"]"#
        );
        assert_eq!(
            fixture.json("const f = () => 1; host.call(() => f) === f"),
            "true"
        );
        assert_eq!(fixture.json("host.call(async () => 5)"), "5");
        assert_eq!(fixture.json("host.call(host.call, host.count, 1, 2)"), "2");
        assert_eq!(fixture.fail("host.call(1)").kind().code(), "argument");
    }

    #[test]
    fn the_stack_begins_with_the_calling_function() {
        let mut fixture = Fixture::new();
        let source = "function outer() { return inner(); }\nfunction inner() {\n  return host.stack();\n}\nouter()";
        assert_eq!(
            fixture.json(source),
            r##""#0 inner at test.js:3:15\n#1 outer at test.js:1:26\n#2 main chunk at test.js:5:1\n""##
        );
        let callback = fixture.json("[1].map(host.stack)[0]");
        assert!(
            callback.starts_with(r##""#0 main chunk at test.js:1:"##),
            "{callback}"
        );
    }

    #[test]
    fn the_place_is_the_line_that_calls() {
        let mut fixture = Fixture::new();
        assert_eq!(fixture.json("\n\n  host.place()"), r#""test.js:3:8""#);
        assert_eq!(
            fixture.json("\n[1].map(x => [x].map(host.place))[0][0]"),
            r#""test.js:2:22""#
        );
        assert_eq!(
            fixture.json("\neval('1;\\nhost.place()')"),
            r#""test.js:2:1""#
        );
        let deep = "(function f(n) { return n ? f(n - 1) : host.place(); })(40)";
        assert_eq!(fixture.json(deep), r#""test.js:1:44""#);
        assert_eq!(fixture.json("try { (function f(n) { n ? f(n - 1) : x.y })(40) } catch (e) { e.stack.split('\\n').length > 30 }"), "true");
    }
}
