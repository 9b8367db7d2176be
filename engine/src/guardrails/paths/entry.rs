//! One protected path: what it covers, what lies beneath, and what a pattern may mean by it.

use std::path::{Path, PathBuf};

use super::super::station::Station;
use super::pattern::{counts, literal};
use crate::preprocess::paths::{Lookups, resolve};
use crate::shell::{Word, fold, folded};

/// Files beneath protected folders that patterns are compared with.
const MAX_ENTRIES: usize = 512;
const MAX_DEPTH: usize = 6;

/// One path as the rulebook writes it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) shape: Shape,
    /// The path as a file system has it, and where it really lies.
    pub(super) places: Vec<PathBuf>,
    /// The names of each, letters of either case made alike.
    pub(super) place_parts: Vec<Vec<String>>,
    /// What texts of other languages would name.
    pub(super) key: String,
    /// What a text that nobody understands would name.
    pub(super) mention: String,
    /// A name that a pattern finds.
    pub(super) sample: Option<String>,
    /// Whether a pattern may find it although it is not there: somebody wrote it down as something that is.
    pub(super) is_expected: bool,
}

#[derive(Debug)]
pub(super) enum Shape {
    /// A file or a folder at its place.
    Place,
    /// These names behind each other, wherever they stand.
    Names(Vec<String>),
    /// A pattern with stars, which match slashes as well.
    Pattern(Vec<Word>),
}

impl Entry {
    pub(super) fn new(written: &str, station: &Station, lookups: &Lookups) -> Self {
        let trimmed = written.trim_end_matches(['/', '\\']);
        let trimmed = trimmed.strip_prefix("./").unwrap_or(trimmed);
        let is_placed = trimmed.starts_with('/') || trimmed.starts_with('~') || written == "/";
        let root = Path::new(&station.root);
        let resolved = lookups.resolve(if trimmed.is_empty() { "/" } else { trimmed }, root);
        let mut places = vec![resolved.lexical, resolved.canonical];
        places.dedup();
        let names: Vec<String> = trimmed
            .split(['/', '\\'])
            .map(|name| folded(name).collect())
            .collect();
        let sample = names.last().map(|name| name.replace('*', "x"));
        let key = names
            .last()
            .map(|name| name.trim_start_matches(['.', '*']).to_owned());
        // A name without a dot says too little by itself.
        let said = names
            .len()
            .min(if trimmed.starts_with('~') { 2 } else { 1 });
        let said = names.get(names.len() - said..).unwrap_or_default();
        let mention = said.join("/").trim_matches('*').to_owned();
        let shape = if trimmed.contains('*') {
            Shape::Pattern(patterns(trimmed, is_placed, &station.root))
        } else if is_placed {
            Shape::Place
        } else {
            Shape::Names(names)
        };
        Self {
            shape,
            place_parts: places.iter().map(|place| parts(place)).collect(),
            places,
            key: key.unwrap_or_default(),
            mention,
            sample: sample.filter(|_| trimmed.contains('*')),
            is_expected: true,
        }
    }

    /// Whether a path is this one, or lies beneath it.
    pub(super) fn covers(&self, parts: &[String]) -> bool {
        match &self.shape {
            Shape::Place => {
                let mut places = self.place_parts.iter();
                places.any(|place| begins_with(parts, place))
            }
            Shape::Names(names) => parts.windows(names.len()).any(|window| {
                window
                    .iter()
                    .zip(names)
                    .all(|(part, name)| is_same_name(part, name))
            }),
            Shape::Pattern(patterns) => {
                let path = parts.join("/").replacen("//", "/", 1);
                patterns.iter().any(|pattern| pattern.may_be(&path))
            }
        }
    }

    /// Whether this lies beneath a path, which is changed with all that it holds, or gets new names.
    pub(super) fn lies_beneath(&self, parts: &[String]) -> bool {
        let mut places = self.place_parts.iter();
        places.any(|place| begins_with(place, parts))
    }

    /// Whether a pattern names what this names, wherever it stands.
    pub(super) fn may_name(&self, variant: &Word) -> bool {
        let last = variant.last_component();
        let finds = |name: &str| counts(&last) && literal(&last) > 0 && last.may_be(name);
        match &self.shape {
            Shape::Place => false,
            Shape::Names(names) => matches!(names.as_slice(), [name] if finds(name)),
            // A name that the one pattern finds, to try the other with.
            Shape::Pattern(_) => self.sample.as_deref().is_some_and(finds),
        }
    }

    /// The places of it and, where only what is there counts, of what lies beneath.
    pub(super) fn present(&self, only_existing: bool) -> Vec<PathBuf> {
        let mut present = Vec::new();
        for place in &self.places {
            if !only_existing || self.is_expected {
                present.push(place.clone());
            }
            if !only_existing {
                continue;
            }
            let walk = walkdir::WalkDir::new(place).max_depth(MAX_DEPTH);
            present.extend(
                walk.into_iter()
                    .flatten()
                    .take(MAX_ENTRIES)
                    .map(walkdir::DirEntry::into_path),
            );
        }
        present
    }
}

/// A path with stars as patterns of whole paths: what it finds, and what lies beneath.
fn patterns(written: &str, is_placed: bool, root: &str) -> Vec<Word> {
    let mut starts = Vec::new();
    if is_placed {
        starts.push(
            resolve(written, Path::new(root))
                .lexical
                .to_string_lossy()
                .into_owned(),
        );
    } else {
        starts.push(format!("*/{written}"));
        if written.starts_with('*') {
            starts.push(written.to_owned());
        }
    }
    let patterns = starts.iter().flat_map(|start| {
        let found = Word::of_pattern(start);
        let beneath = found.clone().everything(true);
        [found, beneath]
    });
    patterns.collect()
}

pub(super) fn parts(path: &Path) -> Vec<String> {
    path.iter()
        .map(|part| fold(&part.to_string_lossy()))
        .collect()
}

fn begins_with(path: &[String], start: &[String]) -> bool {
    path.len() >= start.len()
        && path
            .iter()
            .zip(start)
            .all(|(part, name)| is_same_name(part, name))
}

/// Whether two names, in lower case, are the same file on any system: some drop dots and blanks at the end, some have
/// streams behind a colon, some have short names.
fn is_same_name(part: &str, name: &str) -> bool {
    if part == name {
        return true;
    }
    let is_odd = |sign: u8| matches!(sign, b':' | b'~' | b'.' | b' ');
    if !part.bytes().any(is_odd) {
        return false;
    }
    let plain = part.split(':').next().unwrap_or(part);
    if !plain.is_empty() && plain.trim_end_matches(['.', ' ']) == name {
        return true;
    }
    let short = part.split_once('~').filter(|(start, number)| {
        start.len() >= 5 && number.starts_with(|sign: char| sign.is_ascii_digit())
    });
    short.is_some_and(|(start, _)| name.trim_start_matches('.').starts_with(start))
}
