//! The audit log: one line of JSON a decision, each bound to the line before, in files that are put aside when they are long.

mod bounds;
mod chain;
mod entry;
mod error;
mod files;
mod lines;
mod lock;
mod log;
mod owner;
mod pointers;
mod record;
mod settings;
mod tail;
mod trace;
mod verify;
mod volumes;

pub use entry::{AuditEntry, AuditedEvent};
pub use error::{AuditError, AuditErrorKind};
pub use log::AuditLog;
pub use settings::{AuditInput, AuditSettings};
pub use trace::TraceContext;
pub use verify::{AuditFault, AuditReport, AuditTear, read_audit_log, verify_audit_log};
