//! Diagnostics for embedded scripts: levelled entries, module filters, outputs, timers and their statistics.

pub mod debug;
mod nearest;

pub use nearest::nearest;
