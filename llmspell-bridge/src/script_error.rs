//! What went wrong in a script: kind, message, place, stack and an excerpt of the source.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use llmspell_utils::debug::Redactor;
use serde_json::{Value as Json, json};

use crate::arguments::ValueKind;
use crate::sandbox::StopReason;
use crate::shown_text::ShownText;
use crate::stack_trace::StackTrace;

/// How many characters of a message are kept: a script may raise as much text as it has memory.
const LONGEST_MESSAGE: usize = 4096;

/// What sort of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScriptErrorKind {
    /// The script cannot be read, or is too long.
    Read,
    /// The script does not parse.
    Syntax,
    /// The script raised an error.
    Runtime,
    /// The script ran past its deadline.
    Timeout,
    /// The host was asked to stop the script.
    Stopped,
    /// The script asked for more memory than it may have.
    Memory,
    /// The script recursed too deeply.
    Stack,
    /// A value could not cross between script and host.
    Conversion,
    /// A function of the host was called with arguments that it cannot take.
    Argument,
    /// The policy project is missing or cannot be loaded.
    Project,
    /// An event is not one that policies can be asked about.
    Event,
    /// The host itself failed; a bug of this program.
    Internal,
}

impl ScriptErrorKind {
    /// The stable name, as scripts see it in `code`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Syntax => "syntax",
            Self::Runtime => "runtime",
            Self::Timeout => "timeout",
            Self::Stopped => "stopped",
            Self::Memory => "memory",
            Self::Stack => "stack",
            Self::Conversion => "conversion",
            Self::Argument => "argument",
            Self::Project => "project",
            Self::Event => "event",
            Self::Internal => "internal",
        }
    }

    /// The kind that a [`code`](Self::code) names.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        const ALL: [ScriptErrorKind; 12] = [
            ScriptErrorKind::Read,
            ScriptErrorKind::Syntax,
            ScriptErrorKind::Runtime,
            ScriptErrorKind::Timeout,
            ScriptErrorKind::Stopped,
            ScriptErrorKind::Memory,
            ScriptErrorKind::Stack,
            ScriptErrorKind::Conversion,
            ScriptErrorKind::Argument,
            ScriptErrorKind::Project,
            ScriptErrorKind::Event,
            ScriptErrorKind::Internal,
        ];
        ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Where in a script: the name it was loaded under, a line from 1 and, where known, a column from 1.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The name of the script, usually its path.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: Option<u32>,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file, self.line)?;
        match self.column {
            Some(column) => write!(formatter, ":{column}"),
            None => Ok(()),
        }
    }
}

/// An error of a script or of what a script asked the host for.
///
/// `Display` is one sentence; [`render`](Self::render) is what a person should see.
#[derive(Debug, Clone)]
pub struct ScriptError {
    // Boxed: errors are rare, and every call of a host method returns a `Result` of this type.
    details: Box<Details>,
}

#[derive(Debug, Clone)]
struct Details {
    kind: ScriptErrorKind,
    message: String,
    place: Option<Place>,
    stack: StackTrace,
    source_text: Option<String>,
    /// What takes secrets out of the excerpt, whoever adds the source text.
    redactor: Option<Arc<Redactor>>,
    help: Option<String>,
    is_incomplete: bool,
}

impl ScriptError {
    /// An error of a kind with a message of one sentence, in lower case and without a full stop; of a
    /// message of more than 4,096 characters the beginning is kept.
    #[must_use]
    pub fn new(kind: ScriptErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        if message.len() <= LONGEST_MESSAGE {
            return Self::of(kind, message);
        }
        Self::from_bytes(kind, message.as_bytes())
    }

    /// The same as [`new`](Self::new) for a message that a script made: what is not kept is not copied.
    pub(crate) fn from_bytes(kind: ScriptErrorKind, message: &[u8]) -> Self {
        Self::of(kind, ShownText::cut(message, LONGEST_MESSAGE).to_string())
    }

    fn of(kind: ScriptErrorKind, message: String) -> Self {
        Self {
            details: Box::new(Details {
                kind,
                message,
                place: None,
                stack: StackTrace::default(),
                source_text: None,
                redactor: None,
                help: None,
                is_incomplete: false,
            }),
        }
    }

    /// A fault of the host itself.
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ScriptErrorKind::Internal, message)
    }

    /// The error of a script that was stopped from outside.
    #[must_use]
    pub(crate) fn stopped(reason: StopReason) -> Self {
        match reason {
            StopReason::Timeout => Self::new(
                ScriptErrorKind::Timeout,
                "the script ran longer than its limit",
            )
            .with_help("look for a loop without an end, or raise the limit: `--timeout`, or `timeout` under `[script]`"),
            StopReason::Request => Self::new(
                ScriptErrorKind::Stopped,
                "the script was stopped by the host",
            ),
        }
    }

    /// The error of a script that asked for more memory than it may have.
    #[must_use]
    pub(crate) fn out_of_memory() -> Self {
        Self::new(
            ScriptErrorKind::Memory,
            "the script used more memory than its limit",
        )
        .with_help("keep less data at a time, or raise the limit: `--memory`, or `memory` under `[script]`")
    }

    /// The error of a script that recursed without end.
    #[must_use]
    pub(crate) fn too_deep() -> Self {
        Self::new(ScriptErrorKind::Stack, "the script recursed too deeply")
            .with_help("look for a recursion without an end, or use a loop")
    }

    /// The error of a method that was to call what is no function.
    #[must_use]
    pub(crate) fn no_function(given: ValueKind) -> Self {
        let message = format!("expected a function, got {}", given.name());
        Self::new(ScriptErrorKind::Argument, message)
    }

    /// The same error at a place.
    #[must_use]
    pub fn at(mut self, place: Option<Place>) -> Self {
        self.details.place = place;
        self
    }

    /// The same error with the stack that led to it; the place follows from it where none is known.
    #[must_use]
    pub fn with_stack(mut self, stack: StackTrace) -> Self {
        if self.details.place.is_none() {
            self.details.place = stack.script_frame().and_then(|frame| {
                Some(Place {
                    file: frame.source.clone()?,
                    line: frame.line?,
                    column: frame.column,
                })
            });
        }
        self.details.stack = stack;
        self
    }

    /// The same error with the text of the script that [`place`](Self::place) names.
    #[must_use]
    pub fn with_source_text(mut self, text: impl Into<String>) -> Self {
        self.details.source_text = Some(text.into());
        self
    }

    /// The same error with advice on what to do next.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.details.help = Some(help.into());
        self
    }

    /// The same error, of a text that more may be added to.
    #[must_use]
    pub(crate) fn incomplete(mut self) -> Self {
        self.details.is_incomplete = true;
        self
    }

    /// Whether a text does not parse only because it ends too early. Known of the inputs of a prompt, and false of
    /// everything else.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.details.is_incomplete
    }

    /// What sort of thing went wrong.
    #[must_use]
    pub fn kind(&self) -> ScriptErrorKind {
        self.details.kind
    }

    /// The same without secrets in what a script chose: the message, the advice, the names on the stack and the
    /// excerpt. The variables on the stack were redacted when it was read.
    #[must_use]
    pub(crate) fn redacted(mut self, redactor: &Arc<Redactor>) -> Self {
        let redact = |text: &mut String| {
            if let Cow::Owned(redacted) = redactor.text(text) {
                *text = redacted;
            }
        };
        redact(&mut self.details.message);
        if let Some(help) = &mut self.details.help {
            redact(help);
        }
        let stack = std::mem::take(&mut self.details.stack);
        self.details.stack = stack.redacted(redactor);
        self.details.redactor = Some(Arc::clone(redactor));
        self
    }

    /// What went wrong, in one sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.details.message
    }

    /// Where it went wrong, if that is known.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        self.details.place.as_ref()
    }

    /// The calls that led to it, innermost first; empty if unknown.
    #[must_use]
    pub fn stack(&self) -> &StackTrace {
        &self.details.stack
    }

    /// What to do next, if there is advice.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.details.help.as_deref()
    }

    /// The error for a person: message, excerpt with a caret, stack and advice, over several lines.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let mut text = self.excerpt(colour);
        if !self.details.stack.frames.is_empty() {
            text.push_str("\nstack, innermost call first:\n");
            text.push_str(self.details.stack.to_text().trim_end());
        }
        if let Some(help) = &self.details.help {
            text.push_str("\nhelp: ");
            text.push_str(help);
        }
        text.push('\n');
        text
    }

    /// The error as one JSON object with `code`, `message`, `place`, `stack` and `help`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        json!({
            "code": self.details.kind.code(),
            "message": self.details.message,
            "place": self.details.place.as_ref().map(|place| json!({
                "file": place.file, "line": place.line, "column": place.column,
            })),
            "stack": self.details.stack.to_json(),
            "help": self.details.help,
        })
    }

    fn excerpt(&self, colour: bool) -> String {
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let title = Level::ERROR.primary_title(self.details.message.as_str());
        let marked = self
            .details
            .place
            .as_ref()
            .zip(self.details.source_text.as_deref());
        let marked =
            marked.and_then(|(place, source)| Some((place, source, marked_bytes(source, place)?)));
        let Some((place, source, span)) = marked else {
            let text = renderer.render(&[annotate_snippets::Group::with_title(title)]);
            return match &self.details.place {
                Some(place) => format!("{text}\n --> {place}"),
                None => text,
            };
        };
        let path = place.file.as_str();
        if let Some(line) = self.redacted_line(source, place) {
            // The column means nothing in a line of which a part is gone.
            let snippet = Snippet::source(line.trim_end())
                .line_start(usize::try_from(place.line).unwrap_or(usize::MAX))
                .path(path)
                .annotation(AnnotationKind::Primary.span(span_of(&line)));
            return renderer.render(&[title.element(snippet)]);
        }
        let snippet = Snippet::source(source)
            .path(path)
            .annotation(AnnotationKind::Primary.span(span));
        renderer.render(&[title.element(snippet)])
    }

    /// The line of the error without its secrets, if it has any.
    fn redacted_line(&self, source: &str, place: &Place) -> Option<String> {
        let number = usize::try_from(place.line.checked_sub(1)?).ok()?;
        let line = source.split_inclusive('\n').nth(number)?;
        match self.details.redactor.as_ref()?.text(line) {
            Cow::Borrowed(_) => None,
            Cow::Owned(redacted) => Some(redacted),
        }
    }
}

/// The bytes of a line without its indentation.
fn span_of(line: &str) -> std::ops::Range<usize> {
    let line = line.trim_end();
    line.len() - line.trim_start().len()..line.len()
}

/// The bytes of `source` to underline: from the column on one character, or the whole line without
/// its indentation where no column is known.
fn marked_bytes(source: &str, place: &Place) -> Option<std::ops::Range<usize>> {
    let wanted = usize::try_from(place.line.checked_sub(1)?).ok()?;
    let mut start = 0;
    let line = source
        .split_inclusive('\n')
        .enumerate()
        .find_map(|(index, line)| {
            if index == wanted {
                return Some(line);
            }
            start += line.len();
            None
        })?;
    let line = line.trim_end();
    let Some(column) = place.column else {
        let span = span_of(line);
        return Some(start + span.start..start + span.end);
    };
    let skipped = usize::try_from(column.saturating_sub(1)).ok()?;
    let at = line
        .char_indices()
        .nth(skipped)
        .map_or(line.len(), |(at, _)| at);
    let width = line.get(at..)?.chars().next().map_or(0, char::len_utf8);
    Some(start + at..start + at + width)
}

impl fmt::Display for ScriptError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.details.place {
            write!(formatter, "{place}: ")?;
        }
        formatter.write_str(&self.details.message)
    }
}

impl Error for ScriptError {}
