//! `llmspell init`: makes a project that works as it is, and connects agents to it.

mod project;

use std::path::{Path, PathBuf};

use clap::Args;
use llmspell_engine::Harness;
use llmspell_utils::debug::escaped;

use crate::agent_settings::{Plan, Program, Scope, agent_folder, settings_file};
use crate::answer::answer;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project_options::harness;

/// What `llmspell init` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The agents to connect: claude, cursor, factory, opencode; without it a project is made for those with a folder
    /// here, else claude, and no agent's settings are touched
    #[arg(long, value_name = "H", value_parser = harness, value_delimiter = ',')]
    harness: Vec<Harness>,
    /// The directory that becomes a project [default: here]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Makes the configuration of this machine instead, which holds for every project, and connects agents in your own
    /// settings
    #[arg(long)]
    global: bool,
    /// The agent's settings file [default: where the agent looks for it]
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Shows what would be done, and does nothing
    #[arg(long)]
    dry_run: bool,
    /// Takes out of the agent's settings what was put in, and leaves the project alone
    #[arg(long)]
    uninstall: bool,
}

const EXAMPLE: &str = "\
Example:
  llmspell init --harness claude --dir my_project
  llmspell init --harness claude --dry-run
  llmspell init --uninstall --harness claude";

/// Runs the command.
pub(crate) fn init(arguments: &Arguments) -> Result<Exit, Failure> {
    if arguments.settings.is_some() && arguments.harness.len() != 1 {
        return Err(Failure::fault(
            "`--settings` names the file of one agent",
            "name that agent with `--harness H`",
        ));
    }
    if arguments.uninstall {
        return uninstall(arguments);
    }
    // Settings that cannot be changed are found before anything is made.
    let program = match arguments.harness.is_empty() {
        true => None,
        false => Some(Program::of_this()?),
    };
    let plans = match &program {
        Some(program) => plans(arguments, &arguments.harness, |harness, path, root| {
            Plan::install(harness, path, root, program)
        })?,
        None => Vec::new(),
    };
    let mut text = project::made(arguments, &root(arguments))?;
    carry_out(&plans, arguments.dry_run, &mut text)?;
    if let Some(program) = program {
        let (name, why) = (escaped(&program.name), escaped(&program.why));
        text.push_str(&format!("program     {name}: {why}\n"));
    }
    text.push_str(next_step(arguments));
    answer(&text)?;
    Ok(Exit::Done)
}

fn uninstall(arguments: &Arguments) -> Result<Exit, Failure> {
    let harnesses = match arguments.harness.as_slice() {
        [] => Harness::ALL.to_vec(),
        named => named.to_vec(),
    };
    let plans = plans(arguments, &harnesses, Plan::remove)?;
    let mut text = String::new();
    carry_out(&plans, arguments.dry_run, &mut text)?;
    if !arguments.global {
        text.push_str("the project in `.cupcake` and `llmspell.toml` stay as they are\n");
    }
    answer(&text)?;
    Ok(Exit::Done)
}

/// What is to be done to the settings of each agent.
fn plans(
    arguments: &Arguments,
    harnesses: &[Harness],
    plan: impl Fn(Harness, &Path, Option<&Path>) -> Result<Plan, Failure>,
) -> Result<Vec<Plan>, Failure> {
    let scope = if arguments.global {
        Scope::User
    } else {
        Scope::Project(root(arguments))
    };
    let root = scope.root().filter(|_| arguments.settings.is_none());
    let plans = harnesses.iter().map(|harness| {
        let path = match &arguments.settings {
            Some(named) => named.clone(),
            None => settings_file(*harness, &scope)?,
        };
        // People know the files here without the dot before them.
        let path = path.strip_prefix(".").unwrap_or(&path);
        let plan = plan(*harness, path, root.as_deref())?;
        if !arguments.dry_run {
            plan.check()?;
        }
        Ok(plan)
    });
    plans.collect()
}

/// Does what was planned, and adds what was done to a text, which is shown if something fails on the way.
fn carry_out(plans: &[Plan], is_dry: bool, text: &mut String) -> Result<(), Failure> {
    for plan in plans {
        if !is_dry && let Err(failure) = plan.carry_out() {
            answer(text)?;
            return Err(failure);
        }
        text.push_str(&plan.as_text(is_dry));
    }
    Ok(())
}

fn root(arguments: &Arguments) -> PathBuf {
    arguments.dir.clone().unwrap_or_else(|| PathBuf::from("."))
}

/// The agents that are named, else those that have been used here, else the most usual one.
fn harnesses(named: &[Harness], root: &Path) -> Vec<Harness> {
    let mut harnesses = named.to_vec();
    if harnesses.is_empty() {
        let used = Harness::ALL.into_iter();
        harnesses.extend(used.filter(|harness| root.join(agent_folder(*harness)).is_dir()));
    }
    if harnesses.is_empty() {
        harnesses.push(Harness::default());
    }
    harnesses
}

fn next_step(arguments: &Arguments) -> &'static str {
    match (
        arguments.dry_run,
        arguments.harness.is_empty(),
        arguments.global,
    ) {
        (true, _, _) => "nothing was done\n",
        (false, false, _) => "next: start the agent anew, then `llmspell doctor`\n",
        (false, true, false) => {
            "next: `llmspell check`, `llmspell test`, then write a policy of your own\n"
        }
        (false, true, true) => "",
    }
}
