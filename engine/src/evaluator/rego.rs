//! Rego policies, each compiled by itself and run by regorus.
//!
//! `source` guards the text before regorus sees it, `syntax` collects what the engine must know of a module,
//! `library` holds the modules of a project and checks that everything a policy names is there,
//! `policy` compiles and runs one policy, `rvm` runs those faster that are proven to run alike, `bounded` keeps functions
//! within bounds that regorus does not watch, `clock` gives them the decision's time, `aggregator` recognises `system/evaluate.rego`,
//! and `fault` makes errors of ours of those of regorus.

mod aggregator;
mod bounded;
mod clock;
mod fault;
mod library;
mod policy;
mod rvm;
mod source;
mod syntax;

pub(crate) use aggregator::is_plain as is_plain_aggregator;
pub(crate) use library::Library;
pub(crate) use policy::{RegoPolicy, definitions};
pub(crate) use rvm::Rvm;
pub(crate) use source::check as check_source;
pub(crate) use syntax::Module;
