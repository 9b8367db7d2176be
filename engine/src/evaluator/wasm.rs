//! Policies that OPA has compiled to WebAssembly, run by wasmtime.
//!
//! `runtime` holds the one engine of the process and what its stores may use, `deadline` its clock, `module` reads a
//! module and refuses what it does not know, `cache` keeps compiled modules on disk, `imports` is what a module may
//! call, `instance` runs one, `wire` is the text in which values go in and out, `policy` asks the verbs of a policy,
//! `bundle` reads OPA's archives, `files` makes policies of modules and bundles, and `project` those of a Rego project
//! that an `opa` program compiles. `provider` is the only way in from the loader.

mod bundle;
mod cache;
mod deadline;
mod fault;
mod files;
mod imports;
mod instance;
mod module;
mod options;
mod policy;
mod project;
mod provider;
mod query;
mod runtime;
mod wire;

pub(crate) use cache::ModuleCache;
pub(crate) use files::{is_binary, is_sidecar};
pub(crate) use module::MAX_MODULE_BYTES;
pub(crate) use options::WasmOptions;
pub(crate) use project::{RegoProject, Request};
pub use provider::WasmProvider;
pub(crate) use query::WasmQuery as CompiledQuery;
