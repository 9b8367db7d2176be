//! Scripts and inputs of the prompt as something to measure.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use llmspell_bridge::{
    DumpOptions, Language, ProfileMode, ProfileOptions, Script, ScriptError, ScriptErrorKind,
    ScriptHost,
};
use llmspell_utils::debug::{FrameKind, Profile, ProfileBuilder};

use super::evaluation::shown;
use super::runs::Runs;
use super::subject::Measured;
use crate::failure::Failure;
use crate::stop_switch::StopSwitch;

/// How many parts of one run are told apart: no measurement shows more.
const MOST_PARTS: usize = 500;

/// How many samples a run should have. A sampler begins with each run, so one that is over before the first sample
/// would never be seen inside, however many there are.
const SAMPLES: u32 = 20;

/// The shortest time between two samples.
const SHORTEST_INTERVAL: Duration = Duration::from_micros(100);

/// The name of the whole.
const WHOLE: &str = "run";

/// How a profile of a script is made.
pub(crate) fn profile_options(title: &str, is_exact: bool) -> ProfileOptions {
    let mode = match is_exact {
        true => ProfileMode::Exact,
        false => ProfileMode::Sampled,
    };
    ProfileOptions {
        title: title.to_owned(),
        mode,
        ..ProfileOptions::default()
    }
}

/// A script that runs in a host of its own each time, as `llmspell run` does it.
pub(crate) struct Fresh<'a> {
    script: Script,
    open: Box<dyn FnMut() -> Result<ScriptHost, Failure> + 'a>,
    stop: &'a StopSwitch,
    profiled: Profiled,
}

impl<'a> Fresh<'a> {
    pub(crate) fn new(
        script: Script,
        open: impl FnMut() -> Result<ScriptHost, Failure> + 'a,
        stop: &'a StopSwitch,
        profile: Option<ProfileOptions>,
    ) -> Self {
        Self {
            script,
            open: Box::new(open),
            stop,
            profiled: Profiled::new(profile),
        }
    }
}

impl Measured for Fresh<'_> {
    fn title(&self) -> &str {
        &self.script.name
    }

    fn run(&mut self, runs: &mut Runs) -> Result<(), Failure> {
        loop {
            let mut host = (self.open)()?;
            let _watched = self.stop.watch(host.stop_handle());
            let script = &self.script;
            let run = |host: &mut ScriptHost| match host.run(script) {
                // The value of the script is nobody's concern here, so it need not be data either.
                Err(error) if error.kind() == ScriptErrorKind::Conversion => Ok(()),
                ran => ran.map(drop),
            };
            if let Run::Counts = self.profiled.run(&mut host, runs, run)? {
                return Ok(());
            }
        }
    }

    fn finish(&mut self) -> Option<Profile> {
        self.profiled.finish()
    }
}

/// An input of the prompt, run in the live state.
pub(crate) struct Input {
    input: Script,
    host: Rc<RefCell<ScriptHost>>,
    profiled: Profiled,
}

impl Input {
    pub(crate) fn new(
        input: Script,
        host: Rc<RefCell<ScriptHost>>,
        profile: Option<ProfileOptions>,
    ) -> Self {
        Self {
            input,
            host,
            profiled: Profiled::new(profile),
        }
    }
}

impl Measured for Input {
    fn title(&self) -> &str {
        &self.input.source
    }

    fn run(&mut self, runs: &mut Runs) -> Result<(), Failure> {
        let mut host = self.host.try_borrow_mut().map_err(Failure::internal)?;
        // What is not looked at needs no walk.
        let nothing = DumpOptions {
            max_depth: 0,
            max_string_length: 0,
            ..DumpOptions::compact()
        };
        let start = Instant::now();
        host.check_input(&self.input)?;
        let compiled = start.elapsed();
        let input = &self.input;
        let run = |host: &mut ScriptHost| host.run_input(input, &nothing).map(drop);
        while let Run::WasTooShort = self.profiled.run(&mut host, runs, run)? {}
        // It is a part of the run, measured once more by itself.
        runs.add(&path(["of which to compile"]), compiled);
        Ok(())
    }

    fn finish(&mut self) -> Option<Profile> {
        self.profiled.finish()
    }
}

fn path<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let names = names.into_iter().map(str::to_owned);
    std::iter::once(WHOLE.to_owned()).chain(names).collect()
}

/// What a run was good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Run {
    Counts,
    /// It only showed how often samples are to be taken.
    WasTooShort,
}

/// The profile of all runs, if one is made.
#[derive(Debug)]
pub(crate) struct Profiled {
    options: Option<ProfileOptions>,
    /// Whether the time between two samples was looked at.
    is_tuned: bool,
    together: Option<ProfileBuilder>,
}

impl Profiled {
    pub(crate) const fn new(options: Option<ProfileOptions>) -> Self {
        Self {
            options,
            is_tuned: false,
            together: None,
        }
    }

    fn run(
        &mut self,
        host: &mut ScriptHost,
        runs: &mut Runs,
        run: impl FnOnce(&mut ScriptHost) -> Result<(), ScriptError>,
    ) -> Result<Run, ScriptError> {
        if let Some(options) = &self.options {
            host.profiles().start(options.clone())?;
        }
        let start = Instant::now();
        let ran = run(host);
        let time = start.elapsed();
        let profile = self.options.as_ref().and_then(|_| host.profiles().stop());
        if ran.is_ok() && self.tune(host.language(), time) {
            return Ok(Run::WasTooShort);
        }
        if ran.is_ok() {
            runs.add(&path([]), time);
        }
        if let Some(profile) = profile {
            if ran.is_ok() {
                parts(&profile, runs);
            }
            self.add(&profile);
        }
        ran.map(|()| Run::Counts)
    }

    /// Takes samples more often if the first run was over too soon; says whether that changed anything.
    fn tune(&mut self, language: Language, time: Duration) -> bool {
        let Some(options) = &mut self.options else {
            return false;
        };
        if options.mode != ProfileMode::Sampled || self.is_tuned {
            return false;
        }
        self.is_tuned = true;
        if language == Language::Lua && time < SHORTEST_INTERVAL * SAMPLES {
            // No thread takes samples that fast, and Luau can note the calls of functions that are loaded already.
            options.mode = ProfileMode::Exact;
            return true;
        }
        let step = SHORTEST_INTERVAL.as_nanos();
        let steps = (time / SAMPLES).as_nanos() / step;
        let steps = u32::try_from(steps).unwrap_or(u32::MAX).max(1);
        let interval = SHORTEST_INTERVAL.saturating_mul(steps);
        if interval >= options.interval {
            return false;
        }
        options.interval = interval;
        true
    }

    fn add(&mut self, profile: &Profile) {
        let new = || ProfileBuilder::new(profile.title(), profile.method(), Duration::ZERO);
        self.together.get_or_insert_with(new).append(profile);
    }

    fn finish(&mut self) -> Option<Profile> {
        let builder = self.together.take()?;
        // Everything is charged already, so that no time is left for the end.
        Some(builder.finish(Duration::ZERO))
    }
}

/// Notes the functions of the host, policies and rules of one run: they are measured exactly in every profile.
fn parts(profile: &Profile, runs: &mut Runs) {
    let totals = profile.totals();
    let is_part = |kind| matches!(kind, FrameKind::Host | FrameKind::Policy | FrameKind::Rule);
    // In the order in which they began.
    let mut sums: Vec<(Vec<String>, Duration)> = Vec::new();
    for node in profile.nodes() {
        let frame = profile.frame(node.frame);
        if frame.is_none_or(|frame| !is_part(frame.kind)) {
            continue;
        }
        let stack = profile.stack(node.id);
        let frames = stack.iter().filter_map(|id| profile.frame(*id));
        let parts = frames.filter(|frame| is_part(frame.kind)).map(shown);
        let path: Vec<String> = std::iter::once(WHOLE.to_owned()).chain(parts).collect();
        let total = totals.get(node.id.index()).copied().unwrap_or_default();
        if let Some((_, sum)) = sums.iter_mut().find(|(known, _)| *known == path) {
            *sum += total;
        } else if sums.len() < MOST_PARTS {
            sums.push((path, total));
        }
    }
    for (path, total) in sums {
        runs.add(&path, total);
    }
}
