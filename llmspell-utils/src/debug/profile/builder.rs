//! Makes a profile of samples and exact calls.

use std::collections::HashMap;
use std::time::Duration;

use foldhash::fast::RandomState;

use super::super::text::cut;
use super::{FrameId, Node, NodeId, Profile, ProfileFrame, ProfileLosses, ProfileMethod, Segment};

/// How many different things a profile can name; the last stands for all others.
const FRAMES: usize = 50_000;

/// How many call paths a profile tells apart; what comes later is charged to the caller.
const NODES: usize = 200_000;

/// How many calls beneath each other are told apart; deeper ones are charged to the deepest of these.
const DEPTH: usize = 256;

/// How many open calls are kept; deeper ones are only counted.
const OPEN: usize = 100_000;

/// How many stretches of time a profile lists.
const SEGMENTS: usize = 1_000_000;

/// How many segments may wait for the sample that says where they were spent.
const UNSETTLED: usize = 1_000;

/// The longest name of a frame, in bytes.
const NAME_BYTES: usize = 256;

/// Makes a [`Profile`] of samples and exact calls.
///
/// All times are of one clock and do not run backwards; one that does counts as the latest so far. Time goes to call
/// paths in two ways, which may alternate: [`sample`](Self::sample) charges what has passed since the last call of a
/// method to the stack that it is given, [`enter`](Self::enter) and [`leave`](Self::leave) charge it to the path that
/// was current. A sample makes its stack current, so that exact calls can follow beneath it.
#[derive(Debug)]
pub struct ProfileBuilder {
    profile: Profile,
    frame_ids: HashMap<ProfileFrame, FrameId, RandomState>,
    node_ids: HashMap<(Option<NodeId>, FrameId), NodeId, RandomState>,
    /// The path that runs, with one item for each call.
    open: Vec<Open>,
    /// How many calls are open beyond those that are kept.
    beyond: usize,
    /// Time between two calls of the host that no sample fell into yet.
    unsettled: Vec<Unsettled>,
    /// Up to when all time is charged.
    mark: Duration,
}

/// A stretch of time that waits for a sample to say where it was spent.
#[derive(Debug, Clone, Copy)]
struct Unsettled {
    /// Its place among the segments, if it is listed.
    segment: Option<usize>,
    duration: Duration,
    /// Where it is charged if no sample comes.
    otherwise: Option<NodeId>,
}

/// A call that was entered and not left.
#[derive(Debug, Clone, Copy)]
struct Open {
    /// Whom its time is charged to.
    node: Option<NodeId>,
    /// Whether that is a caller, because the call's own path is not told apart.
    is_hidden: bool,
}

impl ProfileBuilder {
    /// Begins a profile; from `at` on time is charged.
    #[must_use]
    pub fn new(title: impl Into<String>, method: ProfileMethod, at: Duration) -> Self {
        Self {
            profile: Profile {
                title: title.into(),
                method,
                frames: Vec::new(),
                nodes: Vec::new(),
                segments: Vec::new(),
                samples: 0,
                lost: ProfileLosses::default(),
            },
            frame_ids: HashMap::default(),
            node_ids: HashMap::default(),
            open: Vec::new(),
            beyond: 0,
            unsettled: Vec::new(),
            mark: at,
        }
    }

    /// The number of a frame; the same frame has the same number. Of a name longer than 256 bytes the beginning
    /// counts.
    pub fn frame(&mut self, mut frame: ProfileFrame) -> FrameId {
        if frame.name.len() > NAME_BYTES {
            frame.name = cut(&frame.name, NAME_BYTES).into();
        }
        if let Some(id) = self.frame_ids.get(&frame) {
            return *id;
        }
        if self.profile.frames.len() + 1 == FRAMES {
            frame = ProfileFrame::new("(everything else)", frame.kind);
        }
        let last = FrameId::new(FRAMES - 1);
        if self.profile.frames.len() >= FRAMES {
            return last;
        }
        let id = FrameId::new(self.profile.frames.len());
        self.profile.frames.push(frame.clone());
        self.frame_ids.insert(frame, id);
        id
    }

    /// Charges the time since the last call to a stack, the outermost frame first, and makes it current. An empty
    /// stack says that nothing ran.
    pub fn sample(&mut self, stack: &[FrameId], at: Duration) {
        self.open.clear();
        self.beyond = 0;
        for frame in stack {
            self.open_frame(*frame);
        }
        self.profile.samples += 1;
        self.charge(at);
        self.settle(self.current());
    }

    /// Makes a stack current that was not found by chance: that of a script which calls the host now.
    ///
    /// It says nothing about where the time since the last call was spent, so that waits for the next sample and goes
    /// where that finds the script; if there is none before the script ends, it goes to this stack.
    pub fn reach(&mut self, stack: &[FrameId], at: Duration) {
        let start = self.mark;
        let duration = at.saturating_sub(start);
        self.mark = start.max(at);
        self.open.clear();
        self.beyond = 0;
        for frame in stack {
            self.open_frame(*frame);
        }
        if duration.is_zero() {
            return;
        }
        if self.unsettled.len() >= UNSETTLED {
            self.settle(None);
        }
        let listed = self.profile.segments.len() < SEGMENTS;
        if listed {
            self.profile.segments.push(Segment {
                node: None,
                start,
                duration,
            });
        } else {
            self.profile.lost.segments += 1;
        }
        self.unsettled.push(Unsettled {
            segment: listed.then(|| self.profile.segments.len() - 1),
            duration,
            otherwise: self.current(),
        });
    }

    /// Charges what waits to a path, or each to the stack that it ended with.
    fn settle(&mut self, found: Option<NodeId>) {
        for waiting in std::mem::take(&mut self.unsettled) {
            let node = found.or(waiting.otherwise);
            if let Some(node) = node.and_then(|id| self.node_mut(id)) {
                node.own += waiting.duration;
            }
            let segment = waiting.segment;
            if let Some(segment) = segment.and_then(|at| self.profile.segments.get_mut(at)) {
                segment.node = node;
            }
        }
    }

    /// Charges the time since the last call to the current path, and goes into a frame beneath it.
    pub fn enter(&mut self, frame: FrameId, at: Duration) {
        self.charge(at);
        if let Some(node) = self.open_frame(frame).and_then(|id| self.node_mut(id)) {
            node.calls += 1;
        }
    }

    /// As [`enter`](Self::enter), for a call that was left in its middle and goes on: it is not counted again.
    pub fn resume(&mut self, frame: FrameId, at: Duration) {
        self.charge(at);
        self.open_frame(frame);
    }

    /// Charges the time since the last call to the current path, and comes out of it.
    pub fn leave(&mut self, at: Duration) {
        self.charge(at);
        if self.beyond > 0 {
            self.beyond -= 1;
        } else {
            self.open.pop();
        }
    }

    /// Charges the time since the last call to the current path, and stays there.
    pub fn charge(&mut self, at: Duration) {
        let duration = at.saturating_sub(self.mark);
        let node = self.current();
        let start = self.mark;
        self.mark = self.mark.max(at);
        if let Some(node) = node.and_then(|id| self.node_mut(id)) {
            node.own += duration;
        }
        self.push_segment(Segment {
            node,
            start,
            duration,
        });
    }

    /// Adds what was measured elsewhere to a call path, the outermost frame first. It has no place in the course of
    /// time. A path that cannot be told apart adds to its ancestor.
    pub fn add(&mut self, stack: &[FrameId], calls: u64, own: Duration) {
        let mut path = None;
        for (depth, frame) in stack.iter().enumerate() {
            let Some(node) = self.node_beneath(path, *frame, depth) else {
                self.profile.lost.paths += calls;
                break;
            };
            path = Some(node);
        }
        if let Some(node) = path.and_then(|id| self.node_mut(id)) {
            node.calls += calls;
            node.own = node.own.saturating_add(own);
        }
    }

    /// Counts calls that whoever feeds the builder could not tell apart.
    pub const fn count_lost_paths(&mut self, calls: u64) {
        self.profile.lost.paths += calls;
    }

    /// Adds what another profile knows, as if it had been measured right after what is here: so that many runs of one
    /// thing make one profile.
    pub fn append(&mut self, other: &Profile) {
        let frames = other.frames.iter();
        let frames: Vec<_> = frames.map(|frame| self.frame(frame.clone())).collect();
        // Where each path goes: to itself, or to its nearest ancestor that is told apart.
        let mut nodes: Vec<(Option<NodeId>, bool)> = Vec::with_capacity(other.nodes.len());
        for node in &other.nodes {
            let parent = node.parent.and_then(|id| nodes.get(id.index()).copied());
            let (above, is_told) = parent.unwrap_or((None, true));
            let frame = frames.get(node.frame.index()).copied();
            // Beneath a path that could not be told apart, nothing can be. The other profile has no deeper paths
            // than this one may have.
            let known = frame
                .filter(|_| is_told)
                .and_then(|frame| self.node_beneath(above, frame, 0));
            self.profile.lost.paths += u64::from(known.is_none());
            if let Some(sum) = known.or(above).and_then(|id| self.node_mut(id)) {
                sum.calls += if known.is_some() { node.calls } else { 0 };
                sum.own += node.own;
            }
            nodes.push((known.or(above), known.is_some()));
        }
        for segment in &other.segments {
            let node = segment.node.and_then(|id| nodes.get(id.index())?.0);
            let start = self.mark;
            self.mark = start.saturating_add(segment.duration);
            self.push_segment(Segment {
                node,
                start,
                duration: segment.duration,
            });
        }
        self.profile.samples += other.samples;
        self.profile.lost.paths += other.lost.paths;
        self.profile.lost.segments += other.lost.segments;
    }

    /// How many calls are open.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.open.len() + self.beyond
    }

    /// The frame of the innermost path that can be told apart.
    #[must_use]
    pub fn current_frame(&self) -> Option<FrameId> {
        let node = self.current()?;
        self.profile.nodes.get(node.index()).map(|node| node.frame)
    }

    /// Comes out of calls until no more than `depth` are open.
    pub fn leave_to(&mut self, depth: usize, at: Duration) {
        if self.depth() > depth {
            self.charge(at);
            self.beyond = depth.saturating_sub(self.open.len());
            self.open.truncate(depth);
        }
        if depth == 0 {
            self.settle(None);
        }
    }

    /// Charges what is left to the current path, and ends the profile.
    #[must_use]
    pub fn finish(mut self, at: Duration) -> Profile {
        self.charge(at);
        self.settle(None);
        self.profile
    }

    /// What came of it so far.
    #[must_use]
    pub const fn so_far(&self) -> &Profile {
        &self.profile
    }

    /// The innermost path that can be told apart.
    fn current(&self) -> Option<NodeId> {
        self.open.last().and_then(|open| open.node)
    }

    fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.profile.nodes.get_mut(id.index())
    }

    /// Goes into a frame, and returns its path if that can be told apart.
    fn open_frame(&mut self, frame: FrameId) -> Option<NodeId> {
        let caller = self.open.last().copied();
        let parent = caller.and_then(|open| open.node);
        // Beneath a path that could not be told apart, nothing can be.
        let node = match caller {
            Some(Open {
                is_hidden: true, ..
            }) => None,
            _ => self.node_beneath(parent, frame, self.open.len()),
        };
        if node.is_none() {
            self.profile.lost.paths += 1;
        }
        if self.open.len() < OPEN {
            self.open.push(Open {
                node: node.or(parent),
                is_hidden: node.is_none(),
            });
        } else {
            self.beyond += 1;
        }
        node
    }

    /// The path of a frame beneath another one; nothing if there are too many paths, or too many above it.
    fn node_beneath(
        &mut self,
        parent: Option<NodeId>,
        frame: FrameId,
        depth: usize,
    ) -> Option<NodeId> {
        if depth >= DEPTH {
            return None;
        }
        if let Some(id) = self.node_ids.get(&(parent, frame)) {
            return Some(*id);
        }
        if self.profile.nodes.len() >= NODES {
            return None;
        }
        let id = NodeId::new(self.profile.nodes.len());
        self.profile.nodes.push(Node {
            parent,
            frame,
            calls: 0,
            own: Duration::ZERO,
        });
        self.node_ids.insert((parent, frame), id);
        Some(id)
    }

    fn push_segment(&mut self, segment: Segment) {
        let is_exact = matches!(self.profile.method, ProfileMethod::Exact);
        if segment.duration.is_zero() && !(is_exact && segment.node.is_some()) {
            return;
        }
        let is_full = self.profile.segments.len() >= SEGMENTS;
        let last = self.profile.segments.len().checked_sub(1);
        let is_settled = self
            .unsettled
            .last()
            .is_none_or(|waiting| waiting.segment != last);
        match self.profile.segments.last_mut() {
            // Samples of the same path are told as one stretch.
            Some(last) if last.node == segment.node && !is_exact && is_settled => {
                last.duration += segment.duration;
            }
            _ if is_full => self.profile.lost.segments += 1,
            _ => self.profile.segments.push(segment),
        }
    }
}
