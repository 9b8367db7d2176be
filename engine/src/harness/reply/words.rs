//! What a reply says in words: cut to what agent programs take, and without what could drive a terminal.

use std::sync::Arc;

use llmspell_utils::debug::escaped;

use crate::decision::{Decision, Verdict};
use crate::value::Value;

/// How many characters of one text agent programs take; Claude Code puts longer ones into a file.
const MAX_CHARACTERS: usize = 10_000;
/// How many characters of a changed input are shown to the agent.
const MAX_SHOWN_INPUT: usize = 6_000;
/// The words of one reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    /// Why; never empty.
    pub(super) reason: String,
    /// The same without the remark.
    pub(super) given: String,
    /// What the agent is told besides: messages of the rules that decided, then the context.
    pub(super) context: Option<String>,
    /// The same, one by one.
    pub(super) contexts: Vec<String>,
}

/// What is added to the reason where the verdict itself cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remark {
    /// Nothing.
    None,
    /// A person would have to be asked, and nobody can be.
    NobodyAsked,
    /// The input would be changed; the agent has to do it.
    Repeat,
    /// The agent should stop by itself.
    Stop,
}

impl Words {
    pub(super) fn of_decision(decision: &Decision, remark: Remark) -> Self {
        let said = decision.agent_messages.iter().chain(&decision.context);
        let contexts = bounded(said);
        let why = given(&decision.reason, unexplained(decision.decision));
        Self {
            reason: reason(why, &remark.text(decision.updated_input.as_ref())),
            given: reason(why, ""),
            context: (!contexts.is_empty()).then(|| cut(&contexts.join("\n"), MAX_CHARACTERS)),
            contexts,
        }
    }

    pub(super) fn of_reason(why: &str) -> Self {
        let why = reason(given(why, unexplained(Verdict::Deny)), "");
        Self {
            reason: why.clone(),
            given: why,
            context: None,
            contexts: Vec::new(),
        }
    }

    /// The reason and everything that the agent is told besides.
    pub(super) fn all(&self) -> String {
        match &self.context {
            Some(context) => cut(&format!("{}\n{context}", self.reason), MAX_CHARACTERS),
            None => self.reason.clone(),
        }
    }
}

impl Remark {
    fn text(self, input: Option<&Value>) -> String {
        match self {
            Self::None => String::new(),
            Self::NobodyAsked => {
                "A person would have to confirm this, and nobody can be asked here.".to_owned()
            }
            Self::Repeat => repeat(input),
            Self::Stop => "Stop here, and wait for a person.".to_owned(),
        }
    }
}

/// How the agent gets what the policies would have changed.
fn repeat(input: Option<&Value>) -> String {
    let shown = input.and_then(|input| serde_json::to_string(input).ok());
    match shown {
        Some(shown) if shown.chars().nth(MAX_SHOWN_INPUT).is_none() => {
            format!("Repeat it with this input: {shown}")
        }
        Some(_) => {
            "The input has to be changed; the changed one is too long to be shown here.".to_owned()
        }
        None => "The input has to be changed.".to_owned(),
    }
}

/// What is said where a policy gives no reason: agent programs take a denial without one for none.
const fn unexplained(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Halt | Verdict::Deny | Verdict::Block => "refused by policy",
        Verdict::Ask => "a policy asks for confirmation",
        Verdict::Modify => "changed by policy",
        Verdict::Allow => "allowed by policy",
    }
}

fn given<'text>(reason: &'text str, otherwise: &'text str) -> &'text str {
    match reason.trim() {
        "" => otherwise,
        _ => reason,
    }
}

/// The reason with its remark, which is never cut.
fn reason(given: &str, remark: &str) -> String {
    if remark.is_empty() {
        return cut(&readable(given), MAX_CHARACTERS);
    }
    let remark = readable(remark);
    let left = MAX_CHARACTERS.saturating_sub(remark.chars().count() + 1);
    format!("{}\n{remark}", cut(&readable(given), left))
}

/// The texts, of which all together are as long as one may be.
fn bounded<'text>(texts: impl Iterator<Item = &'text Arc<str>>) -> Vec<String> {
    let mut left = MAX_CHARACTERS;
    let mut bounded = Vec::new();
    for text in texts.filter(|text| !text.trim().is_empty()) {
        if left == 0 {
            break;
        }
        let text = cut(&readable(text), left);
        left = left.saturating_sub(text.chars().count());
        bounded.push(text);
    }
    bounded
}

/// The text on its lines, with every other character escaped that could drive a terminal or reorder what is read.
///
/// What lies far behind the longest text that is sent is not looked at.
fn readable(text: &str) -> String {
    let beginning: String = text.chars().take(MAX_CHARACTERS + 1).collect();
    let mut readable = String::with_capacity(beginning.len());
    for line in beginning.split_inclusive(['\n', '\t']) {
        let end = line
            .chars()
            .next_back()
            .filter(|end| matches!(end, '\n' | '\t'));
        let body = line.strip_suffix(['\n', '\t']).unwrap_or(line);
        let body = match end {
            Some('\n') => body.strip_suffix('\r').unwrap_or(body),
            _ => body,
        };
        readable.push_str(&escaped(body));
        readable.extend(end);
    }
    readable
}

/// The text with at most so many characters; what is cut off is said.
fn cut(text: &str, characters: usize) -> String {
    const CUT: &str = " … (the rest is cut off)";
    if text.chars().nth(characters).is_none() {
        return text.to_owned();
    }
    let kept = characters.saturating_sub(CUT.chars().count());
    let remark = CUT.chars().take(characters - kept);
    text.chars().take(kept).chain(remark).collect()
}
