//! Values of JavaScript as trees for a dump; neither getters nor proxies nor `toString` are run.

use super::error;
use super::raw::{Atom, Js, Kind, Local, Property};
use super::sandbox::settle;
use crate::object_dump::{BEYOND, DumpBudget, DumpNode, DumpOptions, DumpShape, dump};
use crate::shown_text::{COUNTED, LeftOut, ShownText};

/// How many units of the name of a function or a class are shown.
const LONGEST_NAME: u32 = 100;

/// The value as a tree, within the limits of `options`.
pub(super) fn inspect(value: &Local<'_>, options: &DumpOptions) -> DumpNode {
    Walk {
        options,
        budget: DumpBudget::new(&value.js().realm().stop),
    }
    .node(value)
}

struct Walk<'a> {
    options: &'a DumpOptions,
    budget: DumpBudget<'a>,
}

impl Walk<'_> {
    fn node(&mut self, value: &Local<'_>) -> DumpNode {
        if !self.budget.spend_value() {
            return DumpNode::unseen();
        }
        match value.kind() {
            Kind::Undefined => word("undefined", "undefined"),
            Kind::Null => word("null", "null"),
            Kind::Bool(value) => word("boolean", value.to_string()),
            Kind::Integer(value) => word("number", value.to_string()),
            Kind::Float(value) => word("number", number(value)),
            Kind::Text => self.text(value),
            Kind::Symbol => word("symbol", symbol(value)),
            Kind::BigInteger => word("bigint", big_integer(value)),
            Kind::Object => self.object(value),
            Kind::Nothing => word("nothing", "nothing"),
        }
    }

    fn text(&mut self, value: &Local<'_>) -> DumpNode {
        match self.shown(value) {
            Some(shown) => plain("string", DumpShape::Text(shown)),
            None => word("string", "a string too long to show"),
        }
    }

    /// As much of a string as may be shown. Of a long one no more than that is copied.
    fn shown(&mut self, text: &Local<'_>) -> Option<ShownText> {
        let most_characters = self.options.max_string_length;
        let units = text.length() as usize;
        if units <= COUNTED {
            return Some(self.budget.text(text.text()?.as_bytes(), most_characters));
        }
        // A character has up to two units, and each that is shown takes a byte or more.
        let most = most_characters
            .saturating_mul(2)
            .min(self.budget.bytes_left())
            .saturating_add(2 * BEYOND + 2);
        let originals = &text.js().realm().originals;
        let start = originals.text_start(text, u32::try_from(most).unwrap_or(u32::MAX))?;
        let mut shown = self.budget.text(start.as_bytes(), most_characters);
        let left_out = units.saturating_sub(shown.text.encode_utf16().count());
        shown.left_out = match left_out {
            0 => LeftOut::NOTHING,
            left_out => LeftOut::Units(left_out),
        };
        Some(shown)
    }

    fn object(&mut self, value: &Local<'_>) -> DumpNode {
        let address = value.address();
        let (type_name, shape) = match self.leaf(value) {
            Some(leaf) => leaf,
            None => self.structure(value),
        };
        DumpNode {
            type_name,
            address,
            shape,
        }
    }

    /// What is shown as one word, if it is.
    fn leaf(&self, value: &Local<'_>) -> Option<(String, DumpShape)> {
        let realm = value.js().realm();
        let atom =
            |type_name: &str, text: String| Some((type_name.to_owned(), DumpShape::Atom(text)));
        if value.is_proxy() {
            return atom("Proxy", "[proxy]".to_owned());
        }
        if value.is_function() {
            return atom("function", function_text(value));
        }
        if value.is_error() {
            return atom(&class_name(value), error::title(value));
        }
        if let Some(held) = realm.objects.held(value) {
            return atom(held.object.name(), format!("[{}]", held.object.name()));
        }
        if value.class() == realm.plain || value.class() == realm.array {
            return None;
        }
        if realm.originals.size(value).is_some() {
            return None;
        }
        let name = class_name(value);
        let text = realm
            .originals
            .date_text(value)
            .unwrap_or_else(|| format!("[{name}]"));
        atom(&name, text)
    }

    fn structure(&mut self, value: &Local<'_>) -> (String, DumpShape) {
        let name = class_name(value);
        let address = value.address().unwrap_or_default();
        if let Err(instead) = self.budget.enter(address, self.options.max_depth) {
            return (name, instead);
        }
        let realm = value.js().realm();
        let shape = if value.class() == realm.array {
            self.list(value)
        } else if value.class() == realm.plain {
            self.map(value)
        } else {
            self.container(value)
        };
        self.budget.leave();
        (name, shape)
    }

    fn list(&mut self, value: &Local<'_>) -> DumpShape {
        let total = value.length();
        let shown =
            u32::try_from(self.options.max_array_elements).map_or(total, |most| total.min(most));
        let mut elements = Vec::new();
        for index in 0..shown {
            if self.budget.is_spent() {
                break;
            }
            let element = settle(value.js(), value.element(index));
            elements.push(self.property(element, "empty"));
        }
        DumpShape::List(elements, total as usize)
    }

    fn map(&mut self, value: &Local<'_>) -> DumpShape {
        let js = value.js();
        let Some(keys) = settle(js, value.keys()) else {
            return DumpShape::Deeper;
        };
        let mut entries = Vec::new();
        for atom in keys.iter().take(self.options.max_table_pairs) {
            if self.budget.is_spent() {
                break;
            }
            let property = settle(js, value.property(atom));
            entries.push((self.key(js, atom), self.property(property, "undefined")));
        }
        DumpShape::Map(entries, keys.len())
    }

    fn property(&mut self, property: Option<Property<'_>>, absent: &str) -> DumpNode {
        match property {
            Some(Property::Value(value)) => self.node(&value),
            Some(Property::Accessor { .. }) => word("accessor", "[getter]"),
            Some(Property::Absent) | None => word("undefined", absent),
        }
    }

    fn key(&mut self, js: Js<'_>, atom: Atom<'_>) -> ShownText {
        let name = settle(js, js.name_text(atom));
        let shown = name.and_then(|name| self.shown(&name));
        shown.unwrap_or_else(|| ShownText::whole(String::new()))
    }

    /// The entries of a `Map`, or the elements of a `Set`.
    fn container(&mut self, value: &Local<'_>) -> DumpShape {
        let js = value.js();
        let originals = &js.realm().originals;
        let total = originals.size(value).map_or(0, |size| match size.kind() {
            Kind::Integer(size) => usize::try_from(size).unwrap_or(0),
            _ => 0,
        });
        let is_map = class_of(value).as_deref() == Some("Map");
        let most = if is_map {
            self.options.max_table_pairs
        } else {
            self.options.max_array_elements
        };
        let found = originals.entries(value).into_iter().flatten().take(most);
        let mut entries = Vec::new();
        for (key, value) in found {
            if self.budget.is_spent() {
                break;
            }
            let key = if is_map {
                self.entry_key(&key)
            } else {
                ShownText::whole(String::new())
            };
            entries.push((key, self.node(&value)));
        }
        if is_map {
            DumpShape::Map(entries, total)
        } else {
            DumpShape::List(entries.into_iter().map(|(_, node)| node).collect(), total)
        }
    }

    fn entry_key(&mut self, key: &Local<'_>) -> ShownText {
        if let Some(shown) = self.shown(key) {
            return shown;
        }
        let options = DumpOptions {
            max_depth: 1,
            ..DumpOptions::compact()
        };
        ShownText::whole(dump(&inspect(key, &options), None, &options))
    }
}

fn plain(type_name: &str, shape: DumpShape) -> DumpNode {
    DumpNode {
        type_name: type_name.to_owned(),
        address: None,
        shape,
    }
}

fn word(type_name: &str, text: impl Into<String>) -> DumpNode {
    plain(type_name, DumpShape::Atom(text.into()))
}

fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else if value != 0.0 && !(1e-6..1e21).contains(&value.abs()) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

fn symbol(value: &Local<'_>) -> String {
    format!("Symbol({})", value.description().unwrap_or_default())
}

fn big_integer(value: &Local<'_>) -> String {
    value
        .big_integer()
        .map_or_else(|| "[bigint]".to_owned(), |number| format!("{number}n"))
}

fn function_text(value: &Local<'_>) -> String {
    match own_text(value, "name").filter(|name| !name.is_empty()) {
        Some(name) => format!("function {name}"),
        None => "function".to_owned(),
    }
}

/// What the object calls itself: the name of its class, or of its prototype's constructor.
fn class_name(value: &Local<'_>) -> String {
    let made_by = value
        .prototype()
        .and_then(|prototype| own_value(&prototype, "constructor"));
    let name = made_by
        .filter(Local::is_function)
        .and_then(|made_by| own_text(&made_by, "name"));
    name.filter(|name| !name.is_empty())
        .or_else(|| class_of(value))
        .unwrap_or_else(|| "Object".to_owned())
}

/// The name of the class that the engine gave the object.
pub(super) fn class_of(value: &Local<'_>) -> Option<String> {
    value.js().class_name(value.class())
}

fn own_value<'js>(object: &Local<'js>, name: &str) -> Option<Local<'js>> {
    match settle(object.js(), object.named(name))? {
        Property::Value(value) => Some(value),
        Property::Absent | Property::Accessor { .. } => None,
    }
}

/// The beginning of a property that is a string.
fn own_text(object: &Local<'_>, name: &str) -> Option<String> {
    let originals = &object.js().realm().originals;
    originals.text_start(&own_value(object, name)?, LONGEST_NAME)
}

#[cfg(test)]
mod tests {
    use crate::javascript::testing::Fixture;
    use crate::sandbox::SandboxLimits;
    use crate::script_error::ScriptErrorKind;

    /// Each source is shown so by a function of the host.
    fn shows(function: &str, cases: &[(&str, &str)]) {
        let mut fixture = Fixture::new();
        for (source, shown) in cases {
            let json = fixture.json(&format!("host.{function}({source})"));
            assert_eq!(
                serde_json::from_str::<String>(&json).unwrap(),
                *shown,
                "{source}"
            );
        }
    }

    #[test]
    fn values_are_shown() {
        let cases = [
            ("undefined", "undefined"),
            ("null", "null"),
            ("-0.5", "-0.5"),
            ("NaN", "NaN"),
            ("-Infinity", "-Infinity"),
            ("1e30", "1e30"),
            ("'a\\nb'", "\"a\\nb\""),
            (
                "'x'.repeat(60)",
                &format!("\"{}\"… 10 more", "x".repeat(50)),
            ),
            ("Symbol('s')", "Symbol(s)"),
            ("12n", "12n"),
            ("2n ** 70n", "[bigint]"),
            ("[1, , 'x']", "[1, empty, \"x\"]"),
            (
                "{ b: 1, a: { 'c d': [] } }",
                "{b = 1, a = {[\"c d\"] = []}}",
            ),
            ("{ 2: 'x', 1: 'y' }", "{[1] = \"y\", [2] = \"x\"}"),
            ("function named() {}", "function named"),
            ("() => 1", "function"),
            ("new TypeError('bad')", "TypeError: bad"),
            ("new Date(0)", "1970-01-01T00:00:00.000Z"),
            ("new Date(NaN)", "[Date]"),
            (
                "new Map([['k', 1], [{ a: 1 }, [2]]])",
                "{k = 1, [\"{a = 1}\"] = [2]}",
            ),
            ("new Set([1, 'x'])", "[1, \"x\"]"),
            ("/x/", "[RegExp]"),
            ("new Uint8Array(3)", "[Uint8Array]"),
            ("Promise.resolve(1)", "[Promise]"),
            ("host.item(1)", "[Item]"),
            (
                "Array.from({ length: 12 }, (_, i) => i)",
                "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, … 2 more]",
            ),
            ("[[[[1]]]]", "[[[…]]]"),
        ];
        shows("dump", &cases);
    }

    #[test]
    fn types_are_named() {
        let cases = [
            ("[1]", "[ (Array, 1 elements) 1 (number)]"),
            ("{}", "{}"),
            ("{ a: true }", "{ (Object, 1 entries) a = true (boolean)}"),
            (
                "new (class Point { x = 1 })()",
                "{ (Point, 1 entries) x = 1 (number)}",
            ),
            (
                "Object.assign(Object.create(null), { a: null })",
                "{ (Object, 1 entries) a = null (null)}",
            ),
            ("new Set([1])", "[ (Set, 1 elements) 1 (number)]"),
        ];
        shows("types", &cases);
    }

    #[test]
    fn nothing_of_the_script_runs_for_a_dump() {
        let cases = [
            ("{ get a() { for (;;); } }", "{a = [getter]}"),
            (
                "new Proxy({}, { get() { for (;;); }, ownKeys() { for (;;); } })",
                "[proxy]",
            ),
            ("new Proxy(function () {}, {})", "[proxy]"),
            (
                "{ toString() { for (;;); }, toJSON: null }",
                "{toString = function toString, toJSON = null}",
            ),
            ("class { static get name() { for (;;); } }", "function"),
            ("Object.create({ get constructor() { for (;;); } })", "{}"),
            (
                "Object.setPrototypeOf({ a: 1 }, new Proxy({}, { get() { for (;;); } }))",
                "{a = 1}",
            ),
            (
                "Object.assign(new Map([[1, 2]]), { forEach() { for (;;); } })",
                "{[1] = 2}",
            ),
            (
                "Object.defineProperty(new Map([[1, 2]]), 'size', { get() { for (;;); } })",
                "{[1] = 2}",
            ),
        ];
        let mut fixture = Fixture::new();
        fixture.run(
            "Map.prototype.forEach = Map.prototype[Symbol.iterator] = Date.prototype.toISOString = () => { for (;;); };
             Object.defineProperty(Array.prototype, 0, { set() { for (;;); } }); 0",
        );
        for (source, shown) in cases {
            let json = fixture.json(&format!("host.dump({source})"));
            assert_eq!(
                serde_json::from_str::<String>(&json).unwrap(),
                shown,
                "{source}"
            );
        }
    }

    #[test]
    fn no_more_of_a_text_is_copied_than_is_shown() {
        // The whole text has no room a second time, let alone three times as large.
        let limits = SandboxLimits {
            memory: 24 << 20,
            ..SandboxLimits::default()
        };
        let mut fixture = Fixture::with(&limits);
        fixture.run("globalThis.long = '😀é'.repeat(1e6) + 'x'; long.charCodeAt(0)");
        let shown = "😀é".repeat(25);
        for (source, expected) in [
            (
                "host.dump(long)",
                format!("\"{shown}\"… 2999926 more UTF-16 units"),
            ),
            (
                "host.dump({ [long]: 1 })",
                format!("{{[\"{shown}… 2999926 more UTF-16 units\"] = 1}}"),
            ),
            (
                "host.dump(new Map([[long, 1]]))",
                format!("{{[\"{shown}… 2999926 more UTF-16 units\"] = 1}}"),
            ),
        ] {
            let json = fixture.json(source);
            assert_eq!(
                serde_json::from_str::<String>(&json).unwrap(),
                expected,
                "{source}"
            );
        }
        let named = "const f = () => 1; Object.defineProperty(f, 'name', { value: long }); host.dump(f).length";
        assert_eq!(fixture.json(named), "109");
        assert_eq!(fixture.json("host.show(long).length < (1 << 20)"), "true");
        let error = fixture.fail("throw new Error(long)");
        assert!(error.message().starts_with("Error: 😀é"), "{error}");
    }

    #[test]
    fn a_dump_ends_when_the_script_is_stopped() {
        let source = "const hidden = {};
            for (let i = 0; i < 2e5; i++) Object.defineProperty(hidden, 'k' + i, { value: i });
            const many = Array(200).fill(hidden);
            for (;;) host.wide([many, many, many, many, many])";
        let error = Fixture::new().late(source);
        assert_eq!(error.kind(), ScriptErrorKind::Timeout);
    }

    #[test]
    fn cycles_and_large_graphs_end() {
        let mut fixture = Fixture::new();
        assert_eq!(
            fixture.json("const a = { n: [] }; a.n.push(a); host.dump(a)"),
            r#""{n = [<cycle to 2 above>]}""#
        );
        assert_eq!(
            fixture.json("const m = new Map(); m.set('m', m); host.dump(m)"),
            r#""{m = <cycle to 1 above>}""#
        );
        let wide =
            "let w = [1]; for (let i = 0; i < 40; i++) w = [w, w]; host.dump(w).length < 100";
        assert_eq!(fixture.json(wide), "true");
        let long = "host.dump(new Array(4294967295)).endsWith('4294967285 more]')";
        assert_eq!(fixture.json(long), "true");
        let large = "host.dump(new Map(Array.from({ length: 1e5 }, (_, i) => [i, i]))).endsWith('99990 more}')";
        assert_eq!(fixture.json(large), "true");
    }
}
