//! Events as something to measure: phases, policies and rules of each evaluation.

use std::sync::Arc;
use std::time::{Duration, Instant};

use llmspell_engine::{EvaluationProbe, EvaluationStep, Event, PolicyEngine};
use llmspell_utils::debug::{FrameKind, Place, ProfileBuilder, ProfileFrame, ProfileMethod};

use super::runs::Runs;
use super::subject::Measured;
use crate::failure::Failure;

/// An event that is decided about again and again.
#[derive(Debug)]
pub(crate) struct EventSubject {
    name: String,
    engine: Arc<PolicyEngine>,
    event: Event,
    /// Where the time of all runs goes, if that was asked for.
    profile: Option<ProfileBuilder>,
    began: Instant,
}

impl EventSubject {
    pub(crate) fn new(
        name: &str,
        engine: Arc<PolicyEngine>,
        event: Event,
        is_profiled: bool,
    ) -> Self {
        let profile =
            is_profiled.then(|| ProfileBuilder::new(name, ProfileMethod::Exact, Duration::ZERO));
        Self {
            name: name.to_owned(),
            engine,
            event,
            profile,
            began: Instant::now(),
        }
    }
}

impl Measured for EventSubject {
    fn title(&self) -> &str {
        &self.name
    }

    fn run(&mut self, runs: &mut Runs) -> Result<(), Failure> {
        let mut watch = Watch {
            frames: vec![ProfileFrame::new("event", FrameKind::Host)],
            times: Vec::new(),
            open: Vec::new(),
        };
        let start = Instant::now();
        let _ = self.engine.evaluate_probed(&self.event, &mut watch);
        let end = Instant::now();
        watch.times.insert(
            0,
            Step {
                path: vec![0],
                start,
                end,
            },
        );
        watch.tell(runs);
        if let Some(profile) = &mut self.profile {
            watch.feed(profile, self.began);
        }
        Ok(())
    }

    fn finish(&mut self) -> Option<llmspell_utils::debug::Profile> {
        let at = self.began.elapsed();
        self.profile.take().map(|builder| builder.finish(at))
    }
}

/// Notes when each step of one evaluation began and ended.
struct Watch {
    frames: Vec<ProfileFrame>,
    times: Vec<Step>,
    /// Which of `times` have not ended.
    open: Vec<usize>,
}

struct Step {
    /// The frames from the outermost to this one.
    path: Vec<usize>,
    start: Instant,
    end: Instant,
}

impl EvaluationProbe for Watch {
    fn enter(&mut self, step: EvaluationStep<'_>) {
        let parent = self.open.last().and_then(|open| self.times.get(*open));
        let mut path = parent.map_or_else(|| vec![0], |parent| parent.path.clone());
        path.push(self.frames.len());
        self.frames.push(frame(step));
        self.open.push(self.times.len());
        let now = Instant::now();
        self.times.push(Step {
            path,
            start: now,
            end: now,
        });
    }

    fn leave(&mut self) {
        let now = Instant::now();
        if let Some(step) = self.open.pop().and_then(|open| self.times.get_mut(open)) {
            step.end = now;
        }
    }
}

impl Watch {
    fn tell(&self, runs: &mut Runs) {
        for step in &self.times {
            let frames = step.path.iter().filter_map(|index| self.frames.get(*index));
            let path: Vec<String> = frames.map(shown).collect();
            runs.add(&path, step.end.saturating_duration_since(step.start));
        }
    }

    fn feed(&self, profile: &mut ProfileBuilder, began: Instant) {
        let mut open: Vec<&Step> = Vec::new();
        let at = |instant: Instant| instant.saturating_duration_since(began);
        // Nothing ran before the first step.
        if let Some(first) = self.times.first() {
            profile.charge(at(first.start));
        }
        for step in &self.times {
            while let Some(last) = open.pop_if(|last| last.path.len() >= step.path.len()) {
                profile.leave(at(last.end));
            }
            let frame = step.path.last().and_then(|index| self.frames.get(*index));
            if let Some(frame) = frame {
                let id = profile.frame(frame.clone());
                profile.enter(id, at(step.start));
                open.push(step);
            }
        }
        while let Some(last) = open.pop() {
            profile.leave(at(last.end));
        }
    }
}

fn frame(step: EvaluationStep<'_>) -> ProfileFrame {
    let at = |file: &Arc<str>, line| Place::new(Arc::clone(file), line);
    match step {
        EvaluationStep::Route => ProfileFrame::new("route", FrameKind::Host),
        EvaluationStep::Signals { names } => {
            ProfileFrame::new(format!("signals {}", names.join(", ")), FrameKind::Host)
        }
        EvaluationStep::Synthesize => ProfileFrame::new("synthesize", FrameKind::Host),
        EvaluationStep::Policy { id, file, line } => {
            ProfileFrame::new(&**id, FrameKind::Policy).at(at(file, line))
        }
        EvaluationStep::Verb { verb, file, line } => {
            ProfileFrame::new(verb.name(), FrameKind::Rule).at(at(file, line))
        }
        _ => ProfileFrame::new("another step", FrameKind::Host),
    }
}

/// A frame as one line of a table names it.
pub(super) fn shown(frame: &ProfileFrame) -> String {
    match &frame.place {
        Some(place) => format!("{} ({place})", frame.name),
        None => frame.name.to_string(),
    }
}
