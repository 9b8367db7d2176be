//! Runs a command as an agent does: an event on its standard input, and no more time than it was given.

use std::io::{Read, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes of an answer.
const MOST: u64 = 1 << 20;

/// What a command left behind.
#[derive(Debug)]
pub(super) struct Ran {
    /// Its exit code; none where a signal ended it.
    pub(super) code: Option<i32>,
    pub(super) output: String,
    pub(super) error: String,
}

/// Runs a command; the error is why there is no answer.
pub(super) fn run(mut command: Command, input: &[u8], wait: Duration) -> Result<Ran, String> {
    let deadline = Instant::now() + wait;
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    own_group(&mut command);
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let group = Group::of(&child);
    let output = read(child.stdout.take());
    let error = read(child.stderr.take());
    let input = input.to_owned();
    let mut pipe = child.stdin.take();
    thread::spawn(move || {
        // A program may well answer without having read everything.
        let _ = pipe.take().map(|mut pipe| pipe.write_all(&input));
    });
    let status = status(child);
    let left = || deadline.saturating_duration_since(Instant::now());
    let late = |_| {
        group.end();
        format!("it did not answer within {} s", wait.as_secs_f32())
    };
    let status = status.recv_timeout(left()).map_err(late)?;
    let output = output.recv_timeout(left()).map_err(late)?;
    let error = error.recv_timeout(left()).map_err(late)?;
    let status = status.map_err(|error| error.to_string())?;
    Ok(Ran {
        code: status.code(),
        output: String::from_utf8_lossy(&output).into_owned(),
        error: String::from_utf8_lossy(&error).into_owned(),
    })
}

fn read(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What came before an error is what the agent would have read too.
            let _ = pipe.take(MOST).read_to_end(&mut bytes);
        }
        // Nobody waits any more where the time is over.
        let _ = sender.send(bytes);
    });
    receiver
}

fn status(mut child: Child) -> Receiver<std::io::Result<ExitStatus>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let _ = sender.send(child.wait());
    });
    receiver
}

/// A command and everything that it has started.
struct Group {
    #[cfg(unix)]
    leader: rustix::process::Pid,
}

#[cfg(unix)]
impl Group {
    fn of(child: &Child) -> Self {
        Self {
            leader: rustix::process::Pid::from_child(child),
        }
    }

    fn end(&self) {
        // It may just have ended by itself.
        let _ = rustix::process::kill_process_group(self.leader, rustix::process::Signal::KILL);
    }
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
impl Group {
    const fn of(_: &Child) -> Self {
        Self {}
    }

    const fn end(&self) {}
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}
