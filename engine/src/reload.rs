//! Changes on disk: they become a new immutable set of policies, swapped at once, or are told and left out.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use crate::decision::{DecisionError, DecisionErrorKind};
use crate::error::{EngineError, EngineErrorKind, Place};
use crate::policy_engine::PolicyEngine;

/// How long nothing may change before a change counts as finished: an editor writes a file in several steps.
const QUIET: Duration = Duration::from_millis(50);
/// Changes that never end are looked at nevertheless, after so many times of `QUIET`.
const MAX_POSTPONED: u32 = 20;
/// Where a project's audit log belongs.
const AUDIT: &str = ".cupcake/audit";

/// What became of a change on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reload {
    /// Nothing that decides has changed.
    Unchanged,
    /// Decisions are made by other policies from now on.
    Changed {
        /// The digest of what decided before.
        from: Arc<str>,
        /// The digest of what decides now.
        to: Arc<str>,
    },
    /// The project is broken, and the policies that were loaded before go on to decide.
    Kept(Vec<DecisionError>),
}

/// A thread that reloads an engine when its project changes on disk; it ends when this is dropped.
///
/// ```
/// use std::sync::Arc;
///
/// use llmspell_engine::{EngineOptions, PolicyEngine, Reload};
///
/// # let project = tempfile::tempdir().unwrap();
/// # std::fs::create_dir_all(project.path().join(".cupcake/policies")).unwrap();
/// let engine = Arc::new(PolicyEngine::load(project.path(), &EngineOptions::default())?);
/// let watch = PolicyEngine::watch(&engine, |reload| {
///     if let Reload::Kept(errors) = reload {
///         // Tell whoever has changed the project.
/// #       drop(errors.clone());
///     }
/// })?;
/// drop(watch);
/// # Ok::<(), llmspell_engine::EngineError>(())
/// ```
#[derive(Debug)]
pub struct Watch {
    stop: Sender<Change>,
    thread: Option<JoinHandle<()>>,
}

/// Why the thread wakes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    OnDisk,
    Stop,
}

impl PolicyEngine {
    /// Reloads the engine whenever its project changes on disk, from a thread of its own, and tells what became of it.
    ///
    /// # Errors
    ///
    /// When the system cannot watch the project.
    pub fn watch(
        engine: &Arc<Self>,
        on_reload: impl FnMut(&Reload) + Send + 'static,
    ) -> Result<Watch, EngineError> {
        let (stop, changes) = mpsc::channel();
        let sender = stop.clone();
        let log = engine.project().root().join(AUDIT);
        let watcher = notify::recommended_watcher(move |change: notify::Result<notify::Event>| {
            // A watcher that reports an error may have missed changes, so that it is told like one.
            if change.map_or(true, |change| may_change_policies(&change, &log)) {
                let _ = sender.send(Change::OnDisk);
            }
        })
        .map_err(|error| unwatched(engine.project().root(), &error))?;
        let mut follower = Follower {
            paths: watched(engine),
            engine: Arc::downgrade(engine),
            watcher,
            changes,
            on_reload,
        };
        follower.watch()?;
        let thread = std::thread::Builder::new()
            .name("llmspell-reload".to_owned())
            .spawn(move || follower.follow())
            .map_err(|error| EngineError {
                kind: EngineErrorKind::Read,
                message: format!("no thread could be started to watch the project: {error}"),
                place: None,
                help: "run fewer threads, or reload the engine yourself".to_owned(),
            })?;
        Ok(Watch {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.stop.send(Change::Stop);
        let Some(thread) = self.thread.take() else {
            return;
        };
        // What hears of reloads may drop this itself, and a thread cannot wait for its own end.
        if thread.thread().id() != std::thread::current().id() {
            let _ = thread.join();
        }
    }
}

/// What the thread does.
struct Follower<F> {
    paths: Vec<(PathBuf, RecursiveMode)>,
    engine: Weak<PolicyEngine>,
    watcher: RecommendedWatcher,
    changes: Receiver<Change>,
    on_reload: F,
}

impl<F: FnMut(&Reload)> Follower<F> {
    fn watch(&mut self) -> Result<(), EngineError> {
        self.paths.iter().try_for_each(|(path, mode)| {
            self.watcher
                .watch(path, *mode)
                .map_err(|error| unwatched(path, &error))
        })
    }

    /// Reloads after each burst of changes, until it is stopped or the engine is gone.
    fn follow(mut self) {
        while self.changes.recv() == Ok(Change::OnDisk) && self.wait_for_quiet() {
            // A folder that was replaced by another is no longer watched; before the project is read, so that
            // whatever changes from now on is told.
            let _ = self.watch();
            let Some(engine) = self.engine.upgrade() else {
                return;
            };
            let (reload, is_news) = engine.reload_with_news();
            drop(engine);
            if is_news {
                (self.on_reload)(&reload);
            }
        }
    }

    /// Waits until nothing changes any more; whether to go on.
    fn wait_for_quiet(&self) -> bool {
        for _ in 0..MAX_POSTPONED {
            match self.changes.recv_timeout(QUIET) {
                Ok(Change::OnDisk) => {}
                Ok(Change::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) => return true,
            }
        }
        true
    }
}

/// Whether a change is more than a look at a file, or a line of the audit log, which every decision writes.
fn may_change_policies(change: &notify::Event, log: &Path) -> bool {
    let is_log = !change.paths.is_empty() && change.paths.iter().all(|path| path.starts_with(log));
    !change.kind.is_access() && !is_log
}

/// What is watched: the policies in depth, and the project's own directory for `llmspell.toml`, not in depth.
fn watched(engine: &PolicyEngine) -> Vec<(PathBuf, RecursiveMode)> {
    let root = engine.project().root();
    let mut paths = vec![
        (root.to_owned(), RecursiveMode::NonRecursive),
        (root.join(".cupcake"), RecursiveMode::Recursive),
    ];
    // One that cannot be found could not be loaded either.
    let global = engine
        .global_folder()
        .map(|folder| (folder, RecursiveMode::Recursive));
    paths.extend(global);
    paths
}

fn unwatched(path: &Path, error: &notify::Error) -> EngineError {
    EngineError {
        kind: EngineErrorKind::Read,
        message: format!("the project cannot be watched: {error}"),
        place: Some(Place::file(path.display().to_string())),
        help: "raise the system's limit of watched directories, or reload the engine yourself"
            .to_owned(),
    }
}

/// The error of a project that cannot be loaded at all, as decisions show errors.
pub(crate) fn project_error(error: &EngineError) -> DecisionError {
    let place = error.place.as_ref();
    DecisionError {
        kind: DecisionErrorKind::Load,
        policy: Arc::from("project"),
        message: error.message.clone(),
        file: place.map(|place| Arc::from(place.file.as_str())),
        line: place.and_then(|place| place.line),
    }
}
