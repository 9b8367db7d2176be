//! The thread that empties a queue.

use std::cell::Cell;
use std::io;
use std::time::{Duration, Instant};

use super::super::OutputTrouble;
use super::super::gap::Gap;
use super::state::{Shared, Task, Waiting};

/// How long after the first failure the same entry is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// How long the pause between attempts becomes.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

thread_local! {
    static WORKER: Cell<bool> = const { Cell::new(false) };
}

/// Whether the current thread empties a queue: an output that logs while it writes would never come to an end.
pub(super) fn is_worker() -> bool {
    WORKER.with(Cell::get)
}

/// Empties the queue until it is closed.
pub(super) fn work(shared: &Shared) {
    WORKER.with(|worker| worker.set(true));
    let worker = Worker {
        shared,
        gap: Gap::default(),
    };
    loop {
        let mut state = shared.state.lock();
        match state.next_task() {
            Task::Write(waiting) => {
                drop(state);
                worker.write(&waiting);
            }
            Task::Flush => {
                drop(state);
                worker.flush();
            }
            Task::Wait => shared.work.wait(&mut state),
            Task::End => return,
        }
    }
}

struct Worker<'shared> {
    shared: &'shared Shared,
    gap: Gap,
}

impl Worker<'_> {
    /// Writes an entry, as often as it takes while nobody is there.
    fn write(&self, waiting: &Waiting) {
        self.gap.add(waiting.lost_before);
        let mut pause = FIRST_PAUSE;
        let lost = loop {
            let Err(error) = self.attempt(waiting) else {
                self.shared.state.lock().news.recover();
                break 0;
            };
            if let Some(trouble) = OutputTrouble::of(&error) {
                // It counts and marks its losses itself.
                self.fail(&error);
                break trouble.lost();
            }
            let again = if is_absence(error.kind()) {
                self.wait(pause, &error)
            } else {
                self.fail(&error);
                false
            };
            if !again {
                self.gap.add(1);
                break 1;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        };
        self.shared.state.lock().finish(waiting.size(), lost);
        self.shared.done.notify_all();
    }

    fn attempt(&self, waiting: &Waiting) -> io::Result<()> {
        let output = self.shared.output.as_ref();
        let marked = self.gap.mark(output, waiting.entry.time);
        output.write(&waiting.entry).and(marked)
    }

    fn fail(&self, error: &io::Error) {
        self.shared.state.lock().news.fail(error.to_string());
    }

    /// Waits for the next attempt; false if there is none because the queue is closed.
    fn wait(&self, pause: Duration, error: &io::Error) -> bool {
        let until = Instant::now() + pause;
        let mut state = self.shared.state.lock();
        state.miss();
        state.news.fail(format!(
            "{error}; entries wait in a queue, and are lost when it is full"
        ));
        self.shared.done.notify_all();
        loop {
            if state.is_closing() {
                state.abandon();
                return false;
            }
            if state.take_hurry() || self.shared.work.wait_until(&mut state, until).timed_out() {
                state.try_again();
                return true;
            }
        }
    }

    fn flush(&self) {
        let outcome = self.shared.output.flush();
        self.shared.state.lock().finish_flush(outcome);
        self.shared.done.notify_all();
    }
}

impl Drop for Worker<'_> {
    /// The thread ends, perhaps because the output panicked: nobody should wait for it.
    fn drop(&mut self) {
        self.shared.state.lock().end();
        self.shared.done.notify_all();
    }
}

/// Whether an error says that nobody is there, which may change by itself.
const fn is_absence(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::NotConnected
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::TimedOut
            | io::ErrorKind::WouldBlock
    )
}
