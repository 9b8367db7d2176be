//! The events that each agent program is known to send, to find those that are written wrongly.

use super::Harness;

/// Cursor's events that Claude Code has in another case. None of them is taken for what was meant: a policy for both
/// agents may name Claude Code's, and the check says that Cursor does not send those.
const IN_ANOTHER_CASE: [&str; 8] = [
    "postToolUse",
    "postToolUseFailure",
    "preCompact",
    "preToolUse",
    "sessionEnd",
    "sessionStart",
    "subagentStart",
    "subagentStop",
];

impl Harness {
    /// The names of the events that this agent program is known to send.
    pub fn events(self) -> impl Iterator<Item = &'static str> {
        let known = self
            .wires()
            .split_last()
            .map_or(&[][..], |(_, known)| known);
        known.iter().map(|row| row.event())
    }
}

/// Whether an agent program is known to send an event with this name.
pub(crate) fn is_known(name: &str, harness: Harness) -> bool {
    harness.events().any(|known| known == name)
}

/// The known event that was meant by a name that is none, if it is close to one; agents add events, so that a name
/// which is far from all of them may be new.
///
/// Without a harness the events of all are known.
pub(crate) fn meant(name: &str, harness: Option<Harness>) -> Option<&'static str> {
    let is_meant = |owner: &Harness| harness.is_none_or(|harness| harness == *owner);
    let harnesses = || Harness::ALL.into_iter().filter(is_meant);
    let known = || harnesses().flat_map(Harness::events);
    if known().any(|known| known == name) {
        return None;
    }
    known()
        .filter(|known| !IN_ANOTHER_CASE.contains(known) && is_close(name, known))
        .min_by_key(|known| strsim::damerau_levenshtein(name, known))
}

/// Whether two names differ by case and signs only, or by one letter, or by two where they are long.
fn is_close(name: &str, known: &str) -> bool {
    const LONG: usize = 8;
    let letters = |name: &str| -> String {
        let letters = name.chars().filter(|letter| letter.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let (name, known) = (letters(name), letters(known));
    let allowed = match known.len() {
        LONG.. => 2,
        _ => 1,
    };
    name.len() < 2 * known.len() && strsim::damerau_levenshtein(&name, &known) <= allowed
}
