//! Events of `tracing` as entries of a manager.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use ::tracing::field::{Field, Visit};
use ::tracing::{Event, Level, Metadata, Subscriber};
use serde_json::{Map, Value};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::super::super::entry::Place;
use super::super::super::level::DebugLevel;
use super::super::super::manager::DebugManager;
use super::super::super::redact::Redactor;
use super::super::super::text::cut;
use super::guard::Crossing;

/// The most fields of an event, and the most spans around it.
const FIELDS: usize = 64;

/// The most bytes of a field.
const FIELD_BYTES: usize = 16 * 1024;

/// How many bytes of a field are looked at for secrets beyond those that are kept: one that is cut in two is not known
/// for one.
const BEYOND: usize = 512;

/// Feeds a manager with the events of `tracing`.
///
/// The entry's module is the event's target with dots (`my_program.store`), so that filters such as
/// `my_program.*=debug` decide about it; its data are the event's fields, and under `spans` the names of the spans
/// around it, the outermost first. The message and each field end after 16 KiB with `…`; of fields beyond 64
/// `fields_left_out` says how many there were. What came from a manager through [`TracingOutput`](super::TracingOutput) does not go back there.
///
/// ```
/// use std::sync::Arc;
/// use llmspell_utils::debug::{DebugLayer, DebugManager};
/// use tracing_subscriber::layer::SubscriberExt as _;
///
/// let manager = Arc::new(DebugManager::new());
/// let subscriber = tracing_subscriber::registry().with(DebugLayer::new(Arc::clone(&manager)));
/// tracing::subscriber::with_default(subscriber, || tracing::info!(target: "store::disk", free = 12, "nearly full"));
///
/// let entry = &manager.captured(None)[0];
/// assert_eq!((entry.module.as_deref(), entry.message.as_str()), (Some("store.disk"), "nearly full"));
/// assert_eq!(entry.data, Some(serde_json::json!({ "free": 12 })));
/// ```
#[derive(Debug, Clone)]
pub struct DebugLayer {
    manager: Arc<DebugManager>,
}

impl DebugLayer {
    /// A layer that feeds this manager.
    #[must_use]
    pub const fn new(manager: Arc<DebugManager>) -> Self {
        Self { manager }
    }

    fn log(&self, event: &Event<'_>, spans: Vec<Value>) {
        let metadata = event.metadata();
        let mut fields = Fields {
            redactor: self.manager.redactor(),
            ..Fields::default()
        };
        event.record(&mut fields);
        let mut entry = self.manager.entry(level(metadata), fields.message);
        entry.module = Some(module(metadata).into());
        entry.place = place(metadata);
        let mut data = fields.data;
        if !spans.is_empty() {
            data.insert("spans".to_owned(), spans.into());
        }
        if fields.left_out > 0 {
            data.insert("fields_left_out".to_owned(), fields.left_out.into());
        }
        entry.data = (!data.is_empty()).then_some(Value::Object(data));
        self.manager.emit(entry);
    }
}

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for DebugLayer {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let level = level(event.metadata());
        if !self.manager.listens(level) {
            return;
        }
        let Some(_crossing) = Crossing::begin() else {
            return;
        };
        if self.manager.wants(level, Some(&module(event.metadata()))) {
            self.log(event, names_of_spans(event, &context));
        }
    }
}

fn names_of_spans<S: Subscriber + for<'span> LookupSpan<'span>>(
    event: &Event<'_>,
    context: &Context<'_, S>,
) -> Vec<Value> {
    let Some(scope) = context.event_scope(event) else {
        return Vec::new();
    };
    scope
        .from_root()
        .take(FIELDS)
        .map(|span| span.name().into())
        .collect()
}

fn level(metadata: &Metadata<'_>) -> DebugLevel {
    match *metadata.level() {
        Level::ERROR => DebugLevel::Error,
        Level::WARN => DebugLevel::Warn,
        Level::INFO => DebugLevel::Info,
        Level::DEBUG => DebugLevel::Debug,
        Level::TRACE => DebugLevel::Trace,
    }
}

fn module(metadata: &Metadata<'_>) -> String {
    metadata.target().replace("::", ".")
}

fn place(metadata: &Metadata<'_>) -> Option<Place> {
    Some(Place::new(metadata.file()?, metadata.line()?))
}

/// What an event says, in bounds.
#[derive(Debug, Default)]
struct Fields {
    message: String,
    data: Map<String, Value>,
    left_out: u64,
    redactor: Arc<Redactor>,
}

impl Fields {
    fn insert(&mut self, field: &Field, value: Value) {
        if self.data.len() < FIELDS {
            self.data.insert(field.name().to_owned(), value);
        } else {
            self.left_out += 1;
        }
    }

    fn insert_text(&mut self, field: &Field, text: fmt::Arguments<'_>) {
        let mut bounded = Bounded::default();
        // It fails only when it is full, and then no more is wanted.
        let _ = bounded.write_fmt(text);
        let text = shortened(bounded.text, &self.redactor);
        if field.name() == "message" {
            self.message = text;
        } else {
            self.insert(field, text.into());
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // Infinities and what is no number have no place in JSON.
        match serde_json::Number::from_f64(value) {
            Some(number) => self.insert(field, number.into()),
            None => self.insert_text(field, format_args!("{value}")),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert_text(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert_text(field, format_args!("{value:?}"));
    }
}

/// The text, if it is not too long, and else its beginning without its secrets.
fn shortened(text: String, redactor: &Redactor) -> String {
    let Some(beyond) = text.len().checked_sub(FIELD_BYTES).filter(|more| *more > 0) else {
        return text;
    };
    let redacted = redactor.text(&text);
    let kept = FIELD_BYTES.min(redacted.len().saturating_sub(beyond));
    format!("{}…", cut(&redacted, kept))
}

/// The beginning of a text, however much is written, and a little more than is kept.
#[derive(Debug, Default)]
struct Bounded {
    text: String,
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = (FIELD_BYTES + BEYOND).saturating_sub(self.text.len());
        let kept = cut(text, room);
        self.text.push_str(kept);
        if kept.len() < text.len() {
            return Err(fmt::Error);
        }
        Ok(())
    }
}
