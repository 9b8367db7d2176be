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
    match closest(name, known.iter().copied()) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None => format!("known are `{}`", known.join("`, `")),
    }
}

/// The known name that an unknown one was probably meant to be; none if none is near.
///
/// ```
/// use llmspell_utils::closest;
///
/// assert_eq!(closest("levle", ["level", "enabled"]), Some("level"));
/// assert_eq!(closest("colour", ["level", "enabled"]), None);
/// ```
#[must_use]
pub fn closest<'known>(
    name: &str,
    known: impl IntoIterator<Item = &'known str>,
) -> Option<&'known str> {
    let close = known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min();
    close.map(|(_, candidate)| candidate)
}
