//! Where the policies come from that scripts ask, and which project a script may choose.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use llmspell_engine::{EngineError, EngineOptions, PolicyEngine, Project};
use parking_lot::RwLock;

use crate::script_error::{ScriptError, ScriptErrorKind};

/// Where the policies come from, and the engine once it is loaded.
///
/// Loading waits until a script asks: a script that decides nothing pays for no policies.
#[derive(Debug, Default)]
pub(crate) struct PolicySource {
    /// The project that the host chose.
    pub(crate) project: Option<PathBuf>,
    /// The directory below which scripts may choose a project themselves.
    pub(crate) projects_below: Option<PathBuf>,
    pub(crate) options: EngineOptions,
    engine: RwLock<Option<Arc<PolicyEngine>>>,
}

impl PolicySource {
    /// Takes policies that are loaded already.
    pub(crate) fn set(&mut self, engine: Arc<PolicyEngine>) {
        *self.engine.get_mut() = Some(engine);
    }

    /// Forgets the policies that were loaded.
    pub(crate) fn clear(&mut self) {
        *self.engine.get_mut() = None;
    }

    /// Whether the policies are there already.
    pub(super) fn is_loaded(&self) -> bool {
        self.engine.read().is_some()
    }

    pub(super) fn engine(&self) -> Result<Arc<PolicyEngine>, ScriptError> {
        if let Some(engine) = &*self.engine.read() {
            return Ok(Arc::clone(engine));
        }
        match &self.project {
            Some(project) => self.load_once(project),
            None => Err(ScriptError::new(ScriptErrorKind::Project, "there are no policies to ask")
                .with_help("put a `.cupcake` directory beside the script, or name a project: `--project DIR`")),
        }
    }

    /// Loads the host's project, unless another thread has done so meanwhile.
    fn load_once(&self, project: &Path) -> Result<Arc<PolicyEngine>, ScriptError> {
        // Held while loading, so that two threads do not load the same project twice.
        let mut slot = self.engine.write();
        if let Some(engine) = &*slot {
            return Ok(Arc::clone(engine));
        }
        let engine = open(project, &self.options)?;
        *slot = Some(Arc::clone(&engine));
        Ok(engine)
    }

    /// Loads a project instead of the one that is loaded.
    pub(super) fn replace(
        &self,
        project: &Path,
        options: &EngineOptions,
    ) -> Result<(), ScriptError> {
        let engine = open(project, options)?;
        *self.engine.write() = Some(engine);
        Ok(())
    }

    /// The project that a script names, if it may.
    pub(super) fn allowed(&self, path: &str) -> Result<PathBuf, ScriptError> {
        // One answer for what is not there and what lies outside: a script must not learn which.
        let refused = || {
            ScriptError::new(
                ScriptErrorKind::Project,
                format!("there is no project `{path}` that the script may choose"),
            )
            .with_help(
                "call `Cupcake.init()` for the host's own project, or let the host allow others",
            )
        };
        let root = self.projects_below.as_deref().ok_or_else(refused)?;
        let root = root.canonicalize().map_err(|_| refused())?;
        let chosen = root.join(path).canonicalize().map_err(|_| refused())?;
        if chosen.starts_with(&root) && Project::at(&chosen).is_ok() {
            Ok(chosen)
        } else {
            Err(refused())
        }
    }
}

fn open(project: &Path, options: &EngineOptions) -> Result<Arc<PolicyEngine>, ScriptError> {
    PolicyEngine::load(project, options)
        .map(Arc::new)
        .map_err(from_engine)
}

fn from_engine(error: EngineError) -> ScriptError {
    let message = match &error.place {
        Some(place) => format!("{place}: {}", error.message),
        None => error.message,
    };
    ScriptError::new(ScriptErrorKind::Project, message).with_help(error.help)
}
