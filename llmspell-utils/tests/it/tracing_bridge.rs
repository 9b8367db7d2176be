//! Entries as events of `tracing`, its events as entries, and both at once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use llmspell_utils::debug::{
    DebugConfig, DebugLayer, DebugLevel, DebugManager, FanOut, OutputTarget, Place, QueueLimits,
    Queued, TracingOutput,
};
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::subscriber::with_default;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};

use super::support::{manager, messages};

/// The fields of an event as text, with its level and target.
pub(crate) type Seen = BTreeMap<String, String>;

/// A host's subscriber that keeps what it sees.
#[derive(Debug, Clone, Default)]
pub(crate) struct Host {
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
}

impl Host {
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl<S: Subscriber> Layer<S> for Host {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut fields = Fields(Seen::new());
        event.record(&mut fields);
        let Fields(mut seen) = fields;
        seen.insert("level".to_owned(), event.metadata().level().to_string());
        seen.insert("target".to_owned(), event.metadata().target().to_owned());
        self.seen.lock().unwrap().push(seen);
    }
}

struct Fields(Seen);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

fn seen<const N: usize>(fields: [(&str, &str); N]) -> Seen {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn an_entry_is_an_event_with_its_level_and_fields() {
    let host = Host::default();
    let manager = manager();
    manager.set_level(DebugLevel::Trace);
    manager.set_output(Arc::new(TracingOutput::new()));
    with_default(tracing_subscriber::registry().with(host.clone()), || {
        manager.log_entry(
            manager
                .entry(DebugLevel::Warn, "2 rules\nspoke")
                .with_module("policy.shell")
                .with_data(json!({ "rules": 2 }))
                .with_place(Place::new("guard.lua", 12))
                .with_correlation("7f3a"),
        );
        for level in [
            DebugLevel::Error,
            DebugLevel::Info,
            DebugLevel::Debug,
            DebugLevel::Trace,
        ] {
            manager.log(level, None, "x");
        }
    });
    let events = host.seen();
    assert_eq!(
        events[0],
        seen([
            ("correlation", "7f3a"),
            ("data", r#"{"rules":2}"#),
            ("level", "WARN"),
            ("message", r"2 rules\nspoke"),
            ("module", "policy.shell"),
            ("place", "guard.lua:12"),
            ("target", "llmspell"),
        ])
    );
    let others: Vec<_> = events[1..].to_vec();
    let expected = ["ERROR", "INFO", "DEBUG", "TRACE"]
        .map(|level| seen([("level", level), ("message", "x"), ("target", "llmspell")]));
    assert_eq!(others, expected, "what an entry does not have is left out");
}

#[test]
fn an_event_is_an_entry_with_module_data_place_and_spans() {
    let manager = Arc::new(manager());
    let layer = DebugLayer::new(Arc::clone(&manager));
    with_default(tracing_subscriber::registry().with(layer), || {
        let _outer = tracing::info_span!("request", id = 7).entered();
        let _inner = tracing::info_span!("query").entered();
        tracing::warn!(
            target: "store::disk",
            free = 12_u64,
            ratio = 0.5,
            nan = f64::NAN,
            delta = -1,
            full = false,
            name = "sda",
            list = ?[1, 2],
            "nearly {}",
            "full"
        );
    });
    let line = line!() - 3;
    let captured = manager.captured(None);
    assert_eq!(captured.len(), 1);
    let entry = &captured[0];
    assert_eq!(
        (entry.level, entry.module.as_deref(), entry.message.as_str()),
        (DebugLevel::Warn, Some("store.disk"), "nearly full")
    );
    assert_eq!(
        entry.data,
        Some(json!({
            "free": 12, "ratio": 0.5, "nan": "NaN", "delta": -1, "full": false, "name": "sda", "list": "[1, 2]",
            "spans": ["request", "query"]
        }))
    );
    let place = entry.place.as_ref().unwrap();
    assert!(place.file.ends_with("tracing_bridge.rs") && place.line < line);
}

#[test]
fn the_manager_s_filters_decide_about_events() {
    let manager = Arc::new(manager());
    manager
        .set_directive("warn,store.*=debug,noisy=off")
        .unwrap();
    let layer = DebugLayer::new(Arc::clone(&manager));
    with_default(tracing_subscriber::registry().with(layer), || {
        tracing::info!(target: "other", "too verbose");
        tracing::debug!(target: "store::disk", "heard");
        tracing::trace!(target: "store::disk", "too verbose");
        tracing::error!(target: "noisy", "switched off");
        manager.set_enabled(false);
        tracing::error!(target: "other", "nobody listens");
    });
    assert_eq!(messages(&manager), ["heard"]);
}

#[test]
fn what_an_event_says_is_bounded_and_what_is_left_out_is_counted() {
    #[derive(Debug)]
    struct Long;
    impl fmt::Display for Long {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str(&"é".repeat(100_000))
        }
    }
    let manager = Arc::new(manager());
    let layer = DebugLayer::new(Arc::clone(&manager));
    with_default(tracing_subscriber::registry().with(layer), || {
        tracing::info!(long = %Long, "{}", Long);
    });
    let entry = &manager.captured(None)[0];
    assert!(entry.size() < 100_000, "{}", entry.size());
    assert!(entry.message.ends_with("é…"));
}

#[test]
fn both_directions_at_once_come_to_an_end_and_nothing_is_seen_twice() {
    let host = Host::default();
    let manager = Arc::new(manager());
    manager.set_output(Arc::new(TracingOutput::new()));
    let subscriber = tracing_subscriber::registry()
        .with(DebugLayer::new(Arc::clone(&manager)))
        .with(host.clone());
    with_default(subscriber, || {
        manager.log(DebugLevel::Info, None, "from a script");
        tracing::info!("from the host");
    });
    let seen: Vec<_> = host
        .seen()
        .iter()
        .map(|event| event["message"].clone())
        .collect();
    assert_eq!(seen, ["from a script", "from the host"]);
    assert_eq!(messages(&manager), ["from a script", "from the host"]);
}

#[test]
fn two_managers_on_one_subscriber_come_to_an_end() {
    let (one, two) = (Arc::new(manager()), Arc::new(manager()));
    for manager in [&one, &two] {
        manager.set_output(Arc::new(FanOut::new(vec![
            Arc::new(TracingOutput::new()),
            Arc::new(TracingOutput::new()),
        ])));
    }
    let subscriber = tracing_subscriber::registry()
        .with(DebugLayer::new(Arc::clone(&one)))
        .with(DebugLayer::new(Arc::clone(&two)));
    with_default(subscriber, || {
        one.log(DebugLevel::Info, None, "a");
        tracing::info!("b");
    });
    assert_eq!(messages(&one), ["a", "b"]);
    assert_eq!(messages(&two), ["b"]);
}

#[test]
fn behind_a_queue_the_bridge_comes_to_an_end_too() {
    let manager = Arc::new(manager());
    let queue = Queued::new(Arc::new(TracingOutput::new()), QueueLimits::default()).unwrap();
    manager.set_output(Arc::new(queue));
    let layer = DebugLayer::new(Arc::clone(&manager));
    with_default(tracing_subscriber::registry().with(layer), || {
        manager.log(DebugLevel::Info, None, "a");
        tracing::info!("b");
        manager.flush().unwrap();
    });
    assert_eq!(messages(&manager), ["a", "b"]);
}

#[test]
fn a_configuration_may_name_the_bridge() {
    let config = DebugConfig {
        output: vec!["tracing".parse().unwrap()],
        ..DebugConfig::default()
    };
    assert_eq!(config.output, [OutputTarget::Tracing]);
    let host = Host::default();
    let manager = DebugManager::from_config(&config).unwrap();
    assert_eq!(manager.output().name(), "tracing");
    with_default(tracing_subscriber::registry().with(host.clone()), || {
        manager.log(DebugLevel::Info, None, "x");
    });
    assert_eq!(host.seen().len(), 1);
}

#[test]
fn a_secret_in_an_event_that_would_be_cut_in_two_is_redacted() {
    let manager = Arc::new(manager());
    let subscriber = tracing_subscriber::registry().with(DebugLayer::new(Arc::clone(&manager)));
    with_default(subscriber, || {
        for behind in [10, 20, 30] {
            let text = format!(
                "{} postgres://me:hunter2hunter2@db/x{}",
                "x".repeat(16 * 1024 - behind),
                " and more".repeat(200)
            );
            tracing::info!(text, "{text}");
        }
    });
    for entry in manager.captured(None) {
        assert!(entry.message.ends_with('…') && entry.message.len() <= 16 * 1024 + 3);
        let shown = format!("{} {:?}", entry.message, entry.data);
        assert!(!shown.contains("me:hun"), "{shown}");
    }
    assert_eq!(manager.captured(None).len(), 3);
}
