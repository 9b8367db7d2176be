//! What a script may not do: run past its time, or change what the host relies on.

use super::raw::{Access, Js, Kept, Kind, Local, Outcome, Pending, Property};
use crate::script_error::ScriptError;

/// How many frames a stack trace has at most; the engine knows no more.
pub(super) const MAX_FRAMES: usize = 64;

/// Less stack than this does not even run a script of one call.
const LEAST_STACK: usize = 64 << 10;

/// The engine cannot know how much stack its thread has. This fits twice into the 2 MiB that threads
/// of Rust programs have; the other half is for the embedding program, and for what the engine and the
/// host's functions use between two looks at the limit.
const MOST_STACK: usize = 1 << 20;

/// The stack limit that the engine is given: 0 would switch it off.
pub(super) fn stack_limit(wanted: usize) -> usize {
    wanted.clamp(LEAST_STACK, MOST_STACK)
}

/// The memory limit that the engine is given: 0 would switch it off.
pub(super) fn memory_limit(wanted: usize) -> usize {
    wanted.max(1)
}

/// Functions of the engine, as they were before any script could replace them.
pub(super) struct Originals {
    error: Kept,
    error_stack: Kept,
    set_trace_limit: Kept,
    date_text: Kept,
    text_part: Kept,
    typed_length: Kept,
    line: Kept,
    maps: Container<Kept>,
    sets: Container<Kept>,
}

/// The functions of `Map`, or of `Set`.
struct Container<F> {
    size: F,
    entries: F,
    next: F,
}

/// Why the originals could not be taken.
pub(super) enum Lack {
    /// An exception is pending, for which there was no memory.
    Memory,
    /// The engine has no such function, and nothing is pending.
    Function(&'static str),
}

impl Originals {
    /// Takes them from a new context, and closes what the host relies on.
    ///
    /// Stack traces are how the host knows where a script is, so a script can neither shorten them
    /// nor format them in its own way.
    pub(super) fn take(js: Js<'_>) -> Result<Self, Lack> {
        let globals = js.globals();
        let error = data(&globals, "Error")?;
        let error_stack = accessor(&prototype(&globals, "Error")?, "stack")?.0;
        let set_trace_limit = accessor(&error, "stackTraceLimit")?.1;
        let date_text = data(&prototype(&globals, "Date")?, "toISOString")?;
        let text_part = data(&prototype(&globals, "String")?, "slice")?;
        let typed = prototype(&globals, "Uint8Array")?.prototype();
        let typed = typed.ok_or(Lack::Function("TypedArray"))?;
        let typed_length = accessor(&typed, "length")?.0;
        let line = accessor(&prototype(&globals, "Function")?, "lineNumber")?.0;
        let maps = Container::take(js, "Map")?;
        let sets = Container::take(js, "Set")?;
        let limit = || js.number(MAX_FRAMES as f64);
        set_trace_limit.call(&error, &[limit()])?;
        error.define_named("stackTraceLimit", limit(), Access::Hidden)?;
        error.define_named("prepareStackTrace", js.undefined(), Access::Hidden)?;
        // Only now, because what is kept must be released, and nothing below can fail.
        Ok(Self {
            error: error.keep(),
            error_stack: error_stack.keep(),
            set_trace_limit: set_trace_limit.keep(),
            date_text: date_text.keep(),
            text_part: text_part.keep(),
            typed_length: typed_length.keep(),
            line: line.keep(),
            maps: maps.keep(),
            sets: sets.keep(),
        })
    }

    /// The stack that the engine recorded in an `Error`, whatever the script did to its properties.
    pub(super) fn stack_of(&self, error: &Local<'_>) -> Option<String> {
        self.read(&self.error_stack, error)?.text()
    }

    /// A new `Error` whose stack has at most so many frames.
    pub(super) fn error_with<'js>(&self, js: Js<'js>, frames: usize) -> Outcome<Local<'js>> {
        let (set, error) = (self.set_trace_limit.get(js), self.error.get(js));
        set.call(&error, &[js.number(frames as f64)])?;
        let made = js.error();
        set.call(&error, &[js.number(MAX_FRAMES as f64)])?;
        made
    }

    /// A date in ISO form; `None` for anything else, and for an invalid date.
    pub(super) fn date_text(&self, date: &Local<'_>) -> Option<String> {
        self.read(&self.date_text, date)?.text()
    }

    /// The first units of a string, of which only these are copied; `None` for anything else.
    pub(super) fn text_start(&self, text: &Local<'_>, most: u32) -> Option<String> {
        if text.kind() != Kind::Text {
            return None;
        }
        if text.length() <= most {
            return text.text();
        }
        let js = text.js();
        let range = [js.number(0.0), js.number(f64::from(most))];
        settle(js, self.text_part.get(js).call(text, &range))?.text()
    }

    /// How many elements a typed array has; `None` for anything else.
    pub(super) fn typed_length(&self, array: &Local<'_>) -> Option<f64> {
        match self.read(&self.typed_length, array)?.kind() {
            Kind::Integer(length) => Some(f64::from(length)),
            Kind::Float(length) => Some(length),
            _ => None,
        }
    }

    /// The getter that says in which line a function is defined.
    pub(super) fn line_of<'js>(&self, js: Js<'js>) -> Local<'js> {
        self.line.get(js)
    }

    /// How many entries a `Map` or a `Set` has.
    pub(super) fn size<'js>(&self, container: &Local<'js>) -> Option<Local<'js>> {
        self.read(&self.maps.size, container)
            .or_else(|| self.read(&self.sets.size, container))
    }

    /// The keys and values of a `Map`, or each element of a `Set` twice.
    pub(super) fn entries<'js>(&self, container: &Local<'js>) -> Option<Entries<'_, 'js>> {
        let functions = [&self.maps, &self.sets]
            .into_iter()
            .find(|functions| self.read(&functions.size, container).is_some())?;
        Some(Entries {
            iterator: self.read(&functions.entries, container)?,
            next: &functions.next,
        })
    }

    pub(super) fn release(self, js: Js<'_>) {
        let all = [
            self.error,
            self.error_stack,
            self.set_trace_limit,
            self.date_text,
            self.text_part,
            self.typed_length,
            self.line,
            self.maps.size,
            self.maps.entries,
            self.maps.next,
            self.sets.size,
            self.sets.entries,
            self.sets.next,
        ];
        for kept in all {
            kept.release(js);
        }
    }

    // These getters and methods are the engine's own: they look at the object's class and run nothing.
    fn read<'js>(&self, getter: &Kept, object: &Local<'js>) -> Option<Local<'js>> {
        let js = object.js();
        settle(js, getter.get(js).call(object, &[]))
    }
}

/// The value, or nothing; an exception is forgotten.
pub(super) fn settle<'js, T>(js: Js<'js>, outcome: Outcome<T>) -> Option<T> {
    outcome.map_err(|Pending| drop(js.take_exception())).ok()
}

impl<'js> Container<Local<'js>> {
    fn take(js: Js<'js>, class: &'static str) -> Result<Self, Lack> {
        let globals = js.globals();
        let prototype = prototype(&globals, class)?;
        let entries = data(&prototype, "entries")?;
        let empty = data(&globals, class)?.construct(&[])?;
        let iterator = entries.call(&empty, &[])?.prototype();
        let next = data(&iterator.ok_or(Lack::Function("entries"))?, "next")?;
        Ok(Self {
            size: accessor(&prototype, "size")?.0,
            entries,
            next,
        })
    }

    fn keep(self) -> Container<Kept> {
        Container {
            size: self.size.keep(),
            entries: self.entries.keep(),
            next: self.next.keep(),
        }
    }
}

/// The entries of a `Map` or a `Set`, one after the other.
pub(super) struct Entries<'a, 'js> {
    iterator: Local<'js>,
    next: &'a Kept,
}

impl<'js> Iterator for Entries<'_, 'js> {
    type Item = (Local<'js>, Local<'js>);

    fn next(&mut self) -> Option<Self::Item> {
        let js = self.iterator.js();
        let step = settle(js, self.next.get(js).call(&self.iterator, &[]))?;
        // The objects below were made by the engine just now, so all that they have is data.
        match settle(js, step.named("value"))? {
            Property::Value(entry) if entry.is_array() => {
                Some((element(&entry, 0)?, element(&entry, 1)?))
            }
            _ => None,
        }
    }
}

fn element<'js>(entry: &Local<'js>, index: u32) -> Option<Local<'js>> {
    match settle(entry.js(), entry.element(index))? {
        Property::Value(value) => Some(value),
        Property::Absent | Property::Accessor { .. } => None,
    }
}

impl From<Pending> for Lack {
    fn from(_: Pending) -> Self {
        Self::Memory
    }
}

impl From<Lack> for ScriptError {
    fn from(lack: Lack) -> Self {
        match lack {
            Lack::Memory => Self::out_of_memory(),
            Lack::Function(name) => Self::internal(format!("the engine has no `{name}`")),
        }
    }
}

pub(super) fn data<'js>(object: &Local<'js>, name: &'static str) -> Result<Local<'js>, Lack> {
    match object.named(name)? {
        Property::Value(value) => Ok(value),
        Property::Absent | Property::Accessor { .. } => Err(Lack::Function(name)),
    }
}

fn prototype<'js>(globals: &Local<'js>, class: &'static str) -> Result<Local<'js>, Lack> {
    data(&data(globals, class)?, "prototype")
}

pub(super) fn accessor<'js>(
    object: &Local<'js>,
    name: &'static str,
) -> Result<(Local<'js>, Local<'js>), Lack> {
    match object.named(name)? {
        Property::Accessor { getter, setter } => Ok((getter, setter)),
        Property::Absent | Property::Value(_) => Err(Lack::Function(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::data;
    use crate::javascript::raw::Kind;
    use crate::javascript::testing::{Fixture, inside};
    use crate::script_error::{ScriptError, ScriptErrorKind};

    #[test]
    fn what_an_engine_does_not_have_is_no_lack_of_memory() {
        inside(64 << 20, |js| {
            let lack = data(&js.object().unwrap(), "nothing").err().unwrap();
            let error = ScriptError::from(lack);
            assert_eq!(error.kind(), ScriptErrorKind::Internal);
            assert_eq!(error.message(), "the engine has no `nothing`");
        });
    }

    #[test]
    fn what_cannot_be_read_leaves_no_exception_behind() {
        inside(7 << 20, |js| {
            let source = "Symbol('\u{e9}'.repeat(3 << 20))";
            let symbol = js.evaluate(js.compile(source, "test.js", false).unwrap());
            let symbol = symbol.unwrap();
            assert_eq!(symbol.kind(), Kind::Symbol);
            assert_eq!(symbol.description(), None);
            assert_eq!(js.take_exception().kind(), Kind::Nothing);
        });
    }

    #[test]
    fn a_script_has_no_authority() {
        let source =
            "['std', 'os', 'require', 'process', 'fetch', 'print', 'console', 'load', 'loadScript',
            'scriptArgs', 'setTimeout', 'Worker', 'gc', 'bjson', 'navigator']
            .filter(name => name in globalThis)";
        assert_eq!(Fixture::new().json(source), "[]");
    }

    #[test]
    fn a_script_imports_nothing() {
        let mut fixture = Fixture::new();
        for name in [
            "std",
            "os",
            "./x.js",
            "/etc/passwd",
            "data:text/javascript,1",
        ] {
            fixture.fail(&format!("import('{name}')"));
        }
        assert_eq!(fixture.fail("import 'std'").kind().code(), "syntax");
        assert_eq!(fixture.fail("import.meta").kind().code(), "syntax");
    }

    #[test]
    fn a_script_cannot_block_its_thread() {
        let source = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)";
        assert_eq!(Fixture::new().fail(source).kind().code(), "runtime");
    }
}
