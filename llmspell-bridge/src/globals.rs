//! The globals that scripts see, each written once for every language.

mod checked_call;
mod console;
mod cupcake;
mod cupcake_policy;
mod debug;
mod debug_filter;
mod debug_memory;
mod debug_profile;
mod debug_report;
mod debug_timer;
mod slow_evaluation;

pub(crate) use console::{Console, printed_line};
pub(crate) use cupcake::{Cupcake, PolicySource};
pub(crate) use cupcake_policy::ScriptHooks;
pub(crate) use debug::Debug;
pub(crate) use slow_evaluation::EvaluationTime;
pub use slow_evaluation::evaluate_watching_time;
