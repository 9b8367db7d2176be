//! The states of a language that wait for an evaluation.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use llmspell_engine::PolicyFault;
use parking_lot::Mutex;

use super::{Defined, PolicyState, Program, fault, open};
use crate::language::Language;
use crate::sandbox::SandboxLimits;
use crate::script_error::ScriptError;

/// How many programs a state may hold that nobody needs, beside as many as are in use.
const FORGOTTEN: usize = 64;

/// States that are shared by all policies of a language, each used by one evaluation at a time.
pub(super) struct Pool {
    pub(super) language: Language,
    limits: SandboxLimits,
    waiting: Mutex<Vec<Box<dyn PolicyState>>>,
    /// How many programs policies still need.
    programs: AtomicUsize,
    /// More states than this are not kept.
    most: usize,
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Pool({})", self.language)
    }
}

impl Pool {
    pub(super) fn new(language: Language, limits: SandboxLimits) -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        Self {
            language,
            limits,
            waiting: Mutex::default(),
            programs: AtomicUsize::new(0),
            most: 2 * threads,
        }
    }

    /// A state that nobody uses, or a new one.
    pub(super) fn take(&self) -> Result<Box<dyn PolicyState>, ScriptError> {
        let waiting = self.waiting.lock().pop();
        waiting.map_or_else(|| open(self.language, &self.limits), Ok)
    }

    /// Takes back a state that is as it was, unless most of what it holds is of policies that are gone.
    pub(super) fn give_back(&self, state: Box<dyn PolicyState>) {
        let in_use = self.programs.load(Ordering::Relaxed);
        let mut waiting = self.waiting.lock();
        if waiting.len() < self.most && state.compiled() <= 2 * in_use + FORGOTTEN {
            waiting.push(state);
        }
    }

    /// What a program defines. Its top level is run within the time that loading one policy may take.
    pub(super) fn loaded(&self, program: &Arc<Program>) -> Result<Vec<Defined>, PolicyFault> {
        let fault = |error: &ScriptError| fault(error, &program.file, &program.text);
        let mut state = self.take().map_err(|error| fault(&error))?;
        let defined = super::evaluator::limited(&mut *state, super::evaluator::LOADING, |state| {
            let defined = state.begin(program)?;
            state.end()?;
            Ok(defined)
        });
        drop(state.prints().take());
        let defined = defined.map_err(|error| fault(&error))?;
        self.give_back(state);
        Ok(defined)
    }

    /// A policy needs a program of its own from now on.
    pub(super) fn policy_begins(&self) {
        // Relaxed: the number decides only when a state is made anew.
        self.programs.fetch_add(1, Ordering::Relaxed);
    }

    /// Nobody needs a policy's program any more.
    pub(super) fn policy_ends(&self) {
        self.programs.fetch_sub(1, Ordering::Relaxed);
    }
}
