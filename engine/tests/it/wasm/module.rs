//! A small module with the interface of OPA's, each part of which a test may replace.

use std::path::Path;
use std::time::Duration;

use llmspell_engine::{Decision, EngineOptions, PolicyEngine};
use tempfile::TempDir;

use crate::support::{event, project, write};

/// Its values are the addresses of their own texts, and every entry point says the same.
const MODULE: &str = r#"(module
  (import "env" "memory" (memory 2))
  (import "env" "opa_abort" (func $abort (param i32)))
  (import "env" "opa_println" (func $println (param i32)))
  (import "env" "opa_builtin0" (func $builtin0 (param i32 i32) (result i32)))
  (import "env" "opa_builtin1" (func $builtin1 (param i32 i32 i32) (result i32)))
  (global $heap (mut i32) (i32.const 65536))
  (global (export "opa_wasm_abi_version") i32 (i32.const 1))
  (global (export "opa_wasm_abi_minor_version") i32 (i32.const 2))
  (export "memory" (memory 0))
  (func $opa_malloc (export "opa_malloc") (param $size i32) (result i32)
    (global.get $heap)
    (global.set $heap (i32.add (global.get $heap) (local.get $size))))
  (func (export "opa_value_parse") (param i32 i32) (result i32) (local.get 0))
  (func (export "opa_value_dump") (param i32) (result i32) (local.get 0))
  (func (export "opa_heap_ptr_get") (result i32) (global.get $heap))
  (func (export "opa_heap_ptr_set") (param i32) (global.set $heap (local.get 0)))
  (func (export "opa_eval_ctx_new") (result i32) (i32.const 8))
  (func (export "opa_eval_ctx_set_input") (param i32 i32))
  (func (export "opa_eval_ctx_set_data") (param i32 i32))
  (func (export "opa_eval_ctx_set_entrypoint") (param i32 i32))
  (func $eval (export "eval") (param i32) (result i32) (i32.const 0))
  (func (export "opa_eval_ctx_get_result") (param i32) (result i32) (i32.const 1024))
  (func (export "builtins") (result i32) (i32.const 2048))
  (func (export "entrypoints") (result i32) (i32.const 3072))
  (data (i32.const 1024) "[{\"result\":[]}]\00")
  (data (i32.const 2048) "{}\00")
  (data (i32.const 3072) "{\"cupcake/policies/guard/deny\":0}\00")
)"#;

/// The routing that stands beside it.
pub(super) const ROUTING: &str =
    "custom:\n  id: GUARD\n  routing:\n    required_events: [PreToolUse]\n";

/// The module in text form with some of its parts replaced.
///
/// # Panics
///
/// When a part is not there, because such a test would prove nothing.
pub(super) fn module(replaced: &[(&str, &str)]) -> String {
    replaced.iter().fold(MODULE.to_owned(), |text, (part, by)| {
        assert!(text.contains(part), "there is no `{part}`");
        text.replacen(part, by, 1)
    })
}

/// The module whose entry point says this.
pub(super) fn saying(result: &str) -> String {
    let quoted = result.replace('\\', "\\\\").replace('"', "\\\"");
    module(&[(r#"[{\"result\":[]}]"#, &quoted)])
}

/// A project with one module of these bytes.
pub(super) fn project_of(bytes: &[u8]) -> TempDir {
    let directory = project([]);
    let path = directory.path().join(".cupcake/policies/guard.wasm");
    std::fs::write(path, bytes).unwrap();
    write(
        directory.path(),
        ".cupcake/policies/guard.wasm.yml",
        ROUTING,
    );
    directory
}

/// Loads a project with a deadline of a tenth of a second.
pub(super) fn engine_of(root: &Path) -> PolicyEngine {
    engine_within(Duration::from_millis(100), root)
}

/// Loads a project with a deadline.
pub(super) fn engine_within(deadline: Duration, root: &Path) -> PolicyEngine {
    let options = EngineOptions {
        deadline,
        cache: Some(super::cache()),
        ..EngineOptions::default()
    };
    PolicyEngine::load(root, &options).unwrap()
}

/// What a module decides about an event.
pub(super) fn decision(bytes: &[u8]) -> Decision {
    decision_within(Duration::from_secs(30), bytes)
}

/// The same with a deadline.
pub(super) fn decision_within(deadline: Duration, bytes: &[u8]) -> Decision {
    let directory = project_of(bytes);
    let engine = engine_within(deadline, directory.path());
    engine.evaluate(&event(r#"{"hook_event_name": "PreToolUse"}"#))
}
