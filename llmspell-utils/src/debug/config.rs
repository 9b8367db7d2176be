//! All settings, read from a file, the environment and the command line, each over the one before.

mod document;
mod environment;
mod file;
mod rotate;
mod settings;
mod target;

pub use document::{Document, Setting, Table};
pub use settings::DebugConfig;
pub use target::{OutputTarget, SyslogPlace};
