//! On Unix: a handler of every signal that would end the process writes the refusal.
//!
//! An abort, a full stack and memory that runs out are signals too, and so is the deadline, which needs no thread that
//! might not start. The handler calls nothing but what may be called in one.
#![expect(
    unsafe_code,
    reason = "signals, the timer and an exit that runs nothing are reached through libc only"
)]

use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::time::Duration;

use super::{Refusals, Said};

/// The refusals that are ready; none before the first.
static REFUSALS: AtomicPtr<Refusals> = AtomicPtr::new(ptr::null_mut());
/// Whether a reply is being written, by whoever was first.
static IS_REPLYING: AtomicBool = AtomicBool::new(false);

/// The code that every agent takes for a block.
const BLOCKED: libc::c_int = 2;
/// The signals with which something inside breaks down.
const BREAKDOWNS: [libc::c_int; 7] = [
    libc::SIGABRT,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGILL,
    libc::SIGSEGV,
    libc::SIGSYS,
    libc::SIGTRAP,
];
/// The signals with which somebody or a limit ends the process.
const ENDINGS: [libc::c_int; 10] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGPROF,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGVTALRM,
    libc::SIGXCPU,
    libc::SIGXFSZ,
];

/// Makes these refusals the ones that are given.
pub(in crate::hook) fn arm(refusals: Refusals) {
    // What was ready before is never freed: the handler may be reading it.
    let refusals = Box::into_raw(Box::new(refusals));
    REFUSALS.store(refusals, Ordering::Release);
}

/// Has the handler called from now on, also where whoever started the process had signals blocked or ignored.
pub(in crate::hook) fn install() {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigfillset` initialises the set that it is given, and `all` is one.
    let all = unsafe {
        libc::sigfillset(all.as_mut_ptr());
        all.assume_init()
    };
    for signal in BREAKDOWNS.into_iter().chain(ENDINGS).chain([libc::SIGALRM]) {
        // SAFETY: all zeros are a valid `sigaction`, whose fields are set before it is used; `answer` is a function of
        // the kind that it holds, and calls only what may be called while a signal is handled.
        unsafe {
            let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
            action.sa_sigaction = answer as *const () as libc::sighandler_t;
            // A full stack leaves no room for the handler: it has one of its own.
            action.sa_flags = libc::SA_ONSTACK;
            action.sa_mask = all;
            libc::sigaction(signal, &raw const action, ptr::null_mut());
        }
    }
    // SAFETY: a pipe that nobody reads is an error of the write, and `all` is an initialised set.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const all, ptr::null_mut());
    }
}

/// Has the refusal given when so much time has passed.
pub(in crate::hook) fn deadline(left: Duration) {
    let left = left.max(Duration::from_micros(1));
    let timer = libc::itimerval {
        it_interval: libc::timeval {
            tv_sec: 0,
            tv_usec: 0,
        },
        it_value: libc::timeval {
            tv_sec: libc::time_t::try_from(left.as_secs()).unwrap_or(libc::time_t::MAX),
            tv_usec: left.subsec_micros().into(),
        },
    };
    // SAFETY: `timer` is a valid setting, and nobody wants the one before.
    unsafe {
        libc::setitimer(libc::ITIMER_REAL, &raw const timer, ptr::null_mut());
    }
}

/// Begins the reply; if the refusal is being given already, the process ends here.
pub(in crate::hook) fn begin() {
    while IS_REPLYING.swap(true, Ordering::AcqRel) {
        // The handler ends the process.
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// Writes the reply, and says whether all of it was taken.
pub(in crate::hook) fn write_output(text: &[u8]) -> bool {
    write(libc::STDOUT_FILENO, text)
}

/// Writes what people are told; if nobody listens, the exit code still says it.
pub(in crate::hook) fn write_note(text: &[u8]) {
    write(libc::STDERR_FILENO, text);
}

/// Ends the process, and tears nothing down: nothing is left to be saved, and the agent waits.
pub(in crate::hook) fn end(code: u8) -> ! {
    // SAFETY: `_exit` may be called at any time, and does not return.
    unsafe { libc::_exit(code.into()) }
}

fn write(file: libc::c_int, mut rest: &[u8]) -> bool {
    while !rest.is_empty() {
        // SAFETY: the pointer and the length are those of one slice.
        let written = unsafe { libc::write(file, rest.as_ptr().cast(), rest.len()) };
        match usize::try_from(written) {
            Ok(0) => return false,
            Ok(written) => rest = rest.get(written..).unwrap_or_default(),
            Err(_) if is_interrupted() => {}
            Err(_) => return false,
        }
    }
    true
}

fn is_interrupted() -> bool {
    std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted
}

/// Gives the refusal, unless a reply is being written, and ends the process with the code that blocks.
extern "C" fn answer(signal: libc::c_int) {
    let is_first = !IS_REPLYING.swap(true, Ordering::AcqRel);
    // SAFETY: what `REFUSALS` points to is never freed or changed.
    let refusals = unsafe { REFUSALS.load(Ordering::Acquire).as_ref() };
    let (Some(refusals), true) = (refusals, is_first) else {
        // What stands on the wire is the beginning of a reply, or nothing.
        // SAFETY: as in `end`.
        unsafe { libc::_exit(BLOCKED) }
    };
    let Said { output, note, code } = match signal {
        libc::SIGALRM => &refusals.late,
        signal if BREAKDOWNS.contains(&signal) => &refusals.broken,
        _ => &refusals.ended,
    };
    let is_said = write_output(output);
    write_note(note);
    let code = if is_said { (*code).into() } else { BLOCKED };
    // SAFETY: as in `end`.
    unsafe { libc::_exit(code) }
}
