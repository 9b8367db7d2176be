//! What a script may not do: run past its time, or change what the host relies on.

use super::raw::{Access, Js, Kept, Local, Outcome, Pending, Property};

/// How many frames a stack trace has at most; the engine knows no more.
pub(super) const MAX_FRAMES: usize = 64;

/// Less stack than this does not even run a script of one call.
const LEAST_STACK: usize = 64 << 10;

/// More is taken for "without limit" by rquickjs.
const MOST_STACK: usize = 16 << 20;

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
    map_each: Kept,
    set_each: Kept,
    map_size: Kept,
    set_size: Kept,
}

impl Originals {
    /// Takes them from a new context, and closes what the host relies on.
    ///
    /// Stack traces are how the host knows where a script is, so a script can neither shorten them
    /// nor format them in its own way.
    pub(super) fn take(js: Js<'_>) -> Outcome<Self> {
        let globals = js.globals();
        let error = data(&globals, "Error")?;
        let error_stack = accessor(&prototype(&globals, "Error")?, "stack")?.0;
        let set_trace_limit = accessor(&error, "stackTraceLimit")?.1;
        let date_text = data(&prototype(&globals, "Date")?, "toISOString")?;
        let (map, set) = (prototype(&globals, "Map")?, prototype(&globals, "Set")?);
        let (map_each, set_each) = (data(&map, "forEach")?, data(&set, "forEach")?);
        let (map_size, set_size) = (accessor(&map, "size")?.0, accessor(&set, "size")?.0);
        let limit = || js.number(MAX_FRAMES as f64);
        set_trace_limit.call(&error, &[limit()])?;
        error.define_named("stackTraceLimit", limit(), Access::Hidden)?;
        error.define_named("prepareStackTrace", js.undefined(), Access::Hidden)?;
        Ok(Self {
            error: error.keep(),
            error_stack: error_stack.keep(),
            set_trace_limit: set_trace_limit.keep(),
            date_text: date_text.keep(),
            map_each: map_each.keep(),
            set_each: set_each.keep(),
            map_size: map_size.keep(),
            set_size: set_size.keep(),
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

    /// How many entries a `Map` or a `Set` has.
    pub(super) fn size<'js>(&self, container: &Local<'js>) -> Option<Local<'js>> {
        self.read(&self.map_size, container)
            .or_else(|| self.read(&self.set_size, container))
    }

    /// Calls a function of the host with each entry of a `Map` or a `Set`, until it raises.
    pub(super) fn for_each<'js>(&self, container: &Local<'js>, each: Local<'js>) -> bool {
        let js = container.js();
        let function = if self.read(&self.map_size, container).is_some() {
            self.map_each.get(js)
        } else {
            self.set_each.get(js)
        };
        settle(js, function.call(container, &[each])).is_some()
    }

    pub(super) fn release(self, js: Js<'_>) {
        let all = [
            self.error,
            self.error_stack,
            self.set_trace_limit,
            self.date_text,
            self.map_each,
            self.set_each,
            self.map_size,
            self.set_size,
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

fn data<'js>(object: &Local<'js>, name: &str) -> Outcome<Local<'js>> {
    match object.named(name)? {
        Property::Value(value) => Ok(value),
        Property::Absent | Property::Accessor { .. } => Err(Pending),
    }
}

fn prototype<'js>(globals: &Local<'js>, class: &str) -> Outcome<Local<'js>> {
    data(&data(globals, class)?, "prototype")
}

fn accessor<'js>(object: &Local<'js>, name: &str) -> Outcome<(Local<'js>, Local<'js>)> {
    match object.named(name)? {
        Property::Accessor { getter, setter } => Ok((getter, setter)),
        Property::Absent | Property::Value(_) => Err(Pending),
    }
}

#[cfg(test)]
mod tests {
    use crate::javascript::testing::Bench;

    #[test]
    fn a_script_has_no_authority() {
        let source =
            "['std', 'os', 'require', 'process', 'fetch', 'print', 'console', 'load', 'loadScript',
            'scriptArgs', 'setTimeout', 'Worker', 'gc', 'bjson', 'navigator']
            .filter(name => name in globalThis)";
        assert_eq!(Bench::new().json(source), "[]");
    }

    #[test]
    fn a_script_imports_nothing() {
        let mut bench = Bench::new();
        for name in [
            "std",
            "os",
            "./x.js",
            "/etc/passwd",
            "data:text/javascript,1",
        ] {
            bench.fail(&format!("import('{name}')"));
        }
        assert_eq!(bench.fail("import 'std'").kind().code(), "syntax");
        assert_eq!(bench.fail("import.meta").kind().code(), "syntax");
    }

    #[test]
    fn a_script_cannot_block_its_thread() {
        let source = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)";
        assert_eq!(Bench::new().fail(source).kind().code(), "runtime");
    }
}
