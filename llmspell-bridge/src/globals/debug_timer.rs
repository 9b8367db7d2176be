//! Timers as scripts see them: `Debug.timer`, `Debug.measure` and the object between start and stop.

use std::sync::Arc;
use std::time::Duration;

use llmspell_utils::debug::{PerformanceTracker, report};

use crate::arguments::{Arguments, DataLimits, ValueKind};
use crate::debug_bridge::DebugBridge;
use crate::globals::checked_call::CheckedCall;
use crate::globals::debug::{Answer, Debug};
use crate::host_object::{Method, ScriptObject};
use crate::script_error::ScriptError;
use crate::script_value::ScriptValue;

impl Debug {
    pub(super) fn timer(&self, arguments: &dyn Arguments) -> Answer {
        let name = self.call("Debug.timer", arguments).text(0);
        let name = name.unwrap_or_else(|| "unnamed".to_owned());
        let timer = Timer {
            tracker: self.bridge.manager().profiler().start(name),
            bridge: self.bridge.clone(),
            limits: self.limits,
        };
        Ok(ScriptValue::Object(Arc::new(timer)))
    }

    pub(super) fn record_event(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.recordEvent", arguments);
        let (Some(id), Some(name)) = (call.text(0), call.text(1)) else {
            return Ok(false.into());
        };
        let running = id
            .parse()
            .ok()
            .and_then(|id| self.bridge.manager().profiler().running(&id));
        let Some(tracker) = running else {
            return Ok(false.into());
        };
        tracker.event(name, call.data(2));
        Ok(true.into())
    }

    /// Times a call. Alone among the debug functions it can raise: whatever the function raises.
    pub(super) fn measure(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.measure", arguments);
        let name = call.text(0).unwrap_or_else(|| "unnamed".to_owned());
        if arguments.kind(1) != ValueKind::Function {
            call.expected(1, "a function");
            return Ok(ScriptValue::Nil);
        }
        let tracker = self.bridge.manager().profiler().start(name);
        let called = arguments.call(1, 2);
        tracker.stop();
        called.map(|()| ScriptValue::Returned)
    }

    pub(super) fn performance_report(&self, _: &dyn Arguments) -> Answer {
        Ok(report::text(&self.bridge.manager().profiler().statistics()).into())
    }
}

/// A running timer. Dropping it unstopped forgets it.
struct Timer {
    tracker: PerformanceTracker,
    bridge: DebugBridge,
    limits: DataLimits,
}

impl ScriptObject for Timer {
    const NAME: &'static str = "Timer";
    const METHODS: &'static [Method<Self>] = &[
        Method::new("lap", Self::lap),
        Method::new("elapsed", Self::elapsed),
        Method::new("stop", Self::stop),
        Method::new("laps", Self::laps),
        Method::new("event", Self::event),
        Method::new("events", Self::events),
    ];
    const FIELDS: &'static [&'static str] = &["id", "name"];

    fn read_field(&self, name: &str) -> Option<ScriptValue> {
        match name {
            "id" => Some(self.tracker.id().to_string().into()),
            "name" => Some(self.tracker.name().into()),
            _ => None,
        }
    }
}

impl Timer {
    fn lap(&self, arguments: &dyn Arguments) -> Result<ScriptValue, ScriptError> {
        let name = arguments.text(0).unwrap_or_else(|| "lap".to_owned());
        Ok(milliseconds(self.tracker.lap(name)))
    }

    fn elapsed(&self, _: &dyn Arguments) -> Result<ScriptValue, ScriptError> {
        Ok(milliseconds(self.tracker.elapsed()))
    }

    fn stop(&self, _: &dyn Arguments) -> Result<ScriptValue, ScriptError> {
        Ok(milliseconds(self.tracker.stop()))
    }

    fn laps(&self, _: &dyn Arguments) -> Result<ScriptValue, ScriptError> {
        let laps = self.tracker.laps();
        let shown = laps.iter().map(|lap| {
            ScriptValue::Map(vec![
                ("name", (&*lap.name).into()),
                ("milliseconds", milliseconds(lap.duration)),
            ])
        });
        Ok(ScriptValue::List(shown.collect()))
    }

    fn event(&self, arguments: &dyn Arguments) -> Result<ScriptValue, ScriptError> {
        let call = CheckedCall {
            function: "Timer.event",
            bridge: &self.bridge,
            limits: &self.limits,
            arguments,
        };
        let Some(name) = call.text(0) else {
            return Ok(false.into());
        };
        self.tracker.event(name, call.data(1));
        Ok(true.into())
    }

    fn events(&self, _: &dyn Arguments) -> Result<ScriptValue, ScriptError> {
        let events = self.tracker.events();
        let shown = events.iter().map(|event| {
            ScriptValue::Map(vec![
                ("name", (&*event.name).into()),
                ("milliseconds", milliseconds(event.at)),
                (
                    "metadata",
                    event
                        .data
                        .clone()
                        .map(|data| ScriptValue::Data(data.into()))
                        .into(),
                ),
            ])
        });
        Ok(ScriptValue::List(shown.collect()))
    }
}

fn milliseconds(duration: Duration) -> ScriptValue {
    ScriptValue::Number(duration.as_secs_f64() * 1000.0)
}
