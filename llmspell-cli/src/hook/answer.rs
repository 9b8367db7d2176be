//! The reply to the agent: one, once, and the end of the process.

use llmspell_engine::{Harness, Reply};

use super::last_resort::{self, Refusals};

/// The code that every agent takes for a block.
pub(super) const BLOCKED: u8 = 2;

/// Who is answered, as far as it is known.
#[derive(Debug)]
pub(super) struct Answer {
    harness: Option<Harness>,
    event: Option<String>,
}

impl Answer {
    /// Makes the refusal ready that is given if the process is ended from now on.
    pub(super) fn prepare(harness: Option<Harness>) -> Self {
        let answer = Self {
            harness,
            event: None,
        };
        answer.arm();
        last_resort::install();
        answer
    }

    /// Makes the refusal one of this event.
    pub(super) fn is_about(&mut self, event: &str) {
        self.event = Some(event.to_owned());
        self.arm();
    }

    fn arm(&self) {
        let prepared = |reason| said(&self.refusal(reason));
        last_resort::arm(Refusals {
            late: prepared(
                "llmspell has not decided within its deadline: run `llmspell doctor`, or raise `[hook] deadline` in llmspell.toml",
            ),
            ended: prepared("llmspell was ended before it had decided: ask again"),
            broken: prepared(
                "llmspell broke down before it had decided: run `llmspell doctor`, and report the bug",
            ),
        });
    }

    /// The refusal with this reason.
    pub(super) fn refusal(&self, reason: &str) -> Reply {
        let mut reply = match self.harness {
            Some(harness) => harness.refusal(self.event.as_deref(), reason),
            // Nobody knows which wire this is; the code blocks on each of them.
            None => Reply {
                text: String::new(),
                exit_code: BLOCKED,
                notice: None,
            },
        };
        reply.notice.get_or_insert_with(|| reason.to_owned());
        reply
    }

    /// Refuses, and ends the process.
    pub(super) fn refuse(&self, reason: &str) -> ! {
        Self::give(&self.refusal(reason))
    }

    /// Gives the reply, and ends the process.
    pub(super) fn give(reply: &Reply) -> ! {
        last_resort::begin();
        let Said { output, note, code } = said(reply);
        if last_resort::write_output(&output) {
            last_resort::write_note(&note);
            last_resort::end(code);
        }
        last_resort::write_note(&note_of(
            "the reply cannot be written: give the hook a standard output that the agent reads",
        ));
        last_resort::end(BLOCKED)
    }
}

/// A reply as it is written.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) output: Vec<u8>,
    pub(super) note: Vec<u8>,
    pub(super) code: u8,
}

fn said(reply: &Reply) -> Said {
    let mut output = reply.text.clone();
    if !output.is_empty() {
        output.push('\n');
    }
    Said {
        output: output.into_bytes(),
        note: reply.notice.as_deref().map(note_of).unwrap_or_default(),
        code: reply.exit_code,
    }
}

/// One entry of standard error.
fn note_of(reason: &str) -> Vec<u8> {
    let one_line = reason.replace(|character: char| character.is_control(), " ");
    format!("llmspell hook: {one_line}\n").into_bytes()
}
