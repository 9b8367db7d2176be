//! `llmspell repl`, typed into a pseudo-terminal as a person does it, and fed from a pipe.

use std::fs;
use std::path::Path;
use std::process::Command;

use rexpect::process::WaitStatus;
use rexpect::reader::Options;
use rexpect::session::{PtySession, spawn_with_options};

use crate::program::Folder;

const UP: &str = "\u{1b}[A";

const POLICY: &str = r#"# METADATA
# custom:
#   id: GUARD
#   routing:
#     required_events: [PreToolUse]
#     required_tools: [Bash]
package cupcake.policies.guard

import rego.v1

deny contains {"rule_id": "GUARD-1", "reason": "no rm", "severity": "HIGH"} if {
    contains(input.tool_input.command, "rm ")
}
"#;

const OTHER: &str = r#"# METADATA
# custom:
#   id: CLOSING
#   routing:
#     required_events: [Stop]
package cupcake.policies.closing

import rego.v1

block contains {"rule_id": "CLOSING-1", "reason": "not yet", "severity": "LOW"}
"#;

const EVENT: &str =
    r#"{"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": "rm x"}}"#;

fn project() -> Folder {
    Folder::new(&[
        (".cupcake/rulebook.yml", ""),
        (".cupcake/policies/claude/guard.rego", POLICY),
        (".cupcake/policies/claude/closing.rego", OTHER),
        ("rm.json", EVENT),
        (
            "tools.lua",
            "local function twice(x) return 2 * x end\nname = 'tools'\n",
        ),
        ("tools.js", "const thrice = (x) => 3 * x;\n"),
        ("broken.lua", "local x = 1\nerror('on purpose')\n"),
    ])
}

/// A program on a terminal, and somebody who types.
struct Terminal {
    session: PtySession,
}

impl Terminal {
    fn open(folder: &Folder, arguments: &[&str]) -> Self {
        let mut command = folder.command(&[&["repl"], arguments].concat());
        command
            .env("TERM", "xterm-256color")
            .env("NO_COLOR", "1")
            .env("LLMSPELL_HISTORY", folder.path().join("history"));
        let mut terminal = Self::started(command);
        terminal.sees(".help lists the commands");
        terminal.sees("> ");
        terminal
    }

    /// A program that has just begun.
    fn started(command: Command) -> Self {
        let options = Options::new()
            .timeout_ms(Some(60_000))
            .strip_ansi_escape_codes(true);
        Self {
            session: spawn_with_options(command, options).unwrap(),
        }
    }

    /// Presses keys.
    fn types(&mut self, keys: &str) {
        self.session.send(keys).unwrap();
        self.session.flush().unwrap();
    }

    /// Waits until a text is there, and gives what stood before it.
    #[track_caller]
    fn sees(&mut self, text: &str) -> String {
        match self.session.exp_string(text) {
            Ok(before) => before,
            Err(error) => panic!("{text:?}: {error}"),
        }
    }

    /// Types an input, and waits until a text and the next prompt are there.
    #[track_caller]
    fn enters(&mut self, input: &str, text: &str) {
        self.types(&format!("{input}\r"));
        self.sees(&format!("\r\n{text}"));
        self.sees("> ");
    }

    #[track_caller]
    fn ends(mut self) {
        self.session.exp_eof().unwrap();
        let status = self.session.process().wait().unwrap();
        assert!(matches!(status, WaitStatus::Exited(_, 0)), "{status:?}");
    }
}

#[test]
fn a_changed_project_decides_from_the_next_input_on_and_a_broken_one_is_told_once() {
    let folder = project();
    let file = folder.path().join(".cupcake/policies/claude/guard.rego");
    let mut lua = Terminal::open(&folder, &[]);
    let reason = r#"Cupcake.eval({hook_event_name = "PreToolUse", tool_name = "Bash", tool_input = {command = "rm x"}}).reason"#;
    lua.enters(reason, "\"no rm\"");

    fs::write(&file, POLICY.replace("no rm", "never rm")).unwrap();
    lua.types(&format!("{reason}\r"));
    lua.sees("reloaded: 3 policies");
    lua.sees("\"never rm\"");
    lua.sees("> ");

    fs::write(&file, POLICY.replace("if {", "if {{")).unwrap();
    lua.types(&format!("{reason}\r"));
    lua.sees("kept the last good policies: .cupcake/policies/claude/guard.rego:");
    lua.sees("\"never rm\"");
    lua.sees("> ");
    lua.types("1 + 1\r");
    let told = lua.sees("2\r\n");
    assert!(!told.contains("kept"), "{told}");

    fs::write(&file, POLICY.replace("no rm", "never rm")).unwrap();
    lua.types("2 + 2\r");
    lua.sees("the project is again as it was loaded");
    lua.sees("> ");
    lua.types("\u{4}");
    lua.ends();
}

#[test]
fn values_functions_and_errors_of_lua_are_shown() {
    let folder = project();
    let mut lua = Terminal::open(&folder, &[]);
    lua.enters("1 + 1", "2\r\n");
    lua.enters("local t = {1, 2}", "");
    lua.enters("t, print", "[1, 2]  function print\r\n");
    lua.types("function f(a)\r");
    lua.types("return a * 2\r");
    lua.enters("end", "");
    lua.enters("f(21)", "42\r\n");
    // What a call does not give is not shown.
    lua.types("print('said'), nobody\r");
    lua.sees("\r\nsaid\r\nnil  nil\r\n");
    lua.sees("> ");
    lua.types("print('said')\r");
    lua.sees("\r\nsaid\r\n\rlua> ");
    lua.types("nil + f(1)\r");
    lua.sees("error: attempt to perform arithmetic");
    lua.sees(" --> input 8:1");
    lua.sees("1 | nil + f(1)");
    lua.sees("> ");
    lua.types("\u{4}");
    lua.ends();
}

#[test]
fn values_functions_and_errors_of_javascript_are_shown() {
    let folder = project();
    let mut javascript = Terminal::open(&folder, &["--lang", "js"]);
    javascript.enters("let n = 20; const list = [1, {a: 2}]", "");
    javascript.enters("n + 1", "21\r\n");
    javascript.enters("{n, list}", "{n = 20, list = [1, {a = 2}]}\r\n");
    javascript.types("function f(a) {\r");
    javascript.types("return a * 2\r");
    javascript.enters("}", "");
    javascript.enters("f(n)", "40\r\n");
    javascript.types("null.field\r");
    javascript.sees("error: TypeError: cannot read property 'field' of null");
    javascript.sees("1 | null.field");
    javascript.sees("> ");
    javascript.types(".quit\r");
    javascript.ends();
}

#[test]
fn tab_completes_and_an_arrow_up_brings_the_last_input_back() {
    let folder = project();
    for (language, declaration, member) in [
        ("lua", "mine = {length = 41}", "mine.len\t + 1"),
        ("js", "let mine = {length: 41}", "mine.len\t + 1"),
    ] {
        let mut terminal = Terminal::open(&folder, &["--lang", language]);
        terminal.enters(declaration, "");
        terminal.enters(member, "42\r\n");
        terminal.enters(UP, "42\r\n");
        terminal.types("Debug.getL\t");
        terminal.sees("Debug.getLevel");
        // At the prompt, Ctrl-C clears what was typed.
        terminal.types("\u{3}");
        terminal.sees("> ");
        terminal.enters("'still'", "\"still\"\r\n");
        terminal.enters(".ent\t", "no entry was captured");
        terminal.types("\u{4}");
        terminal.ends();
    }
}

#[test]
fn inputs_are_there_in_the_next_session_and_nobody_else_reads_them() {
    let folder = project();
    let mut first = Terminal::open(&folder, &[]);
    first.enters("40 + 2", "42\r\n");
    first.enters(" 'secret'", "\"secret\"\r\n");
    first.enters("#'AKIAIOSFODNN7EXAMPLE'", "20\r\n");
    first.types("\u{4}");
    first.ends();
    let mut second = Terminal::open(&folder, &[]);
    second.enters(UP, "42\r\n");
    second.types("\u{4}");
    second.ends();
    let file = folder.path().join("history");
    let kept = fs::read_to_string(&file).unwrap();
    assert!(kept.contains("40 + 2"));
    assert!(!kept.contains("secret") && !kept.contains("AKIA"), "{kept}");
    assert_eq!(mode(&file), 0o600);
}

fn mode(file: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

#[test]
fn control_c_stops_what_runs_and_the_prompt_goes_on() {
    let folder = project();
    for (language, declaration, endless) in [
        ("lua", "kept = 7", "print('go') while true do end"),
        ("js", "let kept = 7", "print('go'); for (;;);"),
    ] {
        let mut terminal = Terminal::open(&folder, &["--lang", language]);
        terminal.enters(declaration, "");
        terminal.types(&format!("{endless}\r"));
        terminal.sees("\r\ngo\r\n");
        terminal.types("\u{3}");
        terminal.sees("the script was stopped");
        terminal.sees("> ");
        terminal.enters("kept", "7\r\n");
        terminal.types("\u{4}");
        terminal.ends();
    }
}

#[test]
fn a_long_measurement_that_is_stopped_shows_what_there_is() {
    let folder = project();
    let mut lua = Terminal::open(&folder, &[]);
    lua.enters("n = 0", "");
    lua.types(".time 100000 (function() n += 1; for i = 1, 1e6 do end if n == 3 then Debug.warn('th' .. 'ird') end end)()\r");
    lua.sees("third");
    lua.types("\u{3}");
    lua.sees("of which to compile");
    lua.sees("> ");
    lua.types("\u{4}");
    lua.ends();
}

#[test]
fn scripts_and_events_are_loaded_and_measured() {
    let folder = project();
    let mut lua = Terminal::open(&folder, &[]);
    lua.enters(".load tools.lua", "");
    lua.enters("twice(4), name", "8  \"tools\"\r\n");
    lua.enters(".reload", "read again: ");
    lua.enters("name", "\"tools\"\r\n");
    lua.types(".load broken.lua\r");
    lua.sees("error: on purpose");
    lua.sees("2 | error('on purpose')");
    lua.sees("> ");
    lua.enters(".event rm.json", "deny: no rm\r\n");
    lua.types(".eval rm.json --json\r");
    lua.sees("\"decision\": \"deny\"");
    lua.sees("> ");
    lua.types(".explain rm.json\r");
    lua.sees("GUARD (.cupcake/policies/claude/guard.rego)  GUARD-1 says deny, in ");
    lua.sees("CLOSING (.cupcake/policies/claude/closing.rego)  is for Stop only");
    lua.sees("> ");
    lua.types(".time 5 @rm.json\r");
    lua.sees("p50");
    lua.sees("GUARD (guard.rego:7)");
    lua.sees("deny (guard.rego:11)");
    lua.sees("> ");
    lua.types(".compare 4 twice(1) -- twice(2)\r");
    lua.sees("A takes ");
    lua.sees("of the 4 pairs");
    lua.sees("> ");
    lua.enters(
        &format!(
            "event = {}",
            EVENT
                .replace("\": ", "\"] = ")
                .replace("\"hook", "[\"hook")
                .replace(", \"", ", [\"")
                .replace("{\"command", "{[\"command")
        ),
        "",
    );
    lua.types(".profile 3 Cupcake.eval(event) folded:out.folded\r");
    lua.sees("Cupcake.eval");
    lua.sees("GUARD");
    lua.sees("own %");
    lua.sees("saved to out.folded");
    lua.sees("> ");
    let folded = fs::read_to_string(folder.path().join("out.folded")).unwrap();
    assert!(folded.contains("Cupcake.eval;GUARD"), "{folded}");
    // A file of the other language changes the language.
    lua.enters(".load tools.js", "the language is JavaScript now\r\n");
    lua.enters("thrice(4)", "12\r\n");
    lua.enters(".lang lua", "the language is Lua\r\n");
    lua.enters("name", "\"tools\"\r\n");
    lua.types("\u{4}");
    lua.ends();
}

#[test]
fn debug_messages_are_set_and_shown() {
    let folder = project();
    let mut lua = Terminal::open(&folder, &[]);
    lua.enters(".level debug", "the level is DEBUG\r\n");
    lua.types("Debug.debug('whisper', 'quiet')\r");
    lua.sees("[quiet] whisper");
    lua.sees("> ");
    lua.enters(
        ".filter info,quiet=off",
        "the level is INFO; all other modules may speak\r\n  quiet=off\r\n",
    );
    lua.enters(
        ".filter clear",
        "the level is INFO; all modules may speak\r\n",
    );
    lua.types(".entries 1\r");
    lua.sees("DEBUG [quiet] whisper");
    lua.sees("> ");
    lua.enters(".help level", "  .level [LEVEL] ");
    lua.enters(
        ".entires",
        "error: there is no command `.entires`\r\nhelp: did you mean `.entries`?",
    );
    lua.enters(".level loud", "error: ");
    lua.enters(".project nowhere", "error: ");
    lua.enters(".project", "");
    lua.types("\u{4}");
    lua.ends();
}

#[test]
fn the_pieces_of_a_line_that_is_too_long_are_no_inputs() {
    let folder = project();
    let line = format!("x = 1 --{}\nx = 2\n", "-".repeat(2 << 20));
    let ran = folder.run_with(&["repl"], line.as_bytes());
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("longer than 1048576 bytes"), "{}", ran.err);
}

#[test]
fn a_policy_that_cannot_be_evaluated_is_explained_as_failed() {
    let folder = project();
    let broken = folder.path().join(".cupcake/policies/claude/broken.rego");
    fs::write(broken, "package cupcake.policies.broken {").unwrap();
    let ran = folder.run_with(&["repl"], b".explain rm.json\n");
    let (_, lists) = ran.out.split_once("\nfailed\n").unwrap();
    let (failed, others) = lists.split_once("\nmatched\n").unwrap();
    assert!(
        failed.contains("broken.rego)  cannot be evaluated: "),
        "{failed}"
    );
    assert!(others.contains("\nskipped\n"), "{others}");
}

#[test]
fn what_is_to_be_measured_is_asked_for() {
    let folder = project();
    let ran = folder.run_with(&["repl"], b".time 5\n");
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(
        ran.err.contains("nothing to measure 5 times"),
        "{}",
        ran.err
    );
}

#[test]
fn an_event_is_not_read_from_where_inputs_come_from() {
    let folder = project();
    for input in [".eval -\n", ".time 2 @-\n", ".explain -\n"] {
        let ran = folder.run_with(&["repl"], input.as_bytes());
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{input}");
        assert!(ran.err.contains("where the prompt reads"), "{}", ran.err);
    }
}

#[test]
fn control_c_ends_a_measurement_without_a_prompt_and_shows_what_there_is() {
    let folder = project();
    let mut command = folder.command(&["profile", "rm.json", "--runs", "100000"]);
    command.env("NO_COLOR", "1");
    let mut terminal = Terminal::started(command);
    // The progress bar has left zero, so something was measured.
    terminal
        .session
        .exp_regex("[1-9][0-9]*/100000 runs")
        .unwrap();
    terminal.types("\u{3}");
    terminal.sees("GUARD (guard.rego:7)");
    terminal.ends();
}

#[test]
fn control_c_ends_a_script_whose_profile_and_recording_are_written() {
    let folder = project();
    let endless = "local function spin() while true do end end print('go') spin()\n";
    fs::write(folder.path().join("endless.lua"), endless).unwrap();
    let command = folder.command(&[
        "record",
        "--to",
        "a.llmrec",
        "--",
        "run",
        "endless.lua",
        "--profile",
        "a.folded",
        "--profile-exact",
    ]);
    let mut terminal = Terminal::started(command);
    terminal.sees("go\r\n");
    terminal.types("\u{3}");
    terminal.sees("the script was stopped");
    terminal.session.exp_eof().unwrap();
    let status = terminal.session.process().wait().unwrap();
    assert!(matches!(status, WaitStatus::Exited(_, 1)), "{status:?}");
    let folded = fs::read_to_string(folder.path().join("a.folded")).unwrap();
    assert!(folded.contains("spin"), "{folded}");
    let recorded = folder.run(&["recording", "a.llmrec"]);
    assert!(
        recorded.out.contains(" profile ") && recorded.err.is_empty(),
        "{}",
        recorded.err
    );
}

#[test]
fn a_stopped_loop_that_prints_says_nothing_more() {
    let folder = project();
    let mut javascript = Terminal::open(&folder, &["--lang", "js"]);
    javascript.types("for (;;) console.log('spam')\r");
    javascript.sees("spam\r\nspam\r\n");
    javascript.types("\u{3}");
    let before = javascript.sees("the script was stopped");
    // One line may have been under way.
    let cut = before.lines().filter(|line| *line == "…").count();
    assert!(cut <= 1, "{cut}");
    javascript.sees("js> ");
    javascript.types("\u{4}");
    javascript.ends();
}

#[test]
fn a_pipe_is_read_without_a_prompt() {
    let folder = project();
    let ran = folder.run_with(
        &["repl"],
        b"local n = 20\nfunction f(x)\n  return x + 1\nend\nf(n)\n.event rm.json\nprint('end')",
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    let mut lines = ran.out.lines();
    assert_eq!(lines.next(), Some("21"));
    assert_eq!(lines.next(), Some("deny: no rm"));
    assert_eq!(lines.next_back(), Some("end"));

    let ran = folder.run_with(&["repl", "--lang", "js"], b"1 + 1\nnull.x\n2 + 2\n");
    assert_eq!((ran.code, ran.out.as_str()), (1, "2\n"));
    assert!(ran.err.contains("TypeError"), "{}", ran.err);

    let ran = folder.run_with(&["repl"], b"function f()\n");
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("<eof>"), "{}", ran.err);

    let ran = folder.run_with(&["repl", "--timeout", "50ms"], b"while true do end\n");
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("longer than its limit"), "{}", ran.err);
}

#[test]
fn control_c_ends_the_program_that_waits_for_an_event() {
    let folder = project();
    let mut terminal = Terminal::started(folder.command(&["profile", "-"]));
    // The terminal itself makes a signal of the key, as soon as the program could get it.
    std::thread::sleep(std::time::Duration::from_millis(300));
    terminal.types("\u{3}");
    terminal.session.exp_eof().unwrap();
    let status = terminal.session.process().wait().unwrap();
    assert!(matches!(status, WaitStatus::Signaled(..)), "{status:?}");
}
