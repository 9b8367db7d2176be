//! `claude_code_enforce_full_file_read`: files up to a length are read as a whole.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::settings::FullFileRead;
use super::station::Station;
use super::verdict::Refusal;
use crate::decision::Verb;
use crate::evaluator::{Answers, Evaluator, Moment};
use crate::value::Value;

pub(super) const ID: &str = "BUILTIN-ENFORCE-FULL-READ";
const MESSAGE: &str = "read the whole file before you decide anything about it";
const MAX_LINES: u64 = 2_000;
/// Bytes in which lines are counted; a file that is longer is read in parts by anybody.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct FullFileReadGuardrail {
    station: Station,
    refusal: Refusal,
    max_lines: u64,
}

impl FullFileReadGuardrail {
    pub(super) fn new(settings: FullFileRead, station: Station) -> Self {
        Self {
            refusal: Refusal {
                verb: Verb::Deny,
                rule_id: ID,
                severity: "MEDIUM",
                message: settings.message.unwrap_or_else(|| MESSAGE.to_owned()),
            },
            max_lines: settings.max_lines.unwrap_or(MAX_LINES),
            station,
        }
    }
}

impl Evaluator for FullFileReadGuardrail {
    fn evaluate(&self, input: &Value, _moment: Moment, answers: &mut Answers<'_, '_>) {
        let action = match answers.reading().action(input, &self.station) {
            Ok(action) => action,
            Err(fault) => return answers.fail(fault),
        };
        if action.tool != "read" || (action.offset.is_none() && action.limit.is_none()) {
            return;
        }
        let Some(path) = action
            .effects
            .first()
            .and_then(|effect| effect.path.known())
        else {
            return;
        };
        // A file that cannot be counted is taken for a short one.
        let lines = lines_of(Path::new(path), self.max_lines).unwrap_or(0);
        let begins = action.offset.is_none_or(|offset| offset <= 1);
        let reaches_end = action.limit.is_none_or(|limit| {
            u64::try_from(limit).is_ok_and(|limit| limit >= lines.max(1) && lines > 0)
        });
        if lines <= self.max_lines && !(begins && reaches_end) {
            self.refusal.say(
                answers,
                &format!(
                    "files of up to {} lines are read without `offset` and `limit`",
                    self.max_lines
                ),
            );
        }
    }
}

/// The lines of a file, or one more than the most that matter.
fn lines_of(path: &Path, most: u64) -> Option<u64> {
    let file = File::open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut reader = BufReader::new(file.take(MAX_BYTES));
    let mut lines = 0;
    let mut bytes = 0_u64;
    let mut line = Vec::new();
    while lines <= most {
        line.clear();
        let read = reader.read_until(b'\n', &mut line).ok()?;
        if read == 0 {
            break;
        }
        bytes += u64::try_from(read).unwrap_or(u64::MAX);
        lines += 1;
    }
    Some(if bytes >= MAX_BYTES { most + 1 } else { lines })
}
