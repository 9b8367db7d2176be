//! What a profile calls the things that take time.

use std::sync::Arc;

use super::super::entry::Place;

/// What sort of thing takes the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// A function of a script, or a script itself.
    Script,
    /// A function of the script language.
    Native,
    /// A function of the host, such as `Cupcake.eval`.
    Host,
    /// A policy.
    Policy,
    /// What a policy says: a verb with the place of its rule.
    Rule,
    /// A timer.
    Timer,
}

impl FrameKind {
    /// The stable name, for programs to read.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Native => "native",
            Self::Host => "host",
            Self::Policy => "policy",
            Self::Rule => "rule",
            Self::Timer => "timer",
        }
    }
}

/// Something that takes time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProfileFrame {
    /// The function, policy, verb or timer.
    pub name: Arc<str>,
    /// What sort of thing it is.
    pub kind: FrameKind,
    /// Where it is defined, or where its line that runs is.
    pub place: Option<Place>,
}

impl ProfileFrame {
    /// Something without a place.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, kind: FrameKind) -> Self {
        Self {
            name: name.into(),
            kind,
            place: None,
        }
    }

    /// The same with a place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }
}

/// The number of a frame in its profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FrameId(u32);

/// The number of a call path in its profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

impl FrameId {
    /// INVARIANT: builders hold far fewer frames than a `u32` can count.
    pub(super) fn new(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The frame's place in [`Profile::frames`](super::Profile::frames).
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl NodeId {
    /// INVARIANT: builders hold far fewer call paths than a `u32` can count.
    pub(super) fn new(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The path's place in [`Profile::nodes`](super::Profile::nodes).
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}
