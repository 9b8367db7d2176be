//! A profile: where the time of a piece of work went, call by call.
//!
//! [`ProfileBuilder`] is fed while the work runs, by samples, by exact calls or by both; [`Profile`] is what comes of
//! it, and what [`report`](super::report) presents.

mod builder;
mod frame;

use std::borrow::Cow;
use std::time::Duration;

use super::redact::Redactor;

pub use builder::ProfileBuilder;
pub use frame::{FrameId, FrameKind, NodeId, ProfileFrame};

/// How a profile came about, and so how far it can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileMethod {
    /// The stack was read at this distance: shares of time are right, calls are not counted.
    Sampled(Duration),
    /// The stack was read about at this distance, but only where the engine lets it: time may be charged to a
    /// neighbour of who spent it.
    Approximate(Duration),
    /// Every call was noted.
    Exact,
    /// The frames are timers that were started and stopped.
    Timers,
}

/// Where the time of a piece of work went, call by call.
///
/// ```
/// use std::time::Duration;
/// use llmspell_utils::debug::{FrameKind, ProfileBuilder, ProfileFrame, ProfileMethod};
///
/// let millis = Duration::from_millis;
/// let mut builder = ProfileBuilder::new("guard.lua", ProfileMethod::Exact, millis(0));
/// let main = builder.frame(ProfileFrame::new("main", FrameKind::Script));
/// let check = builder.frame(ProfileFrame::new("check", FrameKind::Script));
/// builder.enter(main, millis(0));
/// builder.enter(check, millis(2));
/// builder.leave(millis(5));
/// builder.leave(millis(6));
/// let profile = builder.finish(millis(6));
///
/// assert_eq!(profile.total(), millis(6));
/// let nodes: Vec<_> = profile.nodes().collect();
/// assert_eq!(nodes[1].own, millis(3));
/// assert_eq!(profile.stack(nodes[1].id), [main, check]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    title: String,
    method: ProfileMethod,
    frames: Vec<ProfileFrame>,
    nodes: Vec<Node>,
    segments: Vec<Segment>,
    samples: u64,
    lost: ProfileLosses,
}

/// One call path: a frame beneath a path, with what was spent in it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Node {
    parent: Option<NodeId>,
    frame: FrameId,
    calls: u64,
    own: Duration,
}

/// One call path of a profile, with what was spent in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProfileNode {
    /// Which path this is.
    pub id: NodeId,
    /// The path of the caller; none for the outermost.
    pub parent: Option<NodeId>,
    /// What was called.
    pub frame: FrameId,
    /// How often it was entered here; 0 where only samples saw it.
    pub calls: u64,
    /// The time that was spent here and not in what was called from here.
    pub own: Duration,
}

/// A stretch of time that was spent in one call path; none where nothing ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Where the time was spent.
    pub node: Option<NodeId>,
    /// When it began, by the clock that fed the builder.
    pub start: Duration,
    /// How long it took. In an exact profile it may be 0, between two calls that follow each other at once.
    pub duration: Duration,
}

/// What a profile did not keep, because there was too much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProfileLosses {
    /// Calls and samples whose path was cut at an ancestor.
    pub paths: u64,
    /// Stretches of time that count in the paths, but are missing in the course of time.
    pub segments: u64,
}

impl Profile {
    /// What was profiled.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// How it came about.
    #[must_use]
    pub const fn method(&self) -> ProfileMethod {
        self.method
    }

    /// Everything that was called, by the number in its [`FrameId`].
    #[must_use]
    pub fn frames(&self) -> &[ProfileFrame] {
        &self.frames
    }

    /// A frame of this profile.
    #[must_use]
    pub fn frame(&self, id: FrameId) -> Option<&ProfileFrame> {
        self.frames.get(id.index())
    }

    /// All call paths, each after its caller.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = ProfileNode> + '_ {
        self.nodes
            .iter()
            .enumerate()
            .map(|(index, node)| ProfileNode {
                id: NodeId::new(index),
                parent: node.parent,
                frame: node.frame,
                calls: node.calls,
                own: node.own,
            })
    }

    /// The frames of a call path, the outermost first.
    #[must_use]
    pub fn stack(&self, node: NodeId) -> Vec<FrameId> {
        let mut frames = Vec::new();
        let mut next = Some(node);
        while let Some(node) = next.and_then(|id| self.nodes.get(id.index())) {
            frames.push(node.frame);
            next = node.parent;
        }
        frames.reverse();
        frames
    }

    /// What was spent in each call path and everything beneath it, by the number in its [`NodeId`].
    #[must_use]
    pub fn totals(&self) -> Vec<Duration> {
        let mut totals: Vec<_> = self.nodes.iter().map(|node| node.own).collect();
        // A path stands after its caller, so from the end each sum is complete before it is handed on.
        for (index, node) in self.nodes.iter().enumerate().rev() {
            let total = totals.get(index).copied().unwrap_or_default();
            if let Some(above) = node.parent.and_then(|id| totals.get_mut(id.index())) {
                *above = above.saturating_add(total);
            }
        }
        totals
    }

    /// The course of time: stretches in the order in which they came.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// How often the stack was read.
    #[must_use]
    pub const fn samples(&self) -> u64 {
        self.samples
    }

    /// The time that was spent in all call paths.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.nodes
            .iter()
            .fold(Duration::ZERO, |sum, node| sum.saturating_add(node.own))
    }

    /// What was not kept.
    #[must_use]
    pub const fn losses(&self) -> ProfileLosses {
        self.lost
    }

    /// Takes the secrets out of the title and out of the names and files of frames.
    pub fn redact(&mut self, redactor: &Redactor) {
        if let Cow::Owned(redacted) = redactor.text(&self.title) {
            self.title = redacted;
        }
        for frame in &mut self.frames {
            let file = frame.place.as_mut().map(|place| &mut place.file);
            for text in [Some(&mut frame.name), file].into_iter().flatten() {
                if let Cow::Owned(redacted) = redactor.text(text) {
                    *text = redacted.into();
                }
            }
        }
    }

    /// Whether no time was spent anywhere.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}
