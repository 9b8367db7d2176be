//! On Unix: a handler of every signal that would end the process writes the refusal.
//!
//! An abort, a full stack and memory that runs out are signals too, and so is the deadline, which needs no thread that
//! might not start. The handler calls nothing but what may be called in one.
#![expect(
    unsafe_code,
    reason = "signals, the timer and an exit that runs nothing are reached through libc only"
)]

#[cfg(target_os = "linux")]
use std::ffi::{CString, OsStr, OsString};
#[cfg(target_os = "linux")]
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
#[cfg(target_os = "linux")]
use std::os::{fd::AsRawFd as _, unix::ffi::OsStrExt as _};
#[cfg(target_os = "linux")]
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, Ordering};
use std::time::Duration;

use super::{Refusals, Said};

/// The refusals that are ready; none before the first.
static REFUSALS: AtomicPtr<Refusals> = AtomicPtr::new(ptr::null_mut());
/// Whether a reply is being written, by whoever was first.
static IS_REPLYING: AtomicBool = AtomicBool::new(false);
/// Whether it was found that nobody takes the reply.
static IS_GIVING_UP: AtomicBool = AtomicBool::new(false);
/// Where the agent reads.
static OUTPUT: AtomicI32 = AtomicI32::new(libc::STDOUT_FILENO);

/// The code that every agent takes for a block.
const BLOCKED: libc::c_int = 2;
/// What is said where the reply was not taken to its end.
const UNTAKEN: &[u8] = b"llmspell hook: the process was ended while it replied: have the agent read the reply, and ask again\n";
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
/// The signals that end nothing, and those of which a failed write tells as well.
const HARMLESS: [libc::c_int; 7] = [
    libc::SIGCHLD,
    libc::SIGCONT,
    libc::SIGPIPE,
    libc::SIGURG,
    libc::SIGWINCH,
    libc::SIGXFSZ,
    STATUS_WANTED,
];
/// The signal with which a terminal asks for news, where there is one.
#[cfg(target_os = "macos")]
const STATUS_WANTED: libc::c_int = libc::SIGINFO;
#[cfg(not(target_os = "macos"))]
const STATUS_WANTED: libc::c_int = libc::SIGWINCH;
/// The highest number of a signal.
const LAST: libc::c_int = if cfg!(target_os = "linux") { 64 } else { 31 };
/// What stands for an output that nobody reads.
const NOBODY: libc::c_int = -1;
/// How many milliseconds an agent may take until it can take more of the refusal.
const PATIENCE: libc::c_int = 1000;
/// How many bytes a pipe takes without blocking once it can take any.
const PIECE: usize = 512;

/// Makes these refusals the ones that are given.
pub(in crate::hook) fn arm(refusals: Refusals) {
    // What was ready before is never freed: the handler may be reading it.
    let refusals = Box::into_raw(Box::new(refusals));
    REFUSALS.store(refusals, Ordering::Release);
}

/// Makes the refusal ready to be given: from now on only a reply is written where the agent reads, and whatever ends the
/// process writes one.
pub(in crate::hook) fn install() {
    keep_output();
    handle_signals();
}

/// Keeps standard output for the reply; whatever else is written there goes to standard error.
///
/// Where standard output was closed, the runtime has opened the null device in its place, and nobody reads the reply.
fn keep_output() {
    let output = if is_null(libc::STDOUT_FILENO) {
        NOBODY
    } else {
        // SAFETY: both calls take numbers of files only, and say so if there is no such file.
        unsafe {
            let kept = libc::fcntl(libc::STDOUT_FILENO, libc::F_DUPFD_CLOEXEC, 3);
            match kept {
                3.. => {
                    libc::dup2(libc::STDERR_FILENO, libc::STDOUT_FILENO);
                    kept
                }
                _ => libc::STDOUT_FILENO,
            }
        }
    };
    OUTPUT.store(output, Ordering::Release);
}

/// Whether a file is the null device.
fn is_null(file: libc::c_int) -> bool {
    let mut this = MaybeUninit::<libc::stat>::zeroed();
    let mut null = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: both are `stat`s, of which all zeros are a valid one, and the path ends with a zero.
    let (this, null) = unsafe {
        if libc::fstat(file, this.as_mut_ptr()) != 0
            || libc::stat(c"/dev/null".as_ptr(), null.as_mut_ptr()) != 0
        {
            return false;
        }
        (this.assume_init(), null.assume_init())
    };
    let is_device = this.st_mode & libc::S_IFMT == libc::S_IFCHR;
    is_device && this.st_rdev == null.st_rdev
}

/// Has the handler called from now on, also where whoever started the process had signals blocked or ignored.
fn handle_signals() {
    let all = every_signal();
    // What may not be handled is refused by the system, and stays as it is.
    for signal in (1..=LAST).filter(|signal| !HARMLESS.contains(signal)) {
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
    // SAFETY: a pipe that nobody reads and a file that may not grow are errors of the write.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        // Where it is ignored, nobody can be told how a command ended.
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
    }
    mask(libc::SIG_UNBLOCK);
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

/// What is left of a deadline that ran already when this program began.
pub(in crate::hook) fn time_left() -> Option<Duration> {
    let mut timer = MaybeUninit::<libc::itimerval>::zeroed();
    // SAFETY: `timer` is one, of which all zeros are a valid one: it is what stays there if the call fails.
    let timer = unsafe {
        libc::getitimer(libc::ITIMER_REAL, timer.as_mut_ptr());
        timer.assume_init()
    };
    let seconds = u64::try_from(timer.it_value.tv_sec).ok()?;
    let microseconds = u64::try_from(timer.it_value.tv_usec).ok()?;
    let left = Duration::from_secs(seconds) + Duration::from_micros(microseconds);
    (!left.is_zero()).then_some(left)
}

/// Becomes another program, which gets these words and this input and writes where the agent reads; it returns only if
/// that cannot be.
///
/// Signals wait until that program handles them, and the deadline runs on.
#[cfg(target_os = "linux")]
pub(in crate::hook) fn become_program(
    program: &Path,
    words: &[OsString],
    input: Option<&File>,
) -> io::Error {
    let terminated = |text: &OsStr| CString::new(text.as_bytes());
    let words: Result<Vec<CString>, _> = words.iter().map(|word| terminated(word)).collect();
    let (Ok(program), Ok(words)) = (terminated(program.as_os_str()), words) else {
        return io::ErrorKind::InvalidInput.into();
    };
    let ended_by_null = words.iter().map(|word| word.as_ptr()).chain([ptr::null()]);
    let words: Vec<*const libc::c_char> = ended_by_null.collect();
    mask(libc::SIG_BLOCK);
    let output = OUTPUT.load(Ordering::Acquire);
    let put = |from: libc::c_int, to: libc::c_int| {
        // SAFETY: it takes two numbers, and says so if there is no such file.
        unsafe { libc::dup2(from, to) == to }
    };
    let input = input.map_or(libc::STDIN_FILENO, File::as_raw_fd);
    // A reply that goes elsewhere would look like none.
    let is_put =
        put(input, libc::STDIN_FILENO) && (output == NOBODY || put(output, libc::STDOUT_FILENO));
    if is_put {
        // SAFETY: `program` and each of `words` end with a zero and live until the call returns, and `words` end with a
        // null pointer.
        unsafe { libc::execv(program.as_ptr(), words.as_ptr()) };
    }
    let error = io::Error::last_os_error();
    if output > libc::STDERR_FILENO {
        put(libc::STDERR_FILENO, libc::STDOUT_FILENO);
    }
    mask(libc::SIG_UNBLOCK);
    error
}

/// Has signals wait from now on, or waits for none any more.
fn mask(how: libc::c_int) {
    let all = every_signal();
    // SAFETY: `all` is an initialised set, and the call may be made while a signal is handled.
    unsafe { libc::pthread_sigmask(how, &raw const all, ptr::null_mut()) };
}

fn every_signal() -> libc::sigset_t {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigfillset` initialises the set that it is given, and may be called while a signal is handled.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        all.assume_init()
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
    let output = OUTPUT.load(Ordering::Acquire);
    output != NOBODY && write(output, text)
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

/// Writes all of a text, however long the reader takes.
fn write(file: libc::c_int, mut rest: &[u8]) -> bool {
    while !rest.is_empty() {
        match write_once(file, rest) {
            0 => return false,
            written => rest = rest.get(written..).unwrap_or_default(),
        }
    }
    true
}

/// Writes all of a text, unless the reader lets it wait: while a signal is handled, nothing else would end that.
fn write_soon(file: libc::c_int, text: &[u8]) -> bool {
    text.chunks(PIECE).all(|piece| {
        let mut polled = libc::pollfd {
            fd: file,
            events: libc::POLLOUT,
            revents: 0,
        };
        // SAFETY: `polled` is one file, and `poll` may be called while a signal is handled.
        let ready = unsafe { libc::poll(&raw mut polled, 1, PATIENCE) };
        ready == 1 && write(file, piece)
    })
}

/// Writes what is taken at once, and says how much; nothing if no more is taken.
fn write_once(file: libc::c_int, text: &[u8]) -> usize {
    loop {
        // SAFETY: the pointer and the length are those of one slice.
        let written = unsafe { libc::write(file, text.as_ptr().cast(), text.len()) };
        match usize::try_from(written) {
            Ok(written) => return written,
            Err(_) if is_interrupted() => {}
            Err(_) => return 0,
        }
    }
}

fn is_interrupted() -> bool {
    io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
}

/// Gives the refusal, unless a reply is being written, and ends the process with the code that blocks.
extern "C" fn answer(signal: libc::c_int) {
    be_alone();
    let is_first = !IS_REPLYING.swap(true, Ordering::AcqRel);
    // SAFETY: what `REFUSALS` points to is never freed or changed.
    let refusals = unsafe { REFUSALS.load(Ordering::Acquire).as_ref() };
    let (Some(refusals), true) = (refusals, is_first) else {
        give_up()
    };
    let Said { output, note, code } = match signal {
        libc::SIGALRM => &refusals.late,
        signal if BREAKDOWNS.contains(&signal) => &refusals.broken,
        _ => &refusals.ended,
    };
    end_commands();
    let to = OUTPUT.load(Ordering::Acquire);
    let is_said = to != NOBODY && write_soon(to, output);
    write_soon(libc::STDERR_FILENO, note);
    let code = if is_said { (*code).into() } else { BLOCKED };
    // SAFETY: as in `end`.
    unsafe { libc::_exit(code) }
}

/// Ends the process with the code that blocks: what stands on the wire is the beginning of a reply, or nothing.
fn give_up() -> ! {
    if !IS_GIVING_UP.swap(true, Ordering::AcqRel) {
        end_commands();
        write_soon(libc::STDERR_FILENO, UNTAKEN);
    }
    // SAFETY: as in `end`.
    unsafe { libc::_exit(BLOCKED) }
}

/// Has no other signal handled on this thread: the handler's stack has room for one.
fn be_alone() {
    mask(libc::SIG_BLOCK);
}

/// Ends the commands that run for this process: nobody waits for them any more.
fn end_commands() {
    for group in llmspell_engine::running_commands() {
        if let Ok(group) = libc::pid_t::try_from(group) {
            // SAFETY: it takes two numbers, and may be called while a signal is handled.
            unsafe { libc::kill(-group, libc::SIGKILL) };
        }
    }
}
