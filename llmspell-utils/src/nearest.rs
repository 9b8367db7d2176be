//! The advice about a name that nobody knows.

/// The help for an unknown name: the nearest known one, or else all of them.
///
/// ```
/// use llmspell_utils::nearest;
///
/// assert_eq!(nearest("levle", &["level", "enabled"]), "did you mean `level`?");
/// assert_eq!(nearest("colour", &["level", "enabled"]), "known are `level`, `enabled`");
/// ```
#[must_use]
pub fn nearest(name: &str, known: &[&str]) -> String {
    let close = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min();
    match close {
        Some((_, candidate)) => format!("did you mean `{candidate}`?"),
        None => format!("known are `{}`", known.join("`, `")),
    }
}
