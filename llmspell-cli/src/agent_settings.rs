//! The settings files of agents, into which hooks are written and out of which they are taken again.

mod difference;
mod document;
mod edit;
mod entry;
mod file;
mod merge;
mod place;
mod plan;
mod plugin;
mod program;
mod removal;
mod shell_words;
mod written;

pub(crate) use document::{Document, Node};
pub(crate) use entry::{Found, LEAST_TIMEOUT, Wanted, fails_closed, groups, wanted};
pub(crate) use place::{Scope, agent_folder, settings_file};
pub(crate) use plan::Plan;
pub(crate) use plugin::{
    installed as current_plugin, is_ours as is_our_plugin, program_of as program_of_plugin,
};
pub(crate) use program::{Program, is_program, is_same, on_path};
pub(crate) use shell_words::{HookCall, Token, hook_call, quote};
