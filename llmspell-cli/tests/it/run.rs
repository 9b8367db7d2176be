//! `llmspell run`.

use crate::program::{Folder, STOP_POLICY};

#[test]
fn what_a_script_prints_is_the_answer_and_everything_else_goes_to_standard_error() {
    let folder = Folder::new(&[
        (
            "a.lua",
            "print('out', #arg, arg[1]) Debug.info('noted', 'mod') Debug.debug('unheard')",
        ),
        (
            "a.js",
            "console.log('out', args.length, args[0]); console.warn('careful'); Debug.info('noted', 'mod');",
        ),
    ]);
    let lua = folder.run(&["run", "a.lua", "--", "one", "two"]);
    assert_eq!(
        (lua.code, lua.out.as_str()),
        (0, "out\t2\tone\n"),
        "{}",
        lua.err
    );
    assert!(
        lua.err.contains("INFO") && lua.err.contains("noted") && !lua.err.contains("unheard"),
        "{}",
        lua.err
    );
    assert!(
        !lua.err.contains('\u{1b}'),
        "no colours into a pipe: {}",
        lua.err
    );
    let javascript = folder.run(&["run", "a.js", "--", "one", "two"]);
    assert_eq!(
        (javascript.code, javascript.out.as_str()),
        (0, "out 2 one\n"),
        "{}",
        javascript.err
    );
    assert!(
        javascript.err.contains("careful") && javascript.err.contains("noted"),
        "{}",
        javascript.err
    );
}

#[test]
fn debug_messages_follow_the_command_line_over_the_environment_over_the_file() {
    let folder = Folder::new(&[
        ("a.lua", "Debug.debug('fine', 'm') Debug.warn('rough', 'm')"),
        ("llmspell.toml", "[debug]\nlevel = 'error'\n"),
    ]);
    let heard = |arguments: &[&str], variable: Option<&str>| {
        let mut command = folder.command(arguments);
        if let Some(level) = variable {
            command.env("LLMSPELL_DEBUG_LEVEL", level);
        }
        let text = String::from_utf8(command.output().unwrap().stderr).unwrap();
        (text.contains("fine"), text.contains("rough"))
    };
    assert_eq!(heard(&["run", "a.lua"], None), (false, false));
    assert_eq!(heard(&["run", "a.lua"], Some("warn")), (false, true));
    assert_eq!(
        heard(&["run", "a.lua", "--debug", "debug"], Some("warn")),
        (true, true)
    );
    assert_eq!(
        heard(&["run", "a.lua", "--debug", "off,m=debug"], None),
        (true, true)
    );
}

#[test]
fn a_script_finds_the_project_beside_it_and_the_events_of_its_settings() {
    let script =
        "for _, e in Cupcake.events() do print(e.name, Cupcake.eval(e.event).decision) end";
    let folder = Folder::new(&[
        ("shop/.cupcake/policies/stop.rego", STOP_POLICY),
        ("shop/llmspell.toml", "[script]\nevents = 'events'\n"),
        (
            "shop/events/2-start.json",
            r#"{"hook_event_name":"SessionStart"}"#,
        ),
        ("shop/events/1-stop.json", r#"{"hook_event_name":"Stop"}"#),
        ("shop/scripts/a.lua", script),
        ("other.json", r#"{"hook_event_name":"Stop"}"#),
    ]);
    let ran = folder.run(&["run", "shop/scripts/a.lua"]);
    assert_eq!(
        (ran.out.as_str(), ran.code),
        ("1-stop\tblock\n2-start\tallow\n", 0),
        "{}",
        ran.err
    );
    let ran = folder.run(&["run", "shop/scripts/a.lua", "--event", "other.json"]);
    assert_eq!(ran.out, "other.json\tblock\n", "{}", ran.err);
    let ran = folder.run_with(
        &["run", "shop/scripts/a.lua", "--event", "-"],
        br#"{"hook_event_name":"Stop"}"#,
    );
    assert_eq!(ran.out, "standard input\tblock\n", "{}", ran.err);
}

#[test]
fn a_script_that_fails_shows_the_place_the_source_and_the_stack() {
    let folder = Folder::new(&[
        (
            "a.lua",
            "local function check(order)\n    local total = order.total * 2\n    return total\nend\ncheck({id = 7})\n",
        ),
        (
            "a.js",
            "function check(order) {\n    return order.total.amount * 2;\n}\ncheck({id: 7});\n",
        ),
    ]);
    let lua = folder.run(&["run", "a.lua"]);
    assert_eq!(
        lua.err,
        "error: attempt to perform arithmetic (mul) on nil and number\n --> a.lua:2:5\n  |\n2 |     local total = order.total * 2\n  |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\nstack, innermost call first:\n#0 check at a.lua:2\n     order = {id = 7}\n#1 main chunk at a.lua:5\n     check = function check\n"
    );
    assert_eq!((lua.code, lua.out.as_str()), (1, ""));
    let javascript = folder.run(&["run", "a.js"]);
    assert!(
        javascript.err.starts_with(
            "error: TypeError: cannot read property 'amount' of undefined\n --> a.js:2:"
        ),
        "{}",
        javascript.err
    );
    assert!(
        javascript.err.contains("#0 check at a.js:2:"),
        "{}",
        javascript.err
    );
    assert_eq!((javascript.code, javascript.out.as_str()), (1, ""));
}

#[test]
fn every_bad_script_is_the_users_fault_with_its_file_and_line() {
    for (name, source, parts) in [
        ("a.lua", "print('half'", &["a.lua:1", "Expected"][..]),
        ("a.js", "print('half'", &["a.js:1", "SyntaxError"]),
        ("a.lua", "\nerror('thrown')", &["thrown", "a.lua:2"]),
        ("a.js", "\nthrow new Error('thrown')", &["thrown", "a.js:2"]),
        (
            "a.js",
            "\nPromise.reject(new Error('later'))",
            &["later", "a.js:2"],
        ),
        (
            "a.lua",
            "\nwhile true do end",
            &["longer than its limit", "a.lua:2", "--timeout"],
        ),
        (
            "a.js",
            "\nfor (;;) {}",
            &["longer than its limit", "--timeout"],
        ),
        (
            "a.lua",
            "local t = {} while true do t[#t + 1] = {} end",
            &["more memory than its limit", "--memory"],
        ),
        (
            "a.js",
            "const t = []; for (;;) t.push({})",
            &["more memory than its limit", "--memory"],
        ),
        (
            "a.lua",
            "local function f() return 1 + f() end f()",
            &["recursed too deeply", "a.lua:1"],
        ),
        (
            "a.js",
            "function f() { return 1 + f() } f()",
            &["recursed too deeply", "a.js:1"],
        ),
        (
            "a.lua",
            "local t = {} t.t = t return t",
            &["contains itself"],
        ),
        ("a.js", "const t = {}; t.t = t; t", &["contains itself"]),
        (
            "a.lua",
            "local t = {} for _ = 1, 40 do t = {t, t} end return t",
            &["more than 100000 values"],
        ),
        (
            "a.js",
            "let t = []; for (let i = 0; i < 40; i++) t = [t, t]; t",
            &["more than 100000 values"],
        ),
    ] {
        let folder = Folder::new(&[(name, source)]);
        let timeout = if source.contains("while true do end") || source.contains("for (;;) {}") {
            "100ms"
        } else {
            "60s"
        };
        let ran = folder.run(&["run", name, "--timeout", timeout, "--memory", "16MiB"]);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (1, ""),
            "{source}: {}",
            ran.err
        );
        for part in parts {
            assert!(
                ran.err.contains(part),
                "{source}: no `{part}` in {}",
                ran.err
            );
        }
    }
}

#[test]
fn a_script_that_cannot_be_read_says_so() {
    let folder = Folder::new(&[
        ("a.txt", ""),
        ("llmspell.toml", "[script]\ntimout = '1s'\n"),
        ("a.lua", ""),
    ]);
    for (arguments, part) in [
        (&["run", "none/b.lua"][..], "`none/b.lua` cannot be read"),
        (&["run", "a.txt"], "no script that llmspell knows"),
        (
            &["run", "a.lua", "--project", "none"],
            "there is no `.cupcake` directory",
        ),
        (
            &["run", "a.lua"],
            "llmspell.toml:2:1: unknown key `timout` in `script`\nhelp: did you mean `timeout`?",
        ),
        (
            &["run", "none/b.lua", "--debug", "x=loud"],
            "--debug x=loud",
        ),
        (&["run", "none/b.lua", "--event", "none.json"], "none.json"),
    ] {
        let ran = folder.run(arguments);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (1, ""),
            "{arguments:?}: {}",
            ran.err
        );
        assert!(ran.err.contains(part), "{arguments:?}: {}", ran.err);
    }
}

#[cfg(unix)]
#[test]
fn what_cannot_be_printed_is_no_success() {
    let folder = Folder::new(&[("a.lua", "print('lost')"), ("a.js", "print('lost')")]);
    for script in ["a.lua", "a.js"] {
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let mut command = folder.command(&["run", script]);
        let status = command
            .stdout(full)
            .stderr(std::process::Stdio::null())
            .status();
        assert_eq!(status.unwrap().code(), Some(3), "{script}");
    }
}

#[cfg(unix)]
#[test]
fn a_script_or_settings_that_never_end_are_refused() {
    let folder = Folder::new(&[("b.lua", "")]);
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("a.lua")).unwrap();
    let ran = folder.run(&["run", "a.lua"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("`a.lua` is not a regular file"),
        "{}",
        ran.err
    );
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("llmspell.toml")).unwrap();
    let ran = folder.run(&["run", "b.lua"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err
            .contains("llmspell.toml: the settings file is not a regular file"),
        "{}",
        ran.err
    );
}
