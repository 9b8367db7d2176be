//! Recordings: a session of entries, timers, profiles, events and decisions in a file that survives the end of its writer.
//!
//! [`RecordingWriter`] appends, [`RecordingReader`] reads; neither knows what a policy is. `docs/recordings.md` describes
//! the file byte by byte.

mod error;
mod frame;
mod reader;
mod record;
mod writer;

pub use error::{RecordingError, RecordingErrorKind};
pub use reader::RecordingReader;
pub use record::{RECORDING_VERSION, Record, RecordKind};
pub use writer::{RecordingSummary, RecordingWriter};
