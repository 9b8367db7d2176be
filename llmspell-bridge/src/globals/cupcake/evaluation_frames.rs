//! The steps of an evaluation as frames of a profile.

use std::sync::Arc;

use llmspell_engine::{EvaluationProbe, EvaluationStep};
use llmspell_utils::debug::{FrameKind, Place, ProfileBuilder, ProfileFrame};

use crate::globals::slow_evaluation::PolicyTimes;
use crate::script_profile::RunningProfile;

/// Two probes of one evaluation.
pub(super) struct Both<'a, 'b>(
    pub(super) EvaluationFrames<'a>,
    pub(super) &'a mut PolicyTimes<'b>,
);

impl EvaluationProbe for Both<'_, '_> {
    fn enter(&mut self, step: EvaluationStep<'_>) {
        self.0.enter(step);
        self.1.enter(step);
    }

    fn leave(&mut self) {
        self.1.leave();
        self.0.leave();
    }
}

/// Makes the steps of an evaluation frames of a profile.
pub(super) struct EvaluationFrames<'a>(pub(super) &'a RunningProfile);

impl EvaluationProbe for EvaluationFrames<'_> {
    fn enter(&mut self, step: EvaluationStep<'_>) {
        let frame = evaluation_frame(step);
        self.0.feed(|builder, now| {
            let frame = builder.frame(frame);
            builder.enter(frame, now);
        });
    }

    fn leave(&mut self) {
        self.0.feed(ProfileBuilder::leave);
    }
}

fn evaluation_frame(step: EvaluationStep<'_>) -> ProfileFrame {
    match step {
        EvaluationStep::Policy { id, file, line } => {
            ProfileFrame::new(Arc::clone(id), FrameKind::Policy)
                .at(Place::new(Arc::clone(file), line))
        }
        EvaluationStep::Verb { verb, file, line } => {
            ProfileFrame::new(verb.name(), FrameKind::Rule).at(Place::new(Arc::clone(file), line))
        }
        EvaluationStep::Route => ProfileFrame::new("(route)", FrameKind::Host),
        EvaluationStep::Signals { names } => {
            ProfileFrame::new(format!("(signals {})", names.join(", ")), FrameKind::Host)
        }
        EvaluationStep::Synthesize => ProfileFrame::new("(synthesize)", FrameKind::Host),
        _ => ProfileFrame::new("(evaluation)", FrameKind::Host),
    }
}
