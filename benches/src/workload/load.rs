//! A project from the disk to an engine that can decide.

use std::hint::black_box;

use llmspell_engine::{EngineOptions, PolicyEngine};

use super::Work;
use crate::project::{Routed, event, write_project};

/// Loads a project of a number of policies.
pub fn load(count: usize) -> Work {
    let project = write_project(count, Routed::One);
    Box::new(move |times| {
        for _ in 0..times {
            black_box(PolicyEngine::load(project.path(), &EngineOptions::default()).unwrap());
        }
    })
}

/// Decides about one event from a project on disk, and prepares nothing else.
pub fn decide_once(count: usize) -> Work {
    let project = write_project(count, Routed::One);
    let event = event();
    Box::new(move |times| {
        for _ in 0..times {
            let options = EngineOptions::default();
            let decision = PolicyEngine::decide_once(project.path(), &event, &options).unwrap();
            assert_eq!(decision.rules.len(), 1, "{:?}", decision.errors);
        }
    })
}
