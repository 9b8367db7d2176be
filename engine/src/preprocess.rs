//! Preprocessing: what policies see of an event besides what the agent sent, which always stays as it is.
//!
//! `additions` puts together what `paths` (which file a path means), `spacing` (commands in their normal form),
//! `targets` (what a command is about) and `scripts` (what a script that is executed contains) find out. `pieces`
//! takes the text of a command apart, quickly and roughly: it serves policies that look at texts, and guardrails use
//! a real grammar instead.

mod additions;
pub(crate) mod paths;
mod pieces;
mod scripts;
mod settings;
mod spacing;
mod targets;
mod words;

pub(crate) use additions::with_additions;
pub(crate) use settings::PreprocessSettings;
