//! Instructions an operation, counted by valgrind's callgrind: the same on a busy machine as on a quiet one.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::figures::figure::Figure;
use crate::invocation::Invocation;

/// How the instructions of a figure are counted, as the benchmarks say it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counting {
    /// How many operations are done: enough that what happens once in a while happens.
    pub times: u64,
    /// How many things one operation does on the side of what was measured.
    pub parts: f64,
    /// Whether there is an operation on the other side.
    pub against: bool,
}

/// Instructions an operation for what was measured and for what it is held against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// For what was measured.
    pub value: Option<f64>,
    /// For what it is held against; absent when it is held against nothing.
    pub against: Option<f64>,
}

impl Counts {
    /// Counts for one figure.
    ///
    /// # Errors
    /// When valgrind is missing, or a run of it fails.
    pub fn of(program: &Path, figure: &Figure) -> Result<Self, Failure> {
        let counting = &figure.counting;
        let count = |side| instructions(program, &figure.name, side, counting.times);
        Ok(Self {
            value: Some(count("value")? / counting.parts),
            against: counting.against.then(|| count("against")).transpose()?,
        })
    }
}

// The difference of two runs leaves out what starting and ending cost.
fn instructions(program: &Path, name: &str, side: &str, times: u64) -> Result<f64, Failure> {
    let once = count(program, name, side, times)?;
    let twice = count(program, name, side, times.saturating_mul(2))?;
    Ok(per_operation(once, twice, times))
}

/// Instructions an operation from a run of `operations` and one of twice as many.
#[must_use]
pub fn per_operation(once: u64, twice: u64, operations: u64) -> f64 {
    twice.saturating_sub(once) as f64 / operations.max(1) as f64
}

fn count(program: &Path, name: &str, side: &str, operations: u64) -> Result<u64, Failure> {
    let program = program.display().to_string();
    let operations = operations.to_string();
    let arguments = [
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
        &program,
        "loop",
        name,
        side,
        &operations,
    ];
    let invocation = Invocation::program(Path::new("valgrind"), arguments);
    let output = invocation.capture().map_err(|failure| {
        failure.help(
            "valgrind counts the instructions; on Debian and Ubuntu: apt-get install valgrind",
        )
    })?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(Failure::new(format!(
            "`{invocation}` failed ({}): {}",
            output.status,
            said.trim()
        )));
    }
    collected(&said).ok_or_else(|| {
        Failure::new(format!(
            "`{invocation}` did not say how many instructions it counted"
        ))
    })
}

/// The number after `Collected :` in what callgrind says.
#[must_use]
pub fn collected(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.contains("Collected"))?;
    line.rsplit(':').next()?.trim().parse().ok()
}
