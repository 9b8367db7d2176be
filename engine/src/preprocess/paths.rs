//! Which file a path means: after `~`, `..`, relative parts and every symbolic link on the way.

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

/// Bytes of a path that is looked up; no system opens a longer one.
const MAX_BYTES: usize = 8 * 1024;
/// Look-ups for one path: links may lead to links, and a loop has no end.
const MAX_STEPS: usize = 512;
/// Links on the way of one path, as systems allow them.
const MAX_LINKS: usize = 40;

/// What a path means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// Absolute, without `.` and `..`, as the path is written.
    pub(crate) lexical: PathBuf,
    /// Absolute, with every link followed, those that lead nowhere included.
    pub(crate) canonical: PathBuf,
    /// Whether the path itself, and not only a folder on its way, is a link.
    pub(crate) is_symlink: bool,
}

/// Where folders really lie, kept while one event is decided: most of its paths lie in the same few.
#[derive(Debug, Default)]
pub(crate) struct Lookups {
    folders: RefCell<Vec<(PathBuf, PathBuf)>>,
}

impl Lookups {
    /// The same as [`resolve`], with fewer looks at the file system.
    pub(crate) fn resolve(&self, path: &str, cwd: &Path) -> Resolved {
        let absolute = absolute(path, cwd);
        let lexical = without_dots(&absolute);
        // Behind a link `..` leads elsewhere, and some files of the system lead each process to its own place.
        let is_plain = !absolute
            .components()
            .any(|part| part == Component::ParentDir)
            && !absolute.starts_with("/proc")
            && !absolute.starts_with("/dev")
            && absolute.as_os_str().len() <= MAX_BYTES;
        let (Some(folder), Some(name), true) = (lexical.parent(), lexical.file_name(), is_plain)
        else {
            return resolve(path, cwd);
        };
        let mut walk = Walk::new(cwd);
        walk.reached = self.folder(folder, cwd);
        walk.follow_name(name);
        Resolved {
            canonical: walk.reached,
            is_symlink: walk.ended_in_link,
            lexical,
        }
    }

    fn folder(&self, folder: &Path, cwd: &Path) -> PathBuf {
        const MAX_FOLDERS: usize = 32;
        let mut folders = self.folders.borrow_mut();
        if let Some((_, canonical)) = folders.iter().find(|(known, _)| known == folder) {
            return canonical.clone();
        }
        let mut walk = Walk::new(cwd);
        walk.follow(folder);
        if folders.len() < MAX_FOLDERS {
            folders.push((folder.to_owned(), walk.reached.clone()));
        }
        walk.reached
    }
}

/// Resolves a path as a program would that runs in `cwd`, whether or not the file exists.
pub(crate) fn resolve(path: &str, cwd: &Path) -> Resolved {
    let absolute = absolute(path, cwd);
    let lexical = without_dots(&absolute);
    if absolute.as_os_str().len() > MAX_BYTES {
        return Resolved {
            canonical: lexical.clone(),
            lexical,
            is_symlink: false,
        };
    }
    let mut walk = Walk::new(cwd);
    walk.follow(&absolute);
    Resolved {
        lexical,
        canonical: walk.reached,
        is_symlink: walk.ended_in_link,
    }
}

/// Makes a path absolute, without a look at any file: `canonical` is the same as `lexical`.
pub(crate) fn resolve_lexically(path: &str, cwd: &Path) -> Resolved {
    let lexical = without_dots(&absolute(path, cwd));
    Resolved {
        canonical: lexical.clone(),
        lexical,
        is_symlink: false,
    }
}

fn absolute(path: &str, cwd: &Path) -> PathBuf {
    let rest = path.strip_prefix('~');
    let of_home = rest.filter(|rest| rest.is_empty() || rest.starts_with('/'));
    if let (Some(rest), Some(home)) = (of_home, std::env::home_dir()) {
        return home.join(rest.trim_start_matches('/'));
    }
    cwd.join(path)
}

fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// A part of a path that is still to be walked.
struct Step {
    name: OsString,
    /// Whether it is the last part of the path that was asked for.
    is_last: bool,
}

struct Walk<'path> {
    cwd: &'path Path,
    reached: PathBuf,
    /// What is left, the next part at the end.
    left: Vec<Step>,
    links: usize,
    ended_in_link: bool,
}

impl<'path> Walk<'path> {
    fn new(cwd: &'path Path) -> Self {
        Self {
            cwd,
            reached: PathBuf::new(),
            left: Vec::new(),
            links: 0,
            ended_in_link: false,
        }
    }

    /// Goes on to a name in the folder that is reached.
    fn follow_name(&mut self, name: &OsStr) {
        self.left.push(Step {
            name: name.to_owned(),
            is_last: true,
        });
        self.walk();
    }

    fn follow(&mut self, path: &Path) {
        self.push(path);
        if let Some(last) = self.left.first_mut() {
            last.is_last = true;
        }
        self.walk();
    }

    fn walk(&mut self) {
        let mut steps = 0;
        while let Some(step) = self.left.pop() {
            steps += 1;
            self.step(&step, steps <= MAX_STEPS);
        }
    }

    fn step(&mut self, step: &Step, may_look: bool) {
        if step.name == ".." {
            self.reached.pop();
            return;
        }
        self.reached.push(&step.name);
        if !may_look || self.links >= MAX_LINKS {
            return;
        }
        // What is no link, or is not there, is an error here and stays as it is.
        let Ok(target) = std::fs::read_link(&self.reached) else {
            return;
        };
        let target = self.meant(&step.name, target);
        self.links += 1;
        self.ended_in_link |= step.is_last;
        self.reached.pop();
        self.push(&target);
    }

    /// Where a link leads; one to the working directory of this process leads to that of the event.
    fn meant(&self, name: &OsStr, target: PathBuf) -> PathBuf {
        let own = ["self".to_owned(), std::process::id().to_string()];
        let is_own = || {
            own.iter()
                .any(|own| self.reached.starts_with(Path::new("/proc").join(own)))
        };
        if name == "cwd" && is_own() {
            self.cwd.to_owned()
        } else {
            target
        }
    }

    /// Puts the parts of a path before what is left; an absolute one begins anew.
    fn push(&mut self, path: &Path) {
        let first = self.left.len();
        for part in path.components() {
            match part {
                Component::Prefix(_) => self.reached = PathBuf::from(part.as_os_str()),
                Component::RootDir if self.reached.has_root() => {
                    self.reached = PathBuf::from(part.as_os_str());
                }
                Component::RootDir => self.reached.push(part.as_os_str()),
                Component::CurDir => {}
                Component::ParentDir | Component::Normal(_) => self.left.push(Step {
                    name: part.as_os_str().to_owned(),
                    is_last: false,
                }),
            }
        }
        if let Some(new) = self.left.get_mut(first..) {
            new.reverse();
        }
    }
}
