//! The debug infrastructure as scripts reach it: a clonable view of one manager.

use std::collections::HashSet;
use std::sync::Arc;

use llmspell_utils::debug::{self, DebugEntry, DebugLevel, DebugManager, Redactor, ScopeGrants};
use parking_lot::Mutex;

use crate::script_error::Place;
use crate::shown_text::shortened;

/// How many different complaints about a script's calls are made before the rest stays unsaid.
const MOST_COMPLAINTS: usize = 256;

/// How many bytes of a problem are told.
const LONGEST_PROBLEM: usize = 1024;

/// The function that was called, and the file and line where the call stands. What was wrong with it is no
/// part of this, because a script can be wrong in any number of large ways.
type Complaint = (&'static str, Option<(String, u32)>);

/// The module of what is said about calls that could not be done.
const MODULE: &str = "debug";

/// A clonable handle to a debug manager, with what a host adds for its scripts.
///
/// [`new`](Self::new) gives scripts a scope of their own in the manager: what they set holds for
/// themselves only, and they can only narrow what the manager allows. [`owning`](Self::owning) lets
/// scripts act on the manager itself.
///
/// ```
/// use std::sync::Arc;
/// use llmspell_bridge::DebugBridge;
/// use llmspell_utils::debug::DebugManager;
///
/// let manager = Arc::new(DebugManager::new());
/// let one = DebugBridge::new(Arc::clone(&manager));
/// let other = DebugBridge::new(Arc::clone(&manager));
/// one.manager().set_enabled(false);
/// assert!(other.manager().is_enabled() && manager.is_enabled());
/// ```
#[derive(Clone)]
pub struct DebugBridge {
    /// The manager that scripts act on.
    manager: Arc<DebugManager>,
    /// The manager that the embedding program acts on; the same, where scripts own it.
    host: Arc<DebugManager>,
    complaints: Arc<Mutex<HashSet<Complaint>>>,
}

impl DebugBridge {
    /// A bridge to a scope of its own in a manager: level, filter, captured entries and timers of the scripts
    /// are their own and can only narrow what the manager allows.
    #[must_use]
    pub fn new(manager: Arc<DebugManager>) -> Self {
        Self::granting(manager, ScopeGrants::default())
    }

    /// The same for scripts that may do more than narrow.
    #[must_use]
    pub fn granting(manager: Arc<DebugManager>, grants: ScopeGrants) -> Self {
        Self {
            manager: manager.scope_with(grants),
            host: manager,
            complaints: Arc::default(),
        }
    }

    /// A bridge for scripts that act on the manager itself, because everything in it is theirs.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use llmspell_bridge::DebugBridge;
    /// use llmspell_utils::debug::DebugManager;
    ///
    /// let manager = Arc::new(DebugManager::new());
    /// let bridge = DebugBridge::owning(Arc::clone(&manager));
    /// bridge.manager().set_enabled(false);
    /// assert!(!manager.is_enabled());
    /// ```
    #[must_use]
    pub fn owning(manager: Arc<DebugManager>) -> Self {
        Self {
            host: Arc::clone(&manager),
            manager,
            complaints: Arc::default(),
        }
    }

    /// The manager that scripts act on: a scope of [`host`](Self::host), or the same.
    #[must_use]
    pub fn manager(&self) -> &Arc<DebugManager> {
        &self.manager
    }

    /// The manager that the bridge was made for.
    #[must_use]
    pub fn host(&self) -> &Arc<DebugManager> {
        &self.host
    }

    /// What takes secrets out of whatever is shown.
    pub(crate) fn redactor(&self) -> Arc<Redactor> {
        self.manager.redactor()
    }

    /// Says once for each place that a call of a debug function could not be done.
    ///
    /// Debug functions never fail the script that calls them, so this is how its writer learns of it.
    pub(crate) fn complain(&self, function: &'static str, problem: &str, place: Option<Place>) {
        if !self.manager.wants(DebugLevel::Warn, Some(MODULE)) {
            return;
        }
        let line = place.as_ref().map(|place| (place.file.clone(), place.line));
        let mut complaints = self.complaints.lock();
        let count = complaints.len();
        if count > MOST_COMPLAINTS || !complaints.insert((function, line)) {
            return;
        }
        drop(complaints);
        let problem = if count == MOST_COMPLAINTS {
            format!("after {count} places, calls that could not be done are no longer told")
        } else {
            // Before it is cut: a secret that is cut in two is not known for one.
            let problem = self.redactor().text(problem).into_owned();
            format!(
                "{function}: {}",
                shortened(problem.as_bytes(), LONGEST_PROBLEM)
            )
        };
        let entry = self.manager.entry(DebugLevel::Warn, problem);
        self.manager.emit(located(entry.with_module(MODULE), place));
    }
}

impl Default for DebugBridge {
    /// A bridge to a scope of its own in the manager of the process.
    fn default() -> Self {
        Self::new(Arc::clone(debug::global()))
    }
}

impl std::fmt::Debug for DebugBridge {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("DebugBridge")
            .field("manager", &self.manager)
            .finish_non_exhaustive()
    }
}

/// The entry with the place of the script that made it.
pub(crate) fn located(entry: DebugEntry, place: Option<Place>) -> DebugEntry {
    match place {
        Some(Place { file, line, column }) => entry.with_place(debug::Place {
            file: file.into(),
            line,
            column,
        }),
        None => entry,
    }
}
