//! What the adapter keeps beside a state.

use std::ffi::CString;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use llmspell_engine::Value as Data;
use llmspell_utils::debug::{DebugManager, MemoryUse, Redactor};
use mlua::{Function, Lua, Value};
use parking_lot::Mutex;

use crate::arguments::DataLimits;
use crate::lua::convert::{KeyCache, to_data};
use crate::lua::sandbox::LuaStopper;
use crate::sandbox::StopFlag;
use crate::script_error::ScriptError;

/// How many names of scripts are kept; of a host that runs more, errors lose the places in the oldest.
const MOST_CHUNKS: usize = 256;

/// What the adapter keeps beside a state.
pub(super) struct Shelf {
    /// The names of native functions, which Luau only points to.
    names: Mutex<Vec<CString>>,
    keys: Mutex<KeyCache>,
    /// The names of the scripts that were loaded, the latest last.
    chunks: Mutex<Vec<String>>,
    is_loading: AtomicBool,
    /// The address of the metatable that marks an empty table as a list, which the registry keeps.
    empty_list: usize,
    /// Why the running script should stop.
    pub(super) stop: Arc<StopFlag>,
    /// What stops the running script from another thread.
    pub(super) stopper: Arc<LuaStopper>,
    /// The functions of policies that scripts registered.
    kept: Mutex<Vec<Function>>,
    /// How many bytes the heap may hold.
    memory: usize,
    /// Whose rules say what is secret.
    debug: OnceLock<Arc<DebugManager>>,
}

impl Shelf {
    pub(super) fn new(
        stop: Arc<StopFlag>,
        stopper: Arc<LuaStopper>,
        empty_list: usize,
        memory: usize,
    ) -> Self {
        Self {
            names: Mutex::new(Vec::new()),
            keys: Mutex::new(KeyCache::new()),
            chunks: Mutex::new(Vec::new()),
            is_loading: AtomicBool::new(false),
            empty_list,
            stop,
            stopper,
            kept: Mutex::default(),
            memory,
            debug: OnceLock::new(),
        }
    }

    /// Takes the rules for secrets from this manager; the first counts.
    pub(super) fn redact_with(&self, manager: &Arc<DebugManager>) {
        let _ = self.debug.set(Arc::clone(manager));
    }

    /// What takes secrets out of what people are shown.
    pub(super) fn redactor(&self) -> Arc<Redactor> {
        match self.debug.get() {
            Some(manager) => manager.redactor(),
            None => Arc::new(Redactor::builtin()),
        }
    }

    /// A Lua value as data.
    pub(super) fn data(
        &self,
        lua: &Lua,
        value: &Value,
        limits: &DataLimits,
    ) -> Result<Data, ScriptError> {
        let keys = &mut self.keys.lock();
        to_data(lua, keys, self.empty_list, value, limits, &self.stop)
    }

    /// Keeps a function of a script until the state is gone, and gives its place.
    pub(super) fn keep(&self, function: Function) -> usize {
        let mut kept = self.kept.lock();
        kept.push(function);
        kept.len() - 1
    }

    /// The function that was kept at a place.
    pub(super) fn kept(&self, place: usize) -> Option<Function> {
        self.kept.lock().get(place).cloned()
    }

    /// Keeps the name of a native function until the state is gone.
    pub(super) fn keep_name(&self, name: CString) {
        self.names.lock().push(name);
    }

    /// Runs what loads the script of a name.
    pub(super) fn load<T>(&self, name: &str, load: impl FnOnce() -> T) -> T {
        let mut chunks = self.chunks.lock();
        if let Some(at) = chunks.iter().position(|known| known == name) {
            chunks.remove(at);
        } else if chunks.len() >= MOST_CHUNKS {
            chunks.remove(0);
        }
        chunks.push(name.to_owned());
        drop(chunks);
        // Relaxed: loading happens on the thread that asks.
        self.is_loading.store(true, Ordering::Relaxed);
        let loaded = load();
        self.is_loading.store(false, Ordering::Relaxed);
        loaded
    }

    /// Whether a script is being loaded, and not yet run.
    pub(super) fn is_loading(&self) -> bool {
        self.is_loading.load(Ordering::Relaxed)
    }

    /// The script that an error message means by a name: a long one is shown by its end only.
    pub(super) fn chunk(&self, shown: &str) -> Option<String> {
        let chunks = self.chunks.lock();
        let mut latest = chunks.iter().rev();
        let is_meant = |name: &&String| {
            let end = shown.strip_prefix("...");
            *name == shown || end.is_some_and(|end| end.len() > 200 && name.ends_with(end))
        };
        latest.find(is_meant).cloned()
    }
}

/// What the heap of a state holds. Luau counts bytes, neither blocks nor collections.
pub(super) fn memory(lua: &Lua) -> MemoryUse {
    MemoryUse {
        script_heap: u64::try_from(lua.used_memory()).ok(),
        script_heap_limit: shelf(lua)
            .ok()
            .and_then(|shelf| u64::try_from(shelf.memory).ok()),
        ..MemoryUse::default()
    }
}

/// The shelf of a state.
pub(super) fn shelf(lua: &Lua) -> Result<Arc<Shelf>, ScriptError> {
    match lua.app_data_ref::<Arc<Shelf>>() {
        Some(shelf) => Ok(Arc::clone(&shelf)),
        None => Err(ScriptError::internal("the Lua state was not prepared")),
    }
}
