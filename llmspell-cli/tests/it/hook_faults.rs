//! The hook in every trouble that could be thought of, and what each agent makes of its reply: nothing may be an allow.
//!
//! A fault is one row: its name, what it changes of a call that would be allowed, and words that the reason has to hold.

mod agent;
mod command_line;
mod input;
mod interruption;
mod other_program;
mod process;
mod project;
mod scene;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use agent::{Agent, Verdict};
use scene::Scene;

/// How many calls are made side by side.
const THREADS: usize = 4;
/// The deadline of a hook, and what a busy machine takes beside it.
const DEADLINE: Duration = Duration::from_secs(2 + 20);
/// Settings with which a hook that never comes to an end ends sooner than usual.
const IMPATIENT: &str = "[hook]\ndeadline = \"500ms\"\n";

/// One trouble.
struct Fault {
    name: String,
    /// What the reason has to hold; several in one with `|` between them are ways to say one thing.
    words: &'static [&'static str],
    /// Whether the answer is the usual one, because the hook can do without what is missing.
    is_harmless: bool,
    change: Box<dyn Fn(&mut Scene) + Send + Sync>,
}

fn fault(
    name: impl Into<String>,
    words: &'static [&'static str],
    change: impl Fn(&mut Scene) + Send + Sync + 'static,
) -> Fault {
    Fault {
        name: name.into(),
        words,
        is_harmless: false,
        change: Box::new(change),
    }
}

/// What is no fault: the hook does without.
fn harmless(name: impl Into<String>, change: impl Fn(&mut Scene) + Send + Sync + 'static) -> Fault {
    Fault {
        is_harmless: true,
        ..fault(name, &[], change)
    }
}

/// What is wrong with the reply to a call in this trouble.
fn complaint(fault: &Fault, agent: Agent) -> Option<String> {
    let mut scene = Scene::new(agent);
    (fault.change)(&mut scene);
    let ended = scene.run();
    if ended.took > DEADLINE {
        return Some(format!("took {:?}", ended.took));
    }
    let verdict = agent.makes_of(&ended);
    match (&verdict, fault.is_harmless) {
        (Verdict::Allowed, true) => None,
        (Verdict::Refused(reason), false) => {
            // The agent reads the one, and the person who mends it the other.
            let reason = format!("{reason} {}", ended.error).to_lowercase();
            let is_said = |words: &&str| words.split('|').any(|word| reason.contains(word));
            let unsaid = fault.words.iter().find(|words| !is_said(words))?;
            Some(format!("`{unsaid}` is not said in: {reason}"))
        }
        _ => Some(format!("{verdict:?} of {ended:?}")),
    }
}

#[test]
fn no_trouble_is_an_allow_for_any_agent_and_each_is_told_what_to_mend() {
    let wanted = std::env::var("LLMSPELL_FAULT").ok();
    let faults: Vec<Fault> = [
        input::faults(),
        project::faults(),
        process::faults(),
        command_line::faults(),
        other_program::faults(),
    ]
    .into_iter()
    .flatten()
    .filter(|fault| {
        let part = wanted.as_deref().unwrap_or_default();
        fault.name.contains(part)
    })
    .collect();
    let next = AtomicUsize::new(0);
    let complaints = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let call = next.fetch_add(1, Ordering::Relaxed);
                    let Some(fault) = faults.get(call / Agent::ALL.len()) else {
                        break;
                    };
                    let agent = Agent::ALL[call % Agent::ALL.len()];
                    if let Some(complaint) = complaint(fault, agent) {
                        let line = format!("{}, {agent:?}: {complaint}", fault.name);
                        complaints.lock().unwrap().push(line);
                    }
                }
            });
        }
    });
    let mut complaints = complaints.into_inner().unwrap();
    complaints.sort();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    let harmless = faults.iter().filter(|fault| fault.is_harmless).count();
    let number = faults.len() - harmless;
    let agents = Agent::ALL.len();
    eprintln!(
        "{number} faults x {agents} harnesses: {} refused, 0 allowed; {harmless} troubles x {agents} that change no answer",
        number * agents
    );
    assert!(number >= 150 || wanted.is_some(), "{number} faults");
}

#[test]
fn the_call_that_faults_change_is_allowed_and_a_denied_one_is_refused() {
    for agent in Agent::ALL {
        let scene = Scene::new(agent);
        let ended = scene.run();
        assert!(
            matches!(agent.makes_of(&ended), Verdict::Allowed),
            "{agent:?}: {ended:?}"
        );
        assert_eq!(ended.error, "", "{agent:?}");
        let mut scene = Scene::new(agent);
        scene.event(|event| event.replace("ls -l", "sudo ls"));
        let ended = scene.run();
        let verdict = agent.makes_of(&ended);
        let Verdict::Refused(reason) = &verdict else {
            panic!("{agent:?}: {verdict:?} of {ended:?}");
        };
        assert!(reason.contains("not as root"), "{reason}");
    }
}
