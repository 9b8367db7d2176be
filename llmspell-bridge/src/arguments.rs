//! The arguments of one call from a script, converted only as far as the method asks.

use std::sync::Arc;

use llmspell_engine::Value;
use llmspell_utils::debug::{FrameId, MemoryUse, ProfileBuilder};

use crate::host_object::HostObject;
use crate::language::Language;
use crate::object_dump::{DumpNode, DumpOptions};
use crate::sandbox::{StopReason, Stopper};
use crate::script_error::{Place, ScriptError};
use crate::script_profile::{PROFILE_STACK, profile_stack};
use crate::stack_trace::{StackTrace, StackTraceOptions};

/// What sort of value an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// Absent, `nil`, `null` or `undefined`.
    Nil,
    /// A boolean.
    Bool,
    /// A number.
    Number,
    /// A string.
    Text,
    /// A table, an array or an object.
    Structure,
    /// A function.
    Function,
    /// Anything else: a host object, a coroutine, a symbol, a buffer.
    Other,
}

impl ValueKind {
    /// The word for an error message.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nil => "nothing",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::Structure => "a table or object",
            Self::Function => "a function",
            Self::Other => "a value of another kind",
        }
    }
}

/// How large a script value may be before its conversion to data is refused.
///
/// A conversion never runs script code and never follows a cycle, so these three bound its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataLimits {
    /// How deeply lists and maps may be nested.
    pub depth: usize,
    /// How many values may be met, counting one that is shared once for each time it is met.
    pub nodes: usize,
    /// How many bytes all strings and keys may have together.
    pub bytes: usize,
}

impl Default for DataLimits {
    fn default() -> Self {
        Self {
            depth: 128,
            nodes: 100_000,
            bytes: 8 << 20,
        }
    }
}

/// An entry of a table or object.
#[derive(Debug)]
pub struct Entry {
    /// Its key.
    pub name: String,
    /// Its value.
    pub value: EntryValue,
}

/// The value of an [`Entry`].
#[derive(Debug)]
pub enum EntryValue {
    /// A function, which lives on.
    Function(KeptFunction),
    /// Data.
    Data(Value),
    /// What is no data, and why.
    Other(ScriptError),
}

/// A function that lives on in the state of its script after the call that brought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptFunction {
    /// Where the state keeps it.
    pub(crate) place: usize,
    /// Which state that is, where a host may have several after each other.
    pub(crate) state: u64,
    /// The line where it is defined, if known.
    pub line: Option<u32>,
}

/// What a function of a script returned.
#[derive(Debug, Clone, PartialEq)]
pub enum Returned {
    /// `nil` or `undefined`.
    Nothing,
    /// Data.
    Value(Value),
    /// More than one value, which only Lua can do.
    Several,
}

/// How many entries a table or object may have whose functions are kept.
pub(crate) const MOST_ENTRIES: usize = 100;

/// The arguments of one call, and the script that makes it.
///
/// Each language implements this once. Indices count from 0 and leave out the receiver, so that
/// `t:lap("a")` in Lua and `t.lap("a")` in JavaScript are the same call. An index beyond the last
/// argument is a [`ValueKind::Nil`].
pub trait Arguments {
    /// The language of the caller.
    fn language(&self) -> Language;

    /// How many arguments were given.
    fn count(&self) -> usize;

    /// What sort of value the argument is.
    fn kind(&self, index: usize) -> ValueKind;

    /// The argument, if it is a boolean.
    fn boolean(&self, index: usize) -> Option<bool>;

    /// The argument, if it is a number.
    fn number(&self, index: usize) -> Option<f64>;

    /// The argument, if it is a string; bytes that are not UTF-8 become U+FFFD.
    fn text(&self, index: usize) -> Option<String>;

    /// The argument, if it is a string, exactly as it is.
    ///
    /// # Errors
    /// [`ScriptErrorKind::Conversion`](crate::ScriptErrorKind::Conversion) for a string that is not
    /// text: bytes that are not UTF-8, half a surrogate pair.
    fn exact_text(&self, index: usize) -> Option<Result<String, ScriptError>>;

    /// The argument as the language itself would print it: `tostring` in Lua, what `console.log`
    /// shows in JavaScript. What has more than `most_bytes` is cut to them and ends with `…`.
    ///
    /// # Errors
    /// What the script's own conversion (`__tostring`) raises.
    fn display(&self, index: usize, most_bytes: usize) -> Result<String, ScriptError>;

    /// The argument as data, without running script code.
    ///
    /// # Errors
    /// [`ScriptErrorKind::Conversion`](crate::ScriptErrorKind::Conversion) for a cycle, a function, a
    /// number that JSON cannot hold, a key that is no string, a table that is list and map at once,
    /// text that is not UTF-8, and whatever is larger than `limits`; the message names the path.
    fn data(&self, index: usize, limits: &DataLimits) -> Result<Value, ScriptError>;

    /// The argument as a tree for [`dump`](crate::dump()), within the limits of `options`.
    fn inspect(&self, index: usize, options: &DumpOptions) -> DumpNode;

    /// The argument, if it is an object of the host that was given to scripts by a call.
    fn object(&self, index: usize) -> Option<Arc<dyn HostObject>>;

    /// Calls the function at `function` with all arguments from index `first` on, and keeps what it
    /// returns for the answer [`ScriptValue::Returned`](crate::ScriptValue::Returned).
    ///
    /// # Errors
    /// What the function raises.
    fn call(&self, function: usize, first: usize) -> Result<(), ScriptError>;

    /// The entries of the table or object at an index, by their names: functions are kept in the script's state, and
    /// everything else is data.
    ///
    /// # Errors
    /// [`ScriptErrorKind::Conversion`](crate::ScriptErrorKind::Conversion) for what is no plain table or object, has other
    /// keys than names, or too many.
    fn entries(&self, index: usize, limits: &DataLimits) -> Result<Vec<Entry>, ScriptError>;

    /// Calls a function that [`entries`](Self::entries) kept, with data that it cannot change.
    ///
    /// # Errors
    /// What the function raises, and what it returns if that is no data.
    fn call_kept(
        &self,
        function: &KeptFunction,
        input: &Value,
        limits: &DataLimits,
    ) -> Result<Returned, ScriptError>;

    /// What stops the script that makes the call.
    fn stopper(&self) -> Arc<dyn Stopper>;

    /// The caller's stack, innermost script frame first.
    fn stack(&self, options: &StackTraceOptions) -> StackTrace;

    /// The caller's stack as frames of a profile, the outermost first.
    fn profile_stack(&self, builder: &mut ProfileBuilder) -> Vec<FrameId> {
        profile_stack(&self.stack(&PROFILE_STACK), builder)
    }

    /// Why the script is being stopped, if it is: a method that does much looks at this now and then.
    fn stop_reason(&self) -> Option<StopReason>;

    /// What the heap of the caller's engine holds now; what is about the process is left out. The engine may
    /// have to walk its heap to tell.
    fn memory(&self) -> MemoryUse;

    /// Whether the heap of the caller's engine has room for so many bytes, if need be after its garbage is collected.
    /// What is little beside the heap's limit may be taken to fit without a look.
    fn has_room_for(&self, bytes: usize) -> bool;

    /// The line of the script that makes this call.
    fn place(&self) -> Option<Place>;
}

/// Whether a heap can hold so many bytes more.
pub(crate) fn fits(heap: &MemoryUse, bytes: usize) -> bool {
    let needed = heap.script_heap.unwrap_or(0).saturating_add(bytes as u64);
    heap.script_heap_limit.is_none_or(|limit| needed <= limit)
}
