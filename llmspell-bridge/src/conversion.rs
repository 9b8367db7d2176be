//! What the conversions of all languages have in common: the budget that bounds them, and the refusal
//! of a value that is no data.

use llmspell_engine::Value;

use crate::arguments::DataLimits;
use crate::sandbox::{StopFlag, StopReason, Stopper as _};
use crate::script_error::{ScriptError, ScriptErrorKind};

/// How many characters of a path are shown: its end says where to look.
const LONGEST_PATH: usize = 80;

/// The deepest nesting that any limit allows: a walk uses the native stack.
pub(crate) const DEEPEST: usize = 512;

/// The largest number up to which a double holds every whole number: 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Why a value is no data, and where it is: the innermost step comes first.
#[derive(Debug)]
pub(crate) struct Refusal {
    reason: String,
    path: Vec<String>,
    /// Why the script was stopped, if that is what ended the walk.
    stopped: Option<StopReason>,
}

/// The result of a walk. Boxed, because a refusal is rare and a walk returns often.
pub(crate) type Walked<T> = Result<T, Box<Refusal>>;

/// Refuses the value at hand; the sentence goes on after the path to it.
#[cold]
pub(crate) fn refuse<T>(reason: impl Into<String>) -> Walked<T> {
    Err(Box::new(Refusal {
        reason: reason.into(),
        path: Vec::new(),
        stopped: None,
    }))
}

/// Ends the walk, because the script was stopped.
#[cold]
fn stop<T>(reason: StopReason) -> Walked<T> {
    Err(Box::new(Refusal {
        reason: String::new(),
        path: Vec::new(),
        stopped: Some(reason),
    }))
}

impl Refusal {
    /// The same refusal, seen from one level further out: `.name`, `["two words"]` or `[3]`.
    pub(crate) fn within(mut self: Box<Self>, step: String) -> Box<Self> {
        self.path.push(step);
        self
    }

    /// The refusal as an error of the script.
    pub(crate) fn into_error(self) -> ScriptError {
        if let Some(reason) = self.stopped {
            return ScriptError::stopped(reason);
        }
        let mut path = "value".to_owned();
        path.extend(self.path.iter().rev().map(String::as_str));
        let length = path.chars().count();
        if length > LONGEST_PATH {
            let end = path.chars().skip(length - LONGEST_PATH);
            path = std::iter::once('…').chain(end).collect();
        }
        let message = format!("`{path}` {}", self.reason);
        ScriptError::new(ScriptErrorKind::Conversion, message)
            .with_help("only null, booleans, finite numbers, text, lists and plain maps are data")
    }
}

/// The step of a path that a name makes.
pub(crate) fn named_step(name: &str) -> String {
    let is_plain = name
        .chars()
        .enumerate()
        .all(|(at, c)| c == '_' || c.is_alphabetic() || (at > 0 && c.is_alphanumeric()));
    if is_plain && !name.is_empty() {
        format!(".{name}")
    } else {
        format!("[{name:?}]")
    }
}

/// A script's number as data: whole where it is whole and exact.
pub(crate) fn number(value: f64) -> Walked<Value> {
    if value.fract() == 0.0 && value.abs() <= EXACT {
        return Ok(Value::from(value as i64));
    }
    if value.is_finite() {
        return Ok(Value::from(value));
    }
    refuse(if value.is_nan() {
        "is not a number"
    } else {
        "is infinite"
    })
}

/// What is left of the limits of one conversion.
#[derive(Debug)]
pub(crate) struct Budget<'a> {
    stop: &'a StopFlag,
    limits: DataLimits,
    values: usize,
    bytes: usize,
    /// The structures that are being walked, outermost first.
    open: Vec<usize>,
}

impl<'a> Budget<'a> {
    pub(crate) fn new(limits: &DataLimits, stop: &'a StopFlag) -> Self {
        Self {
            stop,
            limits: *limits,
            values: limits.nodes,
            bytes: limits.bytes,
            open: Vec::new(),
        }
    }

    /// Spends some values. One that is shared is spent once for each time it is met.
    #[inline]
    pub(crate) fn spend_values(&mut self, count: usize) -> Walked<()> {
        match self.values.checked_sub(count) {
            Some(left) => {
                self.values = left;
                Ok(())
            }
            None => self.too_many_values(),
        }
    }

    /// Refuses a structure that claims to hold more values than may still be met.
    #[inline]
    pub(crate) fn check_values(&self, count: usize) -> Walked<()> {
        if count <= self.values {
            return Ok(());
        }
        self.too_many_values()
    }

    // Apart from the walks, because these are seldom and the walks are not.
    #[cold]
    fn too_many_values<T>(&self) -> Walked<T> {
        refuse(format!("has more than {} values in all", self.limits.nodes))
    }

    #[cold]
    fn too_many_bytes<T>(&self) -> Walked<T> {
        let most = self.limits.bytes;
        refuse(format!("has more than {most} bytes of text in all"))
    }

    /// Spends the bytes of a text or a key.
    #[inline]
    pub(crate) fn spend_bytes(&mut self, count: usize) -> Walked<()> {
        match self.bytes.checked_sub(count) {
            Some(left) => {
                self.bytes = left;
                Ok(())
            }
            None => self.too_many_bytes(),
        }
    }

    /// Ends the walk when the script is told to stop.
    #[inline]
    pub(crate) fn check_stop(&self) -> Walked<()> {
        match self.stop.reason() {
            Some(reason) => stop(reason),
            None => Ok(()),
        }
    }

    /// Goes into the structure at an address; [`leave`](Self::leave) comes out again.
    ///
    /// A walk takes time for each structure, however few values it finds there, and so this is where it
    /// ends when the script is told to stop.
    #[inline]
    pub(crate) fn enter(&mut self, address: usize) -> Walked<()> {
        self.check_stop()?;
        if self.open.contains(&address) {
            return refuse("contains itself");
        }
        let deepest = self.limits.depth.min(DEEPEST);
        if self.open.len() >= deepest {
            return refuse(format!("is nested more than {deepest} levels deep"));
        }
        self.open.push(address);
        Ok(())
    }

    /// Comes out of the structure that was entered last.
    #[inline]
    pub(crate) fn leave(&mut self) {
        self.open.pop();
    }
}
