//! The trace that an agent's call belongs to, as W3C's `traceparent` names it.

use std::env;

use data_encoding::HEXLOWER;

const VARIABLE: &str = "TRACEPARENT";
/// Bytes of version 00: `00-`, 32 digits, `-`, 16 digits, `-`, 2 digits.
const LENGTH: usize = 55;

/// The trace that a decision belongs to, with a span of its own beneath the caller's.
///
/// ```
/// use llmspell_engine::TraceContext;
///
/// let trace = TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
/// assert_eq!(trace.trace_id(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
/// assert_eq!(trace.span_id().map(str::len), Some(16));
///
/// let malformed = TraceContext::parse("00-nonsense");
/// assert_eq!((malformed.trace_id(), malformed.note().is_some()), (None, true));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    named: Result<Named, &'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    trace_id: String,
    parent_span_id: String,
    flags: String,
    span_id: String,
}

impl TraceContext {
    /// What `TRACEPARENT` says in the environment; none where it is not set or empty.
    #[must_use]
    pub fn from_environment() -> Option<Self> {
        let value = env::var_os(VARIABLE).filter(|value| !value.is_empty())?;
        Some(Self::parse(value.to_str().unwrap_or("?")))
    }

    /// Reads a `traceparent`. One that is malformed names no trace, and the record says so: it is never an error.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self {
            named: named(text).ok_or("TRACEPARENT is no traceparent of W3C and was ignored"),
        }
    }

    /// The trace's id: 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.named().map(|named| named.trace_id.as_str())
    }

    /// The id of the decision's own span: 16 hexadecimal digits, never the same twice.
    #[must_use]
    pub fn span_id(&self) -> Option<&str> {
        self.named().map(|named| named.span_id.as_str())
    }

    /// The id of the caller's span.
    #[must_use]
    pub fn parent_span_id(&self) -> Option<&str> {
        self.named().map(|named| named.parent_span_id.as_str())
    }

    /// The caller's flags: two hexadecimal digits, of which the last bit says that the trace is sampled.
    #[must_use]
    pub fn flags(&self) -> Option<&str> {
        self.named().map(|named| named.flags.as_str())
    }

    /// Why there is no trace.
    #[must_use]
    pub fn note(&self) -> Option<&'static str> {
        self.named.as_ref().err().copied()
    }

    fn named(&self) -> Option<&Named> {
        self.named.as_ref().ok()
    }
}

fn named(text: &str) -> Option<Named> {
    let mut parts = text.splitn(5, '-');
    let version = digits(parts.next()?, 2).filter(|version| *version != "ff")?;
    let trace_id = digits(parts.next()?, 32).filter(|id| is_any(id))?;
    let parent_span_id = digits(parts.next()?, 16).filter(|id| is_any(id))?;
    let flags = digits(parts.next()?, 2)?;
    // A later version may say more; this one must end here.
    if version == "00" && text.len() != LENGTH {
        return None;
    }
    Some(Named {
        trace_id: trace_id.to_owned(),
        parent_span_id: parent_span_id.to_owned(),
        flags: flags.to_owned(),
        span_id: new_span_id(),
    })
}

fn digits(text: &str, count: usize) -> Option<&str> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (text.len() == count && text.bytes().all(is_digit)).then_some(text)
}

fn is_any(id: &str) -> bool {
    id.bytes().any(|byte| byte != b'0')
}

fn new_span_id() -> String {
    // Half of a random UUID is never zero, since it holds the version.
    let (half, _) = uuid::Uuid::new_v4().as_u64_pair();
    HEXLOWER.encode(&half.to_be_bytes())
}
