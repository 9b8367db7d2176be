//! `llmspell opa install`, from a file and from a server on this machine that is good, wrong, cut off or slow.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::thread::JoinHandle;

use crate::program::{Folder, Ran};

/// What stands for the program.
const PROGRAM: &[u8] = b"#!/bin/sh\necho Version: 1.7.1\n";

/// A server that answers one request.
struct Server {
    url: String,
    thread: JoinHandle<()>,
}

impl Server {
    fn new(answer: impl FnOnce(&mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/opa", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            answer(&mut stream);
        });
        Self { url, thread }
    }

    fn install(self, folder: &Folder, more: &[&str]) -> Ran {
        let digest = digest(PROGRAM);
        let arguments = ["opa", "install", "--sha256", &digest, "--from", &self.url];
        let ran = folder.run(&[&arguments, more].concat());
        self.thread.join().unwrap();
        ran
    }
}

fn digest(content: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(content)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn head(length: usize) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")
}

/// Every file that was left in the folder of the installation.
fn left(folder: &Folder) -> Vec<String> {
    let directory = folder.path().join(".home/cache/llmspell/opa");
    let entries = fs::read_dir(directory).into_iter().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_a_server_gives_is_installed_once_its_digest_is_right() {
    let folder = Folder::new(&[]);
    let server = Server::new(|stream| {
        stream.write_all(head(PROGRAM.len()).as_bytes()).unwrap();
        stream.write_all(PROGRAM).unwrap();
    });
    let ran = server.install(&folder, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(left(&folder), ["opa", "opa.json"]);
    let path = folder.path().join(".home/cache/llmspell/opa/opa");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o700
    );
    let shown = folder.run(&["opa", "path"]);
    assert_eq!(shown.out, format!("{}\n", path.display()));

    fs::write(&path, "#!/bin/sh\necho other\n").unwrap();
    let changed = folder.run(&["opa", "path"]);
    assert_eq!(changed.code, 1);
    assert!(
        changed.err.contains("was installed with"),
        "{}",
        changed.err
    );
}

#[test]
fn what_is_wrong_or_cut_off_leaves_nothing_behind_and_says_so() {
    let wrong = Server::new(|stream| {
        stream.write_all(head(PROGRAM.len()).as_bytes()).unwrap();
        stream.write_all(&PROGRAM.to_ascii_uppercase()).unwrap();
    });
    let cut_off = Server::new(|stream| {
        stream
            .write_all(head(PROGRAM.len() * 2).as_bytes())
            .unwrap();
        stream.write_all(PROGRAM).unwrap();
    });
    let missing = Server::new(|stream| {
        stream
            .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
    });
    for (server, expected) in [
        (wrong, "it is wrong or cut off"),
        (cut_off, "it cannot be received"),
        (missing, "404"),
    ] {
        let folder = Folder::new(&[]);
        let ran = server.install(&folder, &[]);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""));
        assert!(
            ran.err.contains(expected) && ran.err.contains("help: "),
            "{}",
            ran.err
        );
        assert_eq!(left(&folder), [""; 0]);
    }
}

#[test]
fn what_takes_longer_than_it_may_leaves_nothing_behind_and_says_so() {
    let folder = Folder::new(&[]);
    // Answers half, and then nothing until the other side has had enough.
    let server = Server::new(|stream| {
        stream.write_all(head(PROGRAM.len()).as_bytes()).unwrap();
        stream.write_all(&PROGRAM[..10]).unwrap();
        let mut rest = BufReader::new(stream);
        let _ = rest.fill_buf();
    });
    let ran = server.install(&folder, &["--timeout", "300ms"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("timeout"), "{}", ran.err);
    assert_eq!(left(&folder), [""; 0]);
}

#[test]
fn what_was_installed_stays_when_another_installation_fails() {
    let folder = Folder::new(&[
        ("good", std::str::from_utf8(PROGRAM).unwrap()),
        ("bad", "bad"),
    ]);
    let install = |file: &str| {
        folder.run(&[
            "opa",
            "install",
            "--sha256",
            &digest(PROGRAM),
            "--from",
            file,
        ])
    };
    assert_eq!(install("good").code, 0);
    assert_eq!(install("bad").code, 1);
    assert_eq!(folder.run(&["opa", "path"]).code, 0);
    let unnamed = folder.run(&["opa", "install", "--from", "good"]);
    assert_eq!(unnamed.code, 1, "the digest of the release is another");
    let nowhere = install("nowhere");
    assert!(
        nowhere.err.contains("`nowhere` cannot be read"),
        "{}",
        nowhere.err
    );
}

#[test]
fn an_installation_that_was_killed_is_cleaned_up_by_the_next() {
    let folder = Folder::new(&[
        (".home/cache/llmspell/opa/0.part", "half"),
        ("good", std::str::from_utf8(PROGRAM).unwrap()),
    ]);
    let ran = folder.run(&[
        "opa",
        "install",
        "--sha256",
        &digest(PROGRAM),
        "--from",
        "good",
    ]);
    assert_eq!(ran.code, 0);
    assert_eq!(left(&folder), ["opa", "opa.json"]);
}

#[test]
fn without_an_installation_the_path_says_what_to_do() {
    let ran = Folder::new(&[]).run(&["opa", "path"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (
            1,
            "error: `opa` is not installed\nhelp: run `llmspell opa install`\n"
        )
    );
}
