//! Data between JavaScript and the host; a script's code is never run on the way.

use llmspell_engine::Value;

use super::inspect::class_of;
use super::object;
use super::raw::{Atom, Js, Kind, Local, Outcome, Pending, Property, Text};
use super::realm::Realm;
use super::sandbox::settle;
use crate::arguments::DataLimits;
use crate::conversion::{Budget, DEEPEST, Walked, named_step, number, refuse};
use crate::script_error::{ScriptError, ScriptErrorKind};
use crate::script_value::ScriptValue;

/// How much of one name goes into a path, of which only the end is shown anyway.
const LONGEST_STEP: u32 = 1024;

/// How many values a walk converts between two looks at whether the script was stopped, and for how
/// many memory is set aside before they were seen.
const AT_ONCE: usize = 1024;

/// The value as data; `undefined` counts as `null`.
///
/// # Errors
/// What is no data, or larger than the limits; the message names the path from `value` on.
pub(super) fn to_data(value: &Local<'_>, limits: &DataLimits) -> Result<Value, ScriptError> {
    if value.kind() == Kind::Undefined {
        return Ok(Value::Null);
    }
    let js = value.js();
    let mut walk = Walk {
        js,
        realm: js.realm(),
        budget: Budget::new(limits, &js.realm().stop),
    };
    walk.value(value).map_err(|refusal| refusal.into_error())
}

/// Data as a value; with `frozen`, one that no script can change.
pub(super) fn from_data<'js>(js: Js<'js>, data: &Value, frozen: bool) -> Outcome<Local<'js>> {
    Build {
        js,
        frozen,
        depth: 0,
    }
    .value(data)
}

/// A host's answer as a value; `returned` is what [`ScriptValue::Returned`] stands for.
pub(super) fn from_answer<'js>(
    js: Js<'js>,
    answer: ScriptValue,
    returned: &mut Option<Local<'js>>,
) -> Outcome<Local<'js>> {
    match answer {
        ScriptValue::Nil => Ok(js.undefined()),
        ScriptValue::Bool(value) => Ok(js.boolean(value)),
        ScriptValue::Integer(value) => Ok(js.number(value as f64)),
        ScriptValue::Number(value) => Ok(js.number(value)),
        ScriptValue::Text(text) => js.text(&text),
        ScriptValue::List(elements) => {
            let elements: Outcome<Vec<_>> = elements
                .into_iter()
                .map(|element| from_answer(js, element, returned))
                .collect();
            js.array_of(elements?)
        }
        ScriptValue::Map(entries) => {
            let object = js.object()?;
            for (name, value) in entries {
                if !matches!(value, ScriptValue::Nil) {
                    let value = from_answer(js, value, returned)?;
                    object.define_named(name, value, super::raw::Access::Open)?;
                }
            }
            Ok(object)
        }
        ScriptValue::Data(data) => from_data(js, &data, false),
        ScriptValue::Object(object) => object::wrap(js, object),
        ScriptValue::Returned => Ok(returned.take().unwrap_or_else(|| js.undefined())),
    }
}

struct Walk<'js> {
    js: Js<'js>,
    realm: &'js Realm,
    budget: Budget<'js>,
}

impl<'js> Walk<'js> {
    fn value(&mut self, value: &Local<'js>) -> Walked<Value> {
        self.budget.spend_values(1)?;
        match value.kind() {
            Kind::Null => Ok(Value::Null),
            Kind::Bool(value) => Ok(Value::Bool(value)),
            Kind::Integer(value) => Ok(Value::from(i64::from(value))),
            Kind::Float(value) => number(value),
            Kind::Text => self.text(value),
            Kind::Object => self.structure(value),
            Kind::BigInteger => match value.big_integer() {
                Some(value) => Ok(Value::from(value)),
                None => refuse("is a bigint of more than 64 bits"),
            },
            Kind::Undefined => refuse("is undefined"),
            Kind::Symbol => refuse("is a symbol"),
            Kind::Nothing => refuse("is no value"),
        }
    }

    fn text(&mut self, value: &Local<'js>) -> Walked<Value> {
        // No unit takes less than a byte: what is too long for the budget is not even copied.
        let units = value.length() as usize;
        self.budget.spend_bytes(units)?;
        match value.bytes() {
            Some(Ok(text)) => {
                self.budget.spend_bytes(text.len().saturating_sub(units))?;
                utf8(&text)
            }
            Some(Err(Pending)) => self.no_memory(),
            None => refuse("is no text"),
        }
    }

    fn structure(&mut self, value: &Local<'js>) -> Walked<Value> {
        let class = value.class();
        if class != self.realm.plain && class != self.realm.array {
            return refuse(format!("is {}", described(value)));
        }
        self.budget.enter(value.address().unwrap_or_default())?;
        let walked = if class == self.realm.array {
            self.list(value)
        } else {
            self.map(value)
        };
        self.budget.leave();
        walked
    }

    fn list(&mut self, value: &Local<'js>) -> Walked<Value> {
        let length = value.length();
        // An array may claim any length.
        self.budget.check_values(length as usize)?;
        let mut elements = Vec::with_capacity(AT_ONCE.min(length as usize));
        for index in 0..length {
            self.look_up(index as usize)?;
            let element = match value.element(index) {
                Ok(Property::Value(element)) => self.value(&element),
                Ok(Property::Accessor { .. }) => refuse("is computed by a getter"),
                Ok(Property::Absent) => refuse("is a hole of the array"),
                Err(Pending) => self.no_memory(),
            };
            elements.push(element.map_err(|refusal| refusal.within(format!("[{index}]")))?);
        }
        Ok(Value::from(elements))
    }

    fn map(&mut self, value: &Local<'js>) -> Walked<Value> {
        let Ok(keys) = value.keys() else {
            return self.no_memory();
        };
        if keys.has_symbol() {
            return refuse("has a symbol for a key");
        }
        self.budget.check_values(keys.len())?;
        let mut entries = Vec::with_capacity(AT_ONCE.min(keys.len()));
        for (index, atom) in keys.iter().enumerate() {
            self.look_up(index)?;
            match self.entry(value, atom) {
                Ok(Some(entry)) => entries.push(entry),
                Ok(None) => {}
                Err(refusal) => return Err(refusal.within(self.step(atom))),
            }
        }
        Ok(Value::from(
            entries
                .into_iter()
                .collect::<std::collections::BTreeMap<_, _>>(),
        ))
    }

    /// Looks now and then whether the script was stopped.
    fn look_up(&self, index: usize) -> Walked<()> {
        if index % AT_ONCE == AT_ONCE - 1 {
            self.budget.check_stop()?;
        }
        Ok(())
    }

    /// A property; `None` for an undefined one, which is left out as JSON leaves it out.
    fn entry(&mut self, object: &Local<'js>, atom: Atom<'_>) -> Walked<Option<(Value, Value)>> {
        let value = match object.property(atom) {
            Ok(Property::Value(value)) => value,
            Ok(Property::Accessor { .. }) => return refuse("is computed by a getter"),
            Ok(Property::Absent) => return Ok(None),
            Err(Pending) => return self.no_memory(),
        };
        if value.kind() == Kind::Undefined {
            return self.budget.spend_values(1).map(|()| None);
        }
        let value = self.value(&value)?;
        Ok(Some((self.key(atom)?, value)))
    }

    fn key(&mut self, atom: Atom<'_>) -> Walked<Value> {
        let js = self.js;
        let key = self.realm.key_value(js, atom, || match js.name(atom) {
            Ok(name) => utf8(&name),
            Err(Pending) => {
                drop(js.take_exception());
                refuse("needs more memory than there is")
            }
        })?;
        if let Value::String(text) = &key {
            self.budget.spend_bytes(text.len())?;
        }
        Ok(key)
    }

    fn step(&self, atom: Atom<'_>) -> String {
        let name = settle(self.js, self.js.name_text(atom));
        let shown = name.and_then(|name| self.realm.originals.text_start(&name, LONGEST_STEP));
        named_step(&shown.unwrap_or_default())
    }

    fn no_memory<T>(&self) -> Walked<T> {
        drop(self.js.take_exception());
        refuse("needs more memory than there is")
    }
}

fn utf8(text: &Text<'_>) -> Walked<Value> {
    match text.as_str() {
        Some(text) => Ok(Value::from(text)),
        None => refuse("has half a surrogate pair, which is no text"),
    }
}

/// What a value is that is no data, for an error.
fn described(value: &Local<'_>) -> String {
    if value.is_proxy() {
        return "a proxy".to_owned();
    }
    if value.is_function() {
        return "a function".to_owned();
    }
    if let Some(held) = value.js().realm().objects.held(value) {
        return format!("the host object {}", held.object.name());
    }
    match class_of(value) {
        Some(name) => format!("an object of class {name}"),
        None => "no plain object".to_owned(),
    }
}

struct Build<'js> {
    js: Js<'js>,
    frozen: bool,
    depth: usize,
}

impl<'js> Build<'js> {
    fn value(&mut self, data: &Value) -> Outcome<Local<'js>> {
        match data {
            Value::Null => Ok(self.js.null()),
            Value::Undefined => Ok(self.js.undefined()),
            Value::Bool(value) => Ok(self.js.boolean(*value)),
            Value::Number(number) => Ok(self.js.number(number.as_f64().unwrap_or(f64::NAN))),
            Value::String(text) => self.js.text(text),
            Value::Array(elements) => self.list(elements.len(), elements.iter()),
            Value::Set(elements) => self.list(elements.len(), elements.iter()),
            Value::Object(entries) => self.map(entries.iter()),
        }
    }

    fn list<'a>(
        &mut self,
        length: usize,
        elements: impl Iterator<Item = &'a Value>,
    ) -> Outcome<Local<'js>> {
        self.enter()?;
        let mut values = Vec::with_capacity(length);
        for element in elements {
            values.push(self.value(element)?);
        }
        let array = self.js.array_of(values)?;
        self.leave(array)
    }

    fn map<'a>(
        &mut self,
        entries: impl Iterator<Item = (&'a Value, &'a Value)>,
    ) -> Outcome<Local<'js>> {
        self.enter()?;
        let object = self.js.object()?;
        for (key, value) in entries {
            let value = self.value(value)?;
            match key {
                Value::String(key) => object.define_named(key, value, super::raw::Access::Open)?,
                key => object.define_named(&json(key), value, super::raw::Access::Open)?,
            }
        }
        self.leave(object)
    }

    fn enter(&mut self) -> Outcome<()> {
        self.depth += 1;
        if self.depth <= DEEPEST {
            return Ok(());
        }
        let message = format!("the host's data is nested more than {DEEPEST} levels deep");
        let error = ScriptError::new(ScriptErrorKind::Conversion, message);
        Err(super::error::throw(self.js, &error))
    }

    fn leave(&mut self, structure: Local<'js>) -> Outcome<Local<'js>> {
        self.depth -= 1;
        if self.frozen {
            structure.freeze()?;
        }
        Ok(structure)
    }
}

/// Keys of JSON are text; what else Rego may have for a key is written as JSON.
fn json(key: &Value) -> String {
    key.to_json_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::arguments::DataLimits;
    use crate::javascript::testing::Fixture;
    use crate::sandbox::alarm;
    use crate::script_engine::Script;
    use crate::script_error::ScriptErrorKind;

    fn refused(source: &str) -> String {
        let error = Fixture::new().fail(&format!("host.data({source})"));
        assert_eq!(
            error.kind(),
            ScriptErrorKind::Conversion,
            "{source}: {error}"
        );
        error.message().to_owned()
    }

    #[test]
    fn data_goes_in_and_comes_out_unchanged() {
        let mut fixture = Fixture::new();
        for text in [
            "null",
            "true",
            "-1",
            "0.5",
            "9007199254740992",
            "1e+300",
            r#""é\u0000😀""#,
            "[]",
            "{}",
            r#"[1,[2,{"a":[]}]]"#,
            r#"{"":1,"0":2,"__proto__":{"x":1},"length":3,"toJSON":4}"#,
        ] {
            let source = format!("host.data(JSON.parse({text:?}))");
            let expected: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(fixture.run(&source), expected.into(), "{text}");
        }
    }

    #[test]
    fn numbers_that_are_whole_are_whole() {
        let mut fixture = Fixture::new();
        let source = "[1.0, -0, 2 ** 53, -(2 ** 53), 5n, -(2n ** 63n), 1e15, 0.1]";
        assert_eq!(
            fixture.json(source),
            "[1,0,9007199254740992,-9007199254740992,5,-9223372036854775808,1000000000000000,0.1]"
        );
    }

    #[test]
    fn what_is_undefined_in_an_object_is_left_out() {
        assert_eq!(
            Fixture::new().json("({ a: undefined, b: 1 })"),
            r#"{"b":1}"#
        );
    }

    #[test]
    fn what_is_not_enumerable_is_left_out() {
        let source = "Object.defineProperty({ a: 1 }, 'hidden', { get() { for (;;); } })";
        assert_eq!(Fixture::new().json(source), r#"{"a":1}"#);
    }

    #[test]
    fn frozen_and_sparse_and_inherited_structures_are_read_as_they_are() {
        let mut fixture = Fixture::new();
        assert_eq!(
            fixture.json("Object.freeze([1, Object.freeze({ a: 2 })])"),
            r#"[1,{"a":2}]"#
        );
        assert_eq!(
            fixture.json("const a = []; a[1] = 1; a[0] = 0; a.extra = 1; a"),
            "[0,1]"
        );
        assert_eq!(fixture.json("Object.create({ inherited: 1 }, {})"), "{}");
        assert_eq!(
            fixture.json("class P { x = 1; #y = 2 } new P()"),
            r#"{"x":1}"#
        );
        assert_eq!(
            fixture.json("Object.assign(Object.create(null), { a: 1 })"),
            r#"{"a":1}"#
        );
    }

    #[test]
    fn what_is_no_data_is_refused_with_its_path() {
        let cases = [
            (
                "{ a: [0, { 'b c': () => 1 }] }",
                "`value.a[1][\"b c\"]` is a function",
            ),
            ("[undefined]", "`value[0]` is undefined"),
            ("[, 1]", "`value[0]` is a hole of the array"),
            ("{ n: NaN }", "`value.n` is not a number"),
            ("{ n: -Infinity }", "`value.n` is infinite"),
            (
                "{ b: 2n ** 64n }",
                "`value.b` is a bigint of more than 64 bits",
            ),
            ("{ s: Symbol('x') }", "`value.s` is a symbol"),
            ("{ [Symbol('x')]: 1 }", "`value` has a symbol for a key"),
            ("{ d: new Date(0) }", "`value.d` is an object of class Date"),
            ("new Map([[1, 2]])", "`value` is an object of class Map"),
            ("new Set()", "`value` is an object of class Set"),
            (
                "Promise.resolve(1)",
                "`value` is an object of class Promise",
            ),
            ("new Error('x')", "`value` is an object of class Error"),
            ("/x/", "`value` is an object of class RegExp"),
            (
                "new Uint8Array(2)",
                "`value` is an object of class Uint8Array",
            ),
            ("Object('x')", "`value` is an object of class String"),
            ("{ h: host.item(1) }", "`value.h` is the host object Item"),
            (
                "{ s: '\\ud800' }",
                "`value.s` has half a surrogate pair, which is no text",
            ),
            (
                "{ '\\udc00': 1 }",
                "`value[\"\u{fffd}\"]` has half a surrogate pair, which is no text",
            ),
            (
                "(function () { return arguments })(1)",
                "`value` is an object of class Arguments",
            ),
        ];
        for (source, message) in cases {
            assert_eq!(refused(source), message, "{source}");
        }
    }

    #[test]
    fn a_script_cannot_forge_what_the_host_reads() {
        let cases = [
            (
                "new Proxy({}, { ownKeys() { for (;;); } })",
                "`value` is a proxy",
            ),
            (
                "[new Proxy([], { get() { for (;;); } })]",
                "`value[0]` is a proxy",
            ),
            (
                "{ get allow() { for (;;); } }",
                "`value.allow` is computed by a getter",
            ),
            (
                "{ set allow(v) {} }",
                "`value.allow` is computed by a getter",
            ),
            (
                "Object.defineProperty([1], 0, { get() { for (;;); } })",
                "`value[0]` is computed by a getter",
            ),
        ];
        for (source, message) in cases {
            assert_eq!(refused(source), message, "{source}");
        }
        let mut fixture = Fixture::new();
        fixture.run(
            "Object.prototype.toJSON = Array.prototype.toJSON = () => ({ allow: true });
             Object.prototype.allow = true;
             Object.defineProperty(Array.prototype, 0, { get() { return 'forged' } });
             JSON.stringify = Object.keys = () => 'forged'; 0",
        );
        assert_eq!(fixture.json("host.data({ deny: [1] })"), r#"{"deny":[1]}"#);
        assert_eq!(
            fixture.fail("host.data([,])").message(),
            "`value[0]` is a hole of the array"
        );
    }

    #[test]
    fn a_cycle_is_refused_and_a_shared_value_is_not() {
        assert_eq!(
            refused("(() => { const a = { b: [] }; a.b.push(a); return a })()"),
            "`value.b[0]` contains itself"
        );
        assert_eq!(
            Fixture::new().json("const s = [1]; [s, s, { s }]"),
            r#"[[1],[1],{"s":[1]}]"#
        );
    }

    #[test]
    fn a_graph_of_two_to_the_fortieth_values_is_refused() {
        let source = "(() => { let a = [1]; for (let i = 0; i < 40; i++) a = [a, a]; return a })()";
        assert!(refused(source).contains("has more than 100000 values in all"));
    }

    #[test]
    fn a_conversion_does_not_outlive_the_deadline() {
        let limits = DataLimits {
            nodes: usize::MAX,
            bytes: usize::MAX,
            ..DataLimits::default()
        };
        for source in [
            "let a = [1]; for (let i = 0; i < 60; i++) a = [a, a]; a",
            "const hidden = {};
             for (let i = 0; i < 2e5; i++) Object.defineProperty(hidden, 'k' + i, { value: i });
             const many = Array(1e4).fill(hidden); [many, many, many, many]",
            "const wide = Array(1e5).fill(0); Array(1e5).fill(wide)",
        ] {
            let mut fixture = Fixture::new();
            let stopper = fixture.engine.stopper();
            let _alarm = alarm(Duration::from_millis(30), stopper).unwrap();
            let script = Script::new("test.js", source);
            let error = fixture.engine.run(&script, &limits).unwrap_err();
            assert_eq!(error.kind(), ScriptErrorKind::Timeout, "{source}: {error}");
        }
    }

    #[test]
    fn an_array_may_claim_any_length_where_any_number_of_values_is_allowed() {
        let limits = DataLimits {
            nodes: usize::MAX,
            ..DataLimits::default()
        };
        let script = Script::new("test.js", "new Array(4294967295)");
        let error = Fixture::new().engine.run(&script, &limits).unwrap_err();
        assert_eq!(error.message(), "`value[0]` is a hole of the array");
    }

    #[test]
    fn what_is_nested_too_deeply_is_refused() {
        let source =
            "(() => { let a = []; for (let i = 0; i < 100000; i++) a = { a }; return a })()";
        assert!(refused(source).ends_with("is nested more than 128 levels deep"));
        let limits = DataLimits {
            depth: usize::MAX,
            ..DataLimits::default()
        };
        let script = Script::new("test.js", source);
        let error = Fixture::new().engine.run(&script, &limits).unwrap_err();
        assert!(
            error
                .message()
                .ends_with("is nested more than 512 levels deep"),
            "{error}"
        );
    }

    #[test]
    fn what_is_too_large_is_refused() {
        assert!(refused("new Array(4294967295)").contains("has more than 100000 values in all"));
        assert!(
            refused("new Array(200000).fill(0)").contains("has more than 100000 values in all")
        );
        assert!(
            refused("Object.fromEntries(Array.from({ length: 100001 }, (_, i) => ['k' + i, i]))")
                .contains("has more than 100000 values in all")
        );
        assert!(
            refused("['x'.repeat(9 << 20)]").contains("has more than 8388608 bytes of text in all")
        );
        let error = refused("(() => { let t = 'x'.repeat(1 << 20); return Array(9).fill(t) })()");
        assert!(error.starts_with("`value[8]` has more"), "{error}");
    }

    #[test]
    fn keys_are_the_same_however_often_they_are_read() {
        let mut fixture = Fixture::new();
        let source = "const make = n => Object.fromEntries(Array.from({ length: 2000 }, (_, i) => ['k' + (i + n), i]));
            let same = true;
            for (let n = 0; n < 5; n++) {
                const made = make(n), read = host.data(made);
                same &&= JSON.stringify(Object.entries(made).sort()) === JSON.stringify(Object.entries(read).sort());
            }
            same";
        assert_eq!(fixture.json(source), "true");
    }

    #[test]
    fn a_long_path_is_cut() {
        let source = "(() => { let a = null, k = 'k'.repeat(50); for (let i = 0; i < 20; i++) a = { [k]: a ?? NaN }; return a })()";
        let message = refused(source);
        assert!(
            message.len() < 400
                && message.starts_with("`…kk")
                && message.ends_with("` is not a number"),
            "{message}"
        );
    }

    #[test]
    fn data_of_the_host_that_is_nested_too_deeply_is_refused() {
        let mut data = llmspell_engine::Value::Null;
        for _ in 0..600 {
            data = llmspell_engine::Value::from(vec![data]);
        }
        let error = Fixture::new()
            .engine
            .install_data("deep", &data)
            .unwrap_err();
        assert_eq!(error.kind(), ScriptErrorKind::Conversion);
    }
}
