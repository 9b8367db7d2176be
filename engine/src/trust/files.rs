//! Which files a signature covers: whatever decides, and whatever is run on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::{Component, Path};

use walkdir::WalkDir;

use super::manifest::digest;
use crate::error::{EngineError, EngineErrorKind, Place};
use crate::project::Project;

const FOLDER: &str = ".cupcake";
const SETTINGS: &str = "llmspell.toml";
const RULEBOOK: &str = ".cupcake/rulebook.yml";
/// What programs write there, which decides nothing.
const WRITTEN: [&str; 4] = [
    ".cupcake/audit",
    ".cupcake/debug",
    ".cupcake/telemetry",
    super::FILE,
];
/// Files of one project.
const MAX_FILES: usize = 10_000;
/// Bytes of one file.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// The digest of every file that a signature of the project covers.
pub(super) fn digests(project: &Project) -> Result<BTreeMap<String, String>, EngineError> {
    paths(project)?
        .into_iter()
        .map(|path| Ok((path.clone(), of_file(project, &path)?)))
        .collect()
}

/// The digest of one file.
pub(super) fn of_file(project: &Project, path: &str) -> Result<String, EngineError> {
    digest_of_file(&project.root().join(path))
        .map_err(|why| unreadable(path, format!("the file {why}")))
}

/// The digest of a regular file of bounded size.
///
/// # Errors
///
/// Why there is none, as the end of a sentence that begins with the file.
pub(crate) fn digest_of_file(path: &Path) -> Result<String, String> {
    let fault = |error: std::io::Error| format!("cannot be read: {}", error.kind());
    if !path.metadata().map_err(fault)?.is_file() {
        return Err("is not a regular file".to_owned());
    }
    let mut content = Vec::new();
    let file = File::open(path).map_err(fault)?;
    file.take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut content)
        .map_err(fault)?;
    if u64::try_from(content.len()).is_ok_and(|length| length > MAX_FILE_BYTES) {
        return Err(format!("is larger than {MAX_FILE_BYTES} bytes"));
    }
    Ok(digest(&content))
}

/// Every file that a signature of the project covers, relative to the project.
fn paths(project: &Project) -> Result<BTreeSet<String>, EngineError> {
    let mut paths = BTreeSet::new();
    let walk = WalkDir::new(project.root().join(FOLDER)).follow_links(true);
    for entry in walk {
        let entry = entry
            .map_err(|error| unreadable(FOLDER, format!("the folder cannot be read: {error}")))?;
        let Some(path) = relative(project, entry.path()) else {
            return Err(unreadable(FOLDER, "a file's name is not UTF-8".to_owned()));
        };
        if !entry.file_type().is_dir() && !is_written(&path) {
            paths.insert(path);
        }
        if paths.len() > MAX_FILES {
            return Err(unreadable(
                FOLDER,
                format!("the folder holds more than {MAX_FILES} files"),
            ));
        }
    }
    if project.root().join(SETTINGS).exists() {
        paths.insert(SETTINGS.to_owned());
    }
    paths.extend(scripts(project));
    Ok(paths)
}

/// The project's own files outside `.cupcake/` that a command of the rulebook names.
pub(super) fn scripts(project: &Project) -> Vec<String> {
    let Ok(rulebook) = std::fs::read_to_string(project.root().join(RULEBOOK)) else {
        return Vec::new();
    };
    let words = rulebook.split(|character: char| {
        character.is_whitespace() || "\"'`;&|()[]{}<>,=$".contains(character)
    });
    let own = words.filter(|word| word.contains(['/', '.']) && stays_inside(word));
    own.filter_map(|word| relative(project, &project.root().join(word)))
        .filter(|path| !path.starts_with(FOLDER) && project.root().join(path).is_file())
        .collect()
}

fn stays_inside(word: &str) -> bool {
    Path::new(word)
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

fn is_written(path: &str) -> bool {
    WRITTEN.iter().any(|written| {
        path.strip_prefix(written)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// The path relative to the project, with `/` between its parts.
fn relative(project: &Project, path: &Path) -> Option<String> {
    let parts = path.strip_prefix(project.root()).ok()?.components();
    let parts: Option<Vec<&str>> = parts
        .filter(|part| !matches!(part, Component::CurDir))
        .map(|part| part.as_os_str().to_str())
        .collect();
    Some(parts?.join("/"))
}

fn unreadable(path: &str, message: String) -> EngineError {
    EngineError {
        kind: EngineErrorKind::Trust,
        message,
        place: Some(Place::file(path)),
        help: "make every file of the project readable, and keep other files outside `.cupcake/`"
            .to_owned(),
    }
}
