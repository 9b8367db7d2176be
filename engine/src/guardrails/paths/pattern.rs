//! Paths of which parts are patterns or not known.

use std::path::Path;

use crate::preprocess::paths::resolve;
use crate::shell::{Open, Piece, Word};

/// Slashes in a pattern at which it is cut.
const MAX_CUTS: usize = 64;

/// The word without `.` parts and doubled slashes, and with `..` taken back where that is known.
pub(super) fn without_dots(word: &Word) -> Word {
    let mut parts: Vec<Word> = Vec::new();
    let mut rest = word.clone();
    let mut left = MAX_CUTS * 4;
    loop {
        let (part, after) = match rest.split_at('/') {
            Some((part, after)) => (part, Some(after)),
            None => (rest, None),
        };
        match part.known() {
            Some("" | ".") => {}
            Some("..") => {
                parts.pop();
            }
            _ => parts.push(part),
        }
        left -= 1;
        match after {
            Some(after) if left > 0 => rest = after,
            _ => break,
        }
    }
    let mut plain = Word::default();
    let is_absolute = word.start().starts_with('/');
    for (index, part) in parts.iter().enumerate() {
        if is_absolute || index > 0 {
            plain.push_text("/");
        }
        plain.append(part);
    }
    plain
}

/// The word with the folder that it begins with where that really lies.
pub(super) fn canonical_start(word: &Word, directory: &str) -> Option<Word> {
    let plain = without_dots(word);
    let start = plain.start();
    let folder = start.rsplit_once('/')?.0;
    let canonical = resolve(folder, Path::new(directory)).canonical;
    let mut moved = Word::text(canonical.to_string_lossy().into_owned());
    moved.append(&plain.without_start(folder)?);
    (moved != plain).then_some(moved)
}

/// The word with each link that the first pattern in it finds in place of that pattern.
pub(super) fn links_of(word: &Word) -> Vec<Word> {
    const MAX_LOOKED_AT: usize = 2_000;
    let plain = without_dots(word);
    if plain.openness().is_some() {
        return Vec::new();
    }
    let Some((folder, _)) = plain.start().rsplit_once('/') else {
        return Vec::new();
    };
    let Some(rest) = plain.without_start(&format!("{folder}/")) else {
        return Vec::new();
    };
    // What the last name finds is taken away as a link, and what it leads to stays.
    let Some((pattern, rest)) = rest.split_at('/') else {
        return Vec::new();
    };
    let entries = std::fs::read_dir(if folder.is_empty() { "/" } else { folder });
    let links = entries
        .into_iter()
        .flatten()
        .flatten()
        .take(MAX_LOOKED_AT)
        .filter(|entry| {
            entry.file_type().is_ok_and(|kind| kind.is_symlink())
                && pattern.may_be(&entry.file_name().to_string_lossy())
        });
    links
        .map(|link| {
            let target = std::fs::canonicalize(link.path()).unwrap_or_else(|_| link.path());
            rest.beneath(&Word::text(target.to_string_lossy().into_owned()))
        })
        .collect()
}

/// The word up to each of its slashes.
pub(super) fn cuts(word: &Word) -> Vec<Word> {
    let mut cuts = Vec::new();
    let mut before = Word::default();
    let mut rest = word.clone();
    while let Some((part, after)) = rest.split_at('/') {
        before.append(&part);
        if !before.pieces().is_empty() {
            cuts.push(before.clone());
        }
        before.push_text("/");
        rest = after;
        if cuts.len() > MAX_CUTS {
            break;
        }
    }
    cuts
}

/// Whether a pattern says enough of its last name to mean a protected one: one that is wholly open could be anything.
pub(super) fn counts(word: &Word) -> bool {
    let last = word.last_component();
    let literal = literal(&last);
    match (word.openness(), last.openness()) {
        (Some(Open::Computed), _) => true,
        (Some(_), Some(_)) => literal >= 3,
        (Some(_), None) => literal >= 1,
        (None, _) => true,
    }
}

/// How many characters of a word are known.
pub(super) fn literal(word: &Word) -> usize {
    let characters = word.pieces().iter().map(|piece| match piece {
        Piece::Text(text) => text.chars().count(),
        _ => 0,
    });
    characters.sum()
}

/// Whether the known part of a path says something of a place, beyond the folders that it begins with.
///
/// A mere ending such as `.json` says nothing of a file with a name of its own.
pub(super) fn says_of(word: &Word, place: &str, starts: [&str; 2]) -> bool {
    let mut rest = word.clone();
    let mut folders = starts.map(|start| Some(start.split('/').filter(|part| !part.is_empty())));
    // The folders in which a project or a home lies are no part of its names.
    while let Some((part, after)) = rest.split_at('/') {
        let Some(part) = part.known() else { break };
        if part.is_empty() {
            rest = after;
            continue;
        }
        for folders in &mut folders {
            if folders.as_mut().and_then(Iterator::next) != Some(part) {
                *folders = None;
            }
        }
        if folders.iter().all(Option::is_none) {
            break;
        }
        rest = after;
    }
    let name = place.rsplit('/').next().unwrap_or(place);
    let last = rest.pieces().len().checked_sub(1);
    let is_ending = |index: usize, text: &str| {
        let is_behind = index > 0 && Some(index) == last;
        is_behind && text.starts_with('.') && text.rfind('.') == Some(0) && text.len() < name.len()
    };
    rest.pieces()
        .iter()
        .enumerate()
        .any(|(index, piece)| match piece {
            Piece::Text(text) => !text.trim_matches('/').is_empty() && !is_ending(index, text),
            _ => false,
        })
}
