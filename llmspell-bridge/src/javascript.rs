//! JavaScript: QuickJS-ng through rquickjs.

mod arguments;
mod builtins;
mod call_sites;
mod convert;
mod engine;
mod error;
mod inspect;
mod object;
mod policy;
mod profile;
mod prompt;
mod raw;
mod realm;
mod sandbox;
mod stack_trace;
#[cfg(test)]
mod testing;

use crate::policy_language::PolicyState;
use crate::sandbox::SandboxLimits;
use crate::script_engine::ScriptEngine;
use crate::script_error::ScriptError;

/// An engine of JavaScript under these limits.
///
/// # Errors
/// When the engine is out of memory before any script has run.
pub(crate) fn open(limits: &SandboxLimits) -> Result<Box<dyn ScriptEngine>, ScriptError> {
    Ok(Box::new(engine::JavaScriptEngine::open(limits)?))
}

/// A fresh state of JavaScript within limits that runs policies.
pub(crate) fn open_policies(limits: &SandboxLimits) -> Result<Box<dyn PolicyState>, ScriptError> {
    Ok(Box::new(policy::JavaScriptPolicies::open(limits)?))
}
