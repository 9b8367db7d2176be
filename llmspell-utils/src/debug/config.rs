//! All settings, read from a file, the environment and the command line, each over the one before.

mod environment;
mod file;
mod section;
mod settings;
mod target;

pub use settings::DebugConfig;
pub use target::OutputTarget;
