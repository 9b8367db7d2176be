//! The formats in which a profile can be presented.

use std::io;
use std::path::Path;
use std::str::FromStr;

use super::super::profile::Profile;
use super::super::text::quoted;
use super::{chrome_trace, flamegraph, folded, json, speedscope, text};

/// How many frames the table of a profile shows.
const TABLE_ROWS: usize = 50;

/// A format in which a profile can be presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportFormat {
    /// A table of the frames with the most time of their own, for people.
    Text,
    /// Everything that the profile knows, by `docs/schemas/profile.schema.json`.
    Json,
    /// One line a call path, with the whole microseconds of its own time.
    Folded,
    /// For speedscope.
    Speedscope,
    /// For Chrome's tracing and Perfetto.
    ChromeTrace,
    /// A flame graph as SVG; it needs the feature `flamegraph`.
    Flamegraph,
}

/// Why a profile could not be presented.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// This build draws no flame graphs.
    #[error("flame graphs were left out of this build (switch the feature `flamegraph` on)")]
    NotBuilt,
    /// The flame graph could not be drawn.
    #[error("the flame graph cannot be drawn: {0}")]
    Draw(#[from] io::Error),
    /// The report could not be written as JSON.
    #[error("the report cannot be written as JSON: {0}")]
    Encode(#[from] serde_json::Error),
    /// A name that is no format.
    #[error("{} is not a format of profiles (use {names})", quoted(.name), names = ReportFormat::names())]
    Name {
        /// What was asked for.
        name: String,
    },
}

impl ReportFormat {
    /// All formats, with the names that a command line gives them and the endings of their files.
    ///
    /// Of two endings the longer one stands first.
    const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::Text, "text", ".txt"),
        (Self::Folded, "folded", ".folded"),
        (Self::Speedscope, "speedscope", ".speedscope.json"),
        (Self::ChromeTrace, "trace", ".trace.json"),
        (Self::Flamegraph, "svg", ".svg"),
        (Self::Json, "json", ".json"),
    ];

    /// The format that the ending of a file's name asks for: `.folded`, `.svg`, `.speedscope.json`, `.trace.json`,
    /// `.json` or `.txt`, in any case.
    ///
    /// ```
    /// use std::path::Path;
    /// use llmspell_utils::debug::report::ReportFormat;
    ///
    /// let format = ReportFormat::of_file(Path::new("out/guard.trace.json"));
    /// assert_eq!(format, Some(ReportFormat::ChromeTrace));
    /// assert_eq!(ReportFormat::of_file(Path::new("guard.pdf")), None);
    /// ```
    #[must_use]
    pub fn of_file(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        let found = Self::ALL
            .iter()
            .find(|(_, _, ending)| name.ends_with(ending));
        found.map(|(format, ..)| *format)
    }

    /// The name that a command line gives the format.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The ending of its files, with the dot.
    #[must_use]
    pub fn ending(self) -> &'static str {
        self.row().2
    }

    /// The names of all formats, for a person to read.
    fn names() -> String {
        Self::ALL.map(|(_, name, _)| name).join(", ")
    }

    /// The endings of all formats' files, for a person to read.
    #[must_use]
    pub fn endings() -> String {
        Self::ALL.map(|(.., ending)| ending).join(", ")
    }

    fn row(self) -> (Self, &'static str, &'static str) {
        let found = Self::ALL.into_iter().find(|(format, ..)| *format == self);
        found.unwrap_or((self, "text", ".txt"))
    }
}

impl FromStr for ReportFormat {
    type Err = ReportError;

    fn from_str(text: &str) -> Result<Self, ReportError> {
        let found = Self::ALL.into_iter().find(|(_, name, _)| *name == text);
        found
            .map(|(format, ..)| format)
            .ok_or_else(|| ReportError::Name {
                name: text.to_owned(),
            })
    }
}

/// The profile in a format.
///
/// ```
/// use std::time::Duration;
/// use llmspell_utils::debug::report::{self, ReportFormat};
/// use llmspell_utils::debug::{FrameKind, ProfileBuilder, ProfileFrame, ProfileMethod};
///
/// let mut builder = ProfileBuilder::new("guard.lua", ProfileMethod::Exact, Duration::ZERO);
/// let main = builder.frame(ProfileFrame::new("main", FrameKind::Script));
/// builder.enter(main, Duration::ZERO);
/// let profile = builder.finish(Duration::from_micros(7));
/// assert_eq!(report::render(&profile, ReportFormat::Folded)?, "main 7\n");
/// # Ok::<(), report::ReportError>(())
/// ```
///
/// # Errors
///
/// A flame graph in a build without the feature `flamegraph`, or one that could not be drawn.
pub fn render(profile: &Profile, format: ReportFormat) -> Result<String, ReportError> {
    match format {
        ReportFormat::Text => Ok(text::profile_text(profile, TABLE_ROWS)),
        ReportFormat::Json => json::profile_json(profile),
        ReportFormat::Folded => Ok(folded::folded(profile)),
        ReportFormat::Speedscope => speedscope::speedscope(profile),
        ReportFormat::ChromeTrace => chrome_trace::chrome_trace(profile),
        ReportFormat::Flamegraph => flamegraph::flamegraph(profile),
    }
}
