//! Runs the plugin's hooks in one process of `node`, each with a program of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use llmspell_engine::OPENCODE_PLUGIN;
use serde_json::{Value as Json, json};

use crate::support::{make_executable, write};

/// One call of a hook.
pub(crate) struct Call {
    pub(crate) hook: &'static str,
    /// What the program does, as a shell script; none if there is no program.
    pub(crate) program: Option<String>,
    /// What the hook gets; `then` names a hook that is called afterwards, with the result of the tool.
    pub(crate) input: Json,
    pub(crate) output: Json,
}

/// What became of a call.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Why it threw.
    pub(crate) error: Option<String>,
    /// What it made of its output.
    pub(crate) output: Json,
    /// Whether it stopped the session.
    pub(crate) aborted: bool,
    /// What the program was asked.
    pub(crate) event: String,
}

const DRIVER: &str = r#"
import { readFileSync } from "node:fs";
const calls = JSON.parse(readFileSync(process.argv[2], "utf8"));
const one = async ({ plugin, hook, input, output }) => {
  let aborted = false;
  const abort = async ({ path }) => { aborted = path.id === "s"; };
  const { LlmspellPlugin } = await import(plugin);
  const hooks = await LlmspellPlugin({ client: { session: { abort } }, directory: process.cwd() });
  let error = null;
  try {
    await hooks[hook](input, output);
    if (input.then) {
      output = { title: "", output: "ran", metadata: {} };
      await hooks[input.then]({ ...input, args: {} }, output);
    }
  } catch (thrown) {
    error = thrown.message;
  }
  return { error, output, aborted, polluted: ({}).polluted ?? null };
};
const outcomes = [];
for (let at = 0; at < calls.length; at += 8) {
  outcomes.push(...await Promise.all(calls.slice(at, at + 8).map(one)));
}
process.stdout.write(JSON.stringify(outcomes), () => process.exit(0));
"#;

/// The program `node`, if this machine has one; the plugin cannot be run without.
pub(crate) fn node() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join("node"))
        .find(|file| file.is_file());
    if found.is_none() {
        println!("there is no `node` on PATH: the plugin was not run");
    }
    found
}

/// Makes the calls, and says what became of each.
pub(crate) fn outcomes(node: &Path, calls: &[Call]) -> Vec<Outcome> {
    let folder = tempfile::tempdir().unwrap();
    let described: Vec<Json> = calls
        .iter()
        .enumerate()
        .map(|(index, call)| described(folder.path(), index, call))
        .collect();
    write(folder.path(), "driver.mjs", DRIVER);
    write(
        folder.path(),
        "calls.json",
        &Json::from(described).to_string(),
    );
    let run = Command::new(node)
        .args(["driver.mjs", "calls.json"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{complaint}");
    let outcomes: Vec<Json> = serde_json::from_slice(&run.stdout).unwrap();
    outcomes
        .iter()
        .enumerate()
        .map(|(index, outcome)| read(folder.path(), index, outcome))
        .collect()
}

fn described(folder: &Path, index: usize, call: &Call) -> Json {
    let name = format!("program-{index}");
    let program = folder.join(&name);
    if let Some(script) = &call.program {
        write(folder, &name, &format!("#!/bin/sh\n{script}"));
        make_executable(&program);
    }
    let plugin = OPENCODE_PLUGIN
        .replace(
            "const PROGRAM = \"llmspell\";",
            &format!("const PROGRAM = {};", json!(program)),
        )
        .replace("const DEADLINE_MS = 10000;", &deadline(call));
    let file = format!("plugin-{index}.mjs");
    write(folder, &file, &plugin);
    json!({
        "plugin": format!("./{file}"),
        "hook": call.hook,
        "input": call.input,
        "output": call.output,
    })
}

/// A program that never ends is not waited for as long as one that may only be slow.
fn deadline(call: &Call) -> String {
    let program = call.program.as_deref().unwrap_or_default();
    let milliseconds = match program.contains("tail -f") {
        true => 300,
        false => 60_000,
    };
    format!("const DEADLINE_MS = {milliseconds};")
}

fn read(folder: &Path, index: usize, outcome: &Json) -> Outcome {
    assert_eq!(outcome["polluted"], Json::Null);
    let event = folder.join(format!("program-{index}.event"));
    Outcome {
        error: outcome["error"].as_str().map(str::to_owned),
        aborted: outcome["aborted"] == true,
        output: outcome["output"].clone(),
        event: std::fs::read_to_string(event).unwrap_or_default(),
    }
}
