//! Tests of the engine from outside, as those who embed it see it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a test may fail loudly"
)]

mod audit;
mod builtins;
mod compatibility;
mod decisions;
mod differential;
mod event;
mod explain;
mod guardrails;
mod harness_plugin;
mod harness_replies;
mod hostile_commands;
mod in_flight;
mod killers;
mod large_inputs;
mod messages;
mod metadata;
mod modules;
mod negation;
mod places;
mod policy_tests;
mod probe;
mod project;
mod project_stamp;
mod project_template;
mod reference_projects;
mod rego_query;
mod reload;
mod repeatability;
mod routing_combinations;
mod signals;
mod sources;
mod stack;
mod support;
mod synthesis_combinations;
mod trust;
mod undefined;
mod validator;
mod wasm;
