//! Something that scripts can call, described once for every language.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use llmspell_utils::debug::DebugLevel;

use crate::arguments::Arguments;
use crate::script_error::ScriptError;
use crate::script_value::ScriptValue;

/// What a method is called and when it is worth a call at all.
#[derive(Debug, Clone, Copy)]
pub struct MethodInfo {
    /// The name that scripts use.
    pub name: &'static str,
    /// The level at which the method speaks. While the object's [gate](HostObject::gate) is below it,
    /// a call returns nothing and neither looks at nor converts its arguments.
    pub level: Option<DebugLevel>,
}

/// An object with methods and read-only fields, as scripts see it.
///
/// Implement [`ScriptObject`] instead where the methods are known when the program is compiled.
pub trait HostObject: Any + Send + Sync {
    /// The name of the kind of object, for errors and dumps.
    fn name(&self) -> &'static str;

    /// How many methods there are.
    fn method_count(&self) -> usize;

    /// The method at an index below [`method_count`](Self::method_count).
    fn method(&self, index: usize) -> Option<MethodInfo>;

    /// Runs a method.
    ///
    /// # Errors
    /// What the method itself raises; the language turns it into an error of the script.
    fn invoke(&self, index: usize, arguments: &dyn Arguments) -> Result<ScriptValue, ScriptError>;

    /// A field of the object, if it has one of that name.
    fn field(&self, name: &str) -> Option<ScriptValue>;

    /// The names of all fields.
    fn field_names(&self) -> &'static [&'static str];

    /// The level that somebody listens to now, for methods with a level of their own.
    ///
    /// The cell must live as long as the object: languages read it without holding a lock.
    fn gate(&self) -> Option<&AtomicU8>;

    /// What answers in place of this object when one of its methods is called on something else.
    ///
    /// It has the same methods and fields. Without one, such a call raises.
    fn stand_in(&self) -> Option<Arc<dyn HostObject>> {
        None
    }
}

impl dyn HostObject + '_ {
    /// The method of a name, and its index.
    pub(crate) fn method_named(&self, name: &str) -> Option<(usize, MethodInfo)> {
        (0..self.method_count())
            .filter_map(|index| Some((index, self.method(index)?)))
            .find(|(_, method)| method.name == name)
    }

    /// Whether somebody listens to a method: one relaxed load, because only the number matters.
    pub(crate) fn listens_to(&self, method: &MethodInfo) -> bool {
        let gate = method.level.zip(self.gate());
        gate.is_none_or(|(level, gate)| gate.load(Ordering::Relaxed) >= level as u8)
    }
}

/// Runs code of an object that may be an embedding program's: a panic of it must not pass through the
/// engine of a language, and becomes an error of the script.
///
/// # Errors
/// [`Internal`](crate::ScriptErrorKind::Internal), if the code panics.
pub(crate) fn guarded<T>(object: &'static str, run: impl FnOnce() -> T) -> Result<T, ScriptError> {
    // A panic leaves whatever the object protects with a lock to the object's own judgement.
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| {
        ScriptError::internal(format!("a method of {object} panicked"))
            .with_help("this is a bug of the host; report it")
    })
}

impl fmt::Debug for dyn HostObject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HostObject({})", self.name())
    }
}

/// The index of a method that must be there.
pub(crate) fn required_method(object: &dyn HostObject, name: &str) -> Result<usize, ScriptError> {
    match object.method_named(name) {
        Some((index, _)) => Ok(index),
        None => {
            let message = format!("{} has no method `{name}`", object.name());
            Err(ScriptError::internal(message))
        }
    }
}

/// A method of a [`ScriptObject`]: a name and a plain function.
pub struct Method<T> {
    info: MethodInfo,
    run: fn(&T, &dyn Arguments) -> Result<ScriptValue, ScriptError>,
}

impl<T> Method<T> {
    /// A method that always runs.
    pub const fn new(
        name: &'static str,
        run: fn(&T, &dyn Arguments) -> Result<ScriptValue, ScriptError>,
    ) -> Self {
        Self {
            info: MethodInfo { name, level: None },
            run,
        }
    }

    /// A method that runs only while somebody listens to `level`.
    pub const fn at_level(
        level: DebugLevel,
        name: &'static str,
        run: fn(&T, &dyn Arguments) -> Result<ScriptValue, ScriptError>,
    ) -> Self {
        Self {
            info: MethodInfo {
                name,
                level: Some(level),
            },
            run,
        }
    }
}

impl<T> fmt::Debug for Method<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.info.fmt(formatter)
    }
}

/// A host object whose methods are a table of functions.
///
/// ```
/// use llmspell_bridge::{Arguments, Method, ScriptError, ScriptObject, ScriptValue};
///
/// struct Greeter;
///
/// impl ScriptObject for Greeter {
///     const NAME: &'static str = "Greeter";
///     const METHODS: &'static [Method<Self>] = &[Method::new("hello", Greeter::hello)];
/// }
///
/// impl Greeter {
///     fn hello(&self, arguments: &dyn Arguments) -> Result<ScriptValue, ScriptError> {
///         let name = arguments.text(0).unwrap_or_else(|| "you".to_owned());
///         Ok(format!("hello, {name}").into())
///     }
/// }
/// ```
pub trait ScriptObject: Send + Sync + Sized + 'static {
    /// The name of the kind of object, for errors and dumps.
    const NAME: &'static str;

    /// All methods, in the order in which documents list them.
    const METHODS: &'static [Method<Self>];

    /// The names of all read-only fields.
    const FIELDS: &'static [&'static str] = &[];

    /// The value of a field that [`FIELDS`](Self::FIELDS) names.
    fn read_field(&self, _name: &str) -> Option<ScriptValue> {
        None
    }

    /// The level that somebody listens to now; see [`HostObject::gate`].
    fn level_gate(&self) -> Option<&AtomicU8> {
        None
    }

    /// What answers when a method is called on something that is not its object; see
    /// [`HostObject::stand_in`].
    fn without_receiver(&self) -> Option<Self> {
        None
    }
}

impl<T: ScriptObject> HostObject for T {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn method_count(&self) -> usize {
        T::METHODS.len()
    }

    fn method(&self, index: usize) -> Option<MethodInfo> {
        T::METHODS.get(index).map(|method| method.info)
    }

    fn invoke(&self, index: usize, arguments: &dyn Arguments) -> Result<ScriptValue, ScriptError> {
        match T::METHODS.get(index) {
            Some(method) => (method.run)(self, arguments),
            None => Err(ScriptError::internal(format!(
                "{} has no method number {index}",
                T::NAME
            ))),
        }
    }

    fn field(&self, name: &str) -> Option<ScriptValue> {
        self.read_field(name)
    }

    fn field_names(&self) -> &'static [&'static str] {
        T::FIELDS
    }

    fn gate(&self) -> Option<&AtomicU8> {
        self.level_gate()
    }

    fn stand_in(&self) -> Option<Arc<dyn HostObject>> {
        let stand_in = self.without_receiver()?;
        Some(Arc::new(stand_in))
    }
}
