//! Each question's work, as a function that does it a number of times.

pub mod decision;
pub mod event;
pub mod hook;
pub mod load;
pub mod message;
pub mod profile;
pub mod timer;

/// Does one piece of work a number of times.
pub type Work = Box<dyn FnMut(u64)>;
