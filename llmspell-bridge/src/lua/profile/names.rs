//! What the language's own functions are called: Luau knows `sort`, and people know `table.sort`.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use mlua::{Function, Lua, LuaOptions, StdLib, Table};

/// The names of functions of the standard libraries, with their library.
#[derive(Clone)]
pub(super) struct NativeNames(Arc<HashMap<String, String>>);

static KNOWN: LazyLock<NativeNames> =
    LazyLock::new(|| NativeNames(Arc::new(read().unwrap_or_default())));

impl NativeNames {
    /// The names, read from a state of their own when they are first needed.
    pub(super) fn known() -> Self {
        KNOWN.clone()
    }

    /// The name with its library, if there is one such function only.
    pub(super) fn qualified<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.get(name).map_or(name, String::as_str)
    }
}

fn read() -> mlua::Result<HashMap<String, String>> {
    let lua = Lua::new_with(StdLib::ALL_SAFE, LuaOptions::new())?;
    let mut owners: HashMap<String, Vec<String>> = HashMap::new();
    for library in lua.globals().pairs::<String, mlua::Value>() {
        let (library, value) = library?;
        match value {
            mlua::Value::Table(table) if library != "_G" => {
                for name in functions(&table) {
                    owners
                        .entry(name.clone())
                        .or_default()
                        .push(format!("{library}.{name}"));
                }
            }
            _ => owners.entry(library.clone()).or_default().push(library),
        }
    }
    let unique = owners.into_iter().filter_map(|(name, mut owners)| {
        let owner = owners.pop()?;
        owners.is_empty().then_some((name, owner))
    });
    Ok(unique.collect())
}

fn functions(library: &Table) -> Vec<String> {
    let pairs = library.pairs::<String, Function>();
    pairs
        .filter_map(|pair| pair.ok().map(|(name, _)| name))
        .collect()
}
