//! Runs the cases side by side, each under a guard against panics and hangs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::candidate::Candidate;
use crate::case::Case;
use crate::verdict::{Class, Verdict, judge};

/// When a case that has not ended is given up, its own deadline being far shorter.
const HANG: Duration = Duration::from_secs(30);

/// A case and what became of it.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) folder: String,
    pub(crate) note: String,
    pub(crate) verdict: Verdict,
}

/// Runs every case.
pub(crate) fn all(cases: Vec<Case>, candidate: &Arc<dyn Candidate>) -> Vec<Judged> {
    // A panic is a result here, not news.
    std::panic::set_hook(Box::new(|_| {}));
    let cases = Arc::new(cases);
    let next = AtomicUsize::new(0);
    let judged = Mutex::new(Vec::with_capacity(cases.len()));
    let lanes = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..lanes {
            scope.spawn(|| lane(&cases, candidate, &next, &judged));
        }
    });
    let mut judged = judged.into_inner().unwrap_or_else(PoisonError::into_inner);
    judged.sort_by_key(|(index, _)| *index);
    judged.into_iter().map(|(_, judged)| judged).collect()
}

fn lane(
    cases: &Arc<Vec<Case>>,
    candidate: &Arc<dyn Candidate>,
    next: &AtomicUsize,
    judged: &Mutex<Vec<(usize, Judged)>>,
) {
    let mut worker = Worker::start(cases, candidate);
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(case) = cases.get(index) else { return };
        let verdict = worker.judge(index).unwrap_or_else(|| {
            worker = Worker::start(cases, candidate);
            Verdict::new(Class::Hang, "it did not end")
        });
        let result = Judged {
            folder: case.folder.clone(),
            note: case.note.clone(),
            verdict,
        };
        let mut judged = judged.lock().unwrap_or_else(PoisonError::into_inner);
        judged.push((index, result));
    }
}

/// A thread that runs cases until it is dropped, or given up because it hangs.
struct Worker {
    cases: Sender<usize>,
    verdicts: Receiver<Verdict>,
}

impl Worker {
    fn start(cases: &Arc<Vec<Case>>, candidate: &Arc<dyn Candidate>) -> Self {
        let (cases, candidate) = (Arc::clone(cases), Arc::clone(candidate));
        let (sender, indices) = channel();
        let (answers, verdicts) = channel();
        thread::spawn(move || {
            for index in indices {
                let Some(case) = cases.get(index) else { return };
                let verdict = guarded(case, candidate.as_ref());
                if answers.send(verdict).is_err() {
                    return;
                }
            }
        });
        Self {
            cases: sender,
            verdicts,
        }
    }

    /// The verdict on a case; none when it does not end.
    fn judge(&self, index: usize) -> Option<Verdict> {
        self.cases.send(index).ok()?;
        self.verdicts.recv_timeout(HANG).ok()
    }
}

fn guarded(case: &Case, candidate: &dyn Candidate) -> Verdict {
    let answer = catch_unwind(AssertUnwindSafe(|| candidate.answer(case)));
    match answer {
        Ok(answer) => judge(case, answer),
        Err(_) => Verdict::new(Class::Panic, "it panicked"),
    }
}
