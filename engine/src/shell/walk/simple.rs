//! Simple commands: their variables, words and redirections, and what they run.

use std::rc::Rc;

use super::{Input, Walker};
use crate::shell::effect::{self, Call};
use crate::shell::expand::joined;
use crate::shell::scope::program_name;
use crate::shell::syntax::{Assignment, Simple};
use crate::shell::word::{Open, Word};
use crate::shell::{Invocation, output, wrapper};

impl Walker<'_> {
    pub(super) fn simple(&mut self, simple: &Simple, input: &Input) -> Word {
        let variables = self.assigned(&simple.assignments);
        let mut words = simple.words.iter();
        let programs = match words.next() {
            Some(first) => self.alternatives(first),
            None => Vec::new(),
        };
        let arguments: Vec<Word> = words.flat_map(|word| self.expand(word)).collect();
        let (input, is_elsewhere) = self.redirected(&simple.redirects, input);
        let is_command =
            programs.iter().any(|program| !program.is_empty()) || !arguments.is_empty();
        if !is_command {
            for (name, values) in variables {
                self.scope.assign(&name, values);
            }
            return self.shown(Word::default(), is_elsewhere, &simple.redirects);
        }
        let variables: Vec<(String, Word)> = variables
            .into_iter()
            .flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value)))
            .collect();
        let mut output = Word::default();
        for mut command in programs {
            command.extend(arguments.iter().cloned());
            if !command.is_empty() {
                output = self.run(&command, &variables, &input);
            }
        }
        self.shown(output, is_elsewhere, &simple.redirects)
    }

    /// The variables that stand in front of a command, with their values.
    fn assigned(&mut self, assignments: &[Assignment]) -> Vec<(String, Vec<Word>)> {
        let mut assigned = Vec::new();
        for assignment in assignments {
            let mut values: Vec<Word> = if assignment.is_array {
                let values = assignment.values.iter();
                values.flat_map(|value| self.expand(value)).collect()
            } else {
                let values = assignment.values.iter();
                values.flat_map(|value| self.expand_whole(value)).collect()
            };
            let before = self.scope.values(&assignment.name);
            let is_known = self.scope.is_set(&assignment.name);
            if assignment.appends && !assignment.is_array {
                values = values
                    .iter()
                    .flat_map(|value| {
                        before.iter().map(|before| {
                            let mut whole = if is_known {
                                before.clone()
                            } else {
                                Word::default()
                            };
                            whole.append(value);
                            whole
                        })
                    })
                    .collect();
            } else if assignment.is_array && is_known {
                values.extend(before);
            }
            assigned.push((assignment.name.clone(), values));
        }
        for (name, values) in &assigned {
            self.runs_variable(name, values);
        }
        assigned
    }

    /// Some variables are commands or scripts, which other programs run.
    pub(super) fn runs_variable(&mut self, name: &str, values: &[Word]) {
        const COMMANDS: [&str; 16] = [
            "PROMPT_COMMAND",
            "EDITOR",
            "VISUAL",
            "PAGER",
            "BROWSER",
            "LESSOPEN",
            "GIT_EDITOR",
            "GIT_SEQUENCE_EDITOR",
            "GIT_PAGER",
            "GIT_SSH_COMMAND",
            "GIT_EXTERNAL_DIFF",
            "GIT_ASKPASS",
            "SSH_ASKPASS",
            "SUDO_ASKPASS",
            "RSYNC_RSH",
            "MANPAGER",
        ];
        let is_script = matches!(name, "BASH_ENV" | "ENV");
        if !is_script && !COMMANDS.contains(&name) {
            return;
        }
        for value in values.iter().filter(|value| !value.pieces().is_empty()) {
            self.apart(|walker| {
                if is_script {
                    wrapper::script(walker, value, &[]);
                    return Word::default();
                }
                walker.evaluate(
                    std::slice::from_ref(value),
                    "a variable that is run, and made while the command runs",
                )
            });
        }
    }

    /// Runs a command, whatever it is: a builtin, a function, a wrapper or a program.
    pub(in crate::shell) fn run(
        &mut self,
        words: &[Word],
        variables: &[(String, Word)],
        input: &Input,
    ) -> Word {
        if words.is_empty() {
            return Word::default();
        }
        if !self.counts() {
            return Word::open(Open::Computed);
        }
        self.deeper(|walker| walker.run_one(words, variables, input))
    }

    fn run_one(&mut self, words: &[Word], variables: &[(String, Word)], input: &Input) -> Word {
        let Some(first) = words.first() else {
            return Word::default();
        };
        let program = program_name(first);
        self.note(program.clone(), words, variables);
        let Some(program) = program else {
            let call = Call::new("", words);
            effect::of_unknown(self, &call);
            return Word::open(Open::Computed);
        };
        if let Some(function) = self.scope.functions.get(first.plain()).cloned() {
            return self.call(&function, words, input);
        }
        if let Some(output) = self.builtin(&program, words, input) {
            return output;
        }
        self.runs_file(first);
        if let Some(output) = wrapper::run(self, &program, words, variables, input) {
            return output;
        }
        let call = Call::new(&program, words);
        effect::of(self, &call, input);
        let output = output::of(self, &call, input);
        // `tee` keeps what it passes on.
        if program == "tee" {
            for file in call.operands() {
                let file = self.placed(file);
                self.wrote(file, output.clone());
            }
        }
        output
    }

    fn note(&mut self, program: Option<String>, words: &[Word], variables: &[(String, Word)]) {
        let earlier = self.scope.assigned().flat_map(|(name, values)| {
            values
                .iter()
                .map(move |value| (name.clone(), value.clone()))
        });
        let variables = variables.iter().cloned().chain(earlier).collect();
        self.activity.invocations.push(Invocation {
            program,
            words: words.to_vec(),
            variables,
        });
    }

    /// A program that is a file which the text wrote is what the text wrote.
    fn runs_file(&mut self, program: &Word) {
        if program.plain().contains('/') {
            wrapper::script(self, program, &[]);
        }
    }

    fn call(
        &mut self,
        function: &crate::shell::scope::Function,
        words: &[Word],
        input: &Input,
    ) -> Word {
        let arguments = words.get(1..).unwrap_or_default().to_vec();
        let function = function.clone();
        // What a function is given it may pass on by ways that are not followed.
        let call = Call::new("", words);
        effect::of_unknown(self, &call);
        self.deeper(|walker| {
            let before = walker.scope.arguments.replace(arguments);
            let documents =
                std::mem::replace(&mut walker.documents, Rc::clone(&function.documents));
            let output = walker.node(&function.body, input);
            walker.documents = documents;
            walker.scope.arguments = before;
            output
        })
    }

    /// Runs the text that words make, as `eval` does.
    pub(in crate::shell) fn evaluate(&mut self, words: &[Word], what: &'static str) -> Word {
        let text = joined(words);
        match text.written() {
            Some(text) => self.text(&text, &Input::Outside),
            None => {
                self.hidden(&text, what);
                Word::open(Open::Computed)
            }
        }
    }
}
