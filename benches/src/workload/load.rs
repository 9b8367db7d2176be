//! A project from the disk to an engine that can decide.

use std::hint::black_box;

use llmspell_engine::{EngineOptions, PolicyEngine};

use super::Work;
use crate::project::{Routed, write_project};

/// Loads a project of a number of policies.
pub fn load(count: usize) -> Work {
    let project = write_project(count, Routed::One);
    Box::new(move |times| {
        for _ in 0..times {
            black_box(PolicyEngine::load(project.path(), &EngineOptions::default()).unwrap());
        }
    })
}
