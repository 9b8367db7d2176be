//! The event of the agent, which comes on standard input.

use std::io::{self, Read as _, stdin};

use llmspell_engine::{Event, EventLimits};

/// How many bytes are taken of what is too long for an event.
const MOST_PASSED_OVER: u64 = 1 << 30;

/// Reads what the agent says about the event. All of it is taken, so that the agent can write it to its end; what is
/// more than an event may have is not kept.
pub(super) fn read(limits: &EventLimits) -> io::Result<Vec<u8>> {
    let most = u64::try_from(limits.bytes)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let mut input = stdin().lock();
    let mut text = Vec::with_capacity(4096);
    input.by_ref().take(most).read_to_end(&mut text)?;
    if text.len() > limits.bytes {
        io::copy(&mut input.take(MOST_PASSED_OVER), &mut io::sink())?;
    }
    Ok(text)
}

/// Reads the event from what the agent says.
///
/// # Errors
///
/// Why it is no event.
pub(super) fn parse(text: &[u8], limits: &EventLimits) -> Result<Event, String> {
    Event::parse(text, limits).map_err(|error| {
        let place = match (error.line, error.column) {
            (Some(line), Some(column)) => format!(" at {line}:{column}"),
            _ => String::new(),
        };
        format!("the event{place}: {}: {}", error.message, error.help)
    })
}
