//! Which file a path means: after `~`, `..`, relative parts and every symbolic link on the way.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
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
    /// Whether it was seen that there is no such file.
    pub(crate) is_missing: bool,
}

/// What was found on the way of paths, kept while one event is decided: most of its paths lie in the same few folders.
#[derive(Debug, Default)]
pub(crate) struct Lookups {
    folders: RefCell<Vec<(PathBuf, Reached)>>,
    found: RefCell<HashMap<OsString, Found>>,
}

/// Where the walk of a path ended.
#[derive(Debug, Clone, Default)]
struct Reached {
    path: PathBuf,
    /// How long the first part of it is that is not there.
    missing: Option<usize>,
}

/// What lies at a path all whose folders are no links.
#[derive(Debug, Clone)]
enum Found {
    Link(PathBuf),
    /// A file, a folder, or something that may not be looked at.
    Other,
    Nothing,
}

impl Lookups {
    /// The same as [`resolve`], with fewer looks at the file system.
    pub(crate) fn resolve(&self, path: &str, cwd: &Path) -> Resolved {
        let absolute = absolute(path, cwd);
        let lexical = without_dots(&absolute);
        if absolute.as_os_str().len() > MAX_BYTES {
            return unseen(lexical);
        }
        // Behind a link `..` leads elsewhere, and some files of the system lead each process to its own place.
        let bytes = absolute.as_os_str().as_encoded_bytes();
        let is_plain = !bytes.windows(2).any(|pair| pair == b"..")
            && !bytes.starts_with(b"/proc")
            && !bytes.starts_with(b"/dev");
        let mut walk = Walk::new(cwd, self);
        match (lexical.parent(), lexical.file_name(), is_plain) {
            (Some(folder), Some(name), true) => {
                walk.reached = self.folder(folder, cwd);
                walk.follow_name(name);
            }
            _ => walk.follow(&absolute),
        }
        Resolved {
            is_missing: walk.reached.missing.is_some(),
            canonical: walk.reached.path,
            is_symlink: walk.ended_in_link,
            lexical,
        }
    }

    fn folder(&self, folder: &Path, cwd: &Path) -> Reached {
        const MAX_FOLDERS: usize = 32;
        let folders = self.folders.borrow();
        if let Some((_, reached)) = folders.iter().find(|(known, _)| known == folder) {
            return reached.clone();
        }
        drop(folders);
        let mut walk = Walk::new(cwd, self);
        walk.follow(folder);
        let mut folders = self.folders.borrow_mut();
        if folders.len() < MAX_FOLDERS {
            folders.push((folder.to_owned(), walk.reached.clone()));
        }
        walk.reached
    }

    fn look(&self, path: &Path) -> Found {
        const MAX_FOUND: usize = 1_024;
        let mut kept = self.found.borrow_mut();
        if let Some(found) = kept.get(path.as_os_str()) {
            return found.clone();
        }
        let found = match std::fs::read_link(path) {
            Ok(target) => Found::Link(target),
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory => Found::Nothing,
                _ => Found::Other,
            },
        };
        // Below the system's own files each process finds its own, and threads come and go.
        let name = path.as_os_str();
        if kept.len() < MAX_FOUND && !name.as_encoded_bytes().starts_with(b"/proc") {
            kept.insert(name.to_owned(), found.clone());
        }
        found
    }
}

/// Resolves a path as a program would that runs in `cwd`, whether or not the file exists.
pub(crate) fn resolve(path: &str, cwd: &Path) -> Resolved {
    Lookups::default().resolve(path, cwd)
}

/// A path at which nobody has looked.
fn unseen(lexical: PathBuf) -> Resolved {
    Resolved {
        canonical: lexical.clone(),
        lexical,
        is_symlink: false,
        is_missing: false,
    }
}

/// Makes a path absolute, without a look at any file: `canonical` is the same as `lexical`.
pub(crate) fn resolve_lexically(path: &str, cwd: &Path) -> Resolved {
    unseen(without_dots(&absolute(path, cwd)))
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
    let bytes = path.as_os_str().as_encoded_bytes();
    let is_odd = |pair: &[u8]| pair == b"/." || pair == b"//";
    if bytes.starts_with(b"/") && !bytes.ends_with(b"/") && !bytes.windows(2).any(is_odd) {
        return path.to_owned();
    }
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

impl Reached {
    /// At the beginning of a path.
    fn begin(part: Component<'_>) -> Self {
        Self {
            path: PathBuf::from(part.as_os_str()),
            missing: None,
        }
    }

    /// Goes to the folder above, which may be there.
    fn pop(&mut self) {
        self.path.pop();
        let length = self.path.as_os_str().len();
        self.missing = self.missing.filter(|missing| *missing <= length);
    }
}

/// A part of a path that is still to be walked.
struct Step {
    name: OsString,
    /// Whether it is the last part of the path that was asked for.
    is_last: bool,
}

struct Walk<'path> {
    cwd: &'path Path,
    lookups: &'path Lookups,
    reached: Reached,
    /// What is left, the next part at the end.
    left: Vec<Step>,
    links: usize,
    ended_in_link: bool,
}

impl<'path> Walk<'path> {
    fn new(cwd: &'path Path, lookups: &'path Lookups) -> Self {
        Self {
            cwd,
            lookups,
            reached: Reached::default(),
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
        self.reached.path.push(&step.name);
        // Beneath what is not there is nothing, and so no link.
        if !may_look || self.links >= MAX_LINKS || self.reached.missing.is_some() {
            return;
        }
        match self.lookups.look(&self.reached.path) {
            Found::Other => {}
            Found::Nothing => self.reached.missing = Some(self.reached.path.as_os_str().len()),
            Found::Link(target) => {
                let target = self.meant(&step.name, target);
                self.links += 1;
                self.ended_in_link |= step.is_last;
                self.reached.pop();
                self.push(&target);
            }
        }
    }

    /// Where a link leads; one to the working directory of this process leads to that of the event.
    fn meant(&self, name: &OsStr, target: PathBuf) -> PathBuf {
        let own = ["self".to_owned(), std::process::id().to_string()];
        let is_own = || {
            own.iter()
                .any(|own| self.reached.path.starts_with(Path::new("/proc").join(own)))
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
                Component::Prefix(_) => self.reached = Reached::begin(part),
                Component::RootDir if self.reached.path.has_root() => {
                    self.reached = Reached::begin(part);
                }
                Component::RootDir => self.reached.path.push(part.as_os_str()),
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
