//! One row of the table of wire formats: what each verb becomes for one event of one agent program.

use super::form::{Carrier, Form};
use crate::decision::Verdict;
use crate::harness::Harness;

/// A column of the table: what policies may say, and that they say nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireVerb {
    /// Stop the agent.
    Halt,
    /// Refuse the action.
    Deny,
    /// Refuse the action and tell the agent to go on.
    Block,
    /// Ask the person.
    Ask,
    /// Change the tool's input.
    Modify,
    /// Tell the agent something, whatever is decided.
    AddContext,
    /// Let the action go on.
    Allow,
}

impl WireVerb {
    /// Every column, in the order of the table.
    pub const ALL: [Self; 7] = [
        Self::Halt,
        Self::Deny,
        Self::Block,
        Self::Ask,
        Self::Modify,
        Self::AddContext,
        Self::Allow,
    ];

    /// The name of the verb, and `allow`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Halt => "halt",
            Self::Deny => "deny",
            Self::Block => "block",
            Self::Ask => "ask",
            Self::Modify => "modify",
            Self::AddContext => "add_context",
            Self::Allow => "allow",
        }
    }
}

/// How well a verb can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireFit {
    /// It has that effect.
    Exact,
    /// It has a stronger effect, because there is no word for the verb.
    Stronger,
    /// The action is refused, but the agent cannot be stopped.
    Weaker,
    /// Somebody reads it; nothing enforces it.
    Advice,
    /// The agent program lets nobody prevent this; it is told the strongest thing that it knows.
    NotPreventable,
    /// There is no way to tell it.
    Lost,
}

impl WireFit {
    /// The word that the table has for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Stronger => "stronger",
            Self::Weaker => "weaker",
            Self::Advice => "advice only",
            Self::NotPreventable => "cannot be prevented",
            Self::Lost => "lost",
        }
    }
}

/// What one verb becomes for one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireCell {
    /// What is sent, as Markdown.
    pub form: String,
    /// How well that tells the verb.
    pub fit: WireFit,
}

/// What each verb becomes for one event of one agent program.
///
/// ```
/// use llmspell_engine::{Harness, WireFit, WireVerb};
///
/// let row = Harness::Claude.wires().iter().find(|row| row.event() == "PreToolUse").unwrap();
/// assert_eq!(row.cell(WireVerb::Ask).fit, WireFit::Exact);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct WireRow {
    pub(super) event: &'static str,
    pub(super) columns: &'static Columns,
}

/// The cells of one row; events that are told the same things share them.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) halt: (Form, WireFit),
    pub(super) deny: (Form, WireFit),
    pub(super) block: (Form, WireFit),
    pub(super) ask: (Form, WireFit),
    pub(super) modify: (Form, WireFit),
    pub(super) context: (Carrier, WireFit),
    pub(super) allow: (Form, WireFit),
    /// What is told where there is no decision.
    pub(super) refusal: Form,
    /// What one should know of such events.
    pub(super) note: &'static str,
}

impl WireRow {
    /// The event's name; `*` in the row for events that are not known.
    #[must_use]
    pub const fn event(&self) -> &'static str {
        self.event
    }

    /// What one should know of this event; may be empty.
    #[must_use]
    pub const fn note(&self) -> &'static str {
        self.columns.note
    }

    /// What a verb becomes.
    #[must_use]
    pub fn cell(&self, verb: WireVerb) -> WireCell {
        let columns = self.columns;
        let (form, fit) = match verb {
            WireVerb::Halt => columns.halt,
            WireVerb::Deny => columns.deny,
            WireVerb::Block => columns.block,
            WireVerb::Ask => columns.ask,
            WireVerb::Modify => columns.modify,
            WireVerb::Allow => columns.allow,
            WireVerb::AddContext => {
                let (carrier, fit) = columns.context;
                return WireCell {
                    form: carrier.shown().to_owned(),
                    fit,
                };
            }
        };
        WireCell {
            form: form.shown(),
            fit,
        }
    }

    pub(super) const fn form(&self, verdict: Verdict) -> Form {
        let columns = self.columns;
        let (form, _) = match verdict {
            Verdict::Halt => columns.halt,
            Verdict::Deny => columns.deny,
            Verdict::Block => columns.block,
            Verdict::Ask => columns.ask,
            Verdict::Modify => columns.modify,
            Verdict::Allow => columns.allow,
        };
        form
    }

    pub(super) const fn refusal(&self) -> Form {
        self.columns.refusal
    }

    pub(super) const fn carrier(&self) -> Carrier {
        self.columns.context.0
    }
}

impl Harness {
    /// What every verb becomes for every event of this agent program; the last row is for events that are not known.
    #[must_use]
    pub fn wires(self) -> &'static [WireRow] {
        super::table::rows(self)
    }
}
