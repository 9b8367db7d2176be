//! Functions of time.

use super::builtin::DependsOn;
use super::{Builtin, BuiltinError, Context};
use crate::value::Value;

pub(super) const TABLE: &[Builtin] =
    &[Builtin::new("time.now_ns", 0, now_ns).depending_on(DependsOn::Clock)];

fn now_ns(_: &[Value], context: &Context) -> Result<Value, BuiltinError> {
    Ok(Value::from(context.nanoseconds()?))
}
