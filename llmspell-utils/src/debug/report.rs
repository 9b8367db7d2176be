//! How measurements are presented.

mod text;

pub use text::text;
