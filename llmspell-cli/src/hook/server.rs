//! Asking a server that keeps the project warm.

use std::path::{Path, PathBuf};

use llmspell_engine::Reply;

use super::budget::Budget;
use super::deciding::Call;
use crate::serve::{Answer, Question, connect, likeness, receive, send, usual};

/// The variable that names another socket than the usual one.
const VARIABLE: &str = "LLMSPELL_SOCKET";
/// Bytes of a reply.
const MOST: usize = 16 * 1024 * 1024;

/// The socket that the environment names.
fn named() -> Option<PathBuf> {
    let named = std::env::var_os(VARIABLE).filter(|socket| !socket.is_empty());
    named.map(PathBuf::from)
}

/// Whether the environment names a server.
pub(super) fn is_named() -> bool {
    named().is_some()
}

/// What a server answers, or why there is no decision; none where no server decides this.
pub(super) fn ask(
    call: &Call<'_>,
    global_config: Option<&Path>,
    text: &[u8],
    budget: Budget,
) -> Option<Result<Reply, String>> {
    let socket = named().or_else(usual)?;
    let mut stream = connect(&socket)?;
    // Of a server that hangs, time is left to decide here.
    let patience = budget.left() * 4 / 10;
    stream.set_read_timeout(Some(patience)).ok()?;
    stream.set_write_timeout(Some(patience)).ok()?;
    let question = Question {
        likeness: likeness(),
        harness: call.harness.name().to_owned(),
        root: std::path::absolute(call.project.root()).ok()?,
        global_config: global_config.map(std::path::absolute).transpose().ok()?,
        trace_parent: std::env::var("TRACEPARENT").ok(),
        length: text.len(),
    };
    send(&mut stream, &question, text).ok()?;
    let length = |answer: &Answer| match answer {
        Answer::Reply { length, .. } => *length,
        Answer::Refusal { .. } | Answer::Unserved => 0,
    };
    let (answer, text) = receive(&mut stream, MOST, length).ok()?;
    match answer {
        Answer::Reply {
            exit_code, notice, ..
        } => {
            let text = String::from_utf8(text).ok()?;
            Some(Ok(Reply {
                text,
                exit_code,
                notice,
            }))
        }
        Answer::Refusal { reason } => Some(Err(reason)),
        Answer::Unserved => None,
    }
}
