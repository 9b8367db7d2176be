//! What would be changed in an agent's settings, before it is.

use std::path::Path;

use llmspell_engine::Harness;
use llmspell_utils::debug::escaped;

use super::difference::difference;
use super::document::Fault;
use super::entry::groups;
use super::file::{LONGEST, SettingsFile};
use super::program::Program;
use super::removal::{program_word, removed};
use super::shell_words::hook_call;
use super::{merge, plugin};
use crate::failure::Failure;

/// A change to one file.
#[derive(Debug)]
pub(crate) struct Plan {
    harness: Harness,
    file: SettingsFile,
    after: After,
    backup: Backup,
    remarks: Vec<String>,
}

/// What the file is afterwards.
#[derive(Debug)]
enum After {
    Same,
    Text(String),
    Gone,
}

/// What becomes of the backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Backup {
    Stays,
    Written,
    Removed,
}

impl Plan {
    /// Puts our entries into a settings file.
    pub(crate) fn install(
        harness: Harness,
        path: &Path,
        root: Option<&Path>,
        program: &Program,
    ) -> Result<Self, Failure> {
        let file = SettingsFile::open(path, root)?;
        let text = file.text.as_deref();
        let after = if harness == Harness::OpenCode {
            if text.is_some_and(|text| !plugin::is_ours(text)) {
                return Err(Failure::fault(
                    format_args!("{}: this plugin is not llmspell's", path.display()),
                    "give it another name, or write ours elsewhere with `--settings FILE`",
                ));
            }
            plugin::installed(&program.name)
        } else {
            merge::installed(text, harness, &program.word)
                .map_err(|fault| refused(&file, &fault, harness, program))?
        };
        // What could not be read again could not be taken out again.
        if after.len() > LONGEST {
            return Err(Failure::fault(
                format_args!(
                    "{}: it would be larger than {LONGEST} bytes",
                    path.display()
                ),
                "remove what is not needed from it",
            ));
        }
        let is_same = text == Some(after.as_str());
        let mut plan = Self::of(harness, file, After::Same, Backup::Stays);
        plan.remark_variations();
        plan.remark_other_files();
        if !is_same {
            plan.backup = plan.backup_before_install();
            plan.after = After::Text(after);
        }
        Ok(plan)
    }

    /// Takes our entries out of a settings file.
    pub(crate) fn remove(
        harness: Harness,
        path: &Path,
        root: Option<&Path>,
    ) -> Result<Self, Failure> {
        let file = SettingsFile::open(path, root)?;
        let Some(text) = file.text.clone().filter(|text| !merge::is_blank(text)) else {
            return Ok(Self::of(harness, file, After::Same, Backup::Stays));
        };
        if harness == Harness::OpenCode {
            let after = if plugin::is_ours(&text) {
                After::Gone
            } else {
                After::Same
            };
            return Ok(Self::of(harness, file, after, Backup::Stays));
        }
        let removed = removed(&text, harness).map_err(|fault| {
            let help = "mend the file, or take out by hand every hook that calls `llmspell hook`";
            Failure::fault(at(&file, &fault), help)
        })?;
        let Some(removed) = removed else {
            let mut plan = Self::of(harness, file, After::Same, Backup::Stays);
            plan.remark_variations();
            return Ok(plan);
        };
        let (after, backup) = before_install(&file, &text, harness).unwrap_or_else(|| {
            let is_left_empty = is_empty(&removed) && file.backed_up().is_none();
            let after = if is_left_empty {
                After::Gone
            } else {
                After::Text(removed)
            };
            (after, Backup::Stays)
        });
        let mut plan = Self::of(harness, file, after, backup);
        plan.remark_variations();
        Ok(plan)
    }

    fn of(harness: Harness, file: SettingsFile, after: After, backup: Backup) -> Self {
        let remarks = file.remarks.clone();
        Self {
            harness,
            file,
            after,
            backup,
            remarks,
        }
    }

    /// Refuses a change that cannot be made, before anything else is.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match self.after {
            After::Same => Ok(()),
            After::Text(_) | After::Gone => self.file.must_be_writable(),
        }
    }

    /// Makes the change.
    pub(crate) fn carry_out(&self) -> Result<(), Failure> {
        if self.backup == Backup::Written {
            self.file.back_up()?;
        }
        match &self.after {
            After::Same => {}
            After::Text(text) => self.file.write(text)?,
            After::Gone => self.file.remove()?,
        }
        if self.backup == Backup::Removed {
            // The file is what the backup was; one that cannot be removed is only in the way.
            let _ = std::fs::remove_file(self.file.backup());
        }
        Ok(())
    }

    /// What is done, for people.
    pub(crate) fn as_text(&self, is_dry: bool) -> String {
        let path = escaped(&self.file.path.display().to_string());
        let path = path.trim_start_matches("./");
        let done = match (&self.after, &self.file.text) {
            (After::Same, None) => "not there ",
            (After::Same, Some(_)) => "left alone",
            (After::Text(_), None) => "made      ",
            (After::Text(_), Some(_)) => "changed   ",
            (After::Gone, _) => "removed   ",
        };
        let mut text = format!("{done}  {path}{}\n", if is_dry { " (not yet)" } else { "" });
        if self.backup == Backup::Written {
            let backup = escaped(&self.file.backup().display().to_string());
            let backup = backup.trim_start_matches("./");
            text.push_str(&format!("backup      {backup}\n"));
        }
        for remark in &self.remarks {
            text.push_str(&format!("note        {}\n", escaped(remark)));
        }
        let before = self.file.text.as_deref().unwrap_or_default();
        match &self.after {
            After::Same => {}
            After::Text(after) => text.push_str(&difference(path, before, after)),
            After::Gone => text.push_str(&difference(path, before, "")),
        }
        text
    }

    /// A backup that still leads to the file as it is holds what was there before us, and is worth more than the file.
    fn backup_before_install(&self) -> Backup {
        let Some(text) = &self.file.text else {
            return Backup::Stays;
        };
        if self.harness == Harness::OpenCode
            || before_install(&self.file, text, self.harness).is_some()
        {
            return Backup::Stays;
        }
        Backup::Written
    }

    /// Calls of ours that somebody has changed are theirs.
    fn remark_variations(&mut self) {
        let Some(document) = self.file.text.as_deref().map(super::Document::parse) else {
            return;
        };
        let Ok(document) = document else { return };
        let events = document.root.get("hooks").and_then(super::Node::members);
        for event in events.unwrap_or_default() {
            for found in groups(self.harness, &event.value) {
                let Some(command) = found.command() else {
                    continue;
                };
                if hook_call(command).is_some() && !merge::is_ours(Some(command), self.harness) {
                    let remark = format!("left alone in {}: `{command}`", event.key);
                    self.remarks.push(remark);
                }
            }
        }
    }

    fn remark_other_files(&mut self) {
        if self.harness == Harness::Factory && self.file.path.with_file_name("hooks.json").exists()
        {
            let remark =
                "there is a `hooks.json` beside it, and Droid may read its hooks from there only";
            self.remarks.push(remark.to_owned());
        }
    }
}

/// What the file was before our entries came in, if it was not touched since.
fn before_install(file: &SettingsFile, text: &str, harness: Harness) -> Option<(After, Backup)> {
    let program = program_word(text, harness)?;
    let leads_here = |before: Option<&str>| {
        merge::installed(before, harness, &program).is_ok_and(|after| after == text)
    };
    match file.backed_up() {
        Some(before) => {
            let is_without_ours = program_word(&before, harness).is_none();
            (is_without_ours && leads_here(Some(&before)))
                .then_some((After::Text(before), Backup::Removed))
        }
        None => leads_here(None).then_some((After::Gone, Backup::Stays)),
    }
}

/// Whether settings hold nothing but what we have brought.
fn is_empty(text: &str) -> bool {
    let Ok(document) = super::Document::parse(text) else {
        return false;
    };
    let members = document.root.members().unwrap_or_default();
    members.iter().all(|member| member.key == "version")
}

fn at(file: &SettingsFile, fault: &Fault) -> String {
    format!(
        "{}:{}:{}: {}; nothing was changed",
        file.path.display(),
        fault.line,
        fault.column,
        fault.message
    )
}

fn refused(file: &SettingsFile, fault: &Fault, harness: Harness, program: &Program) -> Failure {
    let by_hand = merge::fresh(harness, &program.word);
    let help = format!(
        "mend the file, or write this into it by hand:\n{}",
        by_hand.trim_end()
    );
    Failure::fault(at(file, fault), help)
}
