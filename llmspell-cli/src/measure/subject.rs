//! Doing something many times, by itself or in turn with something else.

use llmspell_utils::debug::Profile;

use super::runs::{Measurement, Runs};
use crate::failure::Failure;

/// Something that can be done many times.
pub(crate) trait Measured {
    /// What it is called.
    fn title(&self) -> &str;

    /// Does it once and notes what time it took: first the whole, then its parts.
    fn run(&mut self, runs: &mut Runs) -> Result<(), Failure>;

    /// Where the time of all runs went, if that was asked for.
    fn finish(&mut self) -> Option<Profile>;
}

/// Does it up to so many times. `goes_on` is asked before each run with the number of those that are done.
pub(crate) fn measure(
    subject: &mut dyn Measured,
    most: usize,
    goes_on: &mut dyn FnMut(usize) -> bool,
) -> Result<Measurement, Failure> {
    let mut runs = Runs::default();
    for done in 0..most {
        if !goes_on(done) {
            break;
        }
        if let Err(failure) = subject.run(&mut runs) {
            // Who stopped a long measurement wants to see what there is of it.
            if goes_on(done) || runs.whole().is_none() {
                return Err(failure);
            }
            break;
        }
    }
    Ok(Measurement {
        name: subject.title().to_owned(),
        runs,
        profile: subject.finish(),
    })
}

/// Does two things in turn, so that both meet the same moments of a busy machine.
pub(crate) fn compare(
    subjects: [&mut dyn Measured; 2],
    most: usize,
    goes_on: &mut dyn FnMut(usize) -> bool,
) -> Result<[Measurement; 2], Failure> {
    let [first, second] = subjects;
    let mut runs = [Runs::default(), Runs::default()];
    let [first_runs, second_runs] = &mut runs;
    for done in 0..most {
        if !goes_on(done) {
            break;
        }
        let mut pair = first.run(first_runs);
        if pair.is_ok() {
            pair = second.run(second_runs);
        }
        if let Err(failure) = pair {
            if goes_on(done) || second_runs.whole().is_none() {
                return Err(failure);
            }
            break;
        }
    }
    let [first_runs, second_runs] = runs;
    let measurement = |subject: &mut dyn Measured, runs| Measurement {
        name: subject.title().to_owned(),
        runs,
        profile: subject.finish(),
    };
    Ok([
        measurement(first, first_runs),
        measurement(second, second_runs),
    ])
}
