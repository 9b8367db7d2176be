//! Runs one command: its input, its output, its end and everything that it starts lie within one deadline.

use std::io::{ErrorKind, Read, Write as _};
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::outcome::{Finished, Unfinished};
use crate::running::Running;

/// Bytes that are moved at once.
const CHUNK: usize = 16 * 1024;
/// The longest pause between two looks at whether the command has ended, its output having ended already.
const MAX_PAUSE: Duration = Duration::from_millis(5);
/// How long a killed process is waited for before that is left to a thread of its own.
const REAP: Duration = Duration::from_secs(1);

/// Runs a command with an input, and takes at most so many bytes of each of its outputs.
///
/// Whatever comes of it, nothing of the command's process group is left afterwards.
pub(super) fn run(
    mut command: Command,
    input: &[u8],
    timeout: Duration,
    most: usize,
) -> Result<Finished, Unfinished> {
    let deadline = Instant::now() + timeout;
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut child = command
        .spawn()
        .map_err(|error| Unfinished::NotStarted(error.to_string()))?;
    let running = Running::of(&child);
    let outputs = talk(&mut child, input, deadline, most).and_then(|outputs| {
        await_exit(&child, deadline)?;
        Ok(outputs)
    });
    let status = end(child, running);
    let (output, error) = outputs?;
    let status = status.map_err(Unfinished::Lost)?;
    match (status.code(), status.signal()) {
        (Some(code), _) => Ok(Finished {
            code,
            output,
            error,
        }),
        (None, signal) => Err(Unfinished::Killed(signal.unwrap_or_default())),
    }
}

/// The streams of a command that are still open.
struct Streams {
    input: Option<ChildStdin>,
    output: Option<ChildStdout>,
    error: Option<ChildStderr>,
}

/// Which streams can be used without waiting.
struct Ready {
    input: bool,
    output: bool,
    error: bool,
}

/// Writes the input and reads the outputs, in whatever order the command wants it, until the outputs end.
fn talk(
    child: &mut Child,
    input: &[u8],
    deadline: Instant,
    most: usize,
) -> Result<(Vec<u8>, Vec<u8>), Unfinished> {
    let mut streams = Streams {
        input: child.stdin.take(),
        output: child.stdout.take(),
        error: child.stderr.take(),
    };
    streams.never_block().map_err(lost)?;
    let mut left = input;
    let (mut output, mut error) = (Vec::new(), Vec::new());
    while streams.output.is_some() || streams.error.is_some() {
        let ready = streams.wait(deadline)?;
        if ready.input {
            write(&mut streams.input, &mut left);
        }
        if ready.output {
            read(&mut streams.output, &mut output, most)?;
        }
        if ready.error {
            read(&mut streams.error, &mut error, most)?;
        }
    }
    Ok((output, error))
}

impl Streams {
    fn never_block(&self) -> Result<(), rustix::io::Errno> {
        let streams = [
            self.input.as_ref().map(AsFd::as_fd),
            self.output.as_ref().map(AsFd::as_fd),
            self.error.as_ref().map(AsFd::as_fd),
        ];
        streams
            .into_iter()
            .flatten()
            .try_for_each(|stream| rustix::io::ioctl_fionbio(stream, true))
    }

    /// Waits until a stream can be used.
    fn wait(&self, deadline: Instant) -> Result<Ready, Unfinished> {
        let mut polled = Vec::with_capacity(3);
        polled.extend(
            self.input
                .as_ref()
                .map(|stream| PollFd::new(stream, PollFlags::OUT)),
        );
        polled.extend(
            self.output
                .as_ref()
                .map(|stream| PollFd::new(stream, PollFlags::IN)),
        );
        polled.extend(
            self.error
                .as_ref()
                .map(|stream| PollFd::new(stream, PollFlags::IN)),
        );
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Unfinished::TimedOut);
            }
            let timeout = Timespec::try_from(left).ok();
            match poll(&mut polled, timeout.as_ref()) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => break,
                Err(error) => return Err(lost(error)),
            }
        }
        let mut ready = polled.iter().map(|polled| !polled.revents().is_empty());
        let mut is_ready = |is_open: bool| is_open && ready.next().unwrap_or_default();
        Ok(Ready {
            input: is_ready(self.input.is_some()),
            output: is_ready(self.output.is_some()),
            error: is_ready(self.error.is_some()),
        })
    }
}

/// Writes what can be written now; the stream is closed when nothing is left, and when nobody reads it.
fn write(stream: &mut Option<ChildStdin>, left: &mut &[u8]) {
    let Some(input) = stream else { return };
    let chunk = left.get(..left.len().min(CHUNK)).unwrap_or_default();
    let is_done = match input.write(chunk) {
        Ok(written) => {
            *left = left.get(written..).unwrap_or_default();
            left.is_empty()
        }
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
    };
    if is_done {
        *stream = None;
    }
}

/// Reads what can be read now; the stream is closed where it ends.
fn read<S: Read>(
    stream: &mut Option<S>,
    into: &mut Vec<u8>,
    most: usize,
) -> Result<(), Unfinished> {
    let Some(output) = stream else { return Ok(()) };
    let mut chunk = [0; CHUNK];
    match output.read(&mut chunk) {
        Ok(0) => *stream = None,
        Ok(length) => into.extend_from_slice(chunk.get(..length).unwrap_or_default()),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
        Err(error) => return Err(Unfinished::Lost(error.to_string())),
    }
    if into.len() > most {
        return Err(Unfinished::TooMuch(most));
    }
    Ok(())
}

/// Waits until the command has ended, and leaves it to be asked how.
fn await_exit(child: &Child, deadline: Instant) -> Result<(), Unfinished> {
    let Some(process) = process(child) else {
        return Ok(());
    };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let mut pause = Duration::from_micros(50);
    loop {
        match waitid(WaitId::Pid(process), options) {
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Ok(Some(_)) => return Ok(()),
            Err(error) => return Err(lost(error)),
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Unfinished::TimedOut);
        }
        std::thread::sleep(pause.min(left));
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

/// Kills whatever is left of the command's group, and takes its status.
fn end(mut child: Child, running: Running) -> Result<ExitStatus, String> {
    // INVARIANT: the command has not been waited for, so that its group's number cannot be that of others.
    if let Some(process) = process(&child) {
        let _ = kill_process_group(process, Signal::KILL);
    }
    drop(running);
    let deadline = Instant::now() + REAP;
    let mut pause = Duration::from_micros(50);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if Instant::now() < deadline => {}
            Ok(None) => break,
            Err(error) => return Err(error.to_string()),
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(MAX_PAUSE);
    }
    // The system holds the process, as one that waits for a dead file server.
    let _ = std::thread::Builder::new().spawn(move || child.wait());
    Err("it could not be stopped".to_owned())
}

fn process(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

fn lost(error: rustix::io::Errno) -> Unfinished {
    Unfinished::Lost(error.to_string())
}
