//! The exit code that blocks by itself, and the no that needs nothing but constant text.

use super::Reply;
use super::words::Words;
use crate::harness::Harness;

/// The exit code that Claude Code, Cursor and Factory take for a no without reading anything else.
pub(super) const BLOCKING: u8 = 2;

/// The reply where what was decided cannot be written as JSON.
pub(super) fn unwritable(harness: Harness, words: &Words) -> Reply {
    const REASON: &str = "the changed input cannot be written as JSON";
    let text = match harness {
        Harness::Claude | Harness::Factory => {
            r#"{"continue":false,"decision":"block","reason":"the changed input cannot be written as JSON","stopReason":"the changed input cannot be written as JSON"}"#
        }
        Harness::Cursor => {
            r#"{"continue":false,"permission":"deny","user_message":"the changed input cannot be written as JSON"}"#
        }
        Harness::OpenCode => {
            r#"{"decision":"deny","reason":"the changed input cannot be written as JSON"}"#
        }
    };
    Reply {
        text: text.to_owned(),
        exit_code: BLOCKING,
        notice: Some(format!(
            "{REASON}: {}",
            llmspell_utils::debug::escaped(&words.reason)
        )),
    }
}
