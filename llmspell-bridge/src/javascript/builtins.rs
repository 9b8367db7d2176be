//! Built-in functions that run to their end in C, whatever the deadline: each is replaced by one that
//! refuses work without end, and that looks at the deadline when the built-in one is done.
//!
//! The engine itself looks at the deadline once in 10,000 calls and turns of a loop, which is too seldom
//! where each takes milliseconds.

use super::error;
use super::profile::Passage;
use super::raw::{Access, Given, Js, Kind, Local, Native, Outcome, Property, function};
use super::realm::Realm;
use super::sandbox::settle;
use crate::script_error::{ScriptError, ScriptErrorKind};

/// How long the chain of prototypes may be in which a length is looked for.
const LONGEST_CHAIN: usize = 64;

/// How many bytes an element of an array takes.
const ELEMENT: usize = 16;

/// Fewer elements than this are not refused, however little memory there is.
const FEW: usize = 1 << 16;

/// More elements than this are refused, however much memory there is.
const MANY: usize = 1 << 26;

/// How many comparisons a search for text may need.
const LONGEST_SEARCH: u64 = 1 << 32;

/// What is looked at before a built-in function runs.
#[derive(Clone, Copy)]
enum Check {
    Nothing,
    /// The length that `this` claims to have.
    Length,
    /// The lengths that `this` and the arguments claim to have.
    Lengths,
    /// The product of the lengths of two texts, of which one is looked for in the other.
    Search,
}

struct Group {
    /// The path from the global object to the object that has the functions.
    path: &'static [&'static str],
    check: Check,
    functions: &'static [&'static str],
}

const ARRAY: &[&str] = &["Array", "prototype"];
const STRING: &[&str] = &["String", "prototype"];

const GROUPS: &[Group] = &[
    Group {
        path: ARRAY,
        check: Check::Length,
        functions: &[
            "copyWithin",
            "fill",
            "flat",
            "flatMap",
            "includes",
            "indexOf",
            "join",
            "lastIndexOf",
            "reverse",
            "shift",
            "slice",
            "sort",
            "splice",
            "toLocaleString",
            "toReversed",
            "toSorted",
            "toSpliced",
            "unshift",
            "with",
        ],
    },
    Group {
        path: ARRAY,
        check: Check::Lengths,
        functions: &["concat"],
    },
    Group {
        path: STRING,
        check: Check::Search,
        functions: &[
            "includes",
            "indexOf",
            "lastIndexOf",
            "replace",
            "replaceAll",
            "split",
        ],
    },
    Group {
        path: STRING,
        check: Check::Nothing,
        functions: &[
            "localeCompare",
            "normalize",
            "padEnd",
            "padStart",
            "repeat",
            "toLowerCase",
            "toUpperCase",
        ],
    },
    Group {
        path: &[],
        check: Check::Nothing,
        functions: &[
            "decodeURI",
            "decodeURIComponent",
            "encodeURI",
            "encodeURIComponent",
            "escape",
            "unescape",
        ],
    },
    Group {
        path: &["JSON"],
        check: Check::Nothing,
        functions: &["parse", "stringify"],
    },
    Group {
        path: &["Object"],
        check: Check::Nothing,
        functions: &[
            "assign",
            "entries",
            "freeze",
            "fromEntries",
            "getOwnPropertyDescriptors",
            "getOwnPropertyNames",
            "keys",
            "values",
        ],
    },
];

/// The functions of `Uint8Array` and the like, whose common prototype has no global name.
const TYPED: Group = Group {
    path: &["Uint8Array", "prototype"],
    check: Check::Nothing,
    functions: &[
        "copyWithin",
        "fill",
        "includes",
        "indexOf",
        "join",
        "lastIndexOf",
        "reverse",
        "set",
        "slice",
        "sort",
        "toLocaleString",
        "toReversed",
        "toSorted",
        "with",
    ],
};

/// Replaces the functions, before any script has run.
pub(super) fn watch(js: Js<'_>) -> Outcome<()> {
    for group in GROUPS {
        if let Some(object) = found(js, group.path)? {
            replace(&object, group)?;
        }
    }
    match found(js, TYPED.path)?.and_then(|prototype| prototype.prototype()) {
        Some(prototype) => replace(&prototype, &TYPED),
        None => Ok(()),
    }
}

fn found<'js>(js: Js<'js>, path: &[&str]) -> Outcome<Option<Local<'js>>> {
    let mut object = js.globals();
    for name in path {
        match object.named(name)? {
            Property::Value(value) => object = value,
            Property::Absent | Property::Accessor { .. } => return Ok(None),
        }
    }
    Ok(Some(object))
}

fn replace(object: &Local<'_>, group: &Group) -> Outcome<()> {
    let js = object.js();
    for name in group.functions {
        let Property::Value(builtin) = object.named(name)? else {
            continue;
        };
        let Property::Value(length) = builtin.named("length")? else {
            continue;
        };
        let index = js.realm().builtins.borrow().len();
        js.realm().builtins.borrow_mut().push(builtin.keep());
        let check = group.check;
        let watched = function(js, name, Watched { index, check })?;
        watched.define_named("length", length, Access::Changeable)?;
        object.define_named(name, watched, Access::Quiet)?;
    }
    Ok(())
}

/// A function that stands for a built-in one.
struct Watched {
    index: usize,
    check: Check,
}

impl Native for Watched {
    fn call<'js>(&self, js: Js<'js>, this: &Local<'js>, given: Given<'js>) -> Outcome<Local<'js>> {
        let realm = js.realm();
        let builtin = realm
            .builtins
            .borrow()
            .get(self.index)
            .map(|kept| kept.get(js));
        let Some(builtin) = builtin else {
            return Ok(js.undefined());
        };
        if let Err(error) = check(self.check, realm, this, given) {
            return Err(error::throw(js, &error));
        }
        let passage = Passage::enter(js);
        let result = given.pass(&builtin, this);
        if let Some(passage) = passage {
            passage.leave(js);
        }
        if realm.stop.is_set() {
            return Err(js.interrupt());
        }
        result
    }
}

fn check(
    check: Check,
    realm: &Realm,
    this: &Local<'_>,
    given: Given<'_>,
) -> Result<(), ScriptError> {
    match check {
        Check::Nothing => Ok(()),
        Check::Length => check_length(realm, this),
        Check::Lengths => {
            check_length(realm, this)?;
            (0..given.len()).try_for_each(|index| check_length(realm, &given.get(index)))
        }
        Check::Search => check_search(this, &given.get(0)),
    }
}

fn check_search(text: &Local<'_>, wanted: &Local<'_>) -> Result<(), ScriptError> {
    let (text, wanted) = (u64::from(text.length()), u64::from(wanted.length()));
    // What is longer than the text is not looked for, and each place is compared up to its end.
    if text.saturating_sub(wanted).saturating_mul(wanted) <= LONGEST_SEARCH {
        return Ok(());
    }
    let message = format!("a text of {wanted} units is looked for in one of {text}");
    Err(ScriptError::new(ScriptErrorKind::Runtime, message)
        .with_help("this would take too long; look for a shorter text"))
}

fn check_length(realm: &Realm, object: &Local<'_>) -> Result<(), ScriptError> {
    let most = (realm.memory / ELEMENT).clamp(FEW, MANY);
    if object.kind() != Kind::Object {
        return Ok(());
    }
    let claimed = if object.is_array() {
        Some(f64::from(object.length()))
    } else {
        claimed_length(realm, object)
    };
    match claimed {
        Some(length) if length <= most as f64 => Ok(()),
        Some(length) => {
            let message =
                format!("a list of {length} elements is more than the {most} that memory allows");
            Err(ScriptError::new(ScriptErrorKind::Runtime, message)
                .with_help("give the list a smaller `length`, or go through it in a loop"))
        }
        None => Err(ScriptError::new(
            ScriptErrorKind::Runtime,
            "the length of the list is computed by the script",
        )
        .with_help("make an array of it first: `[...list]`")),
    }
}

/// What an object that is no array says its length is; `None` if only running the script could tell.
fn claimed_length(realm: &Realm, object: &Local<'_>) -> Option<f64> {
    let js = object.js();
    if let Some(length) = realm.originals.typed_length(object) {
        return Some(length);
    }
    let mut holder = object.clone();
    for _ in 0..LONGEST_CHAIN {
        if holder.is_proxy() {
            return None;
        }
        match settle(js, holder.named("length"))? {
            Property::Value(value) => return as_length(&value),
            Property::Accessor { .. } => return None,
            Property::Absent => {}
        }
        match holder.prototype() {
            Some(prototype) => holder = prototype,
            None => return Some(0.0),
        }
    }
    None
}

fn as_length(value: &Local<'_>) -> Option<f64> {
    match value.kind() {
        Kind::Integer(length) => Some(f64::from(length)),
        Kind::Float(length) if length.is_nan() => Some(0.0),
        Kind::Float(length) => Some(length),
        Kind::Undefined | Kind::Null | Kind::Bool(_) => Some(1.0),
        Kind::Text | Kind::Symbol | Kind::BigInteger | Kind::Object | Kind::Nothing => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::javascript::testing::Fixture;
    use crate::script_error::ScriptErrorKind;

    #[test]
    fn a_length_that_no_memory_could_hold_is_refused() {
        let mut fixture = Fixture::new();
        for source in [
            "Array.prototype.reverse.call({ length: 2 ** 53 - 1 })",
            "Array.prototype.copyWithin.call({ length: 2 ** 53 - 1 }, 0, 1)",
            "Array.prototype.fill.call(Object.freeze({ length: Infinity }), 1, 2 ** 52)",
            "Array.prototype.join.call({ length: 1e9 })",
            "Array.prototype.unshift.call({ length: 2 ** 53 - 2 }, 1)",
            "Array.prototype.flat.call({ length: 2 ** 53 - 1 })",
            "Array.prototype.shift.call({ length: '9007199254740991' })",
            "Array.prototype.splice.call({ length: { valueOf() { return 2 ** 53 - 1; } } }, 0, 0, 1)",
            "Array.prototype.reverse.call({ get length() { return 2 ** 53 - 1; } })",
            "Array.prototype.reverse.call(Object.create({ length: 2 ** 53 - 1 }))",
            "Array.prototype.reverse.call(new Proxy({}, { get() { return 2 ** 53 - 1; } }))",
            "Array.prototype.reverse.call(Object.create(new Proxy({}, { get() { return 2 ** 53 - 1; } })))",
            "[].concat({ length: 2 ** 53 - 1, [Symbol.isConcatSpreadable]: true })",
            "const sparse = []; sparse[4e9] = 1; sparse.sort()",
            "new Array(1e9).join('x')",
            "new Array(4e9).toReversed()",
            "const long = 'a'.repeat(1e7); (long + long).indexOf(long + 'b')",
            "'a'.repeat(2e7).replaceAll('a'.repeat(1e7) + 'b', '')",
        ] {
            let error = fixture.fail(source);
            assert_eq!(error.kind(), ScriptErrorKind::Runtime, "{source}: {error}");
            assert!(error.help().is_some(), "{source}: {error}");
        }
    }

    #[test]
    fn a_loop_of_long_functions_is_stopped() {
        let mut fixture = Fixture::new();
        for source in [
            "const a = new Uint8Array(3e7); for (;;) a.fill(1)",
            "const a = new Uint8Array(3e7); for (;;) a.indexOf(1)",
            "const a = new Array(1e6).fill(0); for (;;) a.reverse()",
            "const a = new Array(1e6).fill(0); for (;;) a.includes(1)",
            "const a = new Array(1e5).fill(0); for (;;) a.sort()",
            "const a = new Array(1e5).fill(0); for (;;) a.concat(a)",
            "const a = new Array(1e5).fill(0); for (;;) JSON.stringify(a)",
            "const a = new Array(1e5).fill(0); for (;;) Object.keys(a)",
            "for (;;) 'x'.repeat(1e5).split('')",
            "const t = 'ab'.repeat(1e5); for (;;) t.replaceAll('a', 'bb')",
            "const t = 'é'.repeat(1e6); for (;;) t.normalize('NFD')",
            "const t = 'é'.repeat(1e5); for (;;) encodeURIComponent(t)",
            "const t = 'a'.repeat(1e6); for (;;) try { t.toUpperCase() } catch {}",
        ] {
            let error = fixture.late(source);
            assert_eq!(error.kind(), ScriptErrorKind::Timeout, "{source}: {error}");
        }
    }

    #[test]
    fn a_function_that_is_watched_is_like_the_built_in_one() {
        let mut fixture = Fixture::new();
        let cases = [
            (
                "[Array.prototype.fill.name, Array.prototype.fill.length, [].concat.length]",
                r#"["fill",1,1]"#,
            ),
            ("Object.keys(Array.prototype)", "[]"),
            (
                "const d = Object.getOwnPropertyDescriptor([].sort, 'length'); [d.writable, d.enumerable, d.configurable]",
                "[false,false,true]",
            ),
            ("String([].sort).includes('[native code]')", "true"),
            (
                "try { new [].sort() } catch (e) { e instanceof TypeError }",
                "true",
            ),
            (
                "try { [].sort.call(null) } catch (e) { e instanceof TypeError }",
                "true",
            ),
            (
                "try { [1, 2].sort(() => { throw 7 }) } catch (e) { e }",
                "7",
            ),
            ("[3, 1, 2].sort((a, b) => b - a)", "[3,2,1]"),
            ("[[1], [2, [3]]].flat()", "[1,2,[3]]"),
            ("[1, 2].concat(3, [4])", "[1,2,3,4]"),
            (
                "Array.prototype.slice.call({ 0: 'a', length: 1 })",
                r#"["a"]"#,
            ),
            ("Array.prototype.slice.call('ab')", r#"["a","b"]"#),
            ("Array.prototype.join.call(new Uint8Array(2))", r#""0,0""#),
            (
                "(function () { return Array.prototype.slice.call(arguments, 1) })(1, 2)",
                "[2]",
            ),
            ("[...new Uint8Array([2, 1]).sort()]", "[1,2]"),
            (
                "'a-b'.split('-').concat('aXbX'.replaceAll('X', m => m + m))",
                r#"["a","b","aXXbXX"]"#,
            ),
            ("'a1b2'.replace(/[0-9]/g, '_')", r#""a_b_""#),
            ("JSON.parse('[1]', (k, v) => v)", "[1]"),
            ("String([1, [2]])", r#""1,2""#),
            (
                "class L extends Array {} new L(1, 2).slice() instanceof L",
                "true",
            ),
        ];
        for (source, expected) in cases {
            assert_eq!(
                fixture.json(&format!("{{ {source} }}")),
                expected,
                "{source}"
            );
        }
    }
}
