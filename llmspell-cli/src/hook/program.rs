//! What the two programs bring to a hook.

use std::ffi::OsString;
use std::sync::Arc;

use llmspell_engine::{EngineOptions, PolicyLanguage, WasmProvider};

use super::Arguments;
use super::command_line::{self, Unread};
#[cfg(target_os = "linux")]
use super::handing_over;

/// Has the other program go on with an event, or with the words alone; says why not, if it cannot be started.
type HandOver = fn(Option<&[u8]>) -> String;

/// What the program in which a hook runs brings along: functions, so that each program holds only its own.
#[derive(Debug)]
pub(crate) struct Program {
    pub(super) read: fn(&[OsString]) -> Result<Arguments, Unread>,
    languages: fn() -> Vec<Arc<dyn PolicyLanguage>>,
    wasm: fn() -> WasmProvider,
    /// Where there is another program that has more.
    pub(super) hand_over: Option<HandOver>,
}

impl Program {
    /// The one that starts quickly: it runs Rego and guardrails.
    #[cfg(target_os = "linux")]
    pub(crate) const fn front() -> Self {
        Self {
            read: command_line::plain,
            languages: handing_over::languages,
            wasm: WasmProvider::none,
            hand_over: Some(handing_over::hand_over),
        }
    }

    /// The one that has everything.
    pub(crate) const fn host() -> Self {
        Self {
            read: command_line::any,
            languages: llmspell_bridge::policy_languages,
            wasm: WasmProvider::in_process,
            hand_over: None,
        }
    }

    /// How an engine is loaded, as far as that is the program's.
    pub(super) fn options(&self) -> EngineOptions {
        EngineOptions {
            languages: (self.languages)(),
            ..EngineOptions::with((self.wasm)())
        }
    }
}
