//! The manager: what is logged at which level, and what an entry knows.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use llmspell_utils::debug::{DebugLevel, DebugManager, Place, debug_log};
use serde_json::json;

use super::support::{manager, messages};

#[test]
fn a_new_manager_speaks_at_info_and_captures() {
    let manager = DebugManager::new();
    assert_eq!(
        (manager.level(), manager.is_enabled()),
        (DebugLevel::Info, true)
    );
    for level in DebugLevel::ALL {
        manager.log(level, None, level);
    }
    assert_eq!(messages(&manager), ["ERROR", "WARN", "INFO"]);
    assert_eq!((manager.dropped(), manager.forgotten()), (0, 0));
}

#[test]
fn every_level_lets_itself_and_what_is_more_severe_through() {
    let manager = manager();
    for threshold in DebugLevel::ALL {
        manager.set_level(threshold);
        for level in DebugLevel::ALL {
            let passes = level != DebugLevel::Off && level <= threshold;
            assert_eq!(manager.listens(level), passes, "{level} at {threshold}");
            assert_eq!(manager.wants(level, None), passes);
            assert_eq!(manager.wants(level, Some("m")), passes);
        }
    }
}

#[test]
fn an_entry_at_level_off_is_never_logged() {
    let manager = manager();
    for threshold in [DebugLevel::Off, DebugLevel::Trace] {
        manager.set_level(threshold);
        manager.log(DebugLevel::Off, None, "text");
        manager.log_entry(manager.entry(DebugLevel::Off, "entry"));
        manager.emit(manager.entry(DebugLevel::Off, "emitted"));
    }
    assert_eq!(messages(&manager), [""; 0]);
}

#[test]
fn the_gate_is_the_most_verbose_level_that_anybody_listens_to() {
    let manager = manager();
    let gate = || manager.gate().load(Ordering::Relaxed);
    assert_eq!(gate(), 3);
    manager.set_directive("warn,a=trace,b=error").unwrap();
    assert_eq!(gate(), 5);
    manager.remove_filter("a");
    assert_eq!(gate(), 2);
    manager.add_module_filter("c", true).unwrap();
    assert_eq!(gate(), 2);
    manager.set_level(DebugLevel::Off);
    assert_eq!(gate(), 1);
    manager.clear_filters();
    assert_eq!(gate(), 0);
    manager.set_level(DebugLevel::Debug);
    assert_eq!(gate(), 4);
    manager.set_enabled(false);
    assert_eq!(gate(), 0);
    manager.set_level(DebugLevel::Trace);
    manager.set_directive("a=trace").unwrap();
    assert_eq!(gate(), 0);
    manager.set_enabled(true);
    assert_eq!(gate(), 5);
}

#[test]
fn a_disabled_manager_logs_nothing_and_keeps_its_settings() {
    let manager = manager();
    manager.set_directive("debug,m=trace").unwrap();
    manager.set_enabled(false);
    manager.log(DebugLevel::Error, Some("m"), "unheard");
    assert!(!manager.wants(DebugLevel::Error, None));
    manager.set_enabled(true);
    manager.log(DebugLevel::Trace, Some("m"), "heard");
    assert_eq!(messages(&manager), ["heard"]);
    assert_eq!(manager.level(), DebugLevel::Debug);
}

#[test]
fn an_entry_knows_time_level_module_message_data_place_thread_and_correlation() {
    let manager = manager();
    let entry = manager
        .entry(DebugLevel::Warn, "2 rules spoke")
        .with_module("policy.shell")
        .with_data(json!({ "rules": 2 }))
        .with_place(Place::new("guard.lua", 12))
        .with_correlation("7f3a");
    manager.log_entry(entry.clone());
    let captured = manager.captured(None);
    assert_eq!(captured, [entry]);
    assert_eq!(captured[0].time.to_string(), "2023-11-14T22:13:20.000000Z");
    assert_eq!(Some(&*captured[0].thread), std::thread::current().name());
}

#[test]
fn a_thread_without_a_name_is_known_by_its_number() {
    let manager = Arc::new(manager());
    let inner = Arc::clone(&manager);
    std::thread::spawn(move || inner.log(DebugLevel::Info, None, "x"))
        .join()
        .unwrap();
    assert!(manager.captured(None)[0].thread.starts_with("ThreadId("));
}

#[test]
fn an_entry_is_filtered_by_its_own_level_and_module() {
    let manager = manager();
    manager.set_directive("info,loud=debug,silent=off").unwrap();
    manager.log_entry(manager.entry(DebugLevel::Debug, "a").with_module("loud"));
    manager.log_entry(manager.entry(DebugLevel::Debug, "b"));
    manager.log_entry(manager.entry(DebugLevel::Error, "c").with_module("silent"));
    manager.emit(manager.entry(DebugLevel::Error, "d").with_module("silent"));
    assert_eq!(messages(&manager), ["a", "d"]);
}

#[test]
fn the_macro_builds_only_messages_that_are_wanted() {
    let manager = Arc::new(manager());
    manager.set_directive("info,silent=off").unwrap();
    let mut built = Vec::new();
    let mut build = |name: &'static str| {
        built.push(name);
        name
    };
    let module = String::from("policy");
    debug_log!(manager, DebugLevel::Info, "{}", build("plain"));
    debug_log!(manager, DebugLevel::Debug, "{}", build("too verbose"));
    debug_log!(manager, DebugLevel::Warn, module: module, "{} {module}", build("of"));
    debug_log!(manager, DebugLevel::Warn, module: "silent", "{}", build("silenced"));
    debug_log!(*manager, DebugLevel::Error, "without arguments {{}}");
    assert_eq!(built, ["plain", "of"]);
    assert_eq!(
        messages(&manager),
        ["plain", "of policy", "without arguments {}"]
    );
    assert_eq!(manager.captured(None)[1].module.as_deref(), Some("policy"));
}

#[test]
fn managers_beside_each_other_share_nothing() {
    let (one, two) = (manager(), manager());
    one.set_level(DebugLevel::Trace);
    one.add_module_filter("m", false).unwrap();
    one.log(DebugLevel::Info, None, "for one");
    one.profiler().start("t").stop();
    assert_eq!(two.level(), DebugLevel::Info);
    assert!(two.wants(DebugLevel::Info, Some("m")));
    assert!(two.captured(None).is_empty() && two.profiler().statistics().is_empty());
}

#[test]
fn a_manager_can_be_printed_for_debugging() {
    assert_eq!(
        format!("{:?}", manager()),
        "DebugManager { level: Info, enabled: true, output: NullOutput, .. }"
    );
}
