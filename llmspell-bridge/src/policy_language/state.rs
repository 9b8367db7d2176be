//! What a language must be able to do with a policy.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use llmspell_engine::Value;

use super::{Defined, PolicyPrints, Said};
use crate::sandbox::Stopper;
use crate::script_error::ScriptError;

/// The text of a policy, which each state compiles once.
#[derive(Debug)]
pub(crate) struct Program {
    /// What no other program of the process has.
    pub(crate) number: u64,

    /// Its file, which errors and traces show.
    pub(crate) file: String,
    pub(crate) text: String,
}

impl Program {
    pub(crate) fn new(file: &str, text: &str) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            // Relaxed: only that numbers differ matters.
            number: NEXT.fetch_add(1, Ordering::Relaxed),

            file: file.to_owned(),
            text: text.to_owned(),
        }
    }
}

/// The one time that a policy sees throughout a decision, and where its randomness begins.
///
/// Whoever writes it holds the state, so that relaxed operations are enough.
#[derive(Debug, Default)]
pub(crate) struct PolicyClock {
    milliseconds: AtomicU64,
    random: AtomicU64,
}

/// Where randomness begins in every evaluation: the same event must get the same decision.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

impl PolicyClock {
    /// A decision of this time begins.
    pub(crate) fn begin(&self, now: SystemTime) {
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let milliseconds = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        self.milliseconds.store(milliseconds, Ordering::Relaxed);
        self.random.store(SEED, Ordering::Relaxed);
    }

    /// The time of the decision, in milliseconds since 1970.
    pub(crate) fn milliseconds(&self) -> f64 {
        self.milliseconds.load(Ordering::Relaxed) as f64
    }

    /// A number from 0 to 1, the same ones in each evaluation (Marsaglia's xorshift).
    pub(crate) fn random(&self) -> f64 {
        let mut state = self.random.load(Ordering::Relaxed);
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.random.store(state, Ordering::Relaxed);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A state of a language in which policies run, one evaluation after the other.
///
/// INVARIANT: nothing that a policy does in one evaluation can be seen in another one, of this policy or of any.
pub(crate) trait PolicyState: Send {
    /// What stops the policy that runs, from another thread.
    fn stopper(&self) -> Arc<dyn Stopper>;

    /// The time that policies see.
    fn clock(&self) -> &PolicyClock;

    /// What policies printed.
    fn prints(&self) -> &PolicyPrints;

    /// Runs the top level of a policy, which was compiled here or is compiled now, and gives the functions that it
    /// defines, in the order of their names.
    fn begin(&mut self, program: &Program) -> Result<Vec<Defined>, ScriptError>;

    /// Calls the function that [`begin`](Self::begin) gave at this place, with the event or with nothing.
    fn call(&mut self, function: usize, input: Option<&Value>) -> Result<Said, ScriptError>;

    /// Calls it with an event that notes what is read of it, and gives the paths.
    fn trace(&mut self, function: usize, input: &Value) -> Result<Vec<String>, ScriptError>;

    /// Forgets the policy that began. An error if it left something to do behind.
    fn end(&mut self) -> Result<(), ScriptError>;

    /// How many programs were compiled here so far, those that nobody needs any more among them.
    fn compiled(&self) -> usize;
}
