//! Profiles as scripts see them: `Debug.startProfile`, `Debug.stopProfile` and the object that comes of them.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use llmspell_engine::Value;
use llmspell_utils::debug::report::{self, FrameTime, ReportFormat};
use llmspell_utils::debug::{Profile, ProfileMethod};

use crate::arguments::{Arguments, DataLimits, ValueKind};
use crate::debug_bridge::DebugBridge;
use crate::globals::checked_call::CheckedCall;
use crate::globals::debug::{Answer, Debug};
use crate::globals::debug_timer::milliseconds;
use crate::host_object::{Method, ScriptObject};
use crate::script_profile::{ProfileMode, ProfileOptions};
use crate::script_value::ScriptValue;
use crate::shown_text::shortened;

/// The shortest and the longest time between two samples, in milliseconds.
const INTERVALS: std::ops::RangeInclusive<f64> = 0.1..=1000.0;

/// How many rows `top` gives unless it is told otherwise, and at most.
const ROWS: usize = 20;
const MOST_ROWS: usize = 1000;

/// How many bytes of a title are kept.
const LONGEST_TITLE: usize = 256;

/// How many profiles the scripts of one host may save.
const MOST_FILES: usize = 100;

impl Debug {
    /// `Debug.startProfile([options])`: whether a profile was started.
    pub(super) fn start_profile(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.startProfile", arguments);
        let mut options = ProfileOptions::default();
        let Some(given) = call.options(0) else {
            return Ok(false.into());
        };
        for (name, value) in given {
            if !set_option(&mut options, &name, &value) {
                call.refuse_option(&name);
                return Ok(false.into());
            }
        }
        // Before it is cut: a secret that is cut in two is not known for one.
        let title = self.bridge.redactor().text(&options.title).into_owned();
        options.title = shortened(title.as_bytes(), LONGEST_TITLE);
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
        if let Some(running) = running.filter(|_| is_mine) {
            running.reach(arguments);
        }
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
            options.title = title.to_string();
        }
        _ => return false,
    }
    true
}

/// What came of a profile.
struct StoppedProfile {
    /// None in what answers when a method is called on something that is no profile.
    profile: Option<Arc<Profile>>,
    bridge: DebugBridge,
    files: Arc<ProfileFiles>,
    limits: DataLimits,
}

impl ScriptObject for StoppedProfile {
    const NAME: &'static str = "Profile";
    const METHODS: &'static [Method<Self>] = &[
        Method::new("folded", Self::folded),
        Method::new("speedscope", Self::speedscope),
        Method::new("chromeTrace", Self::chrome_trace),
        Method::new("flameGraphSvg", Self::flame_graph_svg),
        Method::new("json", Self::json),
        Method::new("text", Self::text),
        Method::new("top", Self::top),
        Method::new("save", Self::save),
    ];
    const FIELDS: &'static [&'static str] = &[
        "title",
        "method",
        "interval_ms",
        "samples",
        "total_ms",
        "lost",
    ];

    fn read_field(&self, name: &str) -> Option<ScriptValue> {
        let profile = self.profile.as_ref()?;
        let (method, interval) = described(profile.method());
        let lost = profile.losses();
        match name {
            "title" => Some(profile.title().into()),
            "method" => Some(method.into()),
            "interval_ms" => Some(interval.map(milliseconds).into()),
            // Of an exact profile nobody asks where the script is.
            "samples" => Some(interval.map(|_| profile.samples()).into()),
            "total_ms" => Some(milliseconds(profile.total())),
            "lost" => Some(ScriptValue::Map(vec![
                ("paths", lost.paths.into()),
                ("segments", lost.segments.into()),
            ])),
            _ => None,
        }
    }

    fn without_receiver(&self) -> Option<Self> {
        Some(Self {
            profile: None,
            bridge: self.bridge.clone(),
            files: Arc::clone(&self.files),
            limits: self.limits,
        })
    }
}

impl StoppedProfile {
    fn folded(&self, arguments: &dyn Arguments) -> Answer {
        self.rendered(self.call("Profile.folded", arguments), ReportFormat::Folded)
    }

    fn speedscope(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Profile.speedscope", arguments);
        self.rendered(call, ReportFormat::Speedscope)
    }

    fn chrome_trace(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Profile.chromeTrace", arguments);
        self.rendered(call, ReportFormat::ChromeTrace)
    }

    fn flame_graph_svg(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Profile.flameGraphSvg", arguments);
        self.rendered(call, ReportFormat::Flamegraph)
    }

    fn json(&self, arguments: &dyn Arguments) -> Answer {
        self.rendered(self.call("Profile.json", arguments), ReportFormat::Json)
    }

    fn text(&self, arguments: &dyn Arguments) -> Answer {
        self.rendered(self.call("Profile.text", arguments), ReportFormat::Text)
    }

    /// The profile in a format; empty if there is none.
    fn rendered(&self, call: CheckedCall<'_>, format: ReportFormat) -> Answer {
        let text = self.profile(call).map(|profile| render(profile, format));
        Ok(match text {
            Some(Ok(text)) => call.answer(text),
            Some(Err(problem)) => {
                call.complain(&problem);
                "".into()
            }
            None => "".into(),
        })
    }

    /// `profile.top([rows])`: where the most time was spent, as a list.
    fn top(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Profile.top", arguments);
        let rows = match (arguments.kind(0), arguments.number(0)) {
            (ValueKind::Nil, _) => ROWS,
            (_, Some(rows)) if rows >= 0.0 => (rows as usize).min(MOST_ROWS),
            _ => {
                call.expected(0, "a count from 0 on");
                return Ok(ScriptValue::List(Vec::new()));
            }
        };
        let Some(profile) = self.profile(call) else {
            return Ok(ScriptValue::List(Vec::new()));
        };
        let frames = report::by_frame(profile).into_iter().take(rows);
        Ok(call.list(frames.map(|spent| row(&spent)).collect()))
    }

    /// `profile.save(path)`: whether the profile was written.
    fn save(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Profile.save", arguments);
        let (Some(profile), Some(path)) = (self.profile(call), call.text(0)) else {
            return Ok(false.into());
        };
        let saved = self.files.save(profile, &path);
        if let Err(problem) = &saved {
            call.complain(problem);
        }
        Ok(saved.is_ok().into())
    }

    /// The profile; a call without its object is complained about.
    fn profile(&self, call: CheckedCall<'_>) -> Option<&Profile> {
        if self.profile.is_none() {
            call.misses_receiver();
        }
        self.profile.as_deref()
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

/// The name of a method, and the time between two samples of one that has any.
const fn described(method: ProfileMethod) -> (&'static str, Option<Duration>) {
    match method {
        ProfileMethod::Sampled(interval) => ("sampled", Some(interval)),
        ProfileMethod::Approximate(interval) => ("approximate", Some(interval)),
        ProfileMethod::Exact => ("exact", None),
        ProfileMethod::Timers => ("timers", None),
    }
}

fn row(spent: &FrameTime<'_>) -> ScriptValue {
    let place = spent.frame.place.as_ref();
    // Samples see no calls, and none is not 0.
    let calls = (spent.calls > 0).then_some(spent.calls);
    ScriptValue::Map(vec![
        ("name", (&*spent.frame.name).into()),
        ("kind", spent.frame.kind.code().into()),
        ("file", place.map(|place| &*place.file).into()),
        ("line", place.map(|place| place.line).into()),
        ("own_ms", milliseconds(spent.own)),
        ("total_ms", milliseconds(spent.total)),
        ("calls", calls.into()),
    ])
}

fn render(profile: &Profile, format: ReportFormat) -> Result<String, String> {
    report::render(profile, format).map_err(|error| error.to_string())
}

/// Where scripts may save profiles.
#[derive(Debug, Default)]
pub(super) struct ProfileFiles {
    below: Option<PathBuf>,
    saved: AtomicUsize,
}

impl ProfileFiles {
    pub(super) fn below(below: Option<PathBuf>) -> Self {
        Self {
            below,
            saved: AtomicUsize::new(0),
        }
    }

    /// Writes a profile into a new file, in the format that the ending names.
    fn save(&self, profile: &Profile, path: &str) -> Result<(), String> {
        let target = self.target(path)?;
        let Some(format) = ReportFormat::of_file(&target) else {
            let endings = ReportFormat::endings();
            return Err(format!("a profile's file ends in one of {endings}"));
        };
        let text = render(profile, format)?;
        if self.saved.fetch_add(1, Ordering::Relaxed) >= MOST_FILES {
            return Err(format!(
                "{MOST_FILES} profiles were saved, and no more may be"
            ));
        }
        write_new(&target, &text).map_err(|error| format!("the profile cannot be saved: {error}"))
    }

    /// The file that a script means, if it may write there.
    fn target(&self, path: &str) -> Result<PathBuf, String> {
        let Some(below) = &self.below else {
            return Err("the host lets no script save profiles (`ScriptHostBuilder::profiles_below` allows it; \
                        `llmspell run --profile FILE` saves one without the script)"
                .to_owned());
        };
        // One answer for what is not there and what lies outside: a script must not learn which.
        let refused = || "there is no such folder below the one that the host allows".to_owned();
        let root = below.canonicalize().map_err(|_| refused())?;
        let wanted = root.join(path);
        let (Some(folder), Some(name)) = (wanted.parent(), wanted.file_name()) else {
            return Err(refused());
        };
        let folder = folder.canonicalize().map_err(|_| refused())?;
        if folder.starts_with(&root) {
            Ok(folder.join(name))
        } else {
            Err(refused())
        }
    }
}

/// Writes a file that must not be there yet; what cannot be written whole is removed.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let written = file.write_all(text.as_bytes());
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(path);
    }
    written
}
