//! JavaScript: QuickJS-ng through rquickjs.

use crate::sandbox::SandboxLimits;
use crate::script_engine::ScriptEngine;
use crate::script_error::ScriptError;
pub(crate) fn open(_: &SandboxLimits) -> Result<Box<dyn ScriptEngine>, ScriptError> {
    Err(ScriptError::internal("no JavaScript yet"))
}
