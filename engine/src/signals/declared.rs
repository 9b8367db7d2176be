//! The signals that a configuration declares: those of its rulebook, and the files of its `signals/`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{Action, DEFAULT_TIMEOUT, Signal, Signals};
use crate::decision::DecisionErrorKind;
use crate::error::{EngineError, EngineErrorKind, Place};
use crate::evaluator::PolicyFault;
use crate::project::Project;
use crate::rulebook::Rulebook;
use crate::trust::TrustGate;

const FOLDER: &str = "signals";
/// Files in the folder.
const MAX_FILES: usize = 1_000;

/// A file that gathers a signal, with the digest of its content.
#[derive(Debug)]
pub(crate) struct SignalFile {
    pub(crate) path: String,
    pub(crate) digest: String,
}

impl Signals {
    /// The signals of a configuration, and the files among them.
    ///
    /// # Errors
    ///
    /// When the folder of signals cannot be listed.
    pub(crate) fn declared(
        project: &Project,
        rulebook: &Rulebook,
        gate: &mut TrustGate,
    ) -> Result<(Self, Vec<SignalFile>), EngineError> {
        let mut signals = Self {
            root: project.root().to_owned(),
            signals: Vec::new(),
            // Without a rulebook that is trusted there is no command.
            scripts: match rulebook.text {
                Some(_) => gate.admitted_scripts(project),
                None => None,
            },
        };
        for entry in &rulebook.signals {
            signals.signals.push(Signal {
                name: Arc::from(entry.name.as_str()),
                action: signals.shell(&entry.command),
                timeout: entry.timeout,
                file: Arc::clone(&rulebook.file),
                line: Some(entry.line),
            });
        }
        let mut files = Vec::new();
        for (name, paths) in found(project)? {
            // What the rulebook says explicitly counts.
            if signals.find(&name).is_none() {
                let signal = signals.of_files(project, &name, &paths, gate, &mut files);
                signals.signals.push(signal);
            }
        }
        Ok((signals, files))
    }

    /// Adds a command that a guardrail needs, and gives its place in the list.
    pub(crate) fn add(
        &mut self,
        name: &Arc<str>,
        command: &str,
        timeout: Duration,
        (file, line): (&Arc<str>, u32),
    ) -> usize {
        self.signals.push(Signal {
            name: Arc::clone(name),
            action: self.shell(command),
            timeout,
            file: Arc::clone(file),
            line: Some(line),
        });
        self.signals.len() - 1
    }

    fn shell(&self, command: &str) -> Action {
        match self.scripts {
            Some(_) => Action::Shell(command.to_owned()),
            None => Action::Broken(refused()),
        }
    }

    /// The name of a signal; empty for one that is not there.
    pub(crate) fn name_of(&self, index: usize) -> &str {
        self.signals.get(index).map_or("", |signal| &signal.name)
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.signals.iter().position(|signal| *signal.name == *name)
    }

    fn of_files(
        &self,
        project: &Project,
        name: &str,
        paths: &[PathBuf],
        gate: &mut TrustGate,
        files: &mut Vec<SignalFile>,
    ) -> Signal {
        let shown: Vec<String> = paths.iter().map(|path| shown(project, path)).collect();
        let action = match (paths, shown.as_slice()) {
            ([path], [shown]) => of_file(path, shown, gate, files),
            _ => Err(format!(
                "it has several files: keep one of `{}`, or name its command in the rulebook",
                shown.join("`, `")
            )),
        };
        Signal {
            name: Arc::from(name),
            action: action.unwrap_or_else(|message| Action::Broken(fault(message))),
            timeout: DEFAULT_TIMEOUT,
            file: Arc::from(shown.first().cloned().unwrap_or_default()),
            line: None,
        }
    }
}

/// How a file gathers its signal, or why it cannot.
fn of_file(
    path: &Path,
    shown: &str,
    gate: &mut TrustGate,
    files: &mut Vec<SignalFile>,
) -> Result<Action, String> {
    if !is_executable(path) {
        return Err(format!(
            "`{shown}` is not executable: make it so with `chmod +x`, or name its command in the rulebook"
        ));
    }
    let digest = crate::trust::digest_of_file(path)
        .map_err(|why| format!("`{shown}` {why}: make it a readable file"))?;
    if !gate.admits_digest(shown, &digest) {
        return Err(refused().message);
    }
    files.push(SignalFile {
        path: shown.to_owned(),
        digest: digest.clone(),
    });
    Ok(Action::File {
        path: path.to_owned(),
        signed: gate.is_signed().then_some(digest),
    })
}

fn refused() -> PolicyFault {
    fault("the signal is not run, because what it runs is not as it was signed".to_owned())
}

fn fault(message: String) -> PolicyFault {
    PolicyFault {
        kind: DecisionErrorKind::Signal,
        message,
        file: None,
        line: None,
    }
}

/// The files of the folder by the names of their signals.
fn found(project: &Project) -> Result<BTreeMap<String, Vec<PathBuf>>, EngineError> {
    let folder = project.folder().join(FOLDER);
    let mut found: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    if folder.symlink_metadata().is_err() {
        return Ok(found);
    }
    let unreadable = |message: String| EngineError {
        kind: EngineErrorKind::Read,
        message,
        place: Some(Place::file(project.shown(FOLDER))),
        help: "make `signals` a readable folder that holds signals only".to_owned(),
    };
    let entries = std::fs::read_dir(&folder)
        .map_err(|error| unreadable(format!("the folder cannot be read: {}", error.kind())))?;
    for (count, entry) in entries.enumerate() {
        if count >= MAX_FILES {
            return Err(unreadable(format!(
                "the folder holds more than {MAX_FILES} files"
            )));
        }
        let path = entry
            .map_err(|error| unreadable(format!("the folder cannot be read: {}", error.kind())))?
            .path();
        if let Some(stem) = stem(&path) {
            found.entry(stem).or_default().push(path);
        }
    }
    found.values_mut().for_each(|paths| paths.sort());
    Ok(found)
}

/// The name of the signal that a file gathers; none for what is hidden, and for folders.
fn stem(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy();
    if name.starts_with('.') || path.is_dir() {
        return None;
    }
    Some(path.file_stem()?.to_string_lossy().into_owned())
}

fn shown(project: &Project, path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    project.shown(&format!("{FOLDER}/{name}"))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    path.metadata()
        .is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_path: &Path) -> bool {
    true
}
