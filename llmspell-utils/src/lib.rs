//! Diagnostics for embedded scripts: levelled entries, module filters, outputs, timers and their statistics.

pub mod debug;
mod nearest;
mod read_text;
mod sync;

pub use nearest::nearest;
pub use read_text::read_text;
