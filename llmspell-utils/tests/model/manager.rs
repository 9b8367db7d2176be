//! The manager and its scopes.

use std::sync::Arc;

use shuttle::thread;

use crate::debug::{DebugLevel, DebugManager, ManualClock};
use crate::sync::atomic::Ordering;

pub(crate) const CHECKS: &[(&str, fn())] = &[
    ("the gate follows the settings that were made last", gate),
    (
        "a decision that was remembered does not outlive its rules",
        decisions,
    ),
    (
        "a scope that is made meanwhile follows the level",
        new_scope,
    ),
    (
        "settings made above and in a scope at once both count",
        scope_and_host,
    ),
    ("messages of scopes arrive in the scope and above", messages),
];

fn manager() -> Arc<DebugManager> {
    Arc::new(DebugManager::with_clock(Arc::new(ManualClock::new())))
}

fn gate_of(manager: &DebugManager) -> u8 {
    manager.gate().load(Ordering::Relaxed)
}

fn gate() {
    let host = manager();
    let other = Arc::clone(&host);
    let thread = thread::spawn(move || other.set_directive("m=trace").unwrap());
    host.set_level(DebugLevel::Error);
    host.set_enabled(false);
    thread.join().unwrap();
    assert_eq!((gate_of(&host), host.level()), (0, DebugLevel::Error));
    host.set_enabled(true);
    assert_eq!(gate_of(&host), 5);
}

fn decisions() {
    let host = manager();
    let scope = host.scope();
    host.add_module_filter("other", false).unwrap();
    let asking = Arc::clone(&scope);
    let thread = thread::spawn(move || {
        let _ = asking.wants(DebugLevel::Info, Some("m"));
        let _ = asking.wants(DebugLevel::Info, Some("m"));
    });
    host.add_module_filter("m", false).unwrap();
    assert!(!scope.wants(DebugLevel::Info, Some("m")));
    thread.join().unwrap();
    assert!(!scope.wants(DebugLevel::Info, Some("m")));
    assert!(!host.wants(DebugLevel::Info, Some("m")));
}

fn new_scope() {
    let host = manager();
    let parent = Arc::clone(&host);
    let thread = thread::spawn(move || parent.scope());
    host.set_level(DebugLevel::Trace);
    let scope = thread.join().unwrap();
    assert_eq!((scope.level(), gate_of(&scope)), (DebugLevel::Trace, 5));
}

fn scope_and_host() {
    let host = manager();
    let scope = host.scope();
    let inner = scope.scope();
    let changing = Arc::clone(&scope);
    let thread = thread::spawn(move || changing.set_level(DebugLevel::Debug));
    let level = host.level();
    host.set_level(DebugLevel::Trace);
    assert_eq!(level, DebugLevel::Info);
    thread.join().unwrap();
    assert_eq!((scope.level(), gate_of(&scope)), (DebugLevel::Debug, 4));
    assert_eq!((inner.level(), gate_of(&inner)), (DebugLevel::Debug, 4));
}

fn messages() {
    let host = manager();
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let host = Arc::clone(&host);
            thread::spawn(move || {
                let scope = host.scope();
                scope.log(DebugLevel::Info, None, "one");
                scope.log(DebugLevel::Info, Some("m"), "two");
                assert_eq!(scope.captured_shared(None).len(), 2);
                scope.clear_captured();
            })
        })
        .collect();
    host.set_level(DebugLevel::Debug);
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(host.captured_shared(None).len(), 4);
}
