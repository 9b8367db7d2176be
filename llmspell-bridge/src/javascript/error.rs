//! Exceptions of a script as errors of the host, and errors of the host as exceptions.

use super::inspect::inspect;
use super::raw::{Access, Js, Kind, Local, Outcome, Pending, Property};
use super::sandbox::settle;
use super::stack_trace;
use crate::object_dump::{DumpOptions, dump};
use crate::sandbox::StopReason;
use crate::script_error::{ScriptError, ScriptErrorKind};
use crate::shown_text::LeftOut;

/// How many units of a message are looked at: a script may throw as much text as it has memory.
/// Together with a name it is not so long that [`ScriptError::new`] would cut it once more.
const LONGEST_TEXT: u32 = 3980;

/// How many units of an error's name are looked at.
const LONGEST_NAME: u32 = 40;

/// How many prototypes are looked at for the name of an error.
const LONGEST_CHAIN: usize = 16;

/// Raises an error of the host in the script, as an `Error` with `code` and `message`.
pub(super) fn throw(js: Js<'_>, error: &ScriptError) -> Pending {
    match exception(js, error) {
        Ok(exception) => js.throw(exception),
        Err(pending) => pending,
    }
}

fn exception<'js>(js: Js<'js>, error: &ScriptError) -> Outcome<Local<'js>> {
    let exception = js.error()?;
    exception.define_named("message", js.text(error.message())?, Access::Quiet)?;
    exception.define_named("code", js.text(error.kind().code())?, Access::Open)?;
    if let Some(help) = error.help() {
        exception.define_named("help", js.text(help)?, Access::Quiet)?;
    }
    let realm = js.realm();
    let cause = realm.errors.object(&js.null(), error.clone())?;
    exception.define(realm.cause.atom(), cause, Access::Hidden)?;
    Ok(exception)
}

/// The exception as an error of the host; nothing of the script is run to make it.
pub(super) fn caught(exception: &Local<'_>, reason: Option<StopReason>) -> ScriptError {
    if is_lack_of_memory(exception) {
        return ScriptError::out_of_memory();
    }
    if !exception.is_error() {
        return ScriptError::new(ScriptErrorKind::Runtime, thrown_text(exception));
    }
    let error = match reason.filter(|_| exception.is_uncatchable()) {
        Some(reason) => ScriptError::stopped(reason),
        None => host_error(exception).unwrap_or_else(|| script_error(exception)),
    };
    if !error.stack().frames.is_empty() {
        return error;
    }
    let stack = stack_trace::of_error(exception);
    let place = error
        .place()
        .cloned()
        .or_else(|| stack_trace::place_of(&stack));
    error.at(place).with_stack(stack)
}

/// Whether there was not even memory for an exception: the engine then throws nothing, or `null`.
///
/// A script may throw `null` too. But the heap is or was near its limit if it is three quarters full,
/// or if the next collection is due beyond the limit: each one is set to one and a half times what the
/// last one left.
fn is_lack_of_memory(exception: &Local<'_>) -> bool {
    let js = exception.js();
    let limit = js.realm().memory;
    match exception.kind() {
        Kind::Nothing => true,
        Kind::Null => js.collection_threshold() >= limit || js.heap_size() >= limit / 4 * 3,
        _ => false,
    }
}

/// The error of a text that does not compile.
pub(super) fn uncompiled(exception: &Local<'_>) -> ScriptError {
    let error = caught(exception, None);
    if error.kind() != ScriptErrorKind::Runtime {
        return error;
    }
    ScriptError::new(ScriptErrorKind::Syntax, error.message()).at(error.place().cloned())
}

/// The host's error that this exception was made of.
pub(super) fn host_error(exception: &Local<'_>) -> Option<ScriptError> {
    let realm = exception.js().realm();
    match settle(exception.js(), exception.property(realm.cause.atom()))? {
        Property::Value(cause) => realm.errors.held(&cause).cloned(),
        Property::Absent | Property::Accessor { .. } => None,
    }
}

/// `TypeError: what is wrong`, as an uncaught error is shown everywhere.
pub(super) fn title(error: &Local<'_>) -> String {
    let name = inherited_text(error, "name").unwrap_or_else(|| "Error".to_owned());
    match message(error) {
        text if text.is_empty() => name,
        text => format!("{name}: {text}"),
    }
}

fn script_error(exception: &Local<'_>) -> ScriptError {
    match title(exception).as_str() {
        "InternalError: out of memory" => ScriptError::out_of_memory(),
        "RangeError: Maximum call stack size exceeded" => ScriptError::too_deep(),
        title => ScriptError::new(ScriptErrorKind::Runtime, title),
    }
}

/// A thrown value that is no `Error` has no stack; strings are thrown as messages.
fn thrown_text(value: &Local<'_>) -> String {
    match shown_text(value, LONGEST_TEXT) {
        Some(text) => format!("uncaught: {text}"),
        None => format!("uncaught: {}", compact(value)),
    }
}

fn message(error: &Local<'_>) -> String {
    match settle(error.js(), error.named("message")) {
        Some(Property::Value(value)) => {
            shown_text(&value, LONGEST_TEXT).unwrap_or_else(|| compact(&value))
        }
        Some(Property::Accessor { .. }) => "its message is computed, and was not read".to_owned(),
        Some(Property::Absent) | None => String::new(),
    }
}

fn compact(value: &Local<'_>) -> String {
    let options = DumpOptions::compact();
    dump(&inspect(value, &options), None, &options)
}

/// The text of a string, of which no more is copied than is shown; `None` for anything else.
fn shown_text(value: &Local<'_>, most: u32) -> Option<String> {
    let originals = &value.js().realm().originals;
    let text = originals.text_start(value, most)?;
    match value.length().saturating_sub(most) {
        0 => Some(text),
        left_out => Some(format!("{text}{}", LeftOut::Units(left_out as usize))),
    }
}

/// A text property of the object or of what it inherits from, as long as it is plain data.
fn inherited_text(object: &Local<'_>, name: &str) -> Option<String> {
    let mut object = object.clone();
    for _ in 0..LONGEST_CHAIN {
        match settle(object.js(), object.named(name))? {
            Property::Value(value) => return shown_text(&value, LONGEST_NAME),
            Property::Accessor { getter, .. } => return trusted_text(&object, &getter),
            Property::Absent => object = object.prototype()?,
        }
    }
    None
}

/// The text that a getter of the host gives, which only holds it; nothing of the script is run.
fn trusted_text<'js>(object: &Local<'js>, getter: &Local<'js>) -> Option<String> {
    let js = object.js();
    if !js.realm().policies.borrow().trusts(getter) {
        return None;
    }
    shown_text(&settle(js, getter.call(object, &[]))?, LONGEST_NAME)
}

#[cfg(test)]
mod tests {
    use crate::javascript::testing::Fixture;
    use crate::script_error::ScriptErrorKind;

    #[test]
    fn an_error_has_message_place_and_stack() {
        let error = Fixture::new().fail("function inner(x) {\n  return x.y.z;\n}\n\ninner({})");
        assert_eq!(error.kind(), ScriptErrorKind::Runtime);
        assert_eq!(
            error.message(),
            "TypeError: cannot read property 'z' of undefined"
        );
        assert_eq!(error.place().unwrap().to_string(), "test.js:2:10");
        assert_eq!(
            error.stack().to_text(),
            "#0 inner at test.js:2:10\n#1 main chunk at test.js:5:1\n"
        );
    }

    #[test]
    fn a_text_that_does_not_parse_is_a_syntax_error_at_its_place() {
        let error = Fixture::new().fail("let ok = 1;\nlet = = 2;");
        assert_eq!(error.kind(), ScriptErrorKind::Syntax);
        assert_eq!(error.place().unwrap().line, 2);
        assert!(error.message().starts_with("SyntaxError: "), "{error}");
    }

    #[test]
    fn text_that_a_script_parses_itself_is_its_own_error() {
        let mut fixture = Fixture::new();
        for source in [
            "JSON.parse('{')",
            "eval('(')",
            "new Function('(')",
            "new RegExp('(')",
        ] {
            let error = fixture.fail(source);
            assert_eq!(error.kind(), ScriptErrorKind::Runtime, "{source}");
            assert_eq!(error.place().unwrap().file, "test.js", "{source}");
        }
    }

    #[test]
    fn what_is_thrown_and_is_no_error_is_shown() {
        let cases = [
            ("throw 'boom'", "uncaught: boom"),
            ("throw null", "uncaught: null"),
            ("throw undefined", "uncaught: undefined"),
            ("throw Symbol('s')", "uncaught: Symbol(s)"),
            ("throw { code: 1 }", "uncaught: {code = 1}"),
            ("throw 12n", "uncaught: 12n"),
            ("throw () => 1", "uncaught: function"),
            (
                "throw new Proxy({}, { get() { for (;;); } })",
                "uncaught: [proxy]",
            ),
            ("throw new Proxy(new Error('x'), {})", "uncaught: [proxy]"),
        ];
        let mut fixture = Fixture::new();
        for (source, message) in cases {
            assert_eq!(fixture.fail(source).message(), message, "{source}");
        }
    }

    #[test]
    fn nothing_of_the_script_runs_to_show_its_error() {
        let cases = [
            (
                "const e = new Error('x'); Object.defineProperty(e, 'message', { get() { for (;;); } }); throw e",
                "Error: its message is computed, and was not read",
            ),
            (
                "class E extends Error { get name() { for (;;); } } throw new E('x')",
                "Error: x",
            ),
            (
                "const e = new Error('x'); e.toString = () => { for (;;); }; throw e",
                "Error: x",
            ),
            (
                "const e = new Error('x'); e.message = { toString() { for (;;); } }; throw e",
                "Error: {toString = function toString}",
            ),
            (
                "const e = new Error('x'); Object.setPrototypeOf(e, new Proxy({}, { get() { for (;;); }, getPrototypeOf() { for (;;); } })); throw e",
                "Error: x",
            ),
            (
                "const e = new TypeError('x'); Object.defineProperty(e, 'stack', { get() { for (;;); } }); throw e",
                "TypeError: x",
            ),
        ];
        for (source, message) in cases {
            let error = Fixture::new().fail(source);
            assert_eq!(error.message(), message, "{source}");
            assert_eq!(error.place().unwrap().file, "test.js", "{source}");
        }
    }

    #[test]
    fn a_script_cannot_change_how_stacks_are_made() {
        let mut fixture = Fixture::new();
        for source in [
            "Error.prepareStackTrace = () => 'forged'",
            "Error.stackTraceLimit = 0",
            "class E extends Error {} E.prepareStackTrace = () => 1",
            "Object.defineProperty(Error, 'prepareStackTrace', { value: () => 1 })",
        ] {
            assert_eq!(
                fixture.fail(source).kind(),
                ScriptErrorKind::Runtime,
                "{source}"
            );
        }
        let error =
            fixture.fail("const e = new Error('x'); e.stack = '    at a (b.js:9:9)'; throw e");
        assert_eq!(error.place().unwrap().to_string(), "test.js:1:15");
    }

    #[test]
    fn a_huge_message_is_cut() {
        let mut fixture = Fixture::new();
        let error = fixture.fail("throw new Error('x'.repeat(20 << 20))");
        assert_eq!(
            error.message().chars().take(10).collect::<String>(),
            "Error: xxx"
        );
        assert!(error.message().ends_with("x… 20967540 more UTF-16 units"));
        assert!(error.message().len() < 5000);
        assert!(fixture.fail("throw 'é'.repeat(2 << 20)").message().len() < 10_000);
        assert!(
            fixture
                .fail("throw Object.assign(new Error(), { name: 'n'.repeat(1 << 20) })")
                .message()
                .len()
                < 5000
        );
    }

    #[test]
    fn deep_stacks_are_truncated() {
        let error = Fixture::new()
            .fail("(function f(n) { if (!n) throw new Error('deep'); f(n - 1); })(200)");
        assert_eq!(error.stack().frames.len(), 64);
        assert!(error.stack().truncated);
    }

    #[test]
    fn an_error_of_the_host_comes_back_as_it_was() {
        let mut fixture = Fixture::new();
        for source in [
            "host.fail()",
            "try { host.fail() } catch (e) { throw e }",
            "host.call(() => host.fail())",
        ] {
            let error = fixture.fail(source);
            assert_eq!(error.kind(), ScriptErrorKind::Event, "{source}");
            assert_eq!(error.message(), "the event has no name");
            assert_eq!(error.help(), Some("give it one"));
            assert_eq!(error.place().unwrap().file, "test.js");
        }
    }

    #[test]
    fn a_script_sees_code_message_and_stack_of_an_error_of_the_host() {
        let source = "try { host.fail() } catch (e) {
            [e.code, e.message, e.help, e instanceof Error, e.stack.includes('test.js:1')] }";
        let expected = r#"["event","the event has no name","give it one",true,true]"#;
        assert_eq!(Fixture::new().json(source), expected);
    }

    #[test]
    fn a_script_cannot_pass_its_error_off_as_one_of_the_host() {
        let error =
            Fixture::new().fail("throw Object.assign(new Error('x'), { code: 'internal' })");
        assert_eq!(error.kind(), ScriptErrorKind::Runtime);
    }

    #[test]
    fn what_a_called_function_throws_reaches_the_script_unchanged() {
        let mut fixture = Fixture::new();
        let source = "const o = {}; try { host.call(() => { throw o }) } catch (e) { e === o }";
        assert_eq!(fixture.json(source), "true");
        assert_eq!(
            fixture.json("host.swallow(() => { throw 1 })"),
            r#""runtime""#
        );
        assert_eq!(fixture.json("host.swallow(() => 1)"), r#""done""#);
    }
}
