//! What happens to the process: signals that are sent, and what was done with signals before.

mod surroundings;

use super::interruption::{Interruption, Moment, RUNS};
use super::project::policy_with;
use super::scene::Scene;
use super::{Fault, fault, harmless};

/// The signals that end a process that does not handle them, and those that stop it.
pub(super) const ENDINGS: [(&str, i32); 30] = [
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ILL", 4),
    ("TRAP", 5),
    ("ABRT", 6),
    ("BUS", 7),
    ("FPE", 8),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("ALRM", 14),
    ("TERM", 15),
    ("STKFLT", 16),
    ("TSTP", 20),
    ("TTIN", 21),
    ("TTOU", 22),
    ("XCPU", 24),
    ("VTALRM", 26),
    ("PROF", 27),
    ("IO", 29),
    ("PWR", 30),
    ("SYS", 31),
    ("RTMIN", 34),
    ("RTMIN+1", 35),
    ("RTMIN+7", 41),
    ("RTMIN+15", 49),
    ("RTMAX-14", 50),
    ("RTMAX-1", 63),
    ("RTMAX", 64),
];
/// Those that are sent in practice.
pub(super) const FREQUENT: [&str; 12] = [
    "HUP", "INT", "QUIT", "ILL", "ABRT", "BUS", "SEGV", "ALRM", "TERM", "TSTP", "XCPU", "RTMIN",
];
/// The signals that change nothing.
const HARMLESS: [(&str, i32); 6] = [
    ("PIPE", 13),
    ("CHLD", 17),
    ("CONT", 18),
    ("URG", 23),
    ("XFSZ", 25),
    ("WINCH", 28),
];
/// A signal of the project that tells that it runs, and waits.
const WAITS: &str = "signals:\n  slow:\n    command: \"touch ./runs; exec sleep 600\"\n";

pub(super) fn faults() -> Vec<Fault> {
    [signals(), inherited(), surroundings::faults()]
        .into_iter()
        .flatten()
        .collect()
}

fn signals() -> Vec<Fault> {
    let mut faults = Vec::new();
    for (moment, shown) in [
        (Moment::BeforeTheEvent, "before the event"),
        (Moment::WithinTheEvent, "within the event"),
        (
            Moment::WhileSignalsAreGathered,
            "while signals are gathered",
        ),
    ] {
        for (name, signal) in ENDINGS {
            // Once it gathers signals, it handles them as before.
            if moment == Moment::WhileSignalsAreGathered && !FREQUENT.contains(&name) {
                continue;
            }
            faults.push(fault(
                format!("process: {name} {shown}"),
                words_of(name),
                move |scene: &mut Scene| {
                    interrupt(scene, signal, moment);
                },
            ));
        }
        if moment != Moment::WhileSignalsAreGathered {
            faults.extend(HARMLESS.map(|(name, signal)| {
                harmless(
                    format!("process: {name} {shown}"),
                    move |scene: &mut Scene| {
                        interrupt(scene, signal, moment);
                    },
                )
            }));
        }
    }
    faults
}

/// What the reason holds where a signal ends the hook.
pub(super) fn words_of(signal: &str) -> &'static [&'static str] {
    match signal {
        "ALRM" => &["deadline", "raise"],
        "ILL" | "TRAP" | "ABRT" | "BUS" | "FPE" | "SEGV" | "SYS" => &["broke down", "doctor"],
        _ => &["was ended", "ask again"],
    }
}

pub(super) fn interrupt(scene: &mut Scene, signal: i32, moment: Moment) {
    scene.interruption = Some(Interruption { signal, moment });
    if moment == Moment::WhileSignalsAreGathered {
        assert_eq!(RUNS, "runs");
        scene.write(".cupcake/rulebook.yml", WAITS);
        scene.write(
            ".cupcake/policies/slow.rego",
            policy_with("slow", "required_signals: [slow]", ""),
        );
    }
}

/// What whoever starts the hook has done with signals.
fn inherited() -> Vec<Fault> {
    let inherited = |name: &str, command: &'static str, moment, signal| {
        fault(
            format!("process: {name}"),
            &["ended|deadline|broke down"],
            move |scene: &mut Scene| {
                interrupt(scene, signal, moment);
                scene.after(command);
            },
        )
    };
    let blocked = |signal: &str| {
        format!(
            "exec python3 -W ignore -c 'import os,signal,sys; signal.pthread_sigmask(signal.SIG_BLOCK, {signal}); os.execv(sys.argv[1], sys.argv[1:])' \"$0\" \"$@\""
        )
    };
    let mut faults = vec![
        inherited(
            "TERM, ignored before",
            "trap '' TERM",
            Moment::WithinTheEvent,
            15,
        ),
        inherited(
            "INT, ignored before",
            "trap '' INT",
            Moment::WithinTheEvent,
            2,
        ),
        inherited(
            "HUP, ignored before",
            "trap '' HUP",
            Moment::WhileSignalsAreGathered,
            1,
        ),
        inherited(
            "ABRT, ignored before",
            "trap '' ABRT",
            Moment::WithinTheEvent,
            6,
        ),
        inherited(
            "SEGV, ignored before",
            "trap '' SEGV BUS",
            Moment::WithinTheEvent,
            11,
        ),
        inherited(
            "ALRM, ignored before",
            "trap '' ALRM",
            Moment::WithinTheEvent,
            14,
        ),
        fault(
            "process: the deadline, where ALRM was ignored before",
            &["deadline"],
            |scene| {
                slow(scene);
                scene.after("trap '' ALRM");
            },
        ),
    ];
    faults.push(harmless(
        "process: signals are gathered where CHLD was ignored before",
        |scene| {
            scene.write(
                ".cupcake/rulebook.yml",
                WAITS.replace("exec sleep 600", "true"),
            );
            scene.write(
                ".cupcake/policies/slow.rego",
                policy_with("slow", "required_signals: [slow]", ""),
            );
            scene.after("trap '' CHLD");
        },
    ));
    let everything = "range(1, signal.NSIG)";
    if std::process::Command::new("python3")
        .arg("-V")
        .output()
        .is_ok()
    {
        faults.push(fault(
            "process: TERM, blocked before",
            &["ended"],
            move |scene: &mut Scene| {
                interrupt(scene, 15, Moment::WithinTheEvent);
                scene.after(&blocked(everything));
            },
        ));
        faults.push(fault(
            "process: the deadline, where all was blocked before",
            &["deadline"],
            move |scene: &mut Scene| {
                slow(scene);
                scene.after(&blocked(everything));
            },
        ));
    }
    faults
}

/// Makes the hook slower than its deadline, before it can look at deadlines itself.
pub(super) fn slow(scene: &Scene) {
    scene.write("llmspell.toml", "[hook]\ndeadline = \"200ms\"\n");
    scene.write(
        ".cupcake/policies/slow.lua",
        "-- METADATA\n-- custom:\n--   routing:\n--     required_events: [PreToolUse, beforeShellExecution]\nreturn { deny = function(input) while true do end end }\n",
    );
}
