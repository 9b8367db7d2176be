//! Memory as scripts see it: `Debug.memoryStats`, `Debug.memorySnapshot` and the object that comes of it.

use std::any::Any;
use std::sync::Arc;

use llmspell_utils::debug::{MemoryDifference, MemorySnapshot, MemoryUse};
use serde_json::json;

use crate::arguments::{Arguments, DataLimits};
use crate::debug_bridge::DebugBridge;
use crate::globals::checked_call::CheckedCall;
use crate::globals::debug::{Answer, Debug};
use crate::host_object::{Method, ScriptObject};
use crate::script_value::ScriptValue;

impl Debug {
    /// `Debug.memoryStats()`: what memory is in use; `null` for what is not known.
    pub(super) fn memory_stats(&self, arguments: &dyn Arguments) -> Answer {
        let memory = memory_in_use(arguments);
        let stats = json!({
            "used_bytes": memory.script_heap,
            "allocated_bytes": memory.script_heap,
            "limit_bytes": memory.script_heap_limit,
            "resident_bytes": memory.resident,
            "virtual_bytes": memory.virtual_,
            "allocations": memory.allocations,
            "collections": memory.collections,
        });
        Ok(ScriptValue::Data(stats.into()))
    }

    /// `Debug.memorySnapshot()`: the same at a point in time, to be compared with another.
    pub(super) fn memory_snapshot(&self, arguments: &dyn Arguments) -> Answer {
        let now = self.bridge.manager().clock().wall();
        Ok(ScriptValue::Object(Arc::new(Snapshot {
            snapshot: Some(MemorySnapshot::new(now, memory_in_use(arguments))),
            bridge: self.bridge.clone(),
            limits: self.limits,
        })))
    }
}

/// What the script's engine and the system say.
fn memory_in_use(arguments: &dyn Arguments) -> MemoryUse {
    let heap = arguments.memory();
    let process = MemoryUse::of_process();
    MemoryUse {
        resident: process.resident,
        virtual_: process.virtual_,
        ..heap
    }
}

/// What memory was in use at a point in time.
struct Snapshot {
    /// None in what answers when a method is called on something that is no snapshot.
    snapshot: Option<MemorySnapshot>,
    bridge: DebugBridge,
    limits: DataLimits,
}

impl ScriptObject for Snapshot {
    const NAME: &'static str = "MemorySnapshot";
    const METHODS: &'static [Method<Self>] = &[Method::new("difference", Self::difference)];
    const FIELDS: &'static [&'static str] = &[
        "timestamp",
        "used_bytes",
        "limit_bytes",
        "resident_bytes",
        "virtual_bytes",
        "allocations",
        "collections",
    ];

    fn read_field(&self, name: &str) -> Option<ScriptValue> {
        let MemorySnapshot { at, memory } = self.snapshot.as_ref()?;
        let number = match name {
            "timestamp" => return Some(at.to_string().into()),
            "used_bytes" => memory.script_heap,
            "limit_bytes" => memory.script_heap_limit,
            "resident_bytes" => memory.resident,
            "virtual_bytes" => memory.virtual_,
            "allocations" => memory.allocations,
            "collections" => memory.collections,
            _ => return None,
        };
        Some(number.map_or_else(|| ScriptValue::Data(json!(null).into()), Into::into))
    }

    fn without_receiver(&self) -> Option<Self> {
        Some(Self {
            snapshot: None,
            bridge: self.bridge.clone(),
            limits: self.limits,
        })
    }
}

impl Snapshot {
    /// `snapshot.difference(earlier)`: what changed since an earlier snapshot.
    fn difference(&self, arguments: &dyn Arguments) -> Answer {
        let call = CheckedCall {
            function: "MemorySnapshot.difference",
            bridge: &self.bridge,
            limits: &self.limits,
            arguments,
        };
        let Some(snapshot) = &self.snapshot else {
            call.misses_receiver();
            return Ok(ScriptValue::Nil);
        };
        let object = arguments.object(0);
        let earlier = object.as_deref().and_then(|object| {
            let object: &dyn Any = object;
            object.downcast_ref::<Self>()?.snapshot.as_ref()
        });
        let Some(earlier) = earlier else {
            call.expected(0, "an earlier snapshot");
            return Ok(ScriptValue::Nil);
        };
        Ok(shown(&snapshot.difference(earlier)))
    }
}

fn shown(difference: &MemoryDifference) -> ScriptValue {
    let elapsed = difference.elapsed.map(|time| time.as_secs_f64() * 1000.0);
    let shown = json!({
        "elapsed_ms": elapsed,
        "used_bytes": difference.script_heap,
        "resident_bytes": difference.resident,
        "virtual_bytes": difference.virtual_,
        "allocations": difference.allocations,
        "collections": difference.collections,
    });
    ScriptValue::Data(shown.into())
}
