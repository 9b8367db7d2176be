//! Runs the signals that matched policies need, side by side, each once.

use std::process::Command;
use std::time::{Duration, Instant};

use super::environment;
use super::outcome::{Outcome, Unfinished};
use super::process;
use super::{Action, Need, Signal, Signals};
use crate::decision::DecisionError;
use crate::value::Value;

/// Bytes that a command may write.
pub(super) const MAX_OUTPUT: usize = 1024 * 1024;
/// Commands that run at the same time for one event.
const SIDE_BY_SIDE: usize = 16;
const SHELL: &str = "/bin/sh";

/// One signal that was gathered.
#[derive(Debug)]
pub(crate) struct Gathered<'signals> {
    pub(crate) name: &'signals str,
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
    pub(crate) error: Option<DecisionError>,
}

impl Gathered<'_> {
    /// The key and the value of `input.signals`.
    pub(crate) fn entry(&self) -> (Value, Value) {
        (Value::from(self.name), self.outcome.to_value())
    }
}

impl Signals {
    /// Gathers the signals that are needed, each of which is named once.
    ///
    /// `event` is what the commands get on their standard input; none runs longer than `until`.
    pub(crate) fn gather(
        &self,
        needs: &[Need],
        event: &str,
        until: Option<Instant>,
    ) -> Vec<Gathered<'_>> {
        let wanted: Vec<(Need, &Signal)> = needs
            .iter()
            .filter_map(|need| Some((*need, self.signals.get(need.signal)?)))
            .collect();
        let mut gathered = Vec::with_capacity(wanted.len());
        for group in wanted.chunks(SIDE_BY_SIDE) {
            self.gather_group(group, (event, until), &mut gathered);
        }
        gathered
    }

    fn gather_group<'signals>(
        &'signals self,
        group: &[(Need, &'signals Signal)],
        given: (&str, Option<Instant>),
        gathered: &mut Vec<Gathered<'signals>>,
    ) {
        if let [(need, signal)] = group {
            gathered.push(self.gather_one(*need, signal, given));
            return;
        }
        std::thread::scope(|scope| {
            let running: Vec<_> = group
                .iter()
                .map(|(need, signal)| {
                    let run = move || self.gather_one(*need, signal, given);
                    let thread = std::thread::Builder::new().name("llmspell-signal".to_owned());
                    (*need, *signal, thread.spawn_scoped(scope, run))
                })
                .collect();
            for (need, signal, thread) in running {
                let result = thread.map(std::thread::ScopedJoinHandle::join);
                gathered.push(match result {
                    Ok(Ok(done)) => done,
                    Ok(Err(_)) => failed(
                        need,
                        signal,
                        Unfinished::Lost("its thread broke down".to_owned()),
                    ),
                    Err(error) => failed(need, signal, Unfinished::NotStarted(error.to_string())),
                });
            }
        });
    }

    fn gather_one<'signals>(
        &self,
        need: Need,
        signal: &'signals Signal,
        (event, until): (&str, Option<Instant>),
    ) -> Gathered<'signals> {
        let start = Instant::now();
        let left = until.map(|until| until.saturating_duration_since(start));
        let timeout = left.map_or(signal.timeout, |left| left.min(signal.timeout));
        let result = self
            .command(signal)
            .map_err(Unfinished::NotStarted)
            .and_then(|command| process::run(command, event.as_bytes(), timeout, MAX_OUTPUT));
        let outcome = Outcome::of(result, timeout);
        Gathered {
            name: &signal.name,
            error: outcome.error(signal, need.sees_failure),
            outcome,
            took: start.elapsed(),
        }
    }

    /// Compares the scripts that commands name once more: they may have been changed since the project was loaded.
    fn check_scripts(&self) -> Result<(), String> {
        let scripts = self.scripts.iter().flatten();
        let mut changed = scripts.filter(|script| {
            crate::trust::digest_of_file(&script.path).as_ref() != Ok(&script.digest)
        });
        match changed.next() {
            None => Ok(()),
            Some(script) => Err(format!(
                "`{}` was changed after it was signed",
                script.shown
            )),
        }
    }

    fn command(&self, signal: &Signal) -> Result<Command, String> {
        let mut command = match &signal.action {
            Action::Shell(text) => {
                self.check_scripts()?;
                let mut command = Command::new(SHELL);
                command.arg("-c").arg(text);
                command
            }
            Action::File { path, signed } => {
                if let Some(signed) = signed {
                    let digest = crate::trust::digest_of_file(path);
                    if digest.as_ref() != Ok(signed) {
                        return Err("its file was changed after it was signed".to_owned());
                    }
                }
                Command::new(path)
            }
            Action::Broken(fault) => return Err(fault.message.clone()),
        };
        command
            .current_dir(&self.root)
            .env_clear()
            .envs(environment::signal_environment());
        Ok(command)
    }
}

fn failed(need: Need, signal: &Signal, why: Unfinished) -> Gathered<'_> {
    let outcome = Outcome::of(Err(why), signal.timeout);
    Gathered {
        name: &signal.name,
        error: outcome.error(signal, need.sees_failure),
        outcome,
        took: Duration::ZERO,
    }
}
