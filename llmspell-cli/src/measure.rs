//! How long something takes when it is done many times, and where its time goes.

mod evaluation;
mod runs;
mod saved;
mod script;
mod subject;
mod table;

pub(crate) use evaluation::EventSubject;
pub(crate) use runs::{Measurement, Series, most_runs};
pub(crate) use saved::SavedProfile;
pub(crate) use script::{Fresh, Input, profile_options};
pub(crate) use subject::{Measured, compare, measure};
pub(crate) use table::{as_json, comparison_text, measurement_text};
