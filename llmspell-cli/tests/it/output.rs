//! Where the program sends debug entries, and what happens when nobody takes them.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;

use crate::program::Folder;

const SCRIPT: &str = "for i = 1, 3 do Debug.info('message ' .. i, 'mod') end print('done')";

fn folder(output: &str) -> Folder {
    let settings = format!("[debug]\noutput = {output}\n");
    Folder::new(&[("a.lua", SCRIPT), ("llmspell.toml", &settings)])
}

#[test]
fn a_collector_has_every_entry_when_the_program_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = folder(&format!("\"tcp:{}\"", listener.local_addr().unwrap()));
    let ran = folder.run(&["run", "a.lua"]);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (0, "done\n", "")
    );
    let lines: Vec<String> = BufReader::new(listener.accept().unwrap().0)
        .lines()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[2].contains(r#""message":"message 3""#), "{lines:?}");
}

#[test]
fn an_output_that_fails_is_a_warning_and_changes_no_exit_code() {
    let nobody = folder("\"tcp:127.0.0.1:1\"").run(&["run", "a.lua"]);
    assert_eq!((nobody.code, nobody.out.as_str()), (0, "done\n"));
    assert!(
        nobody
            .err
            .starts_with("warning: debug entries cannot be written: ")
            && nobody.err.contains("refused"),
        "{}",
        nobody.err
    );
    assert_eq!(nobody.err.lines().count(), 1, "{}", nobody.err);

    if cfg!(target_os = "linux") {
        let full = folder("\"file:/dev/full\"").run(&["run", "a.lua"]);
        assert_eq!(
            (full.code, full.out.as_str(), full.err.as_str()),
            (
                0,
                "done\n",
                "warning: 3 debug entries did not arrive at `file:/dev/full`\n"
            )
        );
    }
}
