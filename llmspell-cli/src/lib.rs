//! The two programs: `llmspell`, which starts quickly and answers hooks, and `llmspell-host`, which does everything.
//!
//! They are made of the same rooms. A program holds what its `main` reaches, and `llmspell` reaches no script engine, no
//! WebAssembly and no command line but that of a hook.

mod agent_settings;
mod answer;
mod audit;
mod check;
mod commands;
mod decision_text;
mod doctor;
mod eval;
mod eval_explanation;
mod exit;
mod failure;
mod front;
mod hook;
mod init;
mod input;
mod inspect;
mod measure;
mod opa;
mod profile;
mod programs;
mod project_options;
mod record;
mod recording;
mod repl;
mod run;
mod script_arguments;
#[cfg(unix)]
mod serve;
mod settings;
mod stop_switch;
mod test_command;
mod trust;

pub use commands::main as host;
pub use front::main as front;
