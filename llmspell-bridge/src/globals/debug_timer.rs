//! Timers as scripts see them: `Debug.timer`, `Debug.measure` and the object between start and stop.

use std::sync::Arc;
use std::time::Duration;

use llmspell_utils::debug::PerformanceTracker;
use llmspell_utils::debug::report::{self, ReportFormat};

use crate::arguments::{Arguments, DataLimits, ValueKind};
use crate::debug_bridge::DebugBridge;
use crate::globals::checked_call::CheckedCall;
use crate::globals::debug::{Answer, Debug};
use crate::host_object::{Method, ScriptObject};
use crate::script_value::ScriptValue;

/// What is called so that was given no name.
const UNNAMED: &str = "unnamed";

impl Debug {
    pub(super) fn timer(&self, arguments: &dyn Arguments) -> Answer {
        let tracker = self.start(self.call("Debug.timer", arguments));
        Ok(ScriptValue::Object(Arc::new(Timer {
            tracker: Some(tracker),
            bridge: self.bridge.clone(),
            limits: self.limits,
        })))
    }

    pub(super) fn record_event(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.recordEvent", arguments);
        let (Some(id), Some(name)) = (call.text(0), call.name(1)) else {
            return Ok(false.into());
        };
        let running = id
            .parse()
            .ok()
            .and_then(|id| self.bridge.manager().profiler().running(&id));
        let Some(tracker) = running else {
            call.expected(0, "the id of a timer that runs");
            return Ok(false.into());
        };
        Ok(tracker.event(name, call.redacted_data(2)).into())
    }

    /// Times a call. Alone among the debug functions it can raise: whatever the function raises.
    pub(super) fn measure(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.measure", arguments);
        if arguments.kind(1) != ValueKind::Function {
            call.expected(1, "a function");
            return Ok(ScriptValue::Nil);
        }
        let tracker = self.start(call);
        let called = arguments.call(1, 2);
        tracker.stop();
        called.map(|()| ScriptValue::Returned)
    }

    pub(super) fn flame_graph(&self, arguments: &dyn Arguments) -> Answer {
        let profile = self.bridge.manager().profiler().profile("timers");
        let call = self.call("Debug.flameGraph", arguments);
        let folded = report::render(&profile, ReportFormat::Folded);
        Ok(call.answer(folded.unwrap_or_else(|error| {
            call.complain(&error.to_string());
            String::new()
        })))
    }

    /// A running timer with the name that the first argument gives it.
    fn start(&self, call: CheckedCall<'_>) -> PerformanceTracker {
        let name = call.name(0).unwrap_or_else(|| UNNAMED.to_owned());
        self.bridge.manager().profiler().start(name)
    }

    pub(super) fn performance_report(&self, arguments: &dyn Arguments) -> Answer {
        let profiler = self.bridge.manager().profiler();
        let call = self.call("Debug.performanceReport", arguments);
        Ok(call.answer(report::timers_text(
            &profiler.statistics(),
            profiler.losses(),
        )))
    }

    pub(super) fn json_report(&self, arguments: &dyn Arguments) -> Answer {
        let manager = self.bridge.manager();
        let profiler = manager.profiler();
        let call = self.call("Debug.jsonReport", arguments);
        let (statistics, losses) = (profiler.statistics(), profiler.losses());
        let report = report::timers_json(&statistics, losses, manager.clock().wall());
        Ok(call.answer(report.unwrap_or_else(|error| {
            call.complain(&error.to_string());
            String::new()
        })))
    }
}

/// A timer. Dropping it unstopped forgets it.
struct Timer {
    /// None in what answers when a method is called on something that is no timer.
    tracker: Option<PerformanceTracker>,
    bridge: DebugBridge,
    limits: DataLimits,
}

impl ScriptObject for Timer {
    const NAME: &'static str = "Timer";
    const METHODS: &'static [Method<Self>] = &[
        Method::new("child", Self::child),
        Method::new("lap", Self::lap),
        Method::new("elapsed", Self::elapsed),
        Method::new("stop", Self::stop),
        Method::new("laps", Self::laps),
        Method::new("event", Self::event),
        Method::new("events", Self::events),
    ];
    const FIELDS: &'static [&'static str] = &["id", "name", "parent", "running"];

    fn read_field(&self, name: &str) -> Option<ScriptValue> {
        let tracker = self.tracker.as_ref()?;
        match name {
            "id" => Some(tracker.id().to_string().into()),
            "name" => Some(tracker.name().into()),
            "parent" => Some(tracker.parent().as_deref().into()),
            "running" => Some(tracker.is_running().into()),
            _ => None,
        }
    }

    fn without_receiver(&self) -> Option<Self> {
        Some(Self {
            tracker: None,
            bridge: self.bridge.clone(),
            limits: self.limits,
        })
    }
}

impl Timer {
    /// `timer.child(name)`: another timer beneath this one, whichever runs.
    fn child(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Timer.child", arguments);
        let Some(tracker) = self.tracker(call) else {
            return Ok(false.into());
        };
        let name = call.name(0).unwrap_or_else(|| UNNAMED.to_owned());
        Ok(ScriptValue::Object(Arc::new(Self {
            tracker: Some(tracker.child(name)),
            bridge: self.bridge.clone(),
            limits: self.limits,
        })))
    }

    fn lap(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Timer.lap", arguments);
        let Some(tracker) = self.running(call) else {
            return Ok(false.into());
        };
        Ok(match call.name(0) {
            Some(name) => milliseconds(tracker.lap(name)),
            None => false.into(),
        })
    }

    fn elapsed(&self, arguments: &dyn Arguments) -> Answer {
        let tracker = self.tracker(self.call("Timer.elapsed", arguments));
        Ok(tracker.map_or(false.into(), |tracker| milliseconds(tracker.elapsed())))
    }

    fn stop(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Timer.stop", arguments);
        let Some(tracker) = self.tracker(call) else {
            return Ok(false.into());
        };
        if !tracker.is_running() {
            call.complain("the timer was stopped before; the first stop counts");
        }
        Ok(milliseconds(tracker.stop()))
    }

    fn laps(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Timer.laps", arguments);
        let tracker = self.tracker(call);
        let laps = tracker.map(PerformanceTracker::laps).unwrap_or_default();
        let shown = laps.iter().map(|lap| {
            ScriptValue::Map(vec![
                ("name", lap.name.as_str().into()),
                ("milliseconds", milliseconds(lap.duration)),
                ("at", milliseconds(lap.at)),
            ])
        });
        Ok(call.list(shown.collect()))
    }

    fn event(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Timer.event", arguments);
        let Some(tracker) = self.running(call) else {
            return Ok(false.into());
        };
        let Some(name) = call.name(0) else {
            return Ok(false.into());
        };
        Ok(tracker.event(name, call.redacted_data(1)).into())
    }

    fn events(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Timer.events", arguments);
        let tracker = self.tracker(call);
        let events = tracker.map(PerformanceTracker::events).unwrap_or_default();
        let shown = events.into_iter().map(|event| {
            let data = event.data.map(|data| ScriptValue::Data(data.into()));
            ScriptValue::Map(vec![
                ("name", event.name.into()),
                ("milliseconds", milliseconds(event.at)),
                ("metadata", data.into()),
            ])
        });
        Ok(call.list(shown.collect()))
    }

    /// What measures; a call without its timer is complained about.
    fn tracker(&self, call: CheckedCall<'_>) -> Option<&PerformanceTracker> {
        if self.tracker.is_none() {
            call.misses_receiver();
        }
        self.tracker.as_ref()
    }

    /// The same while it runs; a timer that was stopped is complained about.
    fn running(&self, call: CheckedCall<'_>) -> Option<&PerformanceTracker> {
        let tracker = self.tracker(call)?;
        if !tracker.is_running() {
            call.complain("the timer was stopped before");
            return None;
        }
        Some(tracker)
    }

    fn call<'a>(&'a self, function: &'static str, arguments: &'a dyn Arguments) -> CheckedCall<'a> {
        CheckedCall {
            function,
            bridge: &self.bridge,
            limits: &self.limits,
            arguments,
        }
    }
}

pub(super) fn milliseconds(duration: Duration) -> ScriptValue {
    ScriptValue::Number(duration.as_secs_f64() * 1000.0)
}
