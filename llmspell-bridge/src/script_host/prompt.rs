//! The host behind a prompt: inputs one after the other, whose values are shown, and names that complete them.

use std::sync::Arc;

use super::{ScriptHost, check, with_excerpt};
use crate::interactive::{Candidates, Completion, Typed};
use crate::object_dump::{DumpNode, DumpOptions};
use crate::script_engine::Script;
use crate::script_error::ScriptError;

impl ScriptHost {
    /// Runs an input of a prompt: an expression, or statements whose variables the next inputs see.
    ///
    /// Lua's `local` at the top of an input becomes a global when the input has run to its end. Gives the values as
    /// trees for [`dump`](crate::dump), within the limits of `options`: those that Lua returned, or JavaScript's last
    /// one unless that is `undefined`. Unlike data, any value can be shown, functions too.
    ///
    /// A JavaScript host that was stopped keeps its variables as long as no promise is left to be settled.
    ///
    /// ```
    /// use llmspell_bridge::{DumpOptions, Language, Script, ScriptHost, dump};
    ///
    /// let mut host = ScriptHost::builder(Language::Lua).build()?;
    /// let options = DumpOptions::compact();
    /// host.run_input(&Script::new("input 1", "local x = {1, 2}"), &options)?;
    /// let values = host.run_input(&Script::new("input 2", "#x, x"), &options)?;
    /// let shown: Vec<_> = values.iter().map(|value| dump(value, None, &options)).collect();
    /// assert_eq!(shown, ["2", "[1, 2]"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run), except that every value will do.
    pub fn run_input(
        &mut self,
        input: &Script,
        options: &DumpOptions,
    ) -> Result<Vec<DumpNode>, ScriptError> {
        self.seen.add(&input.source);
        self.watched(input, |engine| engine.run_input(input, options))
    }

    /// Parses an input of a prompt and does not run it.
    ///
    /// # Errors
    /// What does not parse; [`is_incomplete`](ScriptError::is_incomplete) says whether the text only ends too early.
    pub fn check_input(&mut self, input: &Script) -> Result<(), ScriptError> {
        check(input)?;
        let stopper = Arc::clone(&self.engine.stopper());
        stopper.clear();
        let checked = self.engine.check_input(input);
        checked.map_err(|error| with_excerpt(error.redacted(&self.debug.redactor()), input))
    }

    /// The names that may stand at the end of a text, read from the live state: globals, fields, methods, and
    /// variables of earlier inputs. Neither getters nor metamethods run.
    pub fn complete(&mut self, text: &str) -> Completion {
        let Some(typed) = Typed::at_end(text) else {
            return Completion {
                start: text.len(),
                candidates: Vec::new(),
            };
        };
        let mut candidates = Candidates::new(&typed);
        self.engine.complete(&typed, &self.seen, &mut candidates);
        candidates.into_completion()
    }

    /// Whether what scripts left behind is gone, so that the next one starts afresh: JavaScript that was stopped or
    /// ran out of memory.
    #[must_use]
    pub fn is_afresh(&self) -> bool {
        self.engine.is_afresh()
    }
}
