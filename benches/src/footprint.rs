//! What a program takes besides time: room on the disk and memory.

use std::fmt;
use std::io::Write as _;
use std::mem::MaybeUninit;
use std::process::{Child, Stdio};

use crate::project::{EVENT, Routed, write_guarded_project};
use crate::workload::hook::{built, hook, program};

const MEGABYTE: f64 = 1_000_000.0;

/// One of them.
#[derive(Debug)]
pub struct Footprint {
    what: String,
    bytes: u64,
    /// What must not be passed.
    most: u64,
}

impl Footprint {
    /// Whether it is not larger than it may be.
    pub const fn is_within(&self) -> bool {
        self.bytes <= self.most
    }
}

impl fmt::Display for Footprint {
    fn fmt(&self, output: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = |bytes: u64| bytes as f64 / MEGABYTE;
        let reached = if self.is_within() {
            "reached"
        } else {
            "NOT REACHED"
        };
        let (bytes, most) = (megabytes(self.bytes), megabytes(self.most));
        write!(
            output,
            "{:<50} {bytes:>6.1} MB   at most {most:>4.1} MB   {reached}",
            self.what
        )
    }
}

/// All of them: the programs, and hooks of projects of several sizes.
pub fn footprints() -> Vec<Footprint> {
    let programs = ["llmspell", "llmspell-host"].map(|name| Footprint {
        what: format!("the program `{name}`"),
        bytes: built(name).metadata().unwrap().len(),
        most: 25_000_000,
    });
    let hooks = [1, 50, 500].map(|count| Footprint {
        what: format!("resident at most, a hook with {count} policies"),
        bytes: peak(count),
        most: 16_000_000,
    });
    programs.into_iter().chain(hooks).collect()
}

/// How many bytes a hook had in memory at once, at most.
#[expect(clippy::zombie_processes, reason = "`ended` waits for it")]
fn peak(count: usize) -> u64 {
    let project = write_guarded_project(count, Routed::One);
    let mut command = hook(&program(), project.path());
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(EVENT.as_bytes())
        .unwrap();
    ended(&child)
}

/// Waits for a process, and says how many bytes it had in memory at most.
///
/// What this program has in memory itself counts as well, as long as the process is not yet its own program: it is less.
#[cfg(unix)]
#[expect(
    unsafe_code,
    reason = "the system tells of one child through libc only"
)]
fn ended(child: &Child) -> u64 {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    let process = libc::pid_t::try_from(child.id()).unwrap();
    let mut status = 0;
    // SAFETY: both places are there to be written to, and all zeros are a valid `rusage`.
    let usage = unsafe {
        assert_eq!(
            libc::wait4(process, &raw mut status, 0, usage.as_mut_ptr()),
            process
        );
        usage.assume_init()
    };
    assert_eq!(status, 0, "the hook failed");
    // Linux counts in units of 1,024 bytes, and macOS in bytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    u64::try_from(usage.ru_maxrss).unwrap() * unit
}
