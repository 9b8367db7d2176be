//! Diagnostics for embedded scripts: levelled entries, module filters, outputs, timers and their statistics.

pub mod debug;
mod nearest;
mod private_files;
mod read_text;
mod sync;

pub use nearest::{closest, nearest};
pub use private_files::{create_private_directory, write_private};
pub use read_text::{read_bytes, read_open_bytes, read_open_text, read_text};
