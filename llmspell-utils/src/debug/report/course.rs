//! The course of a profile: which frame was entered and left when.

use std::time::Duration;

use super::super::profile::{FrameId, NodeId, Profile, ProfileMethod, ProfileNode};

/// How many steps a file may list.
const STEPS: usize = 1_000_000;

/// A frame is entered or left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) frame: FrameId,
    pub(super) enters: bool,
    /// The time since the beginning.
    pub(super) at: Duration,
}

/// What happened when, in order; every frame that is entered is left.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) steps: Vec<Step>,
    /// The time from the beginning to the end.
    pub(super) length: Duration,
    /// Whether the order is only a picture: each call path stands once, with all its time in one piece.
    pub(super) is_layout: bool,
}

/// The course of a profile, or, if that was not kept or is too long for a file, its call paths one after another.
pub(super) fn course(profile: &Profile) -> Course {
    let recorded = has_course(profile).then(|| recorded(profile)).flatten();
    recorded.unwrap_or_else(|| laid_out(profile))
}

/// Whether it is known of all time when it was spent.
pub(super) fn has_course(profile: &Profile) -> bool {
    let timers = matches!(profile.method(), ProfileMethod::Timers);
    !timers && profile.losses().segments == 0
}

fn recorded(profile: &Profile) -> Option<Course> {
    let nodes: Vec<ProfileNode> = profile.nodes().collect();
    let origin = profile
        .segments()
        .first()
        .map_or(Duration::ZERO, |segment| segment.start);
    let mut walk = Walk::new(&nodes);
    let mut end = Duration::ZERO;
    for segment in profile.segments() {
        let start = segment.start.saturating_sub(origin);
        walk.go_to(segment.node, start);
        end = start.saturating_add(segment.duration);
        if walk.steps.len() > STEPS {
            return None;
        }
    }
    walk.go_to(None, end);
    Some(Course {
        steps: walk.steps,
        length: end,
        is_layout: false,
    })
}

fn laid_out(profile: &Profile) -> Course {
    let nodes: Vec<ProfileNode> = profile.nodes().collect();
    let mut children: Vec<Vec<NodeId>> = vec![Vec::new(); nodes.len()];
    let mut roots = Vec::new();
    for node in &nodes {
        let siblings = node.parent.and_then(|id| children.get_mut(id.index()));
        siblings.unwrap_or(&mut roots).push(node.id);
    }
    let mut walk = Walk::new(&nodes);
    let mut at = Duration::ZERO;
    // A list of what is still to be seen instead of recursion: paths may be deeper than a stack is.
    let mut remaining = roots;
    remaining.reverse();
    while let Some(id) = remaining.pop() {
        walk.go_to(Some(id), at);
        if let Some(node) = nodes.get(id.index()) {
            at = at.saturating_add(node.own);
        }
        if let Some(children) = children.get(id.index()) {
            remaining.extend(children.iter().rev());
        }
    }
    walk.go_to(None, at);
    Course {
        steps: walk.steps,
        length: at,
        is_layout: true,
    }
}

/// Goes from call path to call path and notes what is left and entered on the way.
struct Walk<'profile> {
    nodes: &'profile [ProfileNode],
    /// The paths that are open, the outermost first.
    open: Vec<NodeId>,
    steps: Vec<Step>,
}

impl<'profile> Walk<'profile> {
    const fn new(nodes: &'profile [ProfileNode]) -> Self {
        Self {
            nodes,
            open: Vec::new(),
            steps: Vec::new(),
        }
    }

    fn go_to(&mut self, target: Option<NodeId>, at: Duration) {
        let path = self.path(target);
        let common = self
            .open
            .iter()
            .zip(&path)
            .take_while(|(open, wanted)| open == wanted)
            .count();
        while self.open.len() > common {
            if let Some(id) = self.open.pop() {
                self.step(id, false, at);
            }
        }
        for id in path.into_iter().skip(common) {
            self.step(id, true, at);
            self.open.push(id);
        }
    }

    fn step(&mut self, id: NodeId, enters: bool, at: Duration) {
        if let Some(node) = self.nodes.get(id.index()) {
            self.steps.push(Step {
                frame: node.frame,
                enters,
                at,
            });
        }
    }

    fn path(&self, target: Option<NodeId>) -> Vec<NodeId> {
        let mut path = Vec::new();
        let mut next = target;
        while let Some(node) = next.and_then(|id| self.nodes.get(id.index())) {
            path.push(node.id);
            next = node.parent;
        }
        path.reverse();
        path
    }
}
