//! Where text for people and for machines goes: answers to standard output, everything else to standard error.

use std::fmt::Display;
use std::io::Write;

/// Prints one line of the answer. A reader who has gone away is not an error.
pub fn say(line: impl Display) {
    let _gone = writeln!(std::io::stdout().lock(), "{line}");
}

/// Prints one line about the work.
pub fn note(line: impl Display) {
    let _gone = writeln!(std::io::stderr().lock(), "{line}");
}
