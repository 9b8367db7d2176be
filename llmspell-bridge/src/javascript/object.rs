//! Host objects as objects of JavaScript.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::arguments::Call;
use super::profile::Passage;
use super::raw::{Access, Given, Js, Kept, Local, Native, Outcome, Pending, function};
use super::{convert, error};
use crate::host_object::{HostObject, guarded};
use crate::script_error::{ScriptError, ScriptErrorKind};

/// What an object of the script holds that stands for one of the host.
pub(super) struct HeldObject {
    pub(super) object: Arc<dyn HostObject>,
    kind: usize,
}

/// The prototype of one kind of host object.
pub(super) struct Prototype {
    name: &'static str,
    methods: Vec<Signature>,
    fields: &'static [&'static str],
    /// What answers when a method is called on something that is not its object.
    stand_in: Option<Arc<dyn HostObject>>,
    value: Kept,
}

impl Prototype {
    pub(super) fn release(self, js: Js<'_>) {
        self.value.release(js);
    }

    fn fits(&self, object: &dyn HostObject) -> bool {
        self.name == object.name()
            && self.fields == object.field_names()
            && self.methods.iter().copied().eq(signatures(object))
    }
}

/// A frozen object with the methods of `object`, each of which works on its own too.
pub(super) fn global<'js>(js: Js<'js>, object: &Arc<dyn HostObject>) -> Outcome<Local<'js>> {
    let global = js.object()?;
    for index in 0..object.method_count() {
        let Some(info) = object.method(index) else {
            continue;
        };
        global.define_named(info.name, bound(js, object, index)?, Access::Fixed)?;
    }
    for name in object.field_names() {
        let field = function(
            js,
            name,
            BoundField {
                object: Arc::clone(object),
                name,
            },
        )?;
        global.define_getter(name, field)?;
    }
    global.freeze()?;
    Ok(global)
}

/// A function that runs a method of `object`.
pub(super) fn bound<'js>(
    js: Js<'js>,
    object: &Arc<dyn HostObject>,
    index: usize,
) -> Outcome<Local<'js>> {
    let Some(info) = object.method(index) else {
        return Err(missing(js, &**object, index));
    };
    let object = Arc::clone(object);
    let method = match info.level {
        Some(level) => {
            let gated = Gated {
                level: level as u8,
                kind: object.name(),
                method: Bound { object, index },
            };
            function(js, info.name, gated)?
        }
        None => function(js, info.name, Bound { object, index })?,
    };
    method.freeze()?;
    Ok(method)
}

/// An object that disappears together with the last value that holds it.
pub(super) fn wrap<'js>(js: Js<'js>, object: Arc<dyn HostObject>) -> Outcome<Local<'js>> {
    let (kind, prototype) = prototype(js, &*object)?;
    js.realm()
        .objects
        .object(&prototype, HeldObject { object, kind })
}

fn prototype<'js>(js: Js<'js>, object: &dyn HostObject) -> Outcome<(usize, Local<'js>)> {
    let prototypes = &js.realm().prototypes;
    let known = prototypes
        .borrow()
        .iter()
        .position(|prototype| prototype.fits(object));
    if let Some(kind) = known
        && let Some(prototype) = prototypes.borrow().get(kind)
    {
        return Ok((kind, prototype.value.get(js)));
    }
    let kind = prototypes.borrow().len();
    let value = new_prototype(js, object, kind)?;
    let stand_in = guarded(object.name(), || object.stand_in());
    let stand_in = stand_in.map_err(|error| error::throw(js, &error))?;
    prototypes.borrow_mut().push(Prototype {
        name: object.name(),
        methods: signatures(object).collect(),
        fields: object.field_names(),
        stand_in,
        value: value.clone().keep(),
    });
    Ok((kind, value))
}

fn new_prototype<'js>(js: Js<'js>, object: &dyn HostObject, kind: usize) -> Outcome<Local<'js>> {
    let prototype = js.object()?;
    for index in 0..object.method_count() {
        let Some(info) = object.method(index) else {
            continue;
        };
        let level = info.level.map(|level| level as u8);
        let method = function(js, info.name, Member { kind, index, level })?;
        method.freeze()?;
        prototype.define_named(info.name, method, Access::Fixed)?;
    }
    for name in object.field_names() {
        prototype.define_getter(name, function(js, name, MemberField { kind, name })?)?;
    }
    prototype.freeze()?;
    Ok(prototype)
}

/// The name of a method, and the level at which it speaks.
type Signature = (&'static str, Option<u8>);

fn signatures(object: &dyn HostObject) -> impl Iterator<Item = Signature> {
    (0..object.method_count())
        .filter_map(|index| object.method(index))
        .map(|info| (info.name, info.level.map(|level| level as u8)))
}

/// A method of one object.
struct Bound {
    object: Arc<dyn HostObject>,
    index: usize,
}

/// A method of one object that speaks at a level.
struct Gated {
    level: u8,
    kind: &'static str,
    method: Bound,
}

/// A field of one object.
struct BoundField {
    object: Arc<dyn HostObject>,
    name: &'static str,
}

/// A method of whatever object of its kind it is called on.
struct Member {
    kind: usize,
    index: usize,
    level: Option<u8>,
}

/// A field of whatever object of its kind it is read from.
struct MemberField {
    kind: usize,
    name: &'static str,
}

impl Native for Bound {
    fn call<'js>(&self, _: Js<'js>, _: &Local<'js>, given: Given<'js>) -> Outcome<Local<'js>> {
        invoke(&*self.object, self.index, given)
    }
}

impl Native for Gated {
    #[inline]
    fn idle(&self) -> Result<bool, ScriptError> {
        guarded(self.kind, || is_shut(&*self.method.object, self.level))
    }

    fn call<'js>(&self, js: Js<'js>, this: &Local<'js>, given: Given<'js>) -> Outcome<Local<'js>> {
        self.method.call(js, this, given)
    }
}

impl Native for BoundField {
    fn call<'js>(&self, js: Js<'js>, _: &Local<'js>, _: Given<'js>) -> Outcome<Local<'js>> {
        read(js, &*self.object, self.name)
    }
}

impl Native for Member {
    fn call<'js>(&self, js: Js<'js>, this: &Local<'js>, given: Given<'js>) -> Outcome<Local<'js>> {
        let object = receiver(js, this, self.kind)?;
        if let Some(level) = self.level {
            match guarded(object.name(), || is_shut(&*object, level)) {
                Ok(true) => return Ok(js.undefined()),
                Ok(false) => {}
                Err(error) => return Err(error::throw(js, &error)),
            }
        }
        invoke(&*object, self.index, given)
    }
}

impl Native for MemberField {
    fn call<'js>(&self, js: Js<'js>, this: &Local<'js>, _: Given<'js>) -> Outcome<Local<'js>> {
        let object = receiver(js, this, self.kind)?;
        read(js, &*object, self.name)
    }
}

/// Whether nobody listens at this level: one relaxed load, because only the number matters.
#[inline]
fn is_shut(object: &dyn HostObject, level: u8) -> bool {
    object
        .gate()
        .is_some_and(|gate| gate.load(Ordering::Relaxed) < level)
}

fn invoke<'js>(object: &dyn HostObject, index: usize, given: Given<'js>) -> Outcome<Local<'js>> {
    let js = given.js();
    let call = Call::new(given);
    let passage = Passage::enter(js);
    let result = guarded(object.name(), || object.invoke(index, &call)).flatten();
    if let Some(passage) = passage {
        passage.leave(js);
    }
    if let Some(pending) = call.resume_stop() {
        return Err(pending);
    }
    match result {
        Ok(answer) => convert::from_answer(js, answer, &mut call.returned()),
        Err(error) => Err(call.raise(&error)),
    }
}

fn read<'js>(js: Js<'js>, object: &dyn HostObject, name: &str) -> Outcome<Local<'js>> {
    match guarded(object.name(), || object.field(name)) {
        Ok(Some(value)) => convert::from_answer(js, value, &mut None),
        Ok(None) => Ok(js.undefined()),
        Err(error) => Err(error::throw(js, &error)),
    }
}

/// The object that a method is called on, or what stands in for one.
fn receiver(js: Js<'_>, this: &Local<'_>, kind: usize) -> Outcome<Arc<dyn HostObject>> {
    let held = js
        .realm()
        .objects
        .held(this)
        .filter(|held| held.kind == kind);
    if let Some(held) = held {
        return Ok(Arc::clone(&held.object));
    }
    let prototypes = js.realm().prototypes.borrow();
    let stand_in = prototypes.get(kind).and_then(|kind| kind.stand_in.clone());
    drop(prototypes);
    stand_in.ok_or_else(|| {
        let message = "the method was called on something that is not its object";
        let error = ScriptError::new(ScriptErrorKind::Argument, message)
            .with_help("call it as `object.method(…)`; a method of an object does not work alone");
        error::throw(js, &error)
    })
}

fn missing(js: Js<'_>, object: &dyn HostObject, index: usize) -> Pending {
    let message = format!("{} has no method number {index}", object.name());
    error::throw(js, &ScriptError::internal(message))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    use super::{Gated, HeldObject, MemberField, Native};
    use crate::host_object::HostObject;
    use crate::javascript::testing::{Broken, Fixture};
    use crate::script_error::ScriptErrorKind;

    #[test]
    fn methods_and_fields_of_a_global_can_be_used() {
        let mut fixture = Fixture::new();
        assert_eq!(
            fixture.json("[host.count(1, 2), host.version]"),
            r#"[2,"1.0"]"#
        );
    }

    #[test]
    fn a_method_of_a_global_works_without_its_object() {
        let mut fixture = Fixture::new();
        assert_eq!(
            fixture.json("const { count } = host; [count(1), [5].map(host.number)[0]]"),
            "[1,5]"
        );
    }

    #[test]
    fn a_global_of_the_host_cannot_be_changed() {
        let mut fixture = Fixture::new();
        for source in [
            "host = 1",
            "globalThis.host = 1",
            "delete globalThis.host",
            "Object.defineProperty(globalThis, 'host', { value: 1 })",
            "host.count = 1",
            "host.more = 1",
            "delete host.count",
            "host.version = 2",
            "host.count.call = 1",
            "Object.setPrototypeOf(host, {})",
            "host.item(1).double = 1",
            "Object.getPrototypeOf(host.item(1)).double = 1",
            "let host = 1",
        ] {
            let error = fixture.fail(source);
            assert!(matches!(
                error.kind(),
                ScriptErrorKind::Runtime | ScriptErrorKind::Syntax
            ));
        }
        assert_eq!(fixture.json("[host.count(), host.version]"), r#"[0,"1.0"]"#);
    }

    #[test]
    fn a_function_can_be_a_global() {
        let mut fixture = Fixture::new();
        let object: Arc<dyn HostObject> = Arc::<_>::clone(&fixture.probe) as _;
        fixture
            .engine
            .install_function("size", &object, "count")
            .unwrap();
        assert_eq!(fixture.json("[size(1, 2, 3), size.name]"), r#"[3,"count"]"#);
        assert!(
            fixture
                .engine
                .install_function("none", &object, "none")
                .is_err()
        );
    }

    #[test]
    fn data_of_the_host_cannot_be_changed() {
        let mut fixture = Fixture::new();
        let data = serde_json::json!({"a": [{"b": 1}], "__proto__": 2});
        fixture.engine.install_data("data", &data.into()).unwrap();
        for source in [
            "data.a = 1",
            "data.a.push(1)",
            "data.a[0].b = 2",
            "data = 1",
        ] {
            assert_eq!(
                fixture.fail(source).kind(),
                ScriptErrorKind::Runtime,
                "{source}"
            );
        }
        assert_eq!(fixture.json("data"), r#"{"__proto__":2,"a":[{"b":1}]}"#);
    }

    #[test]
    fn a_method_below_the_level_does_not_look_at_its_arguments() {
        let mut fixture = Fixture::new();
        let source = "host.debug('a'); host.debug(new Proxy({}, {}))";
        assert_eq!(fixture.json(source), "null");
        fixture.probe.gate.store(4, Ordering::Relaxed);
        assert_eq!(fixture.json("host.debug('b', 1)"), "true");
        fixture.probe.gate.store(3, Ordering::Relaxed);
        assert_eq!(fixture.json("typeof host.debug('c')"), r#""undefined""#);
        assert_eq!(*fixture.probe.said.lock().unwrap(), ["b"]);
    }

    #[test]
    fn objects_of_one_kind_share_a_prototype() {
        let mut fixture = Fixture::new();
        let source = "const a = host.item(2), b = host.item(3);
            [a.double(), b.double(), a.size, b.size, a.double === b.double]";
        assert_eq!(fixture.json(source), "[4,6,2,3,true]");
    }

    #[test]
    fn a_method_refuses_what_is_not_its_object() {
        let mut fixture = Fixture::new();
        for source in [
            "const { double } = host.item(1); double()",
            "host.item(1).double.call({})",
            "host.item(1).double.call(host.other())",
            "host.item(1).double.call(new Proxy(host.item(1), {}))",
            "Object.getOwnPropertyDescriptor(Object.getPrototypeOf(host.item(1)), 'size').get.call(1)",
            "Object.create(host.item(1)).double()",
        ] {
            assert_eq!(
                fixture.fail(source).kind(),
                ScriptErrorKind::Argument,
                "{source}"
            );
        }
        assert_eq!(
            fixture.fail("new host.count()").kind(),
            ScriptErrorKind::Runtime
        );
    }

    #[test]
    fn an_object_disappears_with_the_last_value_that_holds_it() {
        let mut fixture = Fixture::new();
        let alive = Arc::clone(&fixture.probe.alive);
        fixture.run("globalThis.kept = [host.item(1), host.item(2)]; host.item(3); 0");
        assert_eq!(alive.load(Ordering::Relaxed), 2);
        fixture.run("kept.pop(); 0");
        assert_eq!(alive.load(Ordering::Relaxed), 1);
        drop(fixture);
        assert_eq!(alive.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn objects_disappear_when_a_script_is_stopped() {
        let mut fixture = Fixture::new();
        fixture.late("const cycle = { item: host.item(1) }; cycle.me = cycle; for (;;);");
        assert_eq!(fixture.probe.alive.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_panic_of_a_method_is_an_internal_error() {
        let mut fixture = Fixture::new();
        let error = fixture.fail("host.panic()");
        assert_eq!(error.kind(), ScriptErrorKind::Internal);
        assert_eq!(error.message(), "a method of Probe panicked");
        assert_eq!(
            fixture.json("try { host.panic() } catch (e) { e.code }"),
            r#""internal""#
        );
    }

    #[test]
    fn answers_become_values() {
        let mut fixture = Fixture::new();
        let source = "const a = host.answer(); a.list[1] === undefined ? Object.keys(a) : 0";
        assert_eq!(fixture.json(source), r#"["list","half","data"]"#);
        assert_eq!(
            fixture.json("const { half, data } = host.answer(); [half, data]"),
            r#"[0.5,"d"]"#
        );
    }

    #[test]
    fn a_panic_of_a_gate_or_a_field_is_an_internal_error() {
        let mut fixture = Fixture::new();
        let broken: Arc<dyn HostObject> = Arc::new(Broken);
        fixture.engine.install("broken", &broken).unwrap();
        for source in [
            "broken.say()",
            "broken.self().say()",
            "broken.field",
            "broken.self().field",
        ] {
            let error = fixture.fail(source);
            assert_eq!(error.kind(), ScriptErrorKind::Internal, "{source}");
            assert_eq!(error.message(), "a method of Broken panicked", "{source}");
        }
        assert_eq!(fixture.json("host.version"), r#""1.0""#);
    }

    #[test]
    fn what_the_heap_owns_may_move_between_threads() {
        fn movable<T: Send>() {}
        fn owned_by_functions<T: Native>() {
            movable::<T>();
        }
        owned_by_functions::<Gated>();
        owned_by_functions::<MemberField>();
        movable::<HeldObject>();
    }
}
