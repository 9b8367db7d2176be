//! The inputs of a session: numbered, and remembered for the excerpts of later errors.

use std::collections::VecDeque;

use llmspell_bridge::{Script, ScriptError};

/// How many inputs are remembered.
const MOST: usize = 200;

/// The inputs so far.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    count: usize,
    latest: VecDeque<Script>,
}

impl Inputs {
    /// A new input, under a name that no other has.
    pub(super) fn add(&mut self, source: &str) -> Script {
        self.count += 1;
        let input = Script::new(format!("input {}", self.count), source);
        self.remember(input.clone());
        input
    }

    /// Remembers a script that is run among the inputs.
    pub(super) fn remember(&mut self, script: Script) {
        if self.latest.len() >= MOST {
            self.latest.pop_front();
        }
        self.latest.push_back(script);
    }

    /// An error with the text of the input that it happened in: a function may be older than the input that calls it.
    pub(super) fn explain(&self, error: ScriptError) -> ScriptError {
        let place = error.place().map(|place| place.file.clone());
        let mut latest = self.latest.iter().rev();
        match latest.find(|input| Some(&input.name) == place.as_ref()) {
            Some(input) => {
                let source = input.source.clone();
                error.with_source_text(source)
            }
            None => error,
        }
    }
}
