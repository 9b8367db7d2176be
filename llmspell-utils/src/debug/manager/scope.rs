//! Scopes: managers beneath a manager, which narrow what it allows and see only what is their own.

use std::sync::{Arc, Weak};

use crate::sync::Mutex;

use super::super::filter::{FilterAction, ModuleFilter, RuleSet};
use super::super::level::DebugLevel;
use super::super::profiler::Profiler;
use super::DebugManager;
use super::delivery::Delivery;
use super::switches::Switches;

/// With fewer scopes than this, those that are gone are not looked for.
const SCOPES_TO_LOOK_THROUGH: usize = 16;

/// What a scope may do beyond narrowing.
///
/// ```
/// use llmspell_utils::debug::{DebugLevel, ScopeGrants};
///
/// let grants = ScopeGrants { level: Some(DebugLevel::Debug) };
/// assert_ne!(grants, ScopeGrants::default());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScopeGrants {
    /// The scope may be as verbose as this level where the manager above is quieter only because of its level.
    ///
    /// Modules that the manager above has switched off, or given a level of their own, stay as they are, and nobody
    /// speaks while it is disabled. `None`, and a level that is allowed anyway, grant nothing.
    pub level: Option<DebugLevel>,
}

/// Where a manager stands among the others.
#[derive(Debug, Default)]
pub(super) struct Family {
    parent: Option<Arc<DebugManager>>,
    /// The number of the level that the parent granted; 0 if none.
    granted: u8,
    scopes: Mutex<Scopes>,
}

/// The scopes beneath a manager. They live as long as somebody else holds them.
#[derive(Debug, Default)]
struct Scopes {
    known: Vec<Weak<DebugManager>>,
    look_through_at: usize,
}

impl Family {
    pub(super) fn parent(&self) -> Option<&DebugManager> {
        self.parent.as_deref()
    }
}

impl Scopes {
    /// Adds a scope, and when their number has doubled forgets those that are gone.
    fn add(&mut self, scope: Weak<DebugManager>) {
        if self.known.len() >= self.look_through_at {
            self.known.retain(|scope| scope.strong_count() > 0);
            self.look_through_at = (self.known.len() * 2).max(SCOPES_TO_LOOK_THROUGH);
        }
        self.known.push(scope);
    }

    fn living(&self) -> Vec<Arc<DebugManager>> {
        self.known.iter().filter_map(Weak::upgrade).collect()
    }
}

/// Scopes.
impl DebugManager {
    /// A manager beneath this one, for one of several who share it, such as one script.
    ///
    /// Level, enabled, filters, captured entries and timers of a scope are its own; the clock is shared. A scope only
    /// narrows: its message is wanted if the scope wants it and this manager does, now and whenever its settings
    /// change. A new scope narrows nothing. Its entries are in its own capture buffer and in this manager's, and go to
    /// this manager's output, so that the host sees everything; scopes beside each other see nothing of each other,
    /// and whatever one clears or silences is its own.
    ///
    /// A scope that nobody holds any more is gone, and its entries stay in this manager's buffer.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use llmspell_utils::debug::{DebugLevel, DebugManager};
    ///
    /// let host = Arc::new(DebugManager::new());
    /// let (one, two) = (host.scope(), host.scope());
    /// one.set_level(DebugLevel::Error);
    /// one.log(DebugLevel::Info, None, "narrowed away");
    /// one.log(DebugLevel::Error, None, "from one");
    /// two.log(DebugLevel::Info, None, "from two");
    /// two.log(DebugLevel::Debug, None, "more than the host wants");
    ///
    /// let said = |manager: &DebugManager| -> Vec<_> {
    ///     manager.captured(None).into_iter().map(|entry| entry.message).collect()
    /// };
    /// assert_eq!(said(&host), ["from one", "from two"]);
    /// assert_eq!(said(&two), ["from two"]);
    /// two.clear_captured();
    /// assert_eq!(said(&host).len(), 2);
    /// ```
    #[must_use = "a scope is gone when nobody holds it"]
    pub fn scope(self: &Arc<Self>) -> Arc<Self> {
        self.scope_with(ScopeGrants::default())
    }

    /// The same for somebody who may do more than narrow.
    ///
    /// Nobody can grant more than what is allowed here: what this manager's own parent wants to hold back stays so.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use llmspell_utils::debug::{DebugLevel, DebugManager, ScopeGrants};
    ///
    /// let host = Arc::new(DebugManager::new());
    /// host.add_module_filter("noisy", false)?;
    /// let scope = host.scope_with(ScopeGrants { level: Some(DebugLevel::Debug) });
    /// assert_eq!(scope.level(), DebugLevel::Info);
    /// scope.set_level(DebugLevel::Trace);
    /// assert_eq!(scope.level(), DebugLevel::Debug);
    /// assert!(scope.wants(DebugLevel::Debug, Some("policy")));
    /// assert!(!scope.wants(DebugLevel::Error, Some("noisy")));
    /// # Ok::<(), llmspell_utils::debug::FilterError>(())
    /// ```
    #[must_use = "a scope is gone when nobody holds it"]
    pub fn scope_with(self: &Arc<Self>, grants: ScopeGrants) -> Arc<Self> {
        let scope = Arc::new(Self {
            switches: Switches::following(),
            filter: ModuleFilter::default(),
            delivery: Delivery::new(
                self.delivery.captured.limits(),
                Arc::clone(&self.clock),
                Arc::clone(&self.redactor),
            ),
            profiler: Profiler::new(Arc::clone(&self.clock)),
            clock: Arc::clone(&self.clock),
            slow: Arc::clone(&self.slow),
            redactor: Arc::clone(&self.redactor),
            changes: Mutex::default(),
            family: Family {
                parent: Some(Arc::clone(self)),
                granted: grants.level.map_or(0, DebugLevel::as_u8),
                scopes: Mutex::default(),
            },
        });
        // Known first and worked out afterwards: whoever changes the settings meanwhile either finds the scope, or
        // is found by what follows.
        self.family.scopes.lock().add(Arc::downgrade(&scope));
        scope.change(|_| ());
        scope
    }

    /// The most verbose level that [`set_level`](Self::set_level) can reach here: trace, or in a scope the level of
    /// the manager above and what it granted.
    ///
    /// A scope may ask for more; it counts as soon as the manager above allows it.
    #[must_use]
    pub fn most_verbose_allowed(&self) -> DebugLevel {
        self.family.parent().map_or(DebugLevel::Trace, |parent| {
            level_of(parent.levels(self.family.granted).granted)
        })
    }

    /// Changes settings, and works out anew what follows from them, here and in every scope beneath.
    pub(super) fn change<T>(&self, change: impl FnOnce(&Self) -> T) -> T {
        let mut visited = Vec::new();
        let guard = self.changes.lock();
        let outcome = change(self);
        self.update(&mut visited);
        drop(guard);
        // Only now: the last holder of a scope may meanwhile be this one, and its output may take its time to close.
        drop(visited);
        outcome
    }

    /// INVARIANT: whoever calls holds `changes`. The lock of a scope is always taken after the one above it.
    fn update(&self, visited: &mut Vec<Arc<Self>>) {
        self.switches.set(self.gates(0).usual, self.levels(0).usual);
        self.filter.renew(self.everybody());
        let scopes = self.family.scopes.lock().living();
        for scope in &scopes {
            let _change = scope.changes.lock();
            scope.update(visited);
        }
        visited.extend(scopes);
    }

    /// The threshold of a module, from the rules here and above.
    pub(super) fn decide(&self, module: &str) -> u8 {
        let verdict =
            |manager: &Self| Verdict::from(manager.filter.look(|rules| rules.decide(module)));
        self.reach(0, &verdict).usual
    }

    /// The threshold of every module, if there are no rules here or above.
    fn everybody(&self) -> Option<u8> {
        let mut manager = Some(self);
        while let Some(known) = manager {
            known.filter.look(RuleSet::without_rules)?;
            manager = known.family.parent();
        }
        // With no rules to ask, any module stands for all.
        Some(self.decide(""))
    }

    fn levels(&self, granted: u8) -> Reach {
        self.reach(granted, &|_| Verdict::from(FilterAction::On))
    }

    fn gates(&self, granted: u8) -> Reach {
        self.reach(granted, &|manager| {
            if manager.switches.said_enabled() {
                Verdict {
                    by_level: true,
                    at_least: manager.filter.look(RuleSet::most_verbose),
                }
            } else {
                Verdict::from(FilterAction::Off)
            }
        })
    }

    /// Puts together what this manager and all above say about something.
    fn reach(&self, granted: u8, verdict: &dyn Fn(&Self) -> Verdict) -> Reach {
        let own = verdict(self);
        let above = self
            .family
            .parent()
            .map(|parent| parent.reach(self.family.granted, verdict));
        let ceiling = above.map_or(DebugLevel::Trace.as_u8(), |above| above.granted);
        let level = self
            .switches
            .said_level()
            .or(above.map(|above| above.usual))
            .unwrap_or_default();
        Reach {
            usual: own.threshold(level).min(ceiling),
            granted: own.threshold(level.max(granted)).min(ceiling),
        }
    }
}

/// What one manager by itself says about something: its threshold is the level's, and at least a number.
#[derive(Clone, Copy)]
struct Verdict {
    by_level: bool,
    at_least: u8,
}

impl Verdict {
    fn threshold(self, level: u8) -> u8 {
        let by_level = if self.by_level { level } else { 0 };
        by_level.max(self.at_least)
    }
}

impl From<FilterAction> for Verdict {
    fn from(action: FilterAction) -> Self {
        Self {
            by_level: action == FilterAction::On,
            at_least: action.threshold(0),
        }
    }
}

/// The threshold of a manager, and the one for a scope beneath that was granted a level.
#[derive(Clone, Copy)]
struct Reach {
    usual: u8,
    granted: u8,
}

/// The level with this number; only numbers of levels come here.
pub(super) fn level_of(number: u8) -> DebugLevel {
    DebugLevel::from_u8(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_that_are_gone_are_not_kept_in_mind() {
        let host = Arc::new(DebugManager::new());
        let lasting: Vec<_> = (0..10).map(|_| host.scope()).collect();
        for _ in 0..1_000 {
            drop(host.scope());
        }
        let known = host.family.scopes.lock().known.len();
        assert!(
            known <= 2 * lasting.len() + SCOPES_TO_LOOK_THROUGH,
            "{known}"
        );
        assert_eq!(host.family.scopes.lock().living().len(), lasting.len());
    }
}
