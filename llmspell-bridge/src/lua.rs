//! Lua: Luau through mlua.

mod arguments;
mod convert;
mod engine;
mod error;
mod inspect;
mod object;
mod policy;
mod profile;
mod prompt;
mod sandbox;
mod shelf;
mod stack_trace;

use crate::policy_language::PolicyState;
use crate::sandbox::SandboxLimits;
use crate::script_engine::ScriptEngine;
use crate::script_error::ScriptError;

/// A fresh Lua state within limits, with nothing but the safe part of the standard library.
pub(crate) fn open(limits: &SandboxLimits) -> Result<Box<dyn ScriptEngine>, ScriptError> {
    Ok(Box::new(engine::LuaEngine::new(limits)?))
}

/// A fresh Lua state within limits that runs policies.
pub(crate) fn open_policies(limits: &SandboxLimits) -> Result<Box<dyn PolicyState>, ScriptError> {
    Ok(Box::new(policy::LuaPolicies::open(limits)?))
}
