//! What the language's own functions are called: Luau knows `sort`, and people know `table.sort`.
#![expect(
    unsafe_code,
    reason = "two functions of one name are told apart by the address of their code"
)]

use std::collections::HashMap;
use std::sync::LazyLock;

use mlua::{Function, Lua, LuaOptions, StdLib, Value, ffi};

/// The functions of the standard libraries with their library in front, by Luau's name and the address of their code.
pub(super) struct NativeNames(HashMap<String, Vec<(usize, String)>>);

static KNOWN: LazyLock<NativeNames> = LazyLock::new(|| NativeNames(read().unwrap_or_default()));

impl NativeNames {
    /// The names, read from a state of their own when they are first needed.
    pub(super) fn known() -> &'static Self {
        &KNOWN
    }

    /// The name with its library, if it is a function of the language. An address of 0 is unknown, and then only a
    /// name that no other function has is found.
    pub(super) fn qualified(&self, name: &str, code: usize) -> Option<&str> {
        match (self.0.get(name)?.as_slice(), code) {
            ([(_, only)], 0) => Some(only),
            (named, _) => named
                .iter()
                .find(|(known, _)| *known == code)
                .map(|(_, name)| name.as_str()),
        }
    }
}

fn read() -> mlua::Result<HashMap<String, Vec<(usize, String)>>> {
    let lua = Lua::new_with(StdLib::ALL_SAFE, LuaOptions::new())?;
    let mut named: HashMap<String, Vec<(usize, String)>> = HashMap::new();
    let mut note = |name: String, function: Function, shown: String| -> mlua::Result<()> {
        let code = code(&lua, function)?;
        named.entry(name).or_default().push((code, shown));
        Ok(())
    };
    for global in lua.globals().pairs::<String, Value>() {
        match global? {
            (name, Value::Function(function)) => note(name.clone(), function, name)?,
            (library, Value::Table(table)) if library != "_G" => {
                for (name, function) in table.pairs::<String, Function>().filter_map(Result::ok) {
                    note(name.clone(), function, format!("{library}.{name}"))?;
                }
            }
            _ => {}
        }
    }
    Ok(named)
}

/// The address of a native function's code.
fn code(lua: &Lua, function: Function) -> mlua::Result<usize> {
    let mut code = 0;
    // SAFETY: the function is at index 1, and is taken off.
    unsafe {
        lua.exec_raw::<()>(function, |state| {
            code = address(ffi::lua_tocfunction(state, 1));
            ffi::lua_settop(state, 0);
        })
    }?;
    Ok(code)
}

/// The address of a function's code, or 0 if there is none.
pub(super) fn address(function: Option<ffi::lua_CFunction>) -> usize {
    function.map_or(0, |function| function as usize)
}
