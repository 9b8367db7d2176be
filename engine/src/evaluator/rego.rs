//! Rego policies, each compiled by itself and run by regorus.
//!
//! `source` guards the text before regorus sees it, `syntax` collects what the engine must know of a module,
//! `library` holds the modules of a project and checks that everything a policy names is there,
//! `policy` compiles and runs one policy, `rvm` runs those faster that are proven to run alike, `functions` puts those of the
//! host in front of those of regorus, `rewrite` makes what its parser does not know into what it does, `query` evaluates outside
//! of a project, `aggregator` recognises `system/evaluate.rego`, and `fault` makes errors of ours of those of regorus.

mod aggregator;
mod explain;
mod fault;
mod functions;
mod library;
mod names;
mod operands;
mod policy;
mod query;
mod replaced;
mod rewrite;
mod rvm;
mod source;
mod survey;
mod syntax;
mod test_file;

pub(crate) use aggregator::{Aggregator, is_plain as is_plain_aggregator};
pub(crate) use functions::Failures;
pub(crate) use library::Library;
pub(crate) use operands::Wanted;
pub(crate) use policy::{RegoPolicy, definitions};
pub(crate) use query::{Failure, Query};
pub(crate) use rvm::Rvm;
pub(crate) use source::check as check_source;
pub(crate) use survey::{Filtered, Said, Spot, StatedDecision, StatedField, StatedValue, Survey};
pub(crate) use syntax::Module;
pub(crate) use test_file::{TestFile, found as found_tests, is_unwritten, reachable_lines};
