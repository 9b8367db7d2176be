//! Goes through a script in the order in which a shell would, and notes what it does.

mod builtin;
mod simple;

use std::rc::Rc;

use super::expand::joined;
use super::scope::{Function, Scope};
use super::syntax::{Node, Program, RawWord, Redirect, RedirectKind};
use super::word::{Open, Word};
use super::{Activity, Effect, EffectKind, Surroundings, Unknown, parser};

/// Commands that one text may run, loops counted twice.
const MAX_COMMANDS: usize = 4_096;
/// How deep compound commands, functions, `sh -c`, `sudo` and the like may be nested.
const MAX_DEPTH: usize = 64;
/// Bytes that are parsed for one text, those of `eval` and the like included.
const MAX_PARSED: usize = 1024 * 1024;
/// Files that a text writes and of which the content is kept.
const MAX_FILES: usize = 64;

/// What a command reads from its standard input.
#[derive(Debug, Clone, Default)]
pub(super) enum Input {
    /// Nothing that the text says.
    #[default]
    Outside,
    Text(Word),
}

pub(super) struct Walker<'a> {
    pub(super) surroundings: &'a Surroundings,
    pub(super) activity: Activity,
    pub(super) scope: Scope,
    pub(super) documents: Rc<Vec<RawWord>>,
    /// Files that the text wrote, with their content.
    pub(super) files: Vec<(Word, Word)>,
    commands_left: usize,
    bytes_left: usize,
    depth: usize,
}

/// Reads a text and walks through it.
pub(super) fn walk(text: &str, surroundings: &Surroundings) -> Activity {
    let mut walker = Walker {
        surroundings,
        activity: Activity::default(),
        scope: Scope::new(surroundings),
        documents: Rc::default(),
        files: Vec::new(),
        commands_left: MAX_COMMANDS,
        bytes_left: MAX_PARSED,
        depth: 0,
    };
    walker.text(text, &Input::Outside);
    walker.activity
}

impl Walker<'_> {
    pub(super) fn fail(&mut self, unknown: Unknown) {
        if !self.activity.unknowns.contains(&unknown) {
            self.activity.unknowns.push(unknown);
        }
    }

    /// Counts one command; false if there were too many.
    pub(super) fn counts(&mut self) -> bool {
        match self.commands_left.checked_sub(1) {
            Some(left) => {
                self.commands_left = left;
                true
            }
            None => {
                self.fail(Unknown::TooLarge);
                false
            }
        }
    }

    /// Walks through a text that is run in this shell.
    pub(super) fn text(&mut self, text: &str, input: &Input) -> Word {
        let Some(left) = self.bytes_left.checked_sub(text.len()) else {
            self.fail(Unknown::TooLarge);
            return Word::open(Open::Computed);
        };
        self.bytes_left = left;
        let program = match parser::parse(text) {
            Ok(program) => program,
            Err(unknown) => {
                self.fail(unknown);
                return Word::open(Open::Computed);
            }
        };
        self.deeper(|walker| {
            let Program { body, documents } = program;
            let before = std::mem::replace(&mut walker.documents, Rc::new(documents));
            let output = walker.list(&body, input);
            walker.documents = before;
            output
        })
    }

    /// Does this one level deeper, unless it is deep enough.
    pub(super) fn deeper(&mut self, walk: impl FnOnce(&mut Self) -> Word) -> Word {
        if self.depth >= MAX_DEPTH {
            self.fail(Unknown::TooDeep);
            return Word::open(Open::Computed);
        }
        self.depth += 1;
        let output = walk(self);
        self.depth -= 1;
        output
    }

    /// Does this in a shell of its own, whose variables and directory nobody else sees.
    pub(super) fn apart(&mut self, walk: impl FnOnce(&mut Self) -> Word) -> Word {
        let before = self.scope.clone();
        let output = walk(self);
        self.scope = before;
        output
    }

    /// The output of commands in `$( … )`, without the ends of lines at its end.
    pub(super) fn captured(&mut self, body: &[Node]) -> Word {
        let output = self.apart(|walker| walker.list(body, &Input::Outside));
        match output.known() {
            Some(text) => {
                let mut trimmed = Word::default();
                trimmed.push_text(text.trim_end_matches('\n'));
                trimmed
            }
            None => output,
        }
    }

    /// The file through which the output of commands is read.
    pub(super) fn process(&mut self, body: &[Node]) -> Word {
        let output = self.apart(|walker| walker.list(body, &Input::Outside));
        let file = Word::text(format!("/dev/fd/{}", 63 + self.files.len()));
        self.wrote(file.clone(), output);
        file
    }

    /// Keeps what was written to a file, for when it is run.
    pub(super) fn wrote(&mut self, file: Word, content: Word) {
        if self.files.len() < MAX_FILES {
            self.files.push((file, content));
        }
    }

    fn list(&mut self, nodes: &[Node], input: &Input) -> Word {
        let mut outputs = Vec::new();
        for node in nodes {
            let is_chain = matches!(node, Node::Chain(_));
            let before = is_chain.then(|| self.scope.clone());
            outputs.push(self.node(node, input));
            if let Some(before) = before {
                // What stands behind the chain runs whether or not all of it did.
                self.scope.join(before);
            }
        }
        match outputs.len() {
            1 => outputs.pop().unwrap_or_default(),
            _ => lines(&outputs),
        }
    }

    pub(super) fn node(&mut self, node: &Node, input: &Input) -> Word {
        match node {
            Node::Simple(simple) => self.simple(simple, input),
            _ => self.deeper(|walker| walker.compound(node, input)),
        }
    }

    fn compound(&mut self, node: &Node, input: &Input) -> Word {
        match node {
            Node::Simple(simple) => self.simple(simple, input),
            Node::Pipeline(stages) => self.pipeline(stages, input),
            Node::Chain(chain) => self.chain(chain, input),
            Node::Background(node) => self.apart(|walker| walker.node(node, input)),
            Node::Group {
                body,
                is_subshell,
                redirects,
            } => {
                let (input, is_elsewhere) = self.redirected(redirects, input);
                let output = if *is_subshell {
                    self.apart(|walker| walker.list(body, &input))
                } else {
                    self.list(body, &input)
                };
                self.shown(output, is_elsewhere, redirects)
            }
            Node::Branches {
                subjects,
                bodies,
                repeats,
                redirects,
            } => {
                let (input, is_elsewhere) = self.redirected(redirects, input);
                for subject in subjects {
                    self.expand_whole(subject);
                }
                let output = self.branches(bodies, *repeats, &input);
                self.shown(output, is_elsewhere, redirects)
            }
            Node::For {
                name,
                words,
                body,
                redirects,
            } => {
                let (input, is_elsewhere) = self.redirected(redirects, input);
                let values = match words {
                    Some(words) => words.iter().flat_map(|word| self.expand(word)).collect(),
                    None => self.scope.values("@"),
                };
                self.scope.assign(name, values);
                let output = self.branches(std::slice::from_ref(body), true, &input);
                self.shown(output, is_elsewhere, redirects)
            }
            Node::Function { name, body } => self.define(name, body),
            Node::Test { words, redirects } => {
                self.redirected(redirects, input);
                for word in words {
                    self.expand_whole(word);
                }
                Word::default()
            }
        }
    }

    fn chain(&mut self, chain: &[(bool, Node)], input: &Input) -> Word {
        let mut outputs = Vec::new();
        for (and, node) in chain {
            let uncertain = usize::from(!and);
            self.scope.uncertain += uncertain;
            outputs.push(self.node(node, input));
            self.scope.uncertain -= uncertain;
        }
        lines(&outputs)
    }

    /// Each stage is a shell of its own, and reads what the one before wrote.
    fn pipeline(&mut self, stages: &[Node], input: &Input) -> Word {
        let mut input = input.clone();
        let mut output = Word::default();
        for stage in stages {
            output = self.apart(|walker| walker.node(stage, &input));
            input = Input::Text(output.clone());
        }
        output
    }

    fn branches(&mut self, bodies: &[Vec<Node>], repeats: bool, input: &Input) -> Word {
        let mut outputs = Vec::new();
        let rounds = if repeats { 2 } else { 1 };
        self.scope.uncertain += 1;
        for _ in 0..rounds {
            outputs = bodies.iter().map(|body| self.list(body, input)).collect();
        }
        self.scope.uncertain -= 1;
        let has_output = outputs.iter().any(|output| !output.pieces().is_empty());
        match outputs.pop() {
            Some(only) if outputs.is_empty() && !repeats => only,
            _ if !has_output => Word::default(),
            _ => Word::open(Open::Computed),
        }
    }

    /// A function is walked through where it is defined, and again where it is called.
    fn define(&mut self, name: &str, body: &Node) -> Word {
        let function = Function {
            body: Rc::new(body.clone()),
            documents: Rc::clone(&self.documents),
        };
        self.scope.functions.insert(name.to_owned(), function);
        self.deeper(|walker| {
            walker.apart(|walker| {
                walker.scope.arguments = None;
                walker.scope.uncertain += 1;
                walker.node(body, &Input::Outside);
                Word::default()
            })
        })
    }

    /// Notes what redirections touch, and gives what the command reads, and whether its output goes to a file.
    pub(super) fn redirected(&mut self, redirects: &[Redirect], input: &Input) -> (Input, bool) {
        let mut input = input.clone();
        let mut is_elsewhere = false;
        for redirect in redirects {
            let target = match redirect.kind {
                RedirectKind::Document(number) => {
                    let document = self.documents.get(number).cloned().unwrap_or_default();
                    input = Input::Text(joined(&self.expand_whole(&document)));
                    continue;
                }
                RedirectKind::HereString => {
                    let mut text = joined(&self.expand_whole(&redirect.target));
                    text.push_text("\n");
                    input = Input::Text(text);
                    continue;
                }
                _ => joined(&self.expand(&redirect.target)),
            };
            let kind = match redirect.kind {
                RedirectKind::Duplicate => continue,
                RedirectKind::Read => {
                    input = self.content(&target);
                    EffectKind::Read
                }
                _ => {
                    is_elsewhere = true;
                    EffectKind::Write
                }
            };
            self.effect(Effect::new(kind, target, ">"));
        }
        (input, is_elsewhere)
    }

    /// What a file holds, if the text itself wrote it.
    pub(super) fn content(&mut self, file: &Word) -> Input {
        let file = self.placed(file);
        let written = self.files.iter().rev().find(|(path, _)| *path == file);
        match written {
            Some((_, content)) => Input::Text(content.clone()),
            None => Input::Text(Word::open(Open::Computed)),
        }
    }

    /// The path beneath the directory in which the shell is.
    pub(super) fn placed(&self, path: &Word) -> Word {
        let directory = self.scope.directories.first().cloned();
        path.beneath(&directory.unwrap_or_default())
    }

    /// The output that is left for others when redirections took theirs.
    pub(super) fn shown(
        &mut self,
        output: Word,
        is_elsewhere: bool,
        redirects: &[Redirect],
    ) -> Word {
        if !is_elsewhere {
            return output;
        }
        for redirect in redirects {
            if matches!(redirect.kind, RedirectKind::Write | RedirectKind::ReadWrite) {
                let target = joined(&self.expand(&redirect.target));
                let file = self.placed(&target);
                self.wrote(file, output.clone());
            }
        }
        Word::default()
    }

    /// Notes an effect in every directory in which the command may run.
    pub(super) fn effect(&mut self, effect: Effect) {
        const MAX_EFFECTS: usize = 16_384;
        if self.activity.effects.len() > MAX_EFFECTS {
            self.fail(Unknown::TooLarge);
            return;
        }
        if effect.path.is_placed() {
            self.activity.effects.push(effect);
            return;
        }
        for directory in &self.scope.directories {
            self.activity.effects.push(Effect {
                path: effect.path.beneath(directory),
                written: effect.path.clone(),
                ..effect.clone()
            });
        }
    }
}

/// Outputs one after the other.
pub(super) fn lines(outputs: &[Word]) -> Word {
    let mut whole = Word::default();
    for output in outputs {
        if !whole.pieces().is_empty() && !output.pieces().is_empty() {
            whole.push_text("\n");
        }
        whole.append(output);
    }
    whole
}
