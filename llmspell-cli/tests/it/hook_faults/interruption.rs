//! A signal that reaches the hook at a known moment.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{ChildStdin, Command};
use std::thread;
use std::time::{Duration, Instant};

/// The file with which a signal of the project tells that it runs.
pub(super) const RUNS: &str = "runs";
/// More than a pipe holds: when it is written, the hook reads.
const MORE_THAN_A_PIPE: usize = 70_000;
/// How long the hook is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// When a signal reaches the hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// It waits for the event.
    BeforeTheEvent,
    /// It has read a part of the event.
    WithinTheEvent,
    /// A command of the project runs.
    WhileSignalsAreGathered,
}

/// A signal, by its number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interruption {
    pub(super) signal: i32,
    pub(super) moment: Moment,
}

impl Interruption {
    /// Gives the event to the hook, and the signal when its moment has come.
    pub(super) fn happen(self, process: u32, mut stdin: ChildStdin, event: &[u8], root: &Path) {
        match self.moment {
            Moment::BeforeTheEvent => {
                wait(process, || handles_signals(process));
                self.send(process);
                let _ = stdin.write_all(event);
            }
            Moment::WithinTheEvent => {
                let (beginning, end) = event.split_at(event.len() / 2);
                let blanks = vec![b' '; MORE_THAN_A_PIPE];
                let _ = stdin.write_all(&[&blanks, beginning].concat());
                self.send(process);
                let _ = stdin.write_all(end);
            }
            Moment::WhileSignalsAreGathered => {
                let _ = stdin.write_all(event);
                drop(stdin);
                wait(process, || root.join(RUNS).exists());
                self.send(process);
            }
        }
    }

    fn send(self, process: u32) {
        let command = format!("kill -{} {process}", self.signal);
        let sent = Command::new("/bin/sh").args(["-c", &command]).status();
        assert!(sent.unwrap().success(), "{command}");
    }
}

/// Whether the process handles what would end it: until then the system ends it, and no program can answer.
fn handles_signals(process: u32) -> bool {
    // They are handled in the order of their numbers.
    const LAST: u32 = 64;
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
    caught.is_some_and(|set| set & (1 << (LAST - 1)) != 0)
}

/// Waits for something that a process does, unless it has ended.
fn wait(process: u32, is_done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_done() && !has_ended(process) && begun.elapsed() < PATIENCE {
        thread::park_timeout(Duration::from_micros(200));
    }
}

fn has_ended(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status"));
    status.map_or(true, |status| status.contains("State:\tZ"))
}
