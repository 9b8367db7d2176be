//! The functions on the stack, as the engine's own list of call sites has them.
//!
//! The text of a stack says at which line each function is, and not which function it is. A profile needs the
//! function: its place is where it begins, however many of its lines were seen.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use llmspell_utils::debug::{FrameKind, Place, ProfileFrame};

use super::raw::{Given, Js, Kept, Kind, Local, Native, Outcome, Property, function};
use super::sandbox::{Lack, MAX_FRAMES, accessor, data, settle};

/// How many units of a function's name are looked at.
const LONGEST_NAME: u32 = 256;

/// How often a function of the engine is called that an interrupt may keep from running.
const TRIES: usize = 3;

/// Gives the function that says which function a call site is in. Only a call site knows it, and only the engine
/// makes one.
const FIRST_SITE: &str = "(() => {
    Error.prepareStackTrace = (_, sites) => sites[0].getFunction;
    const found = new Error().stack;
    Error.prepareStackTrace = undefined;
    return found;
})()";

/// What reads the stack, all of it taken before any script could replace it.
pub(super) struct CallSites {
    /// The class `Error`, whose setting it is how stacks are made.
    error: Kept,
    set_prepare: Kept,
    /// Hands the call sites over instead of making a text of them.
    collect: Kept,
    get_function: Kept,
    file_name: Kept,
    line_number: Kept,
}

/// The call sites on their way from [`Collect`] to who asked for them.
#[derive(Default)]
pub(super) struct Collected {
    sites: RefCell<Option<Kept>>,
    is_reading: Cell<bool>,
}

impl Collected {
    pub(super) fn release(self, js: Js<'_>) {
        if let Some(sites) = self.sites.into_inner() {
            sites.release(js);
        }
    }
}

/// The function that stands for `Error.prepareStackTrace` while a stack is read.
struct Collect;

impl Native for Collect {
    fn call<'js>(&self, js: Js<'js>, _: &Local<'js>, given: Given<'js>) -> Outcome<Local<'js>> {
        let sites = given.get(1).keep();
        if let Some(old) = js.realm().collected.sites.replace(Some(sites)) {
            old.release(js);
        }
        Ok(js.undefined())
    }
}

impl CallSites {
    /// Takes the engine's functions from a new context.
    pub(super) fn take(js: Js<'_>) -> Result<Self, Lack> {
        let error = data(&js.globals(), "Error")?;
        let set_prepare = accessor(&error, "prepareStackTrace")?.1;
        let functions = data(&data(&js.globals(), "Function")?, "prototype")?;
        let file_name = accessor(&functions, "fileName")?.0;
        let line_number = accessor(&functions, "lineNumber")?.0;
        let compiled = js.compile(FIRST_SITE, "<host>", false)?;
        let get_function = js.evaluate(compiled)?;
        if !get_function.is_function() {
            return Err(Lack::Function("getFunction"));
        }
        let collect = function(js, "", Collect)?;
        // Only now, because what is kept must be released, and nothing below can fail.
        Ok(Self {
            error: error.keep(),
            set_prepare: set_prepare.keep(),
            collect: collect.keep(),
            get_function: get_function.keep(),
            file_name: file_name.keep(),
            line_number: line_number.keep(),
        })
    }

    pub(super) fn release(self, js: Js<'_>) {
        let all = [
            self.error,
            self.set_prepare,
            self.collect,
            self.get_function,
            self.file_name,
            self.line_number,
        ];
        for kept in all {
            kept.release(js);
        }
    }
}

/// Which of the functions on the stack are told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Innermost {
    /// All of them.
    Counts,
    /// All but the innermost.
    IsLeftOut,
}

/// Whether the stack is being read. A call inside may come to the engine's interrupt, which must not read it too.
pub(super) fn is_reading(js: Js<'_>) -> bool {
    js.realm().collected.is_reading.get()
}

/// The functions on the stack in the order of a profile, the outermost first; empty when there is no memory to tell.
///
/// Nothing of a script runs, and an exception that is pending stays so.
pub(super) fn stack(js: Js<'_>, innermost: Innermost) -> Vec<ProfileFrame> {
    let is_reading = &js.realm().collected.is_reading;
    if is_reading.replace(true) {
        return Vec::new();
    }
    let pending = js.take_exception();
    let functions = read(js);
    let mut frames = frames(&functions);
    if innermost == Innermost::IsLeftOut {
        frames.pop();
    }
    drop(functions);
    drop(js.take_exception());
    let _ = js.throw(pending);
    is_reading.set(false);
    frames
}

/// The functions on the stack, the innermost first.
fn read(js: Js<'_>) -> Vec<Local<'_>> {
    let realm = js.realm();
    let known = &realm.call_sites;
    if set_prepare(js, &known.collect.get(js)) {
        drop(settle(js, js.error()));
    }
    // Left as it is, it would take the stack from every error of the script. An interrupt may keep the function from
    // running, but not twice in a row.
    let undefined = js.undefined();
    let _ = (0..TRIES).any(|_| set_prepare(js, &undefined));
    let Some(sites) = realm.collected.sites.take() else {
        return Vec::new();
    };
    let list = sites.get(js);
    sites.release(js);
    let get_function = known.get_function.get(js);
    (0..list.length())
        .filter_map(|index| match settle(js, list.element(index))? {
            Property::Value(site) => settle(js, get_function.call(&site, &[])),
            Property::Absent | Property::Accessor { .. } => None,
        })
        .collect()
}

fn set_prepare<'js>(js: Js<'js>, prepare: &Local<'js>) -> bool {
    let known = &js.realm().call_sites;
    let set = known.set_prepare.get(js);
    settle(
        js,
        set.call(&known.error.get(js), std::slice::from_ref(prepare)),
    )
    .is_some()
}

/// The frames of these functions, which come innermost first.
fn frames(functions: &[Local<'_>]) -> Vec<ProfileFrame> {
    let mut frames = Vec::with_capacity(functions.len() + 1);
    if functions.len() >= MAX_FRAMES {
        // The engine tells no more, so what called these is not known.
        frames.push(ProfileFrame::new("(more than 64 calls)", FrameKind::Script));
    }
    for function in functions.iter().rev() {
        let frame = frame(function);
        // A built-in function that is watched calls the one that it stands for.
        let is_again = frame.kind == FrameKind::Native && frames.last() == Some(&frame);
        if !is_again {
            frames.push(frame);
        }
    }
    frames
}

fn frame(function: &Local<'_>) -> ProfileFrame {
    let js = function.js();
    let known = &js.realm().call_sites;
    let name = match settle(js, function.named("name")) {
        Some(Property::Value(name)) => js.realm().originals.text_start(&name, LONGEST_NAME),
        _ => None,
    };
    let file = settle(js, known.file_name.get(js).call(function, &[])).and_then(|file| file.text());
    let line = settle(js, known.line_number.get(js).call(function, &[]));
    let line = match line.map(|line| line.kind()) {
        Some(Kind::Integer(line)) => u32::try_from(line).ok(),
        _ => None,
    };
    match (file, line) {
        (Some(file), Some(line)) => script_frame(name.as_deref().unwrap_or_default(), file, line),
        _ => ProfileFrame::new(shown_name(name.as_deref()), FrameKind::Native),
    }
}

fn shown_name(name: Option<&str>) -> &str {
    name.filter(|name| !name.is_empty())
        .unwrap_or("(anonymous)")
}

fn script_frame(name: &str, file: String, line: u32) -> ProfileFrame {
    match name {
        // Text that was given to `eval` is named like this too.
        "<eval>" if file.starts_with('<') => {
            ProfileFrame::new("(eval)", FrameKind::Script).at(Place::new(file, line))
        }
        "<eval>" => main_frame(file),
        _ => {
            ProfileFrame::new(shown_name(Some(name)), FrameKind::Script).at(Place::new(file, line))
        }
    }
}

/// The frame of a script outside of its functions.
pub(super) fn main_frame(file: impl Into<Arc<str>>) -> ProfileFrame {
    ProfileFrame::new("(main)", FrameKind::Script).at(Place::new(file, 1))
}
