//! The engines that are kept, each for one sort of event of one project, as long as nothing on the disk changes.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use llmspell_engine::{
    EngineError, EngineOptions, Event, Harness, PolicyEngine, Project, ProjectStamp,
};
use parking_lot::Mutex;

/// Engines that are kept; beyond them all are forgotten.
const MOST: usize = 256;

/// A sort of event: what one engine was loaded for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Sort {
    pub(super) root: PathBuf,
    pub(super) global_config: Option<PathBuf>,
    pub(super) harness: Harness,
    pub(super) event: String,
    pub(super) tool: Option<String>,
}

/// An engine, and the state of the files that it was made of.
#[derive(Debug)]
struct Kept {
    stamp: ProjectStamp,
    engine: Arc<PolicyEngine>,
}

/// The engines.
#[derive(Debug, Default)]
pub(super) struct Warm {
    kept: Mutex<HashMap<Sort, Kept>>,
}

impl Warm {
    /// The engine for an event: the one that is kept, if the files are as they were, else a new one.
    ///
    /// # Errors
    ///
    /// As of [`PolicyEngine::load_for`].
    pub(super) fn engine(
        &self,
        sort: &Sort,
        project: &Project,
        event: &Event,
        options: &EngineOptions,
    ) -> Result<Arc<PolicyEngine>, EngineError> {
        let now = SystemTime::now();
        // Taken before anything is read: what changes meanwhile shows the next time.
        let stamp = ProjectStamp::take(project, options)?;
        if let Some(stamp) = &stamp
            && let Some(kept) = self.kept.lock().get(sort)
            && kept.stamp == *stamp
        {
            return Ok(Arc::clone(&kept.engine));
        }
        let engine = Arc::new(PolicyEngine::load_for(project.root(), event, options)?);
        if let Some(stamp) = stamp.filter(|stamp| stamp.is_settled(now)) {
            self.keep(
                sort,
                Kept {
                    stamp,
                    engine: Arc::clone(&engine),
                },
            );
        }
        Ok(engine)
    }

    fn keep(&self, sort: &Sort, engine: Kept) {
        let mut kept = self.kept.lock();
        if kept.len() >= MOST && !kept.contains_key(sort) {
            kept.clear();
        }
        kept.insert(sort.clone(), engine);
    }
}
