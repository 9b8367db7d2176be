//! The probes of a script, and what they note: which calls are open, one within the other.
//!
//! A probe is a function of the host that scripts cannot name, because its name is random, and cannot find, because
//! variables of scripts are not properties of anything. A script that got hold of one could make its own profile
//! wrong, and nothing else: whatever a probe is given, it checks.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use llmspell_utils::debug::{FrameId, FrameKind, Place, ProfileBuilder, ProfileFrame};

use super::ProfileFeed;
use super::instrument::{Columns, Wanted, instrument, without_probes};
use crate::javascript::call_sites::{self, Innermost};
use crate::javascript::raw::{
    Access, Compiled, Given, Js, Kind, Local, Native, Outcome, Property, function,
};
use crate::javascript::sandbox::settle;
use crate::script_engine::Script;
use crate::script_profile::RunningProfile;
use crate::stack_trace::StackFrame;

/// How many functions may have probes.
const FUNCTIONS: usize = 1 << ID_BITS;

/// How many bits of a token say which function was called; the others tell its calls apart.
const ID_BITS: u32 = 20;

/// How many bits a token has, so that a number of JavaScript holds it.
const TOKEN_BITS: u32 = 53;

/// How many scripts are remembered whose columns probes have changed.
const SCRIPTS: usize = 256;

/// How many calls may be open, which is more than there is stack for.
const MOST_OPEN: usize = 1 << 16;

/// The names of what a script must hold to have probes put into it although nobody makes an exact profile yet.
const STARTS_EXACT: [&str; 2] = ["startProfile", "exact"];

/// The calls that probes note, and which functions have probes.
#[derive(Default)]
pub(in crate::javascript) struct Calls {
    /// How the names of the probes begin; empty before there are any.
    prefix: String,
    /// By id.
    functions: Vec<ProfileFrame>,
    /// How many calls were noted.
    count: u64,
    /// The script that was probed last, because the same one is often run again and again.
    last: Option<ProbedScript>,
    /// What probes did to the columns of scripts, by their names.
    columns: HashMap<String, Columns>,
    log: Option<Log>,
}

/// A script with probes.
struct ProbedScript {
    script: Script,
    is_asynchronous: bool,
    text: String,
    main: u32,
}

/// What is known of one profile.
struct Log {
    number: u64,
    profile: Arc<RunningProfile>,
    /// The frames of functions in this profile, by id.
    frames: Vec<Option<FrameId>>,
    /// What ran already when the profile began, the outermost first: where each of it begins.
    base: Vec<Option<Place>>,
    has_base: bool,
    open: Vec<Open>,
}

/// A call that runs.
struct Open {
    token: u64,
    /// How many frames were open before.
    depth: usize,
}

/// What a probe notes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Probe {
    /// A call begins: gives its token.
    Enter,
    /// The call of a token ends.
    Leave,
    /// The call of a token is left in its middle: gives the second argument.
    Pause,
    /// The call of a token goes on: gives the second argument.
    Resume,
}

impl Native for Probe {
    fn call<'js>(&self, js: Js<'js>, _: &Local<'js>, given: Given<'js>) -> Outcome<Local<'js>> {
        let Some(number) = whole_number(&given.get(0)) else {
            return Ok(given.get(1));
        };
        let (token, gives) = match self {
            Self::Enter => {
                let token = js.realm().calls.borrow_mut().token(number);
                (token, js.number(token as f64))
            }
            Self::Leave | Self::Pause | Self::Resume => (number, given.get(1)),
        };
        if let Some(number) = js.realm().profile.exact() {
            note(js, *self, number, token);
        }
        Ok(gives)
    }
}

fn whole_number(value: &Local<'_>) -> Option<u64> {
    match value.kind() {
        Kind::Integer(number) => u64::try_from(number).ok(),
        // Saturates, and whatever comes of a wrong number is a wrong number.
        Kind::Float(number) if number >= 0.0 => Some(number as u64),
        _ => None,
    }
}

#[cold]
fn note_base(js: Js<'_>, probe: Probe, number: u64) {
    let mut stack = call_sites::stack(js, Innermost::IsLeftOut);
    if probe == Probe::Enter {
        // Its call is the one that is noted next.
        stack.pop();
    }
    let realm = js.realm();
    let mut calls = realm.calls.borrow_mut();
    if let Some(log) = calls.log_of(&realm.profile, number) {
        log.begin_within(stack);
    }
}

fn note(js: Js<'_>, probe: Probe, number: u64, token: u64) {
    let realm = js.realm();
    let has_base = realm
        .calls
        .borrow_mut()
        .log_of(&realm.profile, number)
        .is_some_and(|log| log.has_base);
    if !has_base {
        note_base(js, probe, number);
    }
    let mut calls = realm.calls.borrow_mut();
    let calls = &mut *calls;
    let id = (token & (FUNCTIONS as u64 - 1)) as usize;
    let (Some(log), Some(called)) = (&mut calls.log, calls.functions.get(id)) else {
        return;
    };
    match probe {
        Probe::Enter => log.open(id, called, token, ProfileBuilder::enter),
        Probe::Resume if log.is_open(token) => {}
        Probe::Resume => log.open(id, called, token, ProfileBuilder::resume),
        Probe::Leave | Probe::Pause => log.close(called, token),
    }
}

impl Calls {
    /// A token for a new call of a function.
    fn token(&mut self, id: u64) -> u64 {
        self.count += 1;
        let count = self.count & ((1 << (TOKEN_BITS - ID_BITS)) - 1);
        count << ID_BITS | (id & (FUNCTIONS as u64 - 1))
    }

    /// What is known of the profile of a number.
    fn log_of(&mut self, feed: &ProfileFeed, number: u64) -> Option<&mut Log> {
        if self.log.as_ref().is_none_or(|log| log.number != number) {
            let profile = feed.running.lock().clone()?;
            self.log = Some(Log {
                number,
                profile,
                frames: Vec::new(),
                base: Vec::new(),
                has_base: false,
                open: Vec::new(),
            });
        }
        self.log.as_mut()
    }

    /// A script begins; see [`begin_script`](super::begin_script).
    pub(super) fn begin(&mut self, feed: &ProfileFeed, script: &str, main: Option<u32>) {
        if main.is_none() {
            self.columns.remove(script);
        }
        let Some(number) = feed.exact() else {
            return;
        };
        let id = main.map_or(usize::MAX, |main| main as usize);
        let frame = match self.functions.get(id) {
            Some(frame) => frame.clone(),
            // What the profile cannot tell must not look like a script without functions.
            None => main_frame(script, "(main: its calls are not noted)"),
        };
        if let Some(log) = self.log_of(feed, number) {
            log.has_base = true;
            log.open(id, &frame, id as u64, ProfileBuilder::enter);
        }
    }

    /// Nothing of a script runs; see [`rest`](super::rest).
    pub(super) fn rest(&mut self, feed: &ProfileFeed) {
        match feed.exact() {
            Some(number) => {
                if let Some(log) = self.log_of(feed, number) {
                    log.has_base = true;
                    log.close_all();
                }
            }
            None => self.log = None,
        }
    }
}

fn main_frame(script: &str, name: &str) -> ProfileFrame {
    ProfileFrame::new(name, FrameKind::Script).at(Place::new(script, 1))
}

impl Log {
    /// The profile began inside these functions, the outermost first.
    fn begin_within(&mut self, stack: Vec<ProfileFrame>) {
        self.has_base = true;
        self.base = stack.iter().map(|frame| frame.place.clone()).collect();
        self.profile.feed(|builder, now| {
            let stack: Vec<_> = stack
                .into_iter()
                .map(|frame| builder.frame(frame))
                .collect();
            builder.sample(&stack, now);
        });
    }

    fn is_open(&self, token: u64) -> bool {
        self.open.iter().rev().any(|open| open.token == token)
    }

    fn open(
        &mut self,
        id: usize,
        called: &ProfileFrame,
        token: u64,
        enter: fn(&mut ProfileBuilder, FrameId, std::time::Duration),
    ) {
        if self.open.len() >= MOST_OPEN {
            return;
        }
        let (frames, open) = (&mut self.frames, &mut self.open);
        self.profile.feed(|builder, now| {
            let depth = builder.depth();
            let frame = known_frame(frames, id, called, builder);
            enter(builder, frame, now);
            open.push(Open { token, depth });
        });
    }

    /// Closes a call and those within it, which were left in a way that no probe saw.
    fn close(&mut self, called: &ProfileFrame, token: u64) {
        let at = self.open.iter().rposition(|open| open.token == token);
        match at.and_then(|at| self.open.drain(at..).next()) {
            Some(open) => self.leave_to(open.depth),
            None if self.open.is_empty() && self.base.last() == Some(&called.place) => {
                self.base.pop();
                self.leave_to(self.base.len());
            }
            None => {}
        }
    }

    fn close_all(&mut self) {
        self.open.clear();
        self.base.clear();
        self.leave_to(0);
    }

    fn leave_to(&self, depth: usize) {
        self.profile
            .feed(|builder, now| builder.leave_to(depth, now));
    }
}

fn known_frame(
    frames: &mut Vec<Option<FrameId>>,
    id: usize,
    called: &ProfileFrame,
    builder: &mut ProfileBuilder,
) -> FrameId {
    if let Some(Some(frame)) = frames.get(id) {
        return *frame;
    }
    let frame = builder.frame(called.clone());
    if id < FUNCTIONS {
        if frames.len() <= id {
            frames.resize(id + 1, None);
        }
        if let Some(known) = frames.get_mut(id) {
            *known = Some(frame);
        }
    }
    frame
}

/// The script with probes and its id, if its calls are to be noted: an exact profile is made, or the script looks as
/// if it would start one. None too if it cannot have probes; it then runs as it is.
pub(in crate::javascript) fn probed<'js>(
    js: Js<'js>,
    script: &Script,
    is_asynchronous: bool,
) -> Option<(Compiled<'js>, u32)> {
    let realm = js.realm();
    let starts_exact = || STARTS_EXACT.iter().all(|word| script.source.contains(word));
    if realm.profile.exact().is_none() && !starts_exact() {
        return None;
    }
    settle(js, install(js))?;
    let mut calls = realm.calls.borrow_mut();
    let calls = &mut *calls;
    if calls
        .last
        .as_ref()
        .is_none_or(|last| !last.is_of(script, is_asynchronous))
    {
        calls.last = calls.probe(script, is_asynchronous);
    }
    let last = calls.last.as_ref()?;
    // The engine is the judge: what it does not take with probes runs without.
    let compiled = settle(js, js.compile(&last.text, &script.name, is_asynchronous))?;
    Some((compiled, last.main))
}

impl ProbedScript {
    fn is_of(&self, script: &Script, is_asynchronous: bool) -> bool {
        self.is_asynchronous == is_asynchronous && self.script == *script
    }
}

impl Calls {
    /// Probes move what follows them on their line; this moves it back.
    pub(in crate::javascript) fn restore_columns(&self, frames: &mut [StackFrame]) {
        if self.columns.is_empty() {
            return;
        }
        for frame in frames {
            let columns = frame
                .source
                .as_ref()
                .and_then(|name| self.columns.get(name));
            if let (Some(columns), Some(line), Some(column)) = (columns, frame.line, frame.column) {
                frame.column = Some(columns.original(line, column));
            }
        }
    }

    fn probe(&mut self, script: &Script, is_asynchronous: bool) -> Option<ProbedScript> {
        let main = u32::try_from(self.functions.len()).ok()?;
        let probed = instrument(Wanted {
            source: &script.source,
            is_asynchronous,
            prefix: &self.prefix,
            main,
        })?;
        if self.functions.len() + probed.functions.len() >= FUNCTIONS {
            return None;
        }
        self.functions.push(main_frame(&script.name, "(main)"));
        self.functions
            .extend(probed.functions.into_iter().map(|probed| {
                let name = match probed.name.as_str() {
                    "" => "(anonymous)",
                    name => name,
                };
                ProfileFrame::new(name, FrameKind::Script)
                    .at(Place::new(script.name.as_str(), probed.line))
            }));
        if self.columns.len() >= SCRIPTS {
            self.columns.clear();
        }
        self.columns.insert(script.name.clone(), probed.columns);
        Some(ProbedScript {
            script: script.clone(),
            is_asynchronous,
            text: probed.text,
            main,
        })
    }
}

/// Makes the probes known to scripts, once.
fn install(js: Js<'_>) -> Outcome<()> {
    let calls = &js.realm().calls;
    if !calls.borrow().prefix.is_empty() {
        return Ok(());
    }
    let prefix = format!(
        "_{:016x}{:016x}",
        RandomState::new().hash_one(0),
        RandomState::new().hash_one(1)
    );
    // Variables of a script, and no properties of the global object, which a script could list. Nothing that a script
    // may have replaced takes part in setting them.
    let names = ['e', 'l', 'p', 'r'].map(|probe| format!("{prefix}{probe}"));
    let [enter, leave, pause, resume] = &names;
    let source = format!(
        "let {};(e,l,p,r)=>{{{enter}=e;{leave}=l;{pause}=p;{resume}=r}}",
        names.join(",")
    );
    let take = js.evaluate(js.compile(&source, "<host>", false)?)?;
    let probes = [Probe::Enter, Probe::Leave, Probe::Pause, Probe::Resume];
    let probes = probes
        .into_iter()
        .map(|probe| function(js, "", probe))
        .collect::<Outcome<Vec<_>>>()?;
    take.call(&js.undefined(), &probes)?;
    hide_from_texts(js, &prefix)?;
    calls.borrow_mut().prefix = prefix;
    Ok(())
}

/// Has the text of a function be what the script says it is.
fn hide_from_texts(js: Js<'_>, prefix: &str) -> Outcome<()> {
    let Property::Value(class) = js.globals().named("Function")? else {
        return Ok(());
    };
    let Property::Value(functions) = class.named("prototype")? else {
        return Ok(());
    };
    let Property::Value(original) = functions.named("toString")? else {
        return Ok(());
    };
    let index = js.realm().builtins.borrow().len();
    js.realm().builtins.borrow_mut().push(original.keep());
    let shown = FunctionText {
        original: index,
        prefix: prefix.to_owned(),
    };
    let shown = function(js, "toString", shown)?;
    functions.define_named("toString", shown, Access::Quiet)
}

/// Stands for `Function.prototype.toString`.
struct FunctionText {
    original: usize,
    prefix: String,
}

impl Native for FunctionText {
    fn call<'js>(&self, js: Js<'js>, this: &Local<'js>, given: Given<'js>) -> Outcome<Local<'js>> {
        let builtins = &js.realm().builtins;
        let original = builtins
            .borrow()
            .get(self.original)
            .map(|kept| kept.get(js));
        let Some(original) = original else {
            return Ok(js.undefined());
        };
        let text = given.pass(&original, this)?;
        let Some(shown) = text.text().filter(|text| text.contains(&self.prefix)) else {
            return Ok(text);
        };
        js.text(&without_probes(&shown, &self.prefix))
    }
}
