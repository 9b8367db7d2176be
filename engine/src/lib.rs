//! The policy engine: it loads a Cupcake project, routes one event to its policies, and says what they decide.
//!
//! ```
//! use llmspell_engine::{EngineOptions, Event, EventLimits, PolicyEngine, Verdict};
//!
//! # let project = tempfile::tempdir().unwrap();
//! # let policies = project.path().join(".cupcake/policies");
//! # std::fs::create_dir_all(&policies).unwrap();
//! # std::fs::write(policies.join("no_root.rego"), r#"
//! # # METADATA
//! # # custom:
//! # #   id: NO-ROOT
//! # #   routing:
//! # #     required_events: [PreToolUse]
//! # package cupcake.policies.no_root
//! # deny contains {"reason": "not as root", "rule_id": "NO-ROOT-1", "severity": "HIGH"} if {
//! #     contains(input.tool_input.command, "sudo")
//! # }
//! # "#).unwrap();
//! let engine = PolicyEngine::load(project.path(), &EngineOptions::default())?;
//! let event = Event::parse(
//!     br#"{"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": "sudo ls"}}"#,
//!     &EventLimits::default(),
//! )?;
//! let decision = engine.evaluate(&event);
//! assert_eq!(decision.decision, Verdict::Deny);
//! assert_eq!(decision.reason, "not as root");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod audit;
mod decision;
mod digest;
mod document;
mod error;
mod evaluation;
mod evaluation_probe;
mod evaluator;
mod event;
mod explain;
mod global_configuration;
mod guardrails;
mod harness;
mod hook_policy;
mod inspection;
mod messages;
mod metadata;
mod opa;
mod opa_store;
mod open_folder;
mod policy;
mod policy_engine;
mod policy_input;
mod policy_language;
mod policy_loader;
mod policy_set;
mod policy_tests;
mod preprocess;
mod project;
mod project_stamp;
mod project_template;
mod rego_builtins;
mod rego_query;
mod reload;
mod route;
mod rulebook;
mod running;
mod selection;
mod settings;
mod shell;
mod signals;
mod synthesis;
mod trust;
mod user_directories;
mod validator;
mod value;
mod wasm_query;

pub use audit::{
    AuditEntry, AuditError, AuditErrorKind, AuditFault, AuditInput, AuditLog, AuditReport,
    AuditSettings, AuditTear, AuditedEvent, TraceContext, read_audit_log, verify_audit_log,
};
pub use decision::{
    Decision, DecisionError, DecisionErrorKind, RuleReport, Timings, Verb, Verdict,
};
pub use error::{EngineError, EngineErrorKind, Place};
pub use evaluation_probe::{EvaluationProbe, EvaluationStep};
pub use evaluator::wasm::WasmProvider;
pub use evaluator::{Answers, Definition, Evaluator, Moment, PolicyFault, SharedEvaluator};
pub use event::{Event, EventError, EventErrorKind, EventLimits};
pub use explain::{
    Explanation, FailedExpression, InputRead, PolicyExplanation, PolicyName, RuleExplanation,
    RuleOutcome, SeenValue, SignalExplanation, SignalOutcome, SkipReason, SkippedPolicy,
};
pub use global_configuration::GlobalConfig;
pub use harness::{Harness, OPENCODE_PLUGIN, Reply, WireCell, WireFit, WireRow, WireVerb};
pub use hook_policy::{Hook, HookDescription, HookPolicy};
pub use inspection::{
    InspectedPolicy, InspectedRoute, InspectedSignal, Inspection, inspect_project,
};
pub use opa_store::{OpaRelease, OpaStore};
pub use policy::PolicySummary;
pub use policy_engine::{EngineOptions, PolicyEngine};
pub use policy_language::{CompiledPolicy, PolicyLanguage, PolicySource};
pub use policy_tests::{
    FileCoverage, FoundTest, ScriptTests, TestCase, TestOptions, TestOutcome, TestReport,
    TestResult, TestRun, run_tests,
};
pub use project::Project;
pub use project_stamp::ProjectStamp;
pub use project_template::{
    WrittenFile, machine_configuration_folder, write_machine_configuration, write_project,
};
pub use rego_query::{
    RegoAnswer, RegoError, RegoErrorKind, RegoModule, RegoOptions, RegoQuery, RegoSolution,
};
pub use reload::{Reload, Watch};
pub use running::running_commands;
pub use settings::{Mode, RegoEvaluator};
pub use signals::signal_environment;
pub use trust::{
    FileTrust, KeyStore, SignatureAlgorithm, SignedManifest, TrustOptions, TrustReport,
    TrustedProject,
};
pub use validator::{CheckFinding, CheckReport, Severity, check_project, check_rules};
pub use value::Value;
pub use wasm_query::{WasmQuery, WasmQueryOptions};
