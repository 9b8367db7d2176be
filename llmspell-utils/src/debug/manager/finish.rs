//! The last place where an entry may change: what is too much of it goes, and so do its secrets.

use std::sync::Arc;

use serde_json::json;

use super::super::entry::{DebugEntry, value_size};
use super::super::redact::Redactor;

/// The longest message, in bytes.
const MESSAGE_BYTES: usize = 1024 * 1024;

/// How many bytes of memory the data of an entry may hold.
const DATA_BYTES: usize = 4 * 1024 * 1024;

/// The entry as everybody may see it: bounded, and then without secrets.
pub(super) fn finished(mut entry: DebugEntry, redactor: &Redactor) -> Arc<DebugEntry> {
    if entry.message.len() > MESSAGE_BYTES {
        let left_out = entry.message.len() - MESSAGE_BYTES;
        entry.message = redactor.beginning(&entry.message, MESSAGE_BYTES);
        entry.message.push_str(&format!("… ({left_out} bytes cut)"));
        // What it could still hold counts as held.
        entry.message.shrink_to_fit();
    }
    if let Some(data) = &mut entry.data {
        let bytes = value_size(data);
        if bytes > DATA_BYTES {
            *data = json!({ "left_out": "large", "bytes": bytes });
        }
    }
    redactor.redact_entry(&mut entry);
    Arc::new(entry)
}
