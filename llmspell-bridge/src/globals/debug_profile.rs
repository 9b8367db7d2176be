//! Profiles as scripts see them: `Debug.startProfile`, `Debug.stopProfile` and the object that comes of them.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use llmspell_engine::Value;
use llmspell_utils::debug::report::{self, ReportFormat};
use llmspell_utils::debug::{FrameKind, Profile, ProfileMethod};

use crate::arguments::{Arguments, DataLimits, ValueKind};
use crate::debug_bridge::DebugBridge;
use crate::globals::checked_call::CheckedCall;
use crate::globals::debug::{Answer, Debug};
use crate::host_object::{Method, ScriptObject};
use crate::script_profile::{ProfileMode, ProfileOptions};
use crate::script_value::ScriptValue;

/// The shortest and the longest time between two samples, in milliseconds.
const INTERVALS: std::ops::RangeInclusive<f64> = 0.1..=1000.0;

/// How many rows `top` gives unless it is told otherwise, and at most.
const ROWS: usize = 20;
const MOST_ROWS: usize = 1000;

/// How many profiles the scripts of one host may save.
const MOST_FILES: usize = 100;

impl Debug {
    /// `Debug.startProfile([options])`: whether a profile was started.
    pub(super) fn start_profile(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.startProfile", arguments);
        let mut options = ProfileOptions::default();
        for (name, value) in call.options(0) {
            if !set_option(&mut options, &name, &value) {
                call.refuse_option(&name);
                return Ok(false.into());
            }
        }
        options.title = self.bridge.redacted(&options.title);
        let mut mine = self.profile.lock();
        match self.profiles.start(options) {
            Ok(true) => {
                *mine = self.profiles.running();
                return Ok(true.into());
            }
            Ok(false) => call.complain("a profile is running already"),
            Err(error) => call.complain(error.message()),
        }
        Ok(false.into())
    }

    /// `Debug.stopProfile()`: the profile that a script started last.
    pub(super) fn stop_profile(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.stopProfile", arguments);
        let mine = self.profile.lock().take();
        let running = self.profiles.running();
        let is_mine = match (&mine, &running) {
            (Some(mine), Some(running)) => Arc::ptr_eq(mine, running),
            _ => false,
        };
        // What the host has started is the host's.
        let stopped = is_mine.then(|| self.profiles.stop()).flatten();
        let Some(profile) = stopped else {
            call.complain("no profile is running that a script started");
            return Ok(ScriptValue::Nil);
        };
        Ok(ScriptValue::Object(Arc::new(StoppedProfile {
            profile: Some(Arc::new(profile)),
            bridge: self.bridge.clone(),
            files: Arc::clone(&self.files),
            limits: self.limits,
        })))
    }
}

fn set_option(options: &mut ProfileOptions, name: &str, value: &Value) -> bool {
    match (name, value) {
        ("mode", Value::String(mode)) => {
            options.mode = match &**mode {
                "sampled" => ProfileMode::Sampled,
                "exact" => ProfileMode::Exact,
                _ => return false,
            };
        }
        ("interval_ms", Value::Number(interval)) => {
            let Some(interval) = interval.as_f64().filter(|ms| INTERVALS.contains(ms)) else {
                return false;
            };
            options.interval = Duration::from_secs_f64(interval / 1000.0);
        }
        ("title", Value::String(title)) => {
            options.title = shortened(title.as_bytes(), LONGEST_TITLE);
        }
        _ => return false,
    }
    true
}
