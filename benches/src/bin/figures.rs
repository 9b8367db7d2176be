//! Measures figures and prints each as one JSON object a line.
//!
//! `figures list` · `figures run [NAME]` · `figures loop NAME value|against TIMES`
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what this program is for"
)]

use std::process::ExitCode;

use llmspell_benches::figure::{FIGURES, Figure};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--json")
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *arguments {
        ["list"] => {
            FIGURES
                .iter()
                .for_each(|figure| println!("{}", figure.name));
            true
        }
        ["run"] => run(""),
        ["run", name] => run(name),
        ["loop", name, side @ ("value" | "against"), times] => repeat(name, side == "value", times),
        _ => false,
    };
    if done {
        return ExitCode::SUCCESS;
    }
    eprintln!("usage: figures list | run [NAME] | loop NAME value|against TIMES");
    eprintln!("NAME is one that `figures list` prints, or the beginning of some");
    ExitCode::FAILURE
}

fn named(prefix: &str) -> impl Iterator<Item = &'static Figure> {
    FIGURES
        .iter()
        .filter(move |figure| figure.name.starts_with(prefix))
}

fn run(prefix: &str) -> bool {
    let mut any = false;
    for figure in named(prefix) {
        any = true;
        match serde_json::to_string(&figure.measure()) {
            Ok(line) => println!("{line}"),
            Err(_) => return false,
        }
    }
    any
}

fn repeat(name: &str, ours: bool, times: &str) -> bool {
    let figure = FIGURES.iter().find(|figure| figure.name == name);
    let work = figure.and_then(|figure| figure.work(ours));
    match (work, times.parse()) {
        (Some(mut work), Ok(times)) => {
            work(times);
            true
        }
        _ => false,
    }
}
