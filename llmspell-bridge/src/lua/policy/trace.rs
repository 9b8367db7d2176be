//! An event that notes which parts of it a policy reads.

use std::collections::BTreeSet;
use std::sync::Arc;

use mlua::{Lua, Table, Value};
use parking_lot::Mutex;

/// How many paths are noted, and how long one may be.
const MOST_PATHS: usize = 1_000;
const LONGEST_PATH: usize = 256;

type Paths = Arc<Mutex<BTreeSet<String>>>;

/// Tables that stand for those of an event. `pairs` and `#` see the entries of the event, but are not noted.
pub(super) struct Traced {
    event: Value,
    paths: Paths,
}

impl Traced {
    pub(super) fn new(lua: &Lua, event: Value) -> mlua::Result<Self> {
        let paths = Paths::default();
        let event = stand_in(lua, event, String::new(), &paths)?;
        Ok(Self { event, paths })
    }

    pub(super) fn event(&self) -> Value {
        self.event.clone()
    }

    /// The paths that were read, such as `.tool_input.command`.
    pub(super) fn paths(self) -> Vec<String> {
        std::mem::take(&mut *self.paths.lock())
            .into_iter()
            .collect()
    }
}

/// A table for a table; any other value is itself.
fn stand_in(lua: &Lua, value: Value, path: String, paths: &Paths) -> mlua::Result<Value> {
    let Value::Table(table) = value else {
        return Ok(value);
    };
    // A list is copied: what looks at its elements by `ipairs`, `#` or `table.concat` must find them.
    if table.raw_len() > 0 || table.is_empty() {
        return Ok(Value::Table(table));
    }
    let metatable = lua.create_table()?;
    let (event, noted) = (table.clone(), Arc::clone(paths));
    let read = lua.create_function(move |lua, (_, key): (Table, Value)| {
        let Value::String(name) = &key else {
            return event.raw_get(key);
        };
        let path = format!("{path}.{}", name.to_string_lossy());
        note(&noted, &path);
        let value = event.raw_get::<Value>(key)?;
        if path.len() > LONGEST_PATH {
            return Ok(value);
        }
        stand_in(lua, value, path, &noted)
    })?;
    metatable.raw_set("__index", read)?;
    let entries = lua.create_function(move |lua, _: Value| {
        let next: Value = lua.globals().raw_get("next")?;
        Ok((next, table.clone()))
    })?;
    metatable.raw_set("__iter", entries)?;
    let stand_in = lua.create_table()?;
    stand_in.set_metatable(Some(metatable))?;
    stand_in.set_readonly(true);
    Ok(Value::Table(stand_in))
}

fn note(paths: &Paths, path: &str) {
    let mut paths = paths.lock();
    if paths.len() < MOST_PATHS && path.len() <= LONGEST_PATH {
        paths.insert(path.to_owned());
    }
}
