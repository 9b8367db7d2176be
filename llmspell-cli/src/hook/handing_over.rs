//! What a hook needs of the other program, and how that goes on with the event.
//!
//! The same process becomes the other program: its deadline runs on, and a signal that comes in between waits until the
//! other one has its refusal ready.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::sync::Arc;

use llmspell_engine::{CompiledPolicy, PolicyFault, PolicyLanguage, PolicySource};
use rustix::fs::{MemfdFlags, memfd_create};

use super::last_resort;
use crate::programs::{self, HOST};

/// A language that the other program has.
#[derive(Debug)]
struct Elsewhere {
    name: &'static str,
    endings: &'static [&'static str],
    comment: &'static str,
}

impl PolicyLanguage for Elsewhere {
    fn name(&self) -> &'static str {
        self.name
    }

    fn endings(&self) -> &'static [&'static str] {
        self.endings
    }

    fn comment(&self) -> &'static str {
        self.comment
    }

    fn is_here(&self) -> bool {
        false
    }

    fn compile(&self, _: PolicySource<'_>) -> Result<CompiledPolicy, PolicyFault> {
        let message = format!("{} is run by `{HOST}`", self.name);
        Err(PolicyFault::load(message, 1))
    }
}

/// The languages of the other program: which files are policies and where they are routed is known here.
pub(super) fn languages() -> Vec<Arc<dyn PolicyLanguage>> {
    vec![
        Arc::new(Elsewhere {
            name: "lua",
            endings: &["lua", "luau"],
            comment: "--",
        }),
        Arc::new(Elsewhere {
            name: "javascript",
            endings: &["js", "mjs"],
            comment: "//",
        }),
    ]
}

/// Becomes the other program, which finds the event where this one found it; says why, if that cannot be.
pub(super) fn hand_over(event: Option<&[u8]>) -> String {
    let tried = || {
        let input = event.map(readable).transpose()?;
        let words: Vec<_> = std::env::args_os().collect();
        let host = programs::beside(HOST)?;
        // It comes back only with an error.
        io::Result::Ok(last_resort::become_program(&host, &words, input.as_ref()))
    };
    let error = tried().unwrap_or_else(|error| error);
    programs::cannot_start(HOST, &error)
}

/// A file that nobody else can see, which holds the event from its beginning.
fn readable(event: &[u8]) -> io::Result<File> {
    let mut file = File::from(memfd_create("event", MemfdFlags::CLOEXEC)?);
    file.write_all(event)?;
    file.rewind()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_languages_that_are_elsewhere_are_those_of_the_host() {
        let shown = |languages: Vec<Arc<dyn PolicyLanguage>>| -> Vec<_> {
            let said = languages.iter();
            said.map(|language| (language.name(), language.endings(), language.comment()))
                .collect()
        };
        assert_eq!(
            shown(languages()),
            shown(llmspell_bridge::policy_languages())
        );
    }
}
