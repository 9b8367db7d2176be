//! What a protected path is, and when something is done to it.

mod entry;
mod pattern;

use std::path::Path;

use entry::{Entry, Shape, parts};
use pattern::{canonical_start, counts, cuts, links_of, says_of, without_dots};

use super::action::Action;
use super::station::Station;
use crate::preprocess::paths::Lookups;
use crate::shell::{Effect, EffectKind, Open, Word, folded};

/// Paths that are protected.
#[derive(Debug, Default)]
pub(super) struct Protected {
    entries: Vec<Entry>,
    /// Whether the folders are too large to look at what lies in them.
    is_shallow: bool,
    /// Whether whoever goes through a folder does not mean each file in it.
    passes_searches: bool,
    station: Option<Station>,
}

/// How sure it is that an effect concerns a protected path, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Touch {
    Certain,
    /// The command does not name it, and may reach it all the same.
    Possible,
}

impl Protected {
    /// Paths as `protected_paths` has them: absolute, from the home directory, a name, some names, or a pattern.
    pub(super) fn new(paths: &[String], station: &Station) -> Self {
        // Most of them lie in the same few folders.
        let lookups = Lookups::default();
        let entries = paths.iter().map(|path| Entry::new(path, station, &lookups));
        Self {
            entries: entries.collect(),
            is_shallow: false,
            passes_searches: false,
            station: Some(station.clone()),
        }
    }

    /// The same for folders of a system, which are too large to look at what lies in them.
    pub(super) fn shallow(paths: &[String], station: &Station) -> Self {
        Self {
            is_shallow: true,
            ..Self::new(paths, station)
        }
    }

    /// Paths that are meant where they stand in the project only.
    pub(super) fn at_places(paths: &[String], station: &Station) -> Self {
        let mut protected = Self::new(paths, station).where_present();
        for entry in &mut protected.entries {
            if let Shape::Names(_) = entry.shape {
                entry.shape = Shape::Place;
            }
        }
        protected
    }

    /// The same for paths that may well not be there, so that a pattern finds them only if they are.
    pub(super) fn where_present(mut self) -> Self {
        self.entries
            .iter_mut()
            .for_each(|entry| entry.is_expected = false);
        self
    }

    /// The same where whoever goes through a folder does not mean each file in it.
    pub(super) fn without_searches(self) -> Self {
        Self {
            passes_searches: true,
            ..self
        }
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.entries.extend(other.entries);
    }

    /// The first effect that concerns a protected path, if the kind is one of those.
    pub(super) fn touched<'e>(
        &self,
        action: &Action,
        effects: impl IntoIterator<Item = &'e Effect>,
        concerns: impl Fn(EffectKind) -> bool,
    ) -> Option<&'e Effect> {
        effects
            .into_iter()
            .find(|effect| concerns(effect.kind) && self.touch(action, effect).is_some())
    }

    /// How sure it is that an effect concerns a protected path; none if it does not.
    pub(super) fn touch(&self, action: &Action, effect: &Effect) -> Option<Touch> {
        match effect.path.known() {
            Some(path) => self.known_touch(path, action, effect),
            None => self.open_touch(action, effect),
        }
    }

    /// Whether a text of another language names a protected path.
    pub(super) fn is_named(&self, code: &Word) -> bool {
        let text: String = folded(&code.shown())
            .filter(|sign| {
                !matches!(
                    sign,
                    '\'' | '"' | '+' | ' ' | '\\' | '`' | ',' | '\n' | '(' | ')' | '[' | ']'
                )
            })
            .collect();
        self.entries
            .iter()
            .any(|entry| entry.key.len() > 2 && text.contains(&entry.key))
    }

    /// Whether a command text, or a word of it, names a protected path, in quotes or not.
    pub(super) fn is_mentioned(&self, text: &str) -> bool {
        let text: String = folded(text)
            .filter(|sign| !matches!(sign, '\'' | '"' | '\\' | '`' | '\n'))
            .collect();
        let mut mentions = self.entries.iter().map(|entry| entry.mention.as_str());
        mentions.any(|mention| mention.len() > 2 && text.contains(mention))
    }

    fn known_touch(&self, path: &str, action: &Action, effect: &Effect) -> Option<Touch> {
        let path = rewritten(path, self.directory());
        let resolved = action.lookups.resolve(&path, Path::new(self.directory()));
        let has_backslashes = path.contains('\\');
        let mut paths = vec![resolved.lexical, resolved.canonical];
        if has_backslashes {
            let slashes = path.replace('\\', "/");
            let directory = Path::new(self.directory());
            paths.push(action.lookups.resolve(&slashes, directory).canonical);
        }
        let may_be_there = !resolved.is_missing || has_backslashes;
        let is_recursive = effect.is_recursive && !self.passes_searches;
        paths.dedup();
        let all_parts: Vec<Vec<String>> = paths.iter().map(|path| parts(path)).collect();
        let any = |is_meant: &dyn Fn(&Entry, &[String]) -> bool| {
            let mut entries = self.entries.iter();
            entries.any(|entry| all_parts.iter().any(|parts| is_meant(entry, parts)))
        };
        let is_certain = any(&|entry, parts| entry.covers(parts))
            || (is_recursive && any(&|entry, parts| entry.lies_beneath(parts)))
            || (effect.kind.changes()
                && may_be_there
                && paths.iter().any(|path| self.is_same_file(path)));
        if is_certain {
            return Some(Touch::Certain);
        }
        let may_bring = effect.brings_names && any(&|entry, parts| entry.lies_beneath(parts));
        may_bring.then_some(Touch::Possible)
    }

    fn open_touch(&self, action: &Action, effect: &Effect) -> Option<Touch> {
        const MAX_LINKS: usize = 16;
        let through_links = links_of(&effect.path);
        let touch_of = |path: Word| {
            let effect = Effect {
                path,
                ..effect.clone()
            };
            self.touch(action, &effect)
        };
        let linked = through_links.into_iter().take(MAX_LINKS);
        if let Some(touch) = linked.filter_map(touch_of).min() {
            return Some(touch);
        }
        let word = effect.path.clone();
        let mut variants = vec![without_dots(&word)];
        variants.extend(canonical_start(&word, self.directory()));
        if effect.brings_names && word.openness() > Some(Open::Name) {
            return word.is_computed().then_some(Touch::Possible);
        }
        let is_touched = self.entries.iter().any(|entry| {
            let looks = !self.is_shallow && (effect.is_existing || word.is_pattern());
            let places = entry.present(looks);
            variants.iter().any(|variant| {
                let names = entry.may_name(variant);
                let cuts = cuts(variant);
                let at_place = places.iter().any(|place| {
                    let place = place.to_string_lossy();
                    (counts(variant) && variant.may_be(&place))
                        || cuts.iter().any(|cut| {
                            (cut.known().is_some() || !effect.is_existing)
                                && counts(cut)
                                && cut.may_be(&place)
                        })
                });
                let above = effect.is_recursive
                    && !self.passes_searches
                    && word.openness().is_none()
                    && entry.places.iter().any(|place| {
                        place
                            .ancestors()
                            .skip(1)
                            .any(|above| variant.may_be(&above.to_string_lossy()))
                    });
                names || at_place || above
            })
        });
        if !is_touched {
            return None;
        }
        if !word.is_computed() || self.is_partly_said(&word) {
            return Some(Touch::Certain);
        }
        // Most tools that are not known get paths to read them.
        (effect.kind != EffectKind::Touch).then_some(Touch::Possible)
    }

    /// Whether the known part of a path that is made when the command runs says something of a protected one, beyond
    /// the folders in which it lies.
    fn is_partly_said(&self, word: &Word) -> bool {
        let Some(station) = &self.station else {
            return true;
        };
        let word = without_dots(word);
        let starts = [station.root.as_str(), station.home.as_str()];
        let mut forms = cuts(&word);
        forms.push(word);
        let mut entries = self.entries.iter();
        entries.any(|entry| {
            let mut places = entry.present(true);
            places.extend(entry.places.iter().cloned());
            places.iter().any(|place| {
                let place = place.to_string_lossy();
                let mut forms = forms.iter();
                forms.any(|form| says_of(form, &place, starts) && form.may_be(&place))
            })
        })
    }

    fn directory(&self) -> &str {
        self.station
            .as_ref()
            .map_or("/", |station| station.root.as_str())
    }

    /// Whether a file with several names is one of the protected.
    #[cfg(unix)]
    fn is_same_file(&self, path: &Path) -> bool {
        use std::os::unix::fs::MetadataExt;
        let Ok(found) = std::fs::metadata(path) else {
            return false;
        };
        if !found.is_file() || found.nlink() < 2 {
            return false;
        }
        self.entries.iter().any(|entry| {
            entry.present(true).iter().any(|place| {
                std::fs::metadata(place)
                    .is_ok_and(|place| place.dev() == found.dev() && place.ino() == found.ino())
            })
        })
    }

    #[cfg(not(unix))]
    fn is_same_file(&self, _path: &Path) -> bool {
        false
    }
}

/// `/proc/self/cwd` and the like by the names that they have for the command that would run.
fn rewritten(path: &str, directory: &str) -> String {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let (first, process, name) = (parts.next(), parts.next(), parts.next());
    let is_process = process.is_some_and(|process| {
        process == "self"
            || process == "thread-self"
            || process.chars().all(|sign| sign.is_ascii_digit())
    });
    if first != Some("proc") || !is_process || !path.starts_with('/') {
        return path.to_owned();
    }
    let rest = parts.collect::<Vec<_>>().join("/");
    match name {
        Some("cwd") => format!("{directory}/{rest}"),
        Some("root") => format!("/{rest}"),
        _ => path.to_owned(),
    }
}
