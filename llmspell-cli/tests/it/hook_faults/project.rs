//! What is wrong with the project, or with the configuration of the machine.

mod configuration;
mod outside;
mod policies;
mod rego;
mod scripts;
mod trust;

use super::Fault;

pub(super) use policies::policy_with;

pub(super) fn faults() -> Vec<Fault> {
    [
        policies::faults(),
        rego::faults(),
        scripts::faults(),
        configuration::faults(),
        outside::faults(),
        trust::faults(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
