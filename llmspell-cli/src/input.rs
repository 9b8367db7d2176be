//! Events from files, folders and standard input.

use std::io::Read;
use std::path::{Path, PathBuf};

use llmspell_bridge::ScriptConfig;
use llmspell_engine::{Event, EventLimits};

use crate::failure::Failure;

/// An event and the name of where it came from.
#[derive(Debug)]
pub(crate) struct NamedEvent {
    pub(crate) name: String,
    pub(crate) event: Event,
}

/// Reads one event from a file, or from standard input for `-`.
pub(crate) fn read_event(source: &Path, limits: &EventLimits) -> Result<NamedEvent, Failure> {
    let (name, text) = if source == Path::new("-") {
        (
            "standard input".to_owned(),
            read(&mut std::io::stdin().lock(), limits),
        )
    } else {
        let file = std::fs::File::open(source);
        (
            source.display().to_string(),
            file.and_then(|mut file| read(&mut file, limits)),
        )
    };
    let text = text.map_err(|error| {
        Failure::fault(
            format_args!("{name}: the event cannot be read: {error}"),
            "name a file with one JSON object, or `-` for standard input",
        )
    })?;
    let event = parse_event(&name, &text, limits)?;
    Ok(NamedEvent { name, event })
}

/// Looks whether there is a file, before anything else is found to be missing.
pub(crate) fn must_be_there(source: &Path) -> Result<(), Failure> {
    if source == Path::new("-") {
        return Ok(());
    }
    let found = match source.metadata() {
        Ok(found) if !found.is_dir() => return Ok(()),
        Ok(_) => "this is a folder".to_owned(),
        Err(error) => format!("the file cannot be read: {error}"),
    };
    Err(Failure::fault(
        format_args!("{}: {found}", source.display()),
        "name a file, or `-` for an event on standard input",
    ))
}

/// Reads one event from a text, which errors call by a name.
pub(crate) fn parse_event(name: &str, text: &[u8], limits: &EventLimits) -> Result<Event, Failure> {
    Event::parse(text, limits).map_err(|error| Failure::of_event(name, &error))
}

/// Reads no more than one byte beyond what an event may have, so that the guard sees that it is too much.
fn read(source: &mut impl Read, limits: &EventLimits) -> std::io::Result<Vec<u8>> {
    let most = u64::try_from(limits.bytes)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let mut text = Vec::new();
    source.take(most).read_to_end(&mut text)?;
    Ok(text)
}

/// The events of the command line, or else those that the project's settings name.
pub(crate) fn events_of(
    named: &[PathBuf],
    settings: &ScriptConfig,
) -> Result<Vec<NamedEvent>, Failure> {
    let sources = match &settings.events {
        Some(events) if named.is_empty() => std::slice::from_ref(events),
        _ => named,
    };
    let limits = EventLimits::default();
    let mut events = Vec::new();
    for source in sources {
        events.extend(read_events(source, &limits)?);
    }
    Ok(events)
}

/// Reads every `*.json` of a folder in the order of their names, or the one event of a file.
fn read_events(source: &Path, limits: &EventLimits) -> Result<Vec<NamedEvent>, Failure> {
    if !source.is_dir() {
        return Ok(vec![read_event(source, limits)?]);
    }
    let mut files = list(source).map_err(|error| {
        Failure::fault(
            format_args!("{}: {error}", source.display()),
            "name a folder that can be read",
        )
    })?;
    files.sort();
    if files.is_empty() {
        return Err(Failure::fault(
            format_args!("{}: there are no events here", source.display()),
            "an event is a file whose name ends in `.json`",
        ));
    }
    let mut events = Vec::with_capacity(files.len());
    for file in files {
        let mut event = read_event(&file, limits)?;
        if let Some(stem) = file.file_stem() {
            event.name = stem.to_string_lossy().into_owned();
        }
        events.push(event);
    }
    Ok(events)
}

fn list(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            files.push(path);
        }
    }
    Ok(files)
}
