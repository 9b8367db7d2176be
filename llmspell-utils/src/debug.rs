//! The parts of the debug infrastructure, and the manager that everybody in a process may share.
//!
//! - [`DebugManager`] puts the parts together; [`global`] is one for the whole process.
//! - [`DebugLevel`] and the rules of the filter ([`FilterRule`], [`Directive`]) say whether a message is wanted.
//! - [`Redactor`] takes secrets out of everything before it is kept.
//! - [`DebugEntry`] is a message; an [`EntryFormat`] says how it looks, a [`DebugOutput`] where it goes.
//! - [`Profiler`] keeps timers, [`ProfileBuilder`] makes profiles, [`report`] presents both.
//! - [`RecordingWriter`] keeps a session in a file, [`RecordingReader`] reads it.
//! - [`DebugConfig`] reads all settings from a file, the environment and the command line.
//! - [`MemoryUse`] says what memory is in use, [`SlowThresholds`] how long operations may take.
//! - [`Clock`] tells the time, and can be made to stand still.

mod clock;
mod config;
mod entry;
mod error;
mod filter;
mod format;
mod level;
mod manager;
mod memory;
mod output;
mod profile;
mod profiler;
mod recording;
mod redact;
pub mod report;
mod slow;
mod text;

pub use crate::debug_log;
pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use config::{DebugConfig, Document, OutputTarget, Setting, SyslogPlace, Table};
pub use entry::{DebugEntry, Place};
pub use error::{DebugError, DebugErrorKind};
pub use filter::{
    Directive, FilterAction, FilterError, FilterErrorKind, FilterRule, FilterSummary, PatternKind,
};
pub use format::{EntryFormat, FormatKind, JsonFormat, TextFormat};
pub use level::{DebugLevel, LevelError};
pub use manager::{DebugManager, ScopeGrants, global};
pub use memory::{MemoryDifference, MemorySnapshot, MemoryUse};
pub use output::{
    BufferLimits, BufferOutput, ConsoleOutput, DebugOutput, FanOut, FileOutput, NullOutput,
    OutputTrouble, QueueLimits, Queued, RotatingFileOutput, Rotation, SocketOutput, SyslogOutput,
};
#[cfg(feature = "tracing")]
pub use output::{DebugLayer, TracingOutput};
pub use profile::{
    FrameId, FrameKind, NodeId, Profile, ProfileBuilder, ProfileFrame, ProfileLosses,
    ProfileMethod, ProfileNode, Segment,
};
pub use profiler::{
    Lap, LapStatistics, PerformanceTracker, Profiler, ProfilerLosses, TimerEvent, TimerStatistics,
};
pub use recording::{
    RECORDING_VERSION, Record, RecordKind, RecordingError, RecordingErrorKind, RecordingReader,
    RecordingSummary, RecordingWriter,
};
pub use redact::{RedactConfig, Redactor};
pub use slow::{SlowOperation, SlowThresholds};
pub use text::{escaped, escaped_where, safe_json};
