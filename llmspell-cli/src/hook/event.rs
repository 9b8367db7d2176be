//! The event of the agent, which comes on standard input.

use std::io::{Read as _, stdin};

use llmspell_engine::{Event, EventLimits};

/// Reads the event; all of the input is taken, so that the agent can write it to its end.
///
/// # Errors
///
/// When it cannot be read, is too large, or is no event.
pub(super) fn read(limits: &EventLimits) -> Result<Event, String> {
    let most = u64::try_from(limits.bytes)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let mut input = stdin().lock();
    let mut text = Vec::with_capacity(4096);
    let unreadable = |error: std::io::Error| format!("the event cannot be read: {error}");
    input
        .by_ref()
        .take(most)
        .read_to_end(&mut text)
        .map_err(unreadable)?;
    if text.len() > limits.bytes {
        // The deadline ends it if the agent does not.
        std::io::copy(&mut input, &mut std::io::sink()).map_err(unreadable)?;
    }
    Event::parse(&text, limits).map_err(|error| {
        let place = match (error.line, error.column) {
            (Some(line), Some(column)) => format!(" at {line}:{column}"),
            _ => String::new(),
        };
        format!("the event{place}: {}: {}", error.message, error.help)
    })
}
