//! The one wasmtime engine of the process, and what a module may use of the machine.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use wasmtime::{Config, Engine, ResourceLimiter};

use super::fault;
use crate::evaluator::PolicyFault;

/// Bytes of memory of one instance.
pub(super) const MAX_MEMORY: usize = 128 * 1024 * 1024;
/// Bytes of stack that a module may use.
const MAX_STACK: usize = 512 * 1024;
/// Elements of a table.
const MAX_TABLE: usize = 100_000;
/// How long a module may take to be made ready.
pub(super) const LOAD_DEADLINE: Duration = Duration::from_secs(1);

/// The engine, with which every module is compiled and every store made.
pub(super) fn engine() -> Result<&'static Engine, PolicyFault> {
    static ENGINE: OnceLock<Result<Engine, String>> = OnceLock::new();
    ENGINE
        .get_or_init(|| Engine::new(&config()).map_err(|error| error.to_string()))
        .as_ref()
        .map_err(|error| {
            fault::load(format!(
                "WebAssembly cannot be run on this machine: {error}"
            ))
        })
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(MAX_STACK)
        // OPA's modules need none of these, and what is off cannot be attacked.
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_tail_call(false)
        .wasm_relaxed_simd(false);
    config
}

/// Says no to what would be too much, and remembers that it did.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    /// Whether the module asked for more memory than it may have.
    pub(super) refused: bool,
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let granted = desired <= MAX_MEMORY;
        self.refused |= !granted;
        Ok(granted)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let granted = desired <= MAX_TABLE;
        self.refused |= !granted;
        Ok(granted)
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }
}

/// The time that a call into a module has, and the time that it sees.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time {
    pub(super) now: SystemTime,
    pub(super) until: Instant,
}

impl Time {
    /// The time for making an instance ready, where no decision waits for it.
    pub(super) fn for_loading() -> Self {
        Self {
            now: SystemTime::UNIX_EPOCH,
            until: Instant::now() + LOAD_DEADLINE,
        }
    }
}
