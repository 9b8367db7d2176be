//! The manager: level, filter, outputs, captured entries and timers in one place.

mod delivery;
mod finish;
mod log_macro;
mod scope;
mod slow;
mod switches;

use std::fmt;
use std::io;
use std::sync::{Arc, LazyLock};

use arc_swap::ArcSwap;

use crate::sync::Mutex;
use crate::sync::atomic::AtomicU8;

use super::clock::{Clock, SystemClock};
use super::config::DebugConfig;
use super::entry::DebugEntry;
use super::error::DebugError;
use super::filter::{
    Directive, FilterAction, FilterError, FilterRule, FilterSummary, ModuleFilter, RuleSet,
};
use super::level::DebugLevel;
use super::output::{BufferLimits, DebugOutput};
use super::profiler::Profiler;
use super::redact::Redactor;
use super::slow::SharedThresholds;
use delivery::Delivery;
use scope::{Family, level_of};
use switches::Switches;

pub use scope::ScopeGrants;

/// Level, filter, outputs, captured entries and timers in one place.
///
/// Every method takes `&self` and may be called from any thread at any time.
///
/// ```
/// use llmspell_utils::debug::{DebugLevel, DebugManager, debug_log};
///
/// let manager = DebugManager::new();
/// manager.set_directive("info,policy.*=debug,noisy=off")?;
///
/// manager.log(DebugLevel::Debug, Some("policy.shell"), "looked at");
/// manager.log(DebugLevel::Error, Some("noisy"), "not heard");
/// debug_log!(manager, DebugLevel::Info, module: "policy.shell", "{} rules spoke", 2);
///
/// let messages: Vec<_> = manager.captured(None).into_iter().map(|entry| entry.message).collect();
/// assert_eq!(messages, ["looked at", "2 rules spoke"]);
/// # Ok::<(), llmspell_utils::debug::FilterError>(())
/// ```
pub struct DebugManager {
    switches: Switches,
    filter: ModuleFilter,
    delivery: Delivery,
    clock: Arc<dyn Clock>,
    profiler: Profiler,
    /// One for a manager and all scopes beneath it, as is the redactor.
    slow: Arc<SharedThresholds>,
    redactor: Arc<ArcSwap<Redactor>>,
    /// Held while settings change, so that what follows is always worked out from settings that belong together.
    changes: Mutex<()>,
    family: Family,
}

/// The manager that everybody in the process may share.
#[must_use]
pub fn global() -> &'static Arc<DebugManager> {
    static GLOBAL: LazyLock<Arc<DebugManager>> = LazyLock::new(|| Arc::new(DebugManager::new()));
    &GLOBAL
}

/// Making one.
impl DebugManager {
    /// A manager at level info that is enabled, captures the latest 10,000 entries in at most 8 MiB, and has no
    /// other output.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock::new()))
    }

    /// The same with a clock of one's own, for entries and timers.
    #[must_use]
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        let redactor = Arc::new(ArcSwap::from_pointee(Redactor::builtin()));
        let manager = Self {
            switches: Switches::new(DebugLevel::default()),
            filter: ModuleFilter::default(),
            delivery: Delivery::new(
                BufferLimits::default(),
                Arc::clone(&clock),
                Arc::clone(&redactor),
            ),
            profiler: Profiler::new(Arc::clone(&clock)),
            redactor,
            clock,
            slow: Arc::default(),
            changes: Mutex::default(),
            family: Family::default(),
        };
        manager.change(|_| ());
        manager
    }

    /// A manager with these settings.
    ///
    /// # Errors
    ///
    /// A filter that is refused, or an output that cannot be opened.
    pub fn from_config(config: &DebugConfig) -> Result<Self, DebugError> {
        let manager = Self::new();
        manager.configure(config)?;
        Ok(manager)
    }

    /// The manager that everybody in the process may share.
    #[must_use]
    pub fn global() -> &'static Arc<Self> {
        global()
    }
}

/// Logging.
impl DebugManager {
    /// The number of the most verbose level that anybody could listen to; 0 while the manager is disabled.
    ///
    /// Whoever keeps this atomic at hand asks with one relaxed load whether a message could matter at all.
    #[inline]
    #[must_use]
    pub const fn gate(&self) -> &AtomicU8 {
        self.switches.gate()
    }

    /// Whether anybody could listen to this level: one relaxed load and one comparison.
    #[inline]
    #[must_use]
    pub fn listens(&self, level: DebugLevel) -> bool {
        self.switches.listens(level)
    }

    /// Whether an entry at this level from this module is wanted.
    ///
    /// A message without a module is asked only for its level.
    #[inline]
    #[must_use]
    pub fn wants(&self, level: DebugLevel, module: Option<&str>) -> bool {
        self.listens(level) && level.passes(self.threshold(module))
    }

    /// Logs a message if it is wanted.
    #[inline]
    pub fn log(&self, level: DebugLevel, module: Option<&str>, message: impl fmt::Display) {
        if self.listens(level) {
            self.log_listened(level, module, message);
        }
    }

    /// Logs an entry if it is wanted.
    pub fn log_entry(&self, entry: DebugEntry) {
        if self.wants(entry.level, entry.module.as_deref()) {
            self.emit(entry);
        }
    }

    /// An entry of the current thread at this manager's time, for [`log_entry`](Self::log_entry) or
    /// [`emit`](Self::emit).
    #[must_use]
    pub fn entry(&self, level: DebugLevel, message: impl Into<String>) -> DebugEntry {
        DebugEntry::new(self.clock.wall(), level, message)
    }

    /// Hands an entry to the output and captures it, here and in every manager above, without asking whether it is
    /// wanted: for callers who have asked. Its secrets are redacted before anybody sees it. Of a message longer than
    /// 1 MiB the beginning is kept, and in the place of data that hold more than 4 MiB stands
    /// `{"left_out": "large", "bytes": N}`.
    pub fn emit(&self, entry: DebugEntry) {
        if entry.level == DebugLevel::Off {
            return;
        }
        let entry = finish::finished(entry, &self.redactor.load());
        let mut manager = self;
        while let Some(parent) = manager.family.parent() {
            manager.delivery.deliver(Arc::clone(&entry));
            manager = parent;
        }
        manager.delivery.deliver(entry);
    }

    // Not inlined, so that the caller's code has only the load and the comparison.
    #[inline(never)]
    fn log_listened(&self, level: DebugLevel, module: Option<&str>, message: impl fmt::Display) {
        if level.passes(self.threshold(module)) {
            let mut entry = self.entry(level, message.to_string());
            entry.module = module.map(Arc::from);
            self.emit(entry);
        }
    }

    #[inline]
    fn threshold(&self, module: Option<&str>) -> u8 {
        module.map_or_else(
            || self.switches.threshold(),
            |module| self.filter.threshold(module, |module| self.decide(module)),
        )
    }
}

/// Settings.
impl DebugManager {
    /// Takes over all of these settings, or none of them.
    ///
    /// A configuration that names no output leaves the output as it is.
    ///
    /// # Errors
    ///
    /// A filter that is refused, or an output that cannot be opened.
    pub fn configure(&self, config: &DebugConfig) -> Result<(), DebugError> {
        let rules = RuleSet::from_rules(&config.filters)
            .map_err(|error| DebugError::from_filter("`debug.filters`", &error))?;
        let redactor = Redactor::new(&config.redact)
            .map_err(|error| DebugError::from_filter("`debug.redact`", &error))?;
        let output = config.open_output()?;

        self.change(|manager| {
            manager.filter.change(|known| *known = rules);
            manager.switches.say_level(config.level);
            manager.switches.say_enabled(config.enabled);
        });
        self.delivery.captured.set_limits(config.capture_limits());
        self.slow.set(config.slow);
        self.redactor.store(Arc::new(redactor));
        if let Some(output) = output {
            self.delivery.set_output(output);
        }
        Ok(())
    }

    /// What takes the secrets out of entries, for whoever shows anything else.
    #[must_use]
    pub fn redactor(&self) -> Arc<Redactor> {
        self.redactor.load_full()
    }

    /// Takes secrets out of entries with this from now on, in all managers of the same tree.
    pub fn set_redactor(&self, redactor: Arc<Redactor>) {
        self.redactor.store(redactor);
    }

    /// Sets the level for messages without a module and for modules without a level of their own.
    ///
    /// A scope reaches at most [`most_verbose_allowed`](Self::most_verbose_allowed); what it asked for beyond that
    /// counts when the manager above allows it.
    pub fn set_level(&self, level: DebugLevel) {
        self.change(|manager| manager.switches.say_level(level));
    }

    /// The level for messages without a module and for modules without a level of their own.
    #[must_use]
    pub fn level(&self) -> DebugLevel {
        level_of(self.switches.threshold())
    }

    /// Lets everybody speak as the settings say, or nobody.
    pub fn set_enabled(&self, enabled: bool) {
        self.change(|manager| manager.switches.say_enabled(enabled));
    }

    /// Whether anybody may speak; nobody in a scope may while the manager above is disabled.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.switches.said_enabled() && self.family.parent().is_none_or(Self::is_enabled)
    }
}

/// Filters.
impl DebugManager {
    /// Adds a rule as the latest one; a rule with the same pattern of the same kind goes.
    ///
    /// # Errors
    ///
    /// A pattern that is not understood or too large; then nothing has changed.
    pub fn add_filter(&self, rule: FilterRule) -> Result<(), FilterError> {
        self.change_rules(|rules| rules.add(rule))
    }

    /// Switches the modules of a pattern on or off; the pattern says by itself how it is read.
    ///
    /// # Errors
    ///
    /// A pattern that is not understood or too large; then nothing has changed.
    pub fn add_module_filter(&self, pattern: &str, enabled: bool) -> Result<(), FilterError> {
        self.add_filter(FilterRule::classified(
            pattern,
            FilterAction::from_enabled(enabled),
        ))
    }

    /// Removes every rule that was added with this text, and says whether there was one.
    pub fn remove_filter(&self, pattern: &str) -> bool {
        self.change_rules(|rules| rules.remove(pattern))
    }

    /// Removes every rule; modules may speak again unless the default is changed.
    pub fn clear_filters(&self) {
        self.change_rules(|rules| *rules = RuleSet::default());
    }

    /// Says whether modules that no rule matches may speak.
    pub fn set_default_filter_enabled(&self, enabled: bool) {
        self.change_rules(|rules| rules.set_default_enabled(enabled));
    }

    /// The rules and the default.
    #[must_use]
    pub fn filter_summary(&self) -> FilterSummary {
        self.filter.look(RuleSet::summary)
    }

    /// Replaces all rules by those of a directive such as `info,policy.*=debug,noisy=off`, and the level if it names
    /// one; modules that no rule matches may speak.
    ///
    /// # Errors
    ///
    /// Whatever of the text is not understood; then nothing has changed.
    pub fn set_directive(&self, directive: &str) -> Result<(), FilterError> {
        let directive = Directive::parse(directive)?;
        let rules = RuleSet::from_rules(directive.rules())?;

        self.change(|manager| {
            manager.filter.change(|known| *known = rules);
            if let Some(level) = directive.level() {
                manager.switches.say_level(level);
            }
        });
        Ok(())
    }

    fn change_rules<T>(&self, change: impl FnOnce(&mut RuleSet) -> T) -> T {
        self.change(|manager| manager.filter.change(change))
    }
}

/// Outputs, captured entries and timers.
impl DebugManager {
    /// Sends entries there from now on.
    ///
    /// What a scope logs goes to its own output, if it was given one, and to those of the managers above. An output that
    /// was here before and that nobody else holds is closed, and what it loses by that is counted.
    pub fn set_output(&self, output: Arc<dyn DebugOutput>) {
        self.delivery.set_output(output);
    }

    /// Where entries go; the outputs of the managers above are not among it.
    #[must_use]
    pub fn output(&self) -> Arc<dyn DebugOutput> {
        self.delivery.output()
    }

    /// Brings everything that the output took to where it belongs, and what those of the managers above took.
    ///
    /// # Errors
    ///
    /// When an output says that something did not arrive; the others are flushed all the same.
    pub fn flush(&self) -> io::Result<()> {
        let mut outcome = self.delivery.flush();
        let mut above = self.family.parent();
        while let Some(manager) = above {
            outcome = outcome.and(manager.delivery.flush());
            above = manager.family.parent();
        }
        outcome
    }

    /// The last so many captured entries, or all; the oldest first.
    #[must_use]
    pub fn captured(&self, limit: Option<usize>) -> Vec<DebugEntry> {
        self.captured_shared(limit)
            .into_iter()
            .map(Arc::unwrap_or_clone)
            .collect()
    }

    /// The same without copying the entries.
    #[must_use]
    pub fn captured_shared(&self, limit: Option<usize>) -> Vec<Arc<DebugEntry>> {
        self.delivery.captured.entries(limit)
    }

    /// Forgets the captured entries.
    pub fn clear_captured(&self) {
        self.delivery.captured.clear();
    }

    /// Changes how many entries are captured, and how many bytes; 0 captures none.
    pub fn set_capture_limits(&self, limits: BufferLimits) {
        self.delivery.captured.set_limits(limits);
    }

    /// How many captured entries newer ones have pushed out.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        self.delivery.captured.forgotten()
    }

    /// How many entries did not arrive at the output; those that did not arrive above are counted there.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.delivery.dropped()
    }

    /// The timers.
    #[must_use]
    pub const fn profiler(&self) -> &Profiler {
        &self.profiler
    }

    /// The clock.
    #[must_use]
    pub const fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }
}

impl Default for DebugManager {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for DebugManager {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DebugManager")
            .field("level", &self.level())
            .field("enabled", &self.is_enabled())
            .field("output", &self.delivery.output())
            .finish_non_exhaustive()
    }
}
