//! One thread with a deep stack for all that needs one, which is there as long as somebody asks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

/// How much stack there is. The engine has compiled a text before with 1 MiB at most, which bounds how deeply it is
/// nested; of this only what is used takes memory, until the thread ends.
const STACK: usize = 256 << 20;
/// How long the thread waits for more to do: the policies of a project come one after the other.
const IDLE: Duration = Duration::from_millis(250);

type Job = Box<dyn FnOnce() + Send>;

/// Where the thread takes its jobs from; none while there is no thread.
///
/// INVARIANT: jobs are sent, and the thread goes, under this lock, so that no job is left behind.
static WORKER: Mutex<Option<Sender<Job>>> = Mutex::new(None);

/// Runs something on the thread and waits for it; none if it broke down or no thread could be started.
pub(super) fn run<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (answer, answered) = mpsc::channel();
    let job = move || {
        // Nobody else sees what a job that breaks down leaves behind.
        if let Ok(result) = catch_unwind(AssertUnwindSafe(job)) {
            let _ = answer.send(result);
        }
    };
    send(Box::new(job))?;
    answered.recv().ok()
}

fn send(job: Job) -> Option<()> {
    let mut worker = WORKER.lock();
    if worker.is_none() {
        let (jobs, waiting) = mpsc::channel();
        thread::Builder::new()
            .name("policy-exports".to_owned())
            .stack_size(STACK)
            .spawn(move || work(&waiting))
            .ok()?;
        *worker = Some(jobs);
    }
    worker.as_ref()?.send(job).ok()
}

fn work(waiting: &Receiver<Job>) {
    loop {
        if let Ok(job) = waiting.recv_timeout(IDLE) {
            job();
            continue;
        }
        let mut worker = WORKER.lock();
        match waiting.try_recv() {
            Ok(job) => {
                drop(worker);
                job();
            }
            Err(_) => {
                *worker = None;
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_of_many_threads_are_answered_and_one_that_breaks_down_harms_no_other() {
        thread::scope(|scope| {
            for number in 0..8 {
                scope.spawn(move || {
                    assert_eq!(run(move || number * 2), Some(number * 2));
                    assert_eq!(run(|| -> u32 { panic!("on purpose") }), None);
                    assert_eq!(run(move || number + 1), Some(number + 1));
                });
            }
        });
    }

    #[test]
    fn there_is_more_stack_than_a_thread_has() {
        fn deep(levels: u32) -> u32 {
            let pad = std::hint::black_box([levels; 256]);
            if levels == 0 {
                pad[0]
            } else {
                deep(levels - 1) + 1
            }
        }
        assert_eq!(run(|| deep(10_000)), Some(10_000));
    }
}
