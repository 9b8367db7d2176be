//! Lua: Luau through mlua.
