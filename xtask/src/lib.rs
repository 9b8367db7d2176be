//! What contributors and CI run: one module a command, and what the commands share.

pub mod ci;
pub mod conformance;
pub mod dependency_audit;
pub mod differential;
pub mod examples;
pub mod failure;
pub mod figures;
pub mod footprint;
pub mod fuzz;
pub mod invocation;
pub mod named_values;
pub mod opa;
pub mod screen;
pub mod soak;
pub mod steps;
pub mod test;
pub mod tidy;
pub mod workspace;
